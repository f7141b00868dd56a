/// Reads one JSON text (RFC 8259) strictly: no duplicate keys, no trailing bytes, no invalid UTF-8, bounded depth.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var count = 0

    /// Reads all of `bytes`.
    static func read(_ bytes: [UInt8]) throws(InputError) -> Value {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw .trailingBytes(offset: reader.position) }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func value(depth: Int) throws(InputError) -> Value {
        count &+= 1
        guard count <= InputLimits.count else { throw .tooLarge }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(InputError) -> Value {
        guard depth < InputLimits.depth else { throw .tooDeep }
        position &+= 1
        var builder = Value.ObjectBuilder()
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw .malformed(offset: position) }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw .malformed(offset: position) }
            try builder.append(name, value(depth: depth &+ 1))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw .malformed(offset: position) }
        return .object(builder.fields)
    }

    private mutating func list(depth: Int) throws(InputError) -> Value {
        guard depth < InputLimits.depth else { throw .tooDeep }
        position &+= 1
        var values: [Value] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .list([]) }
        repeat {
            values.append(try value(depth: depth &+ 1))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw .malformed(offset: position) }
        return .list(values)
    }

    private mutating func string() throws(InputError) -> String {
        position &+= 1
        let start = position
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw .malformed(offset: position) }
            position &+= 1
        }
        if peek == UInt8(ascii: "\\") { return try escapedString(from: start) }
        return try finishString(Array(bytes[start..<position]))
    }

    private mutating func escapedString(from start: Int) throws(InputError) -> String {
        var text = Array(bytes[start..<position])
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw .malformed(offset: position) }
            position &+= 1
            if byte == UInt8(ascii: "\\") { try escape(&text) } else { text.append(byte) }
        }
        return try finishString(text)
    }

    private mutating func finishString(_ text: [UInt8]) throws(InputError) -> String {
        guard take(UInt8(ascii: "\"")) else { throw .malformed(offset: position) }
        guard let string = String(validating: text, as: UTF8.self) else { throw .invalidText }
        return string
    }

    private mutating func escape(_ text: inout [UInt8]) throws(InputError) {
        guard let kind = peek else { throw .malformed(offset: position) }
        position &+= 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try unicodeEscape(&text)
        default: throw .malformed(offset: position &- 1)
        }
    }

    private mutating func unicodeEscape(_ text: inout [UInt8]) throws(InputError) {
        var code = try hexQuad()
        if code & 0xFC00 == 0xD800 {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw .invalidText }
            let low = try hexQuad()
            guard low & 0xFC00 == 0xDC00 else { throw .invalidText }
            code = 0x1_0000 &+ (code & 0x3FF) << 10 &+ (low & 0x3FF)
        }
        guard let scalar = Unicode.Scalar(code) else { throw .invalidText }
        text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    private mutating func hexQuad() throws(InputError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = ASCII.hexValue(byte) else { throw .malformed(offset: position) }
            code = code << 4 | UInt32(digit)
            position &+= 1
        }
        return code
    }

    private mutating func number() throws(InputError) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            position &+= 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(InputError) {
        guard let first = peek, ASCII.isDigit(first) else { throw .malformed(offset: position) }
        while let byte = peek, ASCII.isDigit(byte) { position &+= 1 }
    }

    private mutating func word(_ text: String, _ value: Value) throws(InputError) -> Value {
        for byte in text.utf8 where !take(byte) { throw .malformed(offset: position) }
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position &+= 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position &+= 1 }
    }
}
