/// Names and values of a query string or of a form (application/x-www-form-urlencoded, WHATWG URL section 5.1), read
/// strictly.
struct FormFields: Sendable, Equatable {
    /// The most fields of one query or form.
    static let maximumFields = 32
    private let values: [String: String]

    /// No fields.
    init() {
        values = [:]
    }

    /// Reads the text's bytes.
    ///
    /// Refuses broken percent escapes, bytes that are no UTF-8, U+0000, a name given twice, and too many fields.
    init(parsing bytes: some Collection<UInt8>) throws(RequestError) {
        var values: [String: String] = [:]
        if !bytes.isEmpty {
            for pair in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true) {
                let mark = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
                let name = try Self.decode(pair[..<mark])
                let value = mark == pair.endIndex ? "" : try Self.decode(pair[mark...].dropFirst())
                guard values.updateValue(value, forKey: name) == nil, values.count <= Self.maximumFields else {
                    throw .malformed
                }
            }
        }
        self.values = values
    }

    /// The value of a field; nil where it is missing.
    subscript(name: String) -> String? { values[name] }

    /// The value of a field, nil also where it is empty.
    func filled(_ name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The text with every byte but letters, digits and `-._~` escaped (RFC 3986 section 2.1).
    static func encode(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0" + digits : "%" + digits
            }
        }
        return result
    }

    /// The pairs as a query string, in their order.
    static func encode(_ pairs: [(name: String, value: String)]) -> String {
        pairs.map { encode($0.name) + "=" + encode($0.value) }.joined(separator: "&")
    }

    private static func decode(_ bytes: some Collection<UInt8>) throws(RequestError) -> String {
        var result: [UInt8] = []
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): result.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexadecimal), let low = rest.next().flatMap(hexadecimal) else {
                    throw .malformed
                }
                result.append(high << 4 | low)
            default: result.append(byte)
            }
        }
        guard !result.contains(0), let text = String(validating: result, as: UTF8.self) else { throw .malformed }
        return text
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.flatMap(UInt8.init(exactly:))
    }
}
