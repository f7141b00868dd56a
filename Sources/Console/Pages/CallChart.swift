/// Calls, denials and masked secrets over time as bars, drawn on the server.
struct CallChart {
    /// One bar of three parts.
    struct Bar {
        let x: String
        let callsY: String
        let callsHeight: String
        let denialsY: String
        let denialsHeight: String
        /// Masked secrets have a row of their own below.
        let maskedY: String
        let maskedHeight: String
        /// For the tooltip.
        let tip: String
    }

    private static let width = 960
    /// Where the bars of calls and denials stand.
    private static let callsBase = 108.0
    /// Where those of masked secrets stand.
    private static let maskedBase = 140.0
    private static let maskedRoom = 24.0
    let bars: [Bar]
    let barWidth: String
    let viewBox = "0 0 \(Self.width) 141"
    let baseline = Self.number(Self.callsBase)
    let bottom = Self.number(Self.maskedBase)
    let fullWidth = "\(Self.width)"
    let totalCalls: String
    let totalDenials: String
    let totalMasked: String
    /// The highest bar's number.
    let top: String
    let from: String

    /// Draws the parts of a period, the oldest first.
    init(_ buckets: [AuditReader.Bucket], period: CallFilter.Period) {
        let highest = max(1, buckets.map { $0.calls + $0.denials }.max() ?? 1)
        let mostMasked = max(1, buckets.map(\.masked).max() ?? 1)
        let step = Double(Self.width) / Double(max(1, buckets.count))
        let partSeconds = period.seconds / Int64(max(1, buckets.count))
        bars = buckets.enumerated().map { index, bucket in
            let calls = Double(bucket.calls) / Double(highest) * (Self.callsBase - 4)
            let denials = Double(bucket.denials) / Double(highest) * (Self.callsBase - 4)
            let masked = Double(bucket.masked) / Double(mostMasked) * Self.maskedRoom
            let ago = Int64(buckets.count - index) * partSeconds
            return Bar(
                x: Self.number(Double(index) * step + step * 0.14),
                callsY: Self.number(Self.callsBase - calls),
                callsHeight: Self.number(calls),
                denialsY: Self.number(Self.callsBase - calls - denials),
                denialsHeight: Self.number(denials),
                maskedY: Self.number(Self.maskedBase - masked),
                maskedHeight: Self.number(masked),
                tip:
                    "\(Moment.relative(-ago)): \(bucket.calls) calls, \(bucket.denials) denied, \(bucket.masked) masked"
            )
        }
        barWidth = Self.number(step * 0.72)
        totalCalls = "\(buckets.reduce(0) { $0 + $1.calls })"
        totalDenials = "\(buckets.reduce(0) { $0 + $1.denials })"
        totalMasked = "\(buckets.reduce(0) { $0 + $1.masked })"
        top = "\(highest)"
        from = Moment.relative(-period.seconds)
    }

    /// One decimal, as SVG reads it.
    private static func number(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
