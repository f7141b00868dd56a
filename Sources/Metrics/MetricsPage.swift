/// Something that has samples to show.
public protocol Family: Sendable {
    /// Writes what it counts, as it is now.
    func write(into page: inout MetricsPage)
}

/// A page of metrics in Prometheus' text format, version 0.0.4 ("Exposition formats", prometheus.io).
public struct MetricsPage: Sendable {
    /// The content type of the format.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What has been written.
    public private(set) var text = ""

    /// Makes an empty page.
    public init() {}

    /// Begins the samples of one name.
    public mutating func begin(_ name: String, help: String, type: String) {
        text += "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) \(type)\n"
    }

    /// Writes one sample; label values are escaped.
    public mutating func sample(_ name: String, _ labels: some Sequence<(String, String)>, _ value: String) {
        let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
        text += name + (pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") + " \(value)\n"
    }

    /// One gauge that is known when the page is made.
    public mutating func gauge(_ name: String, help: String, _ value: Int, labels: [(String, String)] = []) {
        begin(name, help: help, type: "gauge")
        sample(name, labels, String(value))
    }

    /// Microseconds as seconds, exactly.
    public static func seconds(_ microseconds: Int64) -> String {
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        guard rest != 0 else { return String(whole) }
        let digits = String(rest.magnitude)
        var fraction = String(repeating: "0", count: 6 - digits.count) + digits
        while fraction.last == "0" { fraction.removeLast() }
        return "\(whole).\(fraction)"
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return text }
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
