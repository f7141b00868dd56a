/// The input of a call: a tree of values under the model's member names.
public struct ParsedInput: Sendable {
    /// All members, from path, query, headers and body alike.
    public let root: Value
    /// The input structure in the model, nil where the operation takes nothing.
    public let shape: Shape?

    init(_ root: Value, _ shape: Shape?) {
        self.root = root
        self.shape = shape
    }

    /// The values at a member path such as `Filters.Values` or `Tags[].Key`.
    ///
    /// Lists are entered implicitly, `[]` and `{}` after a name change nothing; a map is entered by a key's name.
    ///
    /// - Returns: All values there, in order; empty where there is nothing. Null counts as nothing.
    public func values(at path: String) -> [Value] {
        // Most members are left out of most requests.
        let first = path.prefix { $0 != "." && $0 != "[" && $0 != "{" }
        guard root.fields.contains(where: { $0.name == first }) else { return [] }
        var current = [root]
        for part in path.split(separator: ".") {
            let name = String(part.prefix { $0 != "[" && $0 != "{" })
            current = current.flatMap { Self.step($0, name, entersMap: part.hasSuffix("{}")) }
        }
        return current.flatMap(Self.spread)
    }

    /// The scalars at a member path, as texts.
    public func texts(at path: String) -> [String] { values(at: path).compactMap(\.text) }

    /// The only scalar at a member path; nil where there is none or more than one.
    public func text(at path: String) -> String? {
        let found = texts(at: path)
        return found.count == 1 ? found[0] : nil
    }

    private static func step(_ value: Value, _ name: String, entersMap: Bool) -> [Value] {
        switch value {
        case .object:
            guard let found = value[name] else { return [] }
            return entersMap ? found.fields.map(\.value) : [found]
        case .list(let values): return values.flatMap { step($0, name, entersMap: entersMap) }
        default: return []
        }
    }

    private static func spread(_ value: Value) -> [Value] {
        switch value {
        case .list(let values): values.flatMap(spread)
        case .null: []
        default: [value]
        }
    }
}

extension ParsedInput {
    /// The input as JSON for people and records, with what the model marks as sensitive replaced.
    ///
    /// Bytes are written as their number; strings are not cut.
    public func jsonText(hidingSensitive: Bool = true) -> String {
        var text = ""
        Self.write(root, shape, hidingSensitive, to: &text)
        return text
    }

    private static func write(_ value: Value, _ shape: Shape?, _ hides: Bool, to text: inout String) {
        if hides, shape?.isSensitive == true { return text += "\"[sensitive]\"" }
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .number(let digits): text += isJSONNumber(digits) ? digits : JSONText.quoted(digits)
        case .string(let string): text += JSONText.quoted(string)
        case .bytes(let bytes): text += JSONText.quoted("[\(bytes.count) bytes]")
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                write(value, shape?.element, hides, to: &text)
            }
            text += "]"
        case .object(let fields):
            text += "{"
            for (index, field) in fields.enumerated() {
                if index > 0 { text += "," }
                text += JSONText.quoted(field.name) + ":"
                let member = shape?.kind == .structure ? shape?.member(named: field.name) : nil
                if hides, member?.isSensitive == true {
                    text += "\"[sensitive]\""
                } else {
                    write(field.value, member?.shape ?? shape?.element, hides, to: &text)
                }
            }
            text += "}"
        }
    }

    /// CBOR has infinities and NaN.
    private static func isJSONNumber(_ digits: String) -> Bool {
        digits.utf8.allSatisfy { ASCII.isDigit($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }
    }
}

/// Writing of JSON texts.
enum JSONText {
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case let control where control.value < 0x20:
                result += "\\u00" + (control.value < 16 ? "0" : "") + String(control.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
