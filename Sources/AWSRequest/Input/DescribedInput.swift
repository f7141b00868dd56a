extension ParsedInput {
    /// Reads an input that somebody wrote down: JSON under the model's names, as `jsonText` and the AWS CLI's
    /// `--cli-input-json` have it.
    public init(json: [UInt8], of operation: Operation) throws(InputError) {
        let value = try JSONReader.read(json)
        guard case .object = value else { throw .malformed(offset: 0) }
        self.init(value, operation.input)
    }

    /// An input that is described otherwise than by a request: values under the model's names.
    public init(_ members: [Value.Field], of operation: Operation) {
        self.init(.object(members), operation.input)
    }

    /// Whether a value is what a record has in place of the real one: a mask, a sensitive member, a size.
    public static func isHidden(_ text: String) -> Bool {
        text.contains("[masked:") || text == "[sensitive]" || (text.hasPrefix("[") && text.hasSuffix(" bytes]"))
    }

    /// Whether any value is not the real one.
    public var hidesValues: Bool { Self.hides(root) }

    private static func hides(_ value: Value) -> Bool {
        switch value {
        case .string(let text): isHidden(text)
        case .list(let values): values.contains(where: hides)
        case .object(let fields): fields.contains { isHidden($0.name) || hides($0.value) }
        case .null, .bool, .number, .bytes: false
        }
    }
}

extension Operation {
    /// The path of a request with this input, percent-encoded, as far as the input has its labels.
    func path(filledFrom input: ParsedInput) -> String {
        var path = ""
        var rest = Substring(pathText.string)
        while let start = rest.firstIndex(of: "{"), let end = rest[start...].firstIndex(of: "}") {
            path += rest[..<start]
            let label = rest[rest.index(after: start)..<end]
            let isGreedy = label.hasSuffix("+")
            let name = isGreedy ? label.dropLast() : label
            let member = self.input?.members.first { $0.location == .label && $0.wireText == String(name) }
            let value = input.text(at: member?.name ?? String(name)) ?? "*"
            let pieces = isGreedy ? value.split(separator: "/", omittingEmptySubsequences: false) : [value[...]]
            let encoded = pieces.map { $0 == "*" ? "*" : String(decoding: Percent.encode(String($0)), as: UTF8.self) }
            path += encoded.joined(separator: "/")
            rest = rest[rest.index(after: end)...]
        }
        return path + rest
    }
}

extension Value {
    /// Reads one JSON text, strictly.
    public init(json: [UInt8]) throws(InputError) {
        self = try JSONReader.read(json)
    }
}
