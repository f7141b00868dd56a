/// A raw request target, cut at its delimiters; nothing is decoded or copied but the bytes once.
struct RequestTarget: Sendable {
    let bytes: [UInt8]
    /// The path, from its first slash to the question mark or the end.
    let path: Range<Int>
    /// What is between the path's slashes; a last slash adds nothing.
    let segments: [Range<Int>]
    /// Keys and values of the query, still encoded.
    let query: [(key: Range<Int>, value: Range<Int>)]

    /// Cuts a target, after checking every byte and every percent-encoding.
    init(_ target: String) throws(RecognitionError) {
        let bytes = Array(target.utf8)
        guard bytes.first == UInt8(ascii: "/") else { throw .malformedTarget("it does not begin with a slash") }
        try Self.check(bytes.span)
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
        self.bytes = bytes
        path = 0..<end
        segments = Self.segments(bytes.span, end)
        query = Self.pairs(bytes.span, end)
    }

    var pathText: String { String(decoding: bytes[path], as: UTF8.self) }

    /// The decoded bytes of a range.
    func decoded(_ range: Range<Int>) -> [UInt8] { Percent.decode(bytes[range]) }

    func decodedText(_ range: Range<Int>) -> String { String(decoding: decoded(range), as: UTF8.self) }

    /// Whether a range, decoded, is this text.
    func matches(_ range: Range<Int>, _ text: CatalogueText) -> Bool {
        var (position, index) = (range.lowerBound, 0)
        while position < range.upperBound {
            var byte = bytes[position]
            if byte == UInt8(ascii: "%"), position &+ 2 < bytes.count, let high = ASCII.hexValue(bytes[position &+ 1]),
                let low = ASCII.hexValue(bytes[position &+ 2])
            {
                byte = high << 4 | low
                position &+= 2
            }
            guard index < text.count, text[index] == byte else { return false }
            position &+= 1
            index &+= 1
        }
        return index == text.count
    }

    /// Whether a segment is empty, `.` or `..` once decoded: what other parties may normalise away.
    func hasUnstableSegment() -> Bool {
        if bytes[path].dropFirst().dropLast().indices.contains(where: { bytes[$0] == 0x2F && bytes[$0 &+ 1] == 0x2F }) {
            return true
        }
        return segments.contains { range in
            if range.isEmpty { return true }
            guard range.count <= 6 else { return false }
            let text = decoded(range)
            return text == [0x2E] || text == [0x2E, 0x2E]
        }
    }

    private static func check(_ bytes: Span<UInt8>) throws(RecognitionError) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            guard byte > 0x20, byte < 0x7F else { throw .malformedTarget("it has a byte that must be percent-encoded") }
            if byte == UInt8(ascii: "#") { throw .malformedTarget("it has a fragment") }
            if byte == UInt8(ascii: "%") {
                guard index &+ 2 < bytes.count, let high = ASCII.hexValue(bytes[index &+ 1]),
                    let low = ASCII.hexValue(bytes[index &+ 2])
                else { throw .malformedTarget("it has a broken percent-encoding") }
                guard high << 4 | low != 0 else { throw .malformedTarget("it has an encoded NUL") }
            }
            index &+= 1
        }
    }

    private static func segments(_ bytes: Span<UInt8>, _ end: Int) -> [Range<Int>] {
        var segments: [Range<Int>] = []
        var start = 1
        var index = 1
        while index < end {
            if bytes[index] == UInt8(ascii: "/") {
                segments.append(start..<index)
                start = index &+ 1
            }
            index &+= 1
        }
        if start < end { segments.append(start..<end) }
        return segments
    }

    private static func pairs(_ bytes: Span<UInt8>, _ end: Int) -> [(key: Range<Int>, value: Range<Int>)] {
        var pairs: [(key: Range<Int>, value: Range<Int>)] = []
        var start = end &+ 1
        while start < bytes.count {
            var (stop, equals) = (start, -1)
            while stop < bytes.count, bytes[stop] != UInt8(ascii: "&") {
                if equals < 0, bytes[stop] == UInt8(ascii: "=") { equals = stop }
                stop &+= 1
            }
            if stop > start {
                pairs.append(equals < 0 ? (start..<stop, stop..<stop) : (start..<equals, (equals &+ 1)..<stop))
            }
            start = stop &+ 1
        }
        return pairs
    }
}

/// Percent-encoding.
enum Percent {
    /// Decodes bytes whose encodings were checked before; a broken one is kept as it is.
    static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index &+ 2 < bytes.endIndex, let high = ASCII.hexValue(bytes[index &+ 1]),
                let low = ASCII.hexValue(bytes[index &+ 2])
            {
                result.append(high << 4 | low)
                index &+= 3
            } else {
                result.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index &+= 1
            }
        }
        return result
    }
}
