/// A value bound to `$1`, `$2`, ...
public enum Parameter: Sendable {
    /// SQL NULL.
    case null
    /// Text, which the server reads as whatever type the statement needs.
    case text(String)
    /// A whole number.
    case integer(Int64)
    /// A truth value.
    case bool(Bool)
    /// A `bytea`.
    case bytes([UInt8])
    /// A `text[]`.
    case texts([String])

    /// The text, or NULL.
    public static func optional(_ value: String?) -> Parameter {
        guard let value else { return .null }
        return .text(value)
    }
}

/// The values bound to one execution of a statement, in one buffer.
public struct Parameters: Sendable, ExpressibleByArrayLiteral {
    /// Where one value lies in `storage`.
    public struct Field: Sendable {
        /// Offset of the first byte.
        public var start: Int
        /// Number of bytes; -1 is NULL.
        public var count: Int
        /// Whether the bytes are in the type's binary form; text ends with a zero byte outside `count`.
        public var isBinary: Bool

        /// Describes a value.
        public init(start: Int, count: Int, isBinary: Bool) {
            self.start = start
            self.count = count
            self.isBinary = isBinary
        }
    }

    /// The bytes of all values.
    public private(set) var storage: [UInt8]
    /// The values in order.
    public private(set) var fields: [Field]
    private(set) var containsNUL = false

    /// Binds `elements` in order.
    public init(arrayLiteral elements: Parameter...) {
        self.init(elements)
    }

    /// Binds `elements` in order.
    public init(_ elements: [Parameter] = []) {
        storage = []
        fields = []
        fields.reserveCapacity(elements.count)
        for element in elements { append(element) }
    }

    /// Adopts values in their types' binary forms that already lie in a buffer.
    ///
    /// Fields that reach outside of `storage` are sent as NULL.
    public init(storage: [UInt8], fields: [Field]) {
        self.storage = storage
        self.fields = fields
    }

    /// Adds one value.
    public mutating func append(_ parameter: Parameter) {
        switch parameter {
        case .null: fields.append(Field(start: 0, count: -1, isBinary: false))
        case .text(let text): append(text: text)
        case .integer(let value): append(text: String(value))
        case .bool(let value): append(text: value ? "t" : "f")
        case .bytes(let bytes):
            fields.append(Field(start: storage.count, count: bytes.count, isBinary: true))
            storage.append(contentsOf: bytes)
        case .texts(let texts): append(text: Self.arrayLiteral(texts))
        }
    }

    private mutating func append(text: String) {
        let start = storage.count
        for byte in text.utf8 {
            if byte == 0 { containsNUL = true }
            storage.append(byte)
        }
        fields.append(Field(start: start, count: storage.count - start, isBinary: false))
        storage.append(0)
    }

    /// The array in PostgreSQL's own notation, each element quoted.
    private static func arrayLiteral(_ texts: [String]) -> String {
        var literal = "{"
        for (index, text) in texts.enumerated() {
            literal += index == 0 ? "\"" : ",\""
            for character in text.unicodeScalars {
                if character == "\"" || character == "\\" { literal.unicodeScalars.append("\\") }
                literal.unicodeScalars.append(character)
            }
            literal += "\""
        }
        return literal + "}"
    }
}
