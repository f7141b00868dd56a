import Identity

/// A moment as pages show it: precise for machines and tooltips, short for people.
struct Moment {
    /// ISO 8601, UTC.
    let iso: String
    /// As in `24 Nov 14:03:22`, UTC.
    let clock: String
    /// As in `3 min ago` or `in 12 min`.
    let relative: String

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads `yyyy-MM-ddTHH:mm:ss[.ffffff]Z`; nil for anything else.
    init?(_ text: String?, now: UnixTime) {
        guard let text, let time = UnixTime(iso8601: text) else { return nil }
        iso = text
        let digits = Array(text.utf8)
        let month = Int(String(decoding: digits[5..<7], as: UTF8.self)).map { $0 - 1 } ?? 0
        let name = Self.months.indices.contains(month) ? Self.months[month] : ""
        let day = String(decoding: digits[8..<10], as: UTF8.self)
        clock = "\(day) \(name) \(String(decoding: digits[11..<19], as: UTF8.self))"
        relative = Self.relative(time.since(now))
    }

    /// Seconds from now in words.
    static func relative(_ seconds: Int64) -> String {
        let distance = seconds.magnitude
        let amount =
            switch distance {
            case ..<60: "\(distance) s"
            case ..<3600: "\(distance / 60) min"
            case ..<172_800: "\(distance / 3600) h"
            default: "\(distance / 86_400) days"
            }
        return seconds > 0 ? "in \(amount)" : "\(amount) ago"
    }
}
