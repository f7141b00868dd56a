import Locking

/// Histograms of durations of one name, told apart by one label: the stages of a call, say.
public final class HistogramFamily: Sendable {
    /// Upper bounds of the buckets in microseconds: from what a decision takes to what a person takes.
    static let bounds: [Int64] = [
        50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000, 30_000_000, 60_000_000,
    ]

    private struct Histogram {
        /// One more than bounds: the last one is without.
        var counts = [UInt64](repeating: 0, count: HistogramFamily.bounds.count + 1)
        var sum: Int64 = 0
    }

    private let name: String
    private let help: String
    private let label: String
    private let limit: Int
    private let values = Lock<[String: Histogram]>([:])

    /// Makes a family without any histogram; `name` ends in `_seconds`.
    public init(_ name: String, help: String, label: String, limit: Int = 64) {
        self.name = name
        self.help = help
        self.label = label
        self.limit = limit
    }

    /// Counts durations, each under its label value.
    public func observe(_ durations: [(key: String, microseconds: Int64)]) {
        values.withLock { values in
            for (key, microseconds) in durations {
                let bucket = Self.bounds.firstIndex { microseconds <= $0 } ?? Self.bounds.count
                let isKnown = values.count < limit || values[key] != nil
                let name = isKnown ? key : "other"
                values[name, default: Histogram()].counts[bucket] &+= 1
                values[name, default: Histogram()].sum &+= max(0, microseconds)
            }
        }
    }
}

extension HistogramFamily: Family {
    /// Writes every sample, sorted.
    public func write(into page: inout MetricsPage) {
        let now = values.withLock { $0 }
        page.begin(name, help: help, type: "histogram")
        for (key, histogram) in now.sorted(by: { $0.key < $1.key }) {
            var total: UInt64 = 0
            for (index, count) in histogram.counts.enumerated() {
                total &+= count
                let bound = index < Self.bounds.count ? MetricsPage.seconds(Self.bounds[index]) : "+Inf"
                page.sample(name + "_bucket", [(label, key), ("le", bound)], String(total))
            }
            page.sample(name + "_sum", [(label, key)], MetricsPage.seconds(histogram.sum))
            page.sample(name + "_count", [(label, key)], String(total))
        }
    }
}
