import HTTPTypes

/// A range that an agent asked for, and the wider one that is fetched in its place.
///
/// A secret that lies across the edge of a range would be read in two harmless halves. So more is fetched on both sides,
/// all of it is masked, which keeps every byte's place, and only what was asked for is passed on.
struct RangeWindow {
    /// Bytes fetched beside the range: longer than any secret that is recognised (docs/masking.md).
    static let margin: Int64 = 16 << 10

    /// One range of RFC 9110 section 14.1.2.
    private enum Asked {
        case from(Int64)
        case between(Int64, Int64)
        case last(Int64)
    }

    private let asked: Asked

    /// Reads a Range field; nil for anything but one range in bytes.
    init?(_ field: String) {
        guard field.hasPrefix("bytes=") else { return nil }
        let parts = field.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch (Self.number(parts[0]), Self.number(parts[1])) {
        case (let first?, let last?) where first <= last: asked = .between(first, last)
        case (let first?, nil) where parts[1].isEmpty: asked = .from(first)
        case (nil, let count?) where parts[0].isEmpty && count > 0: asked = .last(count)
        default: return nil
        }
    }

    /// The Range field to send.
    var widened: String {
        switch asked {
        case .from(let first): "bytes=\(max(0, first - Self.margin))-"
        case .between(let first, let last): "bytes=\(max(0, first - Self.margin))-\(last + Self.margin)"
        case .last(let count): "bytes=-\(count + Self.margin)"
        }
    }

    /// What part of an answer is passed on.
    struct Cut: Equatable {
        /// Bytes of the body to leave out first.
        let skip: Int64
        /// Bytes to pass on then.
        let length: Int64
        /// The Content-Range of what is passed on.
        let contentRange: String
    }

    /// The cut of an answer with this Content-Range; nil where nothing of what was asked for is in it.
    func cut(contentRange: String) -> Cut? {
        guard contentRange.hasPrefix("bytes ") else { return nil }
        let parts = contentRange.dropFirst("bytes ".count).split(separator: "/")
        let ends = parts.first?.split(separator: "-") ?? []
        guard parts.count == 2, ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
            let total = Self.number(parts[1]), first <= last, last < total
        else { return nil }
        let (from, to): (Int64, Int64) =
            switch asked {
            case .from(let start): (start, last)
            case .between(let start, let end): (start, min(end, last))
            case .last(let count): (max(0, total - count), last)
            }
        guard from >= first, from <= to else { return nil }
        return Cut(skip: from - first, length: to - from + 1, contentRange: "bytes \(from)-\(to)/\(total)")
    }

    /// A number of at most 18 digits, so that sums cannot overflow.
    private static func number(_ text: Substring) -> Int64? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
