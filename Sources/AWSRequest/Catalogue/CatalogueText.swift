internal import CCatalogue

/// A text of the catalogue, compared in place; `string` copies it.
struct CatalogueText: Sendable {
    let start: Int
    let count: Int

    var isEmpty: Bool { count == 0 }

    /// The bytes, in the read-only part of the executable.
    @inline(__always)
    func withBytes<Result, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Result) throws(Failure) -> Result {
        guard start >= 0, count > 0, start <= postern_catalogue_size, count <= postern_catalogue_size &- start else {
            return try body(Span())
        }
        let bytes = unsafe UnsafeBufferPointer(start: postern_catalogue_bytes() + start, count: count)
        return try body(unsafe bytes.span)
    }

    /// The text with what `value` gives for each name in braces (`{name}` or `${name}`); nil leaves nothing.
    func filled(_ value: (CatalogueText) -> String?) -> String {
        withBytes { bytes in
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count &+ 64)
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                if byte == UInt8(ascii: "$"), index &+ 1 < bytes.count, bytes[index &+ 1] == UInt8(ascii: "{") {
                    index &+= 1
                    continue
                }
                guard byte == UInt8(ascii: "{") else {
                    result.append(byte)
                    index &+= 1
                    continue
                }
                var end = index &+ 1
                while end < bytes.count, bytes[end] != UInt8(ascii: "}") { end &+= 1 }
                let name = CatalogueText(start: start &+ index &+ 1, count: end &- index &- 1)
                if let text = value(name) { result.append(contentsOf: text.utf8) }
                index = end &+ 1
            }
            return String(decoding: result, as: UTF8.self)
        }
    }

    var string: String {
        withBytes { bytes in
            unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Byte `index`, 0 past the end.
    @inline(__always)
    subscript(index: Int) -> UInt8 {
        guard index >= 0, index < count, start >= 0, start &+ index < postern_catalogue_size else { return 0 }
        return unsafe postern_catalogue_bytes()[start &+ index]
    }

    /// Negative, zero or positive as this text sorts before, with or after `other`, by bytes.
    func compare(to other: Span<UInt8>) -> Int {
        let shared = min(count, other.count)
        var index = 0
        while index < shared {
            let difference = Int(self[index]) &- Int(other[index])
            if difference != 0 { return difference }
            index &+= 1
        }
        return count &- other.count
    }

    /// As `compare(to:)`, with ASCII letters of either case alike.
    func compareIgnoringCase(to other: Span<UInt8>) -> Int {
        let shared = min(count, other.count)
        var index = 0
        while index < shared {
            let difference = Int(ASCII.lowercased(self[index])) &- Int(ASCII.lowercased(other[index]))
            if difference != 0 { return difference }
            index &+= 1
        }
        return count &- other.count
    }

    static func == (text: CatalogueText, other: Span<UInt8>) -> Bool {
        text.count == other.count && text.compare(to: other) == 0
    }

    static func == (text: CatalogueText, other: CatalogueText) -> Bool {
        text.count == other.count && other.withBytes { text.compare(to: $0) } == 0
    }

    static func == (text: CatalogueText, other: String) -> Bool {
        text.count == other.utf8.count && text.compare(to: other.utf8Span.span) == 0
    }
}

/// Letter case and digits of ASCII, byte by byte.
enum ASCII {
    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 65 < 26 ? byte | 0x20 : byte
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 48 }
        let letter = lowercased(byte) &- 97
        return letter < 6 ? letter &+ 10 : nil
    }
}

extension Range<Int> {
    /// The index at which `compare` finds its target in records sorted by it.
    ///
    /// - Parameter compare: Negative when the record sorts before the target, 0 when it is the target.
    func binarySearch(_ compare: (Int) -> Int) -> Int? {
        var (low, high) = (lowerBound, upperBound)
        while low < high {
            let middle = low &+ (high &- low) / 2
            let order = compare(middle)
            if order == 0 { return middle }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return nil
    }
}
