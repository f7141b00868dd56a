/// A string token of JSON.
struct JSONString {
    /// The offset of the closing quote.
    var end: Int
    /// Whether a backslash is in it.
    var hasEscapes: Bool

    /// Reads the string whose opening quote is at `start`; nil if the text ends before it does.
    init?(in text: Span<UInt8>, at start: Int) throws(MaskingError) {
        hasEscapes = false
        var index = start + 1
        let count = text.count
        while true {
            index = Self.plainEnd(in: text, from: index)
            guard index < count else { return nil }
            let byte = text[index]
            if byte == Byte.quote {
                end = index
                return
            }
            guard byte == Byte.backslash else { throw .malformed(format: "json", offset: index) }
            hasEscapes = true
            guard let letter = text.at(index + 1) else { return nil }
            switch letter {
            case Byte.quote, Byte.backslash, Byte.slash, UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
                UInt8(ascii: "r"), UInt8(ascii: "t"):
                index += 2
            case UInt8(ascii: "u"):
                for offset in 2..<6 {
                    guard let digit = text.at(index + offset) else { return nil }
                    guard digit.isHex else { throw .malformed(format: "json", offset: index) }
                }
                index += 6
            default: throw .malformed(format: "json", offset: index)
            }
        }
    }

    /// The first quote, backslash or control character from `start` on, or the end.
    @inline(__always)
    private static func plainEnd(in text: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let bytes = unsafe text.bytes
        // Eight bytes at once: a high bit is set where a byte is below space, a quote or a backslash.
        while index + 8 <= text.count {
            // In bounds by the condition above.
            let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self).littleEndian
            let control = (word &- 0x2020_2020_2020_2020) & ~word
            let quotes = word ^ 0x2222_2222_2222_2222
            let slashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
            let quote = (quotes &- 0x0101_0101_0101_0101) & ~quotes
            let slash = (slashes &- 0x0101_0101_0101_0101) & ~slashes
            let special = (control | quote | slash) & 0x8080_8080_8080_8080
            if special != 0 { return index + special.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < text.count {
            let byte = text[index]
            if byte == Byte.quote || byte == Byte.backslash || byte < 0x20 { return index }
            index += 1
        }
        return index
    }

    /// The text that the inside of a string stands for; lone surrogates become U+FFFD.
    static func decode(_ raw: Span<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count { index += unit(raw, at: index, to: &output) }
        return output
    }

    /// Appends the next byte or escape of `raw`; answers how many bytes it takes there.
    private static func unit(_ raw: Span<UInt8>, at index: Int, to output: inout [UInt8]) -> Int {
        let byte = raw[index]
        guard byte == Byte.backslash, let letter = raw.at(index + 1) else {
            output.append(byte)
            return 1
        }
        switch letter {
        case UInt8(ascii: "b"): output.append(8)
        case UInt8(ascii: "f"): output.append(12)
        case UInt8(ascii: "n"): output.append(10)
        case UInt8(ascii: "r"): output.append(13)
        case UInt8(ascii: "t"): output.append(9)
        case UInt8(ascii: "u"):
            let high = codeUnit(raw, at: index + 2)
            if high & 0xFC00 == 0xD800, raw.has("\\u", at: index + 6) {
                let low = codeUnit(raw, at: index + 8)
                if low & 0xFC00 == 0xDC00 {
                    append(0x10000 + (high & 0x3FF) << 10 + low & 0x3FF, to: &output)
                    return 12
                }
            }
            append(high & 0xF800 == 0xD800 ? 0xFFFD : high, to: &output)
            return 6
        default: output.append(letter)
        }
        return 2
    }

    private static func codeUnit(_ raw: Span<UInt8>, at index: Int) -> UInt32 {
        var value: UInt32 = 0
        for offset in 0..<4 { value = value << 4 | UInt32(raw.at(index + offset).map(HexText.value) ?? 0) }
        return value
    }

    private static func append(_ scalar: UInt32, to output: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(scalar) else { return }
        output.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    }

    /// Moves edits of the decoded text to the raw one, which begins at `base` of its document.
    ///
    /// Replacements need no escapes: they hold neither quotes nor control characters, except inside an opened JSON text,
    /// where they come from it and are escaped again here.
    static func placed(_ edits: [Edit], in raw: Span<UInt8>, at base: Int) -> [Edit] {
        var placed: [Edit] = []
        placed.reserveCapacity(edits.count)
        var decoded: [UInt8] = []
        var rawIndex = 0
        var count = 0
        func advance(to offset: Int) {
            while count < offset, rawIndex < raw.count {
                decoded.removeAll(keepingCapacity: true)
                rawIndex += unit(raw, at: rawIndex, to: &decoded)
                count += decoded.count
            }
        }
        for var edit in edits {
            advance(to: edit.start)
            let start = rawIndex
            advance(to: edit.end)
            edit.start = base + start
            edit.end = base + rawIndex
            if case .exact(let bytes) = edit.form { edit.form = .exact(escaped(bytes)) }
            placed.append(edit)
        }
        return placed
    }

    /// `bytes` as they stand inside a string.
    static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 < 0x20 || $0 == Byte.quote || $0 == Byte.backslash }) else { return bytes }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 16)
        for byte in bytes {
            switch byte {
            case Byte.quote, Byte.backslash: output.append(contentsOf: [Byte.backslash, byte])
            case Byte.newline: output.append(contentsOf: "\\n".utf8)
            case Byte.carriageReturn: output.append(contentsOf: "\\r".utf8)
            case Byte.tab: output.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                output.append(contentsOf: "\\u00".utf8)
                output.append(contentsOf: HexText.encode([byte].span))
            default: output.append(byte)
            }
        }
        return output
    }
}

/// Numbers and the words true, false and null.
enum JSONNumber {
    /// Where the scalar at `start` ends; nil if the text may end inside of it.
    static func end(of text: Span<UInt8>, at start: Int, isFinal: Bool) throws(MaskingError) -> Int? {
        let end = text.runEnd(from: start) {
            $0.isAlphanumeric || $0 == Byte.dash || $0 == Byte.plus || $0 == Byte.dot
        }
        if end == text.count, !isFinal { return nil }
        let word = text.extracting(start..<end)
        guard isNumber(word) || isWord(word) else { throw .malformed(format: "json", offset: start) }
        return end
    }

    private static func isWord(_ word: Span<UInt8>) -> Bool {
        word.count == 4 && (word.has("true", at: 0) || word.has("null", at: 0))
            || word.count == 5 && word.has("false", at: 0)
    }

    private static func isNumber(_ word: Span<UInt8>) -> Bool {
        var index = word.at(0) == Byte.dash ? 1 : 0
        let whole = word.runEnd(from: index) { $0.isDigit }
        guard whole > index, word[index] != Byte.zero || whole == index + 1 else { return false }
        index = whole
        if word.at(index) == Byte.dot {
            let fraction = word.runEnd(from: index + 1) { $0.isDigit }
            guard fraction > index + 1 else { return false }
            index = fraction
        }
        if let exponent = word.at(index), exponent | 0x20 == UInt8(ascii: "e") {
            index += 1
            if let sign = word.at(index), sign == Byte.plus || sign == Byte.dash { index += 1 }
            let digits = word.runEnd(from: index) { $0.isDigit }
            guard digits > index else { return false }
            index = digits
        }
        return index == word.count
    }
}
