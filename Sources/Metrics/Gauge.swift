import Synchronization

/// A number that goes up and down: of calls under way, say.
public final class Gauge: Sendable {
    private let name: String
    private let help: String
    private let value = Atomic<Int>(0)

    /// Makes a gauge that is 0.
    public init(_ name: String, help: String) {
        self.name = name
        self.help = help
    }

    /// Adds `count`, which may be negative.
    public func add(_ count: Int) {
        value.wrappingAdd(count, ordering: .relaxed)
    }

    /// Counts while `body` runs.
    public func during<Value>(_ body: () -> Value) -> Value {
        add(1)
        defer { add(-1) }
        return body()
    }
}

extension Gauge: Family {
    /// Writes the one sample.
    public func write(into page: inout MetricsPage) {
        page.begin(name, help: help, type: "gauge")
        page.sample(name, [], String(value.load(ordering: .relaxed)))
    }
}
