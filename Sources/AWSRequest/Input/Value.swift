/// A value of a request's input, as sent: numbers stay text, nothing is rounded or reordered.
public indirect enum Value: Sendable, Equatable {
    /// JSON or CBOR null, which AWS takes as absent.
    case null
    /// A boolean of JSON or CBOR; other formats have the text `true` or `false`.
    case bool(Bool)
    /// The digits of a number.
    case number(String)
    /// A text.
    case string(String)
    /// Bytes: a CBOR byte string, or a body that is one blob.
    case bytes([UInt8])
    /// A list, in order.
    case list([Value])
    /// A structure or map, in the order of the request.
    case object([Field])

    /// One member of an object.
    public struct Field: Sendable, Equatable {
        /// The name in the model, or the key of a map.
        public let name: String
        /// The value.
        public let value: Value

        /// A member with this name and value.
        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// The value of an object's member; nil where there is none.
    public subscript(name: String) -> Value? {
        guard case .object(let fields) = self else { return nil }
        return fields.first { $0.name == name }?.value
    }

    /// A scalar as text: `true`, `12`, or the text itself; nil for null, bytes, lists and objects.
    public var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null, .bytes, .list, .object: nil
        }
    }

    /// The members of an object; empty for all else.
    public var fields: [Field] {
        if case .object(let fields) = self { return fields }
        return []
    }
}

extension Value {
    /// Collects members and refuses a name that was there before.
    struct ObjectBuilder {
        private(set) var fields: [Field] = []
        private var names: Set<String> = []

        mutating func append(_ name: String, _ value: Value) throws(InputError) {
            if fields.count < 8 {
                guard !fields.contains(where: { $0.name == name }) else { throw .duplicate(name) }
            } else {
                if names.isEmpty { names = Set(fields.map(\.name)) }
                guard !names.contains(name) else { throw .duplicate(name) }
                names.insert(name)
            }
            fields.append(Field(name, value))
        }
    }
}
