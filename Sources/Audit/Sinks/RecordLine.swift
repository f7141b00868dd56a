import OpenSSL

/// A stored record as one line of JSON: the columns of `postern_audit.record` by their names, NULLs left out.
///
/// Values are as `row_to_json` writes them, but for bytes, which are hexadecimal digits, and times, which are in UTC.
enum RecordLine {
    static func json(of record: EncodedRecord) -> [UInt8] {
        let bytes = record.bytes.span
        var reader = LengthPrefixed(in: record.canonical)
        var json = JSONObject()
        for (name, type) in zip(RecordKind.columnNames, RecordKind.columnTypes) {
            guard let range = reader.next(in: bytes) else { continue }
            let value = bytes.extracting(range)
            switch type {
            case .uuid: if let id = RecordID(bytes: value) { json.append(name, .text(id.description)) }
            case .int2, .int4, .int8: json.append(name, .number(value.bigEndianInteger))
            case .timestamptz:
                json.append(name, .text(AuditTime(postgres: value.bigEndianInteger).description))
            case .text: json.append(name, text: value)
            case .json: json.append(name, json: value)
            case .bytea: json.append(name, .text(Hex.encode(value)))
            case .bool: json.append(name, json: (value.bigEndianInteger == 0 ? falseText : trueText).span)
            case .textArray: json.append(name, texts: bytes, elements: elements(of: range, in: bytes))
            }
        }
        json.append("hash", .text(record.hash.hex))
        return json.finish()
    }

    private static let trueText = Array("true".utf8)
    private static let falseText = Array("false".utf8)

    /// The elements of an array as `array_send` writes it: 20 bytes of head, then each with its length in front.
    private static func elements(of array: Range<Int>, in bytes: Span<UInt8>) -> [Range<Int>] {
        guard array.count > 20 else { return [] }
        var reader = LengthPrefixed(in: array.dropFirst(20))
        var elements: [Range<Int>] = []
        while let element = reader.next(in: bytes) { elements.append(element) }
        return elements
    }
}

/// Finds values that have their length in four bytes in front of them, as the canonical form and arrays do.
struct LengthPrefixed {
    private var rest: Range<Int>

    /// Reads within these bounds.
    init(in bounds: Range<Int>) {
        rest = bounds
    }

    /// Where the next value lies; nil is NULL, or the end.
    mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
        guard rest.count >= 4, rest.upperBound <= bytes.count else { return nil }
        let start = rest.lowerBound + 4
        let length = bytes.extracting(rest.lowerBound..<start).bigEndianInteger
        rest = start..<rest.upperBound
        guard length >= 0, length <= Int64(rest.count) else { return nil }
        let value = start..<start + Int(length)
        rest = value.upperBound..<rest.upperBound
        return value
    }
}

extension Span<UInt8> {
    /// The whole span as a signed number, at most eight bytes long.
    var bigEndianInteger: Int64 {
        guard count > 0 else { return 0 }
        var value = Int64(Int8(bitPattern: self[0]))
        for index in 1..<count { value = value << 8 | Int64(self[index]) }
        return value
    }
}
