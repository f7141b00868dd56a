/// Hexadecimal digits, two a byte.
public enum Hex {
    /// Lower-case digits of `bytes`.
    public static func encode(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Lower-case digits of `bytes`.
    public static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes.span)
    }

    /// Appends the lower-case digits of `bytes`.
    public static func append(_ bytes: Span<UInt8>, to buffer: inout [UInt8]) {
        for index in bytes.indices {
            buffer.append(digit(bytes[index] >> 4))
            buffer.append(digit(bytes[index] & 0x0f))
        }
    }

    /// The bytes of an even number of digits of either case, else nil.
    public static func decode(_ digits: Span<UInt8>) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// The bytes of an even number of digits of either case, else nil.
    public static func decode(_ digits: some StringProtocol) -> [UInt8]? {
        decode(Array(digits.utf8).span)
    }

    /// The lower-case digit of 0 to 15.
    public static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x57 + (value & 0x0f)
    }

    /// The value of a digit of either case, else nil.
    public static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }
}
