/// Base64 with `+`, `/` and padding (RFC 4648 section 4), strict in both directions.
public enum Base64 {
    /// Text of `bytes`, padded.
    public static func encode(_ bytes: Span<UInt8>) -> String {
        String(decoding: Alphabet.standard.encode(bytes, padded: true), as: UTF8.self)
    }

    /// Text of `bytes`, padded.
    public static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes.span)
    }

    /// Bytes of a canonical text, else nil: no white space, exact padding, zero trailing bits.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var end = text.count
        if end > 0, text[end - 1] == 0x3d {
            end -= text[end - 2] == 0x3d ? 2 : 1
        }
        return Alphabet.standard.decode(text.extracting(0..<end))
    }

    /// Bytes of a canonical text, else nil: no white space, exact padding, zero trailing bits.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(Array(text.utf8).span)
    }
}

/// Base64 with `-`, `_` and no padding (RFC 7515 section 2), strict in both directions.
public enum Base64URL {
    /// Text of `bytes`, not padded.
    public static func encode(_ bytes: Span<UInt8>) -> String {
        String(decoding: Alphabet.url.encode(bytes, padded: false), as: UTF8.self)
    }

    /// Text of `bytes`, not padded.
    public static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes.span)
    }

    /// Bytes of a canonical text, else nil: no white space, no padding, zero trailing bits.
    public static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        Alphabet.url.decode(text)
    }

    /// Bytes of a canonical text, else nil: no white space, no padding, zero trailing bits.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(Array(text.utf8).span)
    }
}

/// Sixty-four digits, and where each is.
private struct Alphabet: Sendable {
    static let standard = Alphabet(last: "+/")
    static let url = Alphabet(last: "-_")

    /// No digit.
    private static let none: UInt8 = 0xff

    private let digits: [UInt8]
    private let values: [UInt8]

    private init(last: String) {
        digits = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
        var values = [UInt8](repeating: Alphabet.none, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        self.values = values
    }

    func encode(_ bytes: Span<UInt8>, padded: Bool) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        let digits = digits.span
        var index = 0
        while index < bytes.count {
            let available = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if available > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if available > 2 { group |= UInt32(bytes[index + 2]) }
            for position in 0...available {
                text.append(digits[Int(group >> (18 - 6 * UInt32(position)) & 0x3f)])
            }
            if padded {
                for _ in available..<3 { text.append(0x3d) }
            }
            index += 3
        }
        return text
    }

    func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)
        let values = values.span
        var index = 0
        while index < text.count {
            let available = min(4, text.count - index)
            var group: UInt32 = 0
            for position in 0..<available {
                let value = values[Int(text[index + position])]
                guard value != Alphabet.none else { return nil }
                group |= UInt32(value) << (18 - 6 * UInt32(position))
            }
            bytes.append(UInt8(truncatingIfNeeded: group >> 16))
            if available > 2 { bytes.append(UInt8(truncatingIfNeeded: group >> 8)) }
            if available > 3 { bytes.append(UInt8(truncatingIfNeeded: group)) }
            // Bits beyond the last whole byte must be zero, else two texts would mean one value.
            if available == 2, group & 0xffff != 0 { return nil }
            if available == 3, group & 0xff != 0 { return nil }
            index += 4
        }
        return bytes
    }
}
