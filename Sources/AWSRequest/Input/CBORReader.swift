/// Reads one CBOR item (RFC 8949) as Smithy RPC v2 uses it: definite and indefinite lengths, text keys, no duplicates.
struct CBORReader {
    private let bytes: [UInt8]
    private var position = 0
    private var count = 0

    /// Reads all of `bytes`.
    static func read(_ bytes: [UInt8]) throws(InputError) -> Value {
        var reader = CBORReader(bytes: bytes)
        let value = try reader.item(depth: 0)
        guard reader.position == bytes.count else { throw .trailingBytes(offset: reader.position) }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func item(depth: Int) throws(InputError) -> Value {
        count &+= 1
        guard count <= InputLimits.count else { throw .tooLarge }
        let start = position
        let first = try byte()
        let (major, info) = (first >> 5, first & 0x1F)
        switch major {
        case 0: return .number(String(try argument(info)))
        case 1: return .number(Self.negative(try argument(info)))
        case 2: return .bytes(try chunks(major, info))
        case 3: return .string(try text(major, info))
        case 4: return try list(info, depth)
        case 5: return try map(info, depth)
        case 6:
            _ = try argument(info)
            guard depth < InputLimits.depth else { throw .tooDeep }
            return try item(depth: depth &+ 1)
        default: return try simple(info, start)
        }
    }

    /// -1 - n, also where n is 2^64 - 1.
    private static func negative(_ value: UInt64) -> String {
        value == .max ? "-18446744073709551616" : "-" + String(value &+ 1)
    }

    private mutating func list(_ info: UInt8, _ depth: Int) throws(InputError) -> Value {
        guard depth < InputLimits.depth else { throw .tooDeep }
        var values: [Value] = []
        if info == 31 {
            while try !takeBreak() { values.append(try item(depth: depth &+ 1)) }
        } else {
            for _ in 0..<(try length(info)) { values.append(try item(depth: depth &+ 1)) }
        }
        return .list(values)
    }

    private mutating func map(_ info: UInt8, _ depth: Int) throws(InputError) -> Value {
        guard depth < InputLimits.depth else { throw .tooDeep }
        var builder = Value.ObjectBuilder()
        if info == 31 {
            while try !takeBreak() { try entry(&builder, depth) }
        } else {
            for _ in 0..<(try length(info)) { try entry(&builder, depth) }
        }
        return .object(builder.fields)
    }

    private mutating func entry(_ builder: inout Value.ObjectBuilder, _ depth: Int) throws(InputError) {
        let first = try byte()
        guard first >> 5 == 3 else { throw .malformed(offset: position &- 1) }
        let name = try text(3, first & 0x1F)
        try builder.append(name, item(depth: depth &+ 1))
    }

    private mutating func text(_ major: UInt8, _ info: UInt8) throws(InputError) -> String {
        guard let text = String(validating: try chunks(major, info), as: UTF8.self) else { throw .invalidText }
        return text
    }

    /// A string of bytes or text; one of indefinite length is made of definite ones.
    private mutating func chunks(_ major: UInt8, _ info: UInt8) throws(InputError) -> [UInt8] {
        guard info == 31 else { return try take(try length(info)) }
        var result: [UInt8] = []
        while try !takeBreak() {
            let first = try byte()
            guard first >> 5 == major, first & 0x1F != 31 else { throw .malformed(offset: position &- 1) }
            result += try take(try length(first & 0x1F))
        }
        return result
    }

    private mutating func simple(_ info: UInt8, _ start: Int) throws(InputError) -> Value {
        switch info {
        case 20: return .bool(false)
        case 21: return .bool(true)
        case 22, 23: return .null
        case 25:
            return .number(Self.text(of: Double(Float16(bitPattern: UInt16(truncatingIfNeeded: try argument(info))))))
        case 26:
            return .number(Self.text(of: Double(Float(bitPattern: UInt32(truncatingIfNeeded: try argument(info))))))
        case 27: return .number(Self.text(of: Double(bitPattern: try argument(info))))
        default: throw .malformed(offset: start)
        }
    }

    /// Whole numbers without a fraction, so that 1.0 and 1 compare alike.
    private static func text(of value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? String(value)
    }

    private mutating func argument(_ info: UInt8) throws(InputError) -> UInt64 {
        guard info >= 24 else { return UInt64(info) }
        guard info <= 27 else { throw .malformed(offset: position &- 1) }
        var value: UInt64 = 0
        for _ in 0..<(1 << (info - 24)) { value = value << 8 | UInt64(try byte()) }
        return value
    }

    /// A number of bytes or items, which cannot be more than there are bytes left.
    private mutating func length(_ info: UInt8) throws(InputError) -> Int {
        let value = try argument(info)
        guard let length = Int(exactly: value), length <= bytes.count &- position else {
            throw .malformed(offset: position)
        }
        return length
    }

    private mutating func take(_ length: Int) throws(InputError) -> [UInt8] {
        guard length <= bytes.count &- position else { throw .malformed(offset: position) }
        defer { position &+= length }
        return Array(bytes[position..<(position &+ length)])
    }

    private mutating func takeBreak() throws(InputError) -> Bool {
        guard position < bytes.count else { throw .malformed(offset: position) }
        guard bytes[position] == 0xFF else { return false }
        position &+= 1
        return true
    }

    private mutating func byte() throws(InputError) -> UInt8 {
        guard position < bytes.count else { throw .malformed(offset: position) }
        defer { position &+= 1 }
        return bytes[position]
    }
}
