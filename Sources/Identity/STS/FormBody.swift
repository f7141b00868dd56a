/// An `application/x-www-form-urlencoded` document, read strictly.
struct FormBody: Sendable {
    /// Why a form was refused.
    enum Malformed: Error, Sendable, Equatable {
        case tooLarge, syntax
        case duplicate(String)
    }

    /// The most bytes of a form.
    static let maximumBytes = 65_536
    private static let maximumParameters = 64

    let parameters: [String: String]

    /// Reads a form: valid escapes, valid UTF-8, each name once and not empty.
    init(parsing bytes: [UInt8]) throws(Malformed) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        var parameters: [String: String] = [:]
        let pieces = bytes.isEmpty ? [] : bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        guard pieces.count <= Self.maximumParameters else { throw .tooLarge }
        for piece in pieces {
            let end = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
            guard let name = PercentEncoding.decode(piece[..<end], plusIsBlank: true), !name.isEmpty,
                let value = PercentEncoding.decode(piece[end...].dropFirst(), plusIsBlank: true)
            else { throw .syntax }
            guard parameters.updateValue(value, forKey: name) == nil else { throw .duplicate(name) }
        }
        self.parameters = parameters
    }
}

/// Percent-encoding (RFC 3986 section 2.1).
enum PercentEncoding {
    /// The text of `bytes`, or nil for a broken escape or text that is not UTF-8.
    static func decode(_ bytes: ArraySlice<UInt8>, plusIsBlank: Bool) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "%"):
                guard bytes.endIndex - index >= 3, let high = digit(bytes[index + 1]),
                    let low = digit(bytes[index + 2])
                else { return nil }
                decoded.append(high << 4 | low)
                index += 3
                continue
            case UInt8(ascii: "+") where plusIsBlank: decoded.append(UInt8(ascii: " "))
            case let byte: decoded.append(byte)
            }
            index += 1
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// The text with all but unreserved characters escaped, digits in upper case.
    static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                encoded.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
