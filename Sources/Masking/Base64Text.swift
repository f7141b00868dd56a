/// Base64 as it is found in the wild: either alphabet, with padding or without, cut anywhere.
enum Base64Text {
    /// The bytes of `text` up to the first character that is none, at most `limit`.
    static func decode(_ text: Span<UInt8>, limit: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(limit, text.count / 4 * 3 + 3))
        var group: UInt32 = 0
        var bits: UInt32 = 0
        for index in text.indices {
            guard let value = value(text[index]) else { break }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> bits))
                if bytes.count >= limit { break }
            }
        }
        return bytes
    }

    /// The six bits of a digit of either alphabet.
    @inline(__always)
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case Byte.plus, Byte.dash: 62
        case Byte.slash, Byte.underscore: 63
        default: nil
        }
    }

    /// Whether `bytes` begin like text: printable ASCII, white space, or well-formed multi-byte UTF-8.
    static func looksLikeText(_ bytes: Span<UInt8>) -> Bool {
        let length = min(bytes.count, 48)
        guard length >= 4 else { return false }
        var index = 0
        while index < length {
            let byte = bytes[index]
            if byte >= 0x20 && byte < 0x7F || byte.isWhitespace {
                index += 1
                continue
            }
            guard byte >= 0xC2, byte < 0xF5 else { return false }
            let following = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3
            for offset in 1...following {
                guard let next = bytes.at(index + offset) else { return index >= 8 }
                guard next & 0xC0 == 0x80 else { return false }
            }
            index += following + 1
        }
        return true
    }

    /// The text of `bytes` in the alphabet and with the padding of `original`.
    static func encode(_ bytes: Span<UInt8>, like original: Span<UInt8>) -> [UInt8] {
        var isURL = false
        var isPadded = false
        for index in original.indices {
            let byte = original[index]
            if byte == Byte.dash || byte == Byte.underscore { isURL = true }
            if byte == Byte.equals { isPadded = true }
        }
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let available = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if available > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if available > 2 { group |= UInt32(bytes[index + 2]) }
            for position in 0...available {
                text.append(digit(UInt8(truncatingIfNeeded: group >> (18 - 6 * UInt32(position))) & 63, isURL: isURL))
            }
            if available < 3, isPadded || (original.count.isMultiple(of: 4) && !isURL) {
                text.append(contentsOf: repeatElement(Byte.equals, count: 3 - available))
            }
            index += 3
        }
        return text
    }

    private static func digit(_ value: UInt8, isURL: Bool) -> UInt8 {
        switch value {
        case 0..<26: 0x41 + value
        case 26..<52: 0x61 + value - 26
        case 52..<62: 0x30 + value - 52
        case 62: isURL ? Byte.dash : Byte.plus
        default: isURL ? Byte.underscore : Byte.slash
        }
    }
}
