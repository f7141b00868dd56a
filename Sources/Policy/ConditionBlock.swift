public import Yams

/// A `Condition` on its own: a role's trust, or who may approve.
public struct ConditionBlock: Sendable {
    private let conditions: [Condition]
    private let keys: KeyTable
    /// The block as canonical JSON, which `init(parsing:name:)` reads again.
    public let text: String

    /// Parses YAML or JSON text such as `{StringLike: {"oidc:sub": "*"}}`.
    public init(parsing text: String, name: String = "condition") throws(PolicyErrors) {
        var mistakes = MistakeList(file: name)
        let document = Document.parse(text, mistakes: &mistakes)
        self = try Self.finish(document, mistakes)
    }

    /// Parses a value of a file that was read with Yams, for messages named `file`.
    public init(parsing node: Node, file: String) throws(PolicyErrors) {
        var mistakes = MistakeList(file: file)
        let document = Document.read(node, mistakes: &mistakes)
        self = try Self.finish(document, mistakes)
    }

    /// Compiles one; mistakes are added to the list, and the result then is of no use.
    init(_ document: Document, mistakes: inout MistakeList) {
        var keys = KeyTable()
        conditions = ConditionReader(variables: true).read(document, keys: &keys, mistakes: &mistakes)
        self.keys = keys
        text = document.json
        if case .mapping(let entries) = document.content, entries.isEmpty {
            let everybody = "{StringLike: {\"oidc:sub\": \"*\"}} is everybody"
            mistakes.add("the condition is empty", at: document.mark, suggestion: everybody)
        }
    }

    /// Whether all conditions hold; a value that is not known does not.
    public func matches(_ context: PolicyContext) -> Bool {
        var values = KeyValues(keys: keys.keys, context: context)
        return conditions.allSatisfy { $0.matches(&values) == .yes }
    }

    private static func finish(_ document: Document?, _ mistakes: MistakeList) throws(PolicyErrors) -> Self {
        var mistakes = mistakes
        let block = document.map { ConditionBlock($0, mistakes: &mistakes) }
        guard let block, mistakes.mistakes.isEmpty else { throw PolicyErrors(mistakes: mistakes.mistakes) }
        return block
    }
}

extension Document {
    /// The value as compact JSON.
    var json: String {
        switch content {
        case .null: "null"
        case .scalar(let text): Self.quoted(text)
        case .list(let items): "[" + items.map(\.json).joined(separator: ",") + "]"
        case .mapping(let entries):
            "{" + entries.map { Self.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<"\u{20}", "\u{7F}"..."\u{9F}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
