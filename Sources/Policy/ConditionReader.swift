import Foundation

/// Compiles `Condition` elements, reporting every mistake.
struct ConditionReader {
    /// Whether `${...}` is a variable here.
    let variables: Bool

    func read(_ node: Document, keys: inout KeyTable, mistakes: inout MistakeList) -> [Condition] {
        guard case .mapping(let operators) = node.content else {
            mistakes.add(
                "Condition must map operators to keys, but is \(node.kind)",
                at: node.mark,
                suggestion: "write StringEquals: {\"oidc:sub\": alice}"
            )
            return []
        }
        var conditions: [Condition] = []
        for entry in operators {
            guard let comparison = ConditionOperator(entry.key) else {
                mistakes.add(
                    "unknown condition operator \"\(entry.key)\"",
                    at: entry.mark,
                    suggestion: Suggestion.closest(to: entry.key, among: ConditionOperator.names)
                )
                continue
            }
            guard case .mapping(let pairs) = entry.value.content, !pairs.isEmpty else {
                mistakes.add(
                    "\(entry.key) must map condition keys to values, but is \(entry.value.kind)",
                    at: entry.value.mark
                )
                continue
            }
            conditions += read(pairs, comparison, keys: &keys, mistakes: &mistakes)
        }
        return conditions
    }

    private func read(
        _ pairs: [Document.Entry],
        _ comparison: ConditionOperator,
        keys: inout KeyTable,
        mistakes: inout MistakeList
    ) -> [Condition] {
        var conditions: [Condition] = []
        var seen: Set<ConditionKey> = []
        for pair in pairs {
            guard let key = Self.key(pair, comparison, mistakes: &mistakes) else { continue }
            guard seen.insert(key).inserted else {
                mistakes.add("\"\(pair.key)\" is given twice; case does not tell keys apart", at: pair.mark)
                continue
            }
            guard let written = Self.values(pair, mistakes: &mistakes) else { continue }
            let number = keys.number(of: key)
            for (text, mark) in written {
                Self.checkClosedValues(text, key, comparison, mark, mistakes: &mistakes)
            }
            guard let operand = operand(written, comparison, keys: &keys, mistakes: &mistakes) else { continue }
            conditions.append(
                .init(
                    comparison: comparison,
                    key: number,
                    operand: operand,
                    written: written.map(\.text),
                    mark: pair.mark
                )
            )
        }
        return conditions
    }

    private static func key(
        _ pair: Document.Entry,
        _ comparison: ConditionOperator,
        mistakes: inout MistakeList
    ) -> ConditionKey? {
        guard let key = ConditionKey(pair.key) else {
            mistakes.add(
                "\"\(pair.key)\" is not a condition key",
                at: pair.mark,
                suggestion: "keys are written prefix:name, as in oidc:sub"
            )
            return nil
        }
        if key.prefix == "postern", !ConditionKey.own.contains(where: { $0.lowercased() == key.name }) {
            mistakes.add(
                "unknown condition key \"\(pair.key)\"",
                at: pair.mark,
                suggestion: Suggestion.closest(to: pair.key, among: ConditionKey.own)
            )
            return nil
        }
        if let kind = key.kind, !comparison.applies(to: kind) {
            mistakes.add("\(comparison.name) cannot be used on \(pair.key)", at: pair.mark, suggestion: kind.advice)
            return nil
        }
        return key
    }

    private static func values(
        _ pair: Document.Entry,
        mistakes: inout MistakeList
    ) -> [(text: String, mark: DocumentMark)]? {
        let items: [Document]
        switch pair.value.content {
        case .scalar: items = [pair.value]
        case .list(let list) where !list.isEmpty: items = list
        default:
            mistakes.add("\"\(pair.key)\" needs a value or a list of values, but has \(pair.value.kind)", at: pair.mark)
            return nil
        }
        var values: [(String, DocumentMark)] = []
        for item in items {
            guard case .scalar(let text) = item.content else {
                mistakes.add("a value of \"\(pair.key)\" is \(item.kind)", at: item.mark)
                return nil
            }
            values.append((text, item.mark))
        }
        return values
    }

    /// A level or risk that does not exist would silently never match.
    private static func checkClosedValues(
        _ text: String,
        _ key: ConditionKey,
        _ comparison: ConditionOperator,
        _ mark: DocumentMark,
        mistakes: inout MistakeList
    ) {
        guard let closed = key.closedValues, comparison.family == .string, !text.contains("${"), !closed.contains(text)
        else { return }
        mistakes.add(
            "\(key) is never \"\(text)\"",
            at: mark,
            suggestion: Suggestion.closest(to: text, among: closed) ?? "it is one of \(closed.joined(separator: ", "))"
        )
    }

    private func operand(
        _ written: [(text: String, mark: DocumentMark)],
        _ comparison: ConditionOperator,
        keys: inout KeyTable,
        mistakes: inout MistakeList
    ) -> Condition.Operand? {
        switch comparison.family {
        case .string, .foldedString, .stringLike, .arn:
            return templates(written, comparison.family, keys: &keys, mistakes: &mistakes)
        case .numeric:
            return parse(written, "a number", &mistakes, NumberValue.init).map { .numbers($0) }
        case .date:
            return parse(written, "a date (2026-01-31T12:00:00Z) or seconds since 1970", &mistakes, DateValue.init)
                .map { .dates($0) }
        case .bool, .null:
            return parse(written, "true or false", &mistakes) { text in
                ["true": true, "false": false][text.lowercased()]
            }
            .map { .booleans($0) }
        case .binary:
            return parse(written, "base64", &mistakes) { Data(base64Encoded: $0).map(Array.init) }.map { .bytes($0) }
        case .address:
            return parse(written, "an address or a range such as 10.0.0.0/8", &mistakes, AddressRange.init)
                .map { .addresses($0) }
        }
    }

    private func parse<Value>(
        _ written: [(text: String, mark: DocumentMark)],
        _ wanted: String,
        _ mistakes: inout MistakeList,
        _ parse: (String) -> Value?
    ) -> [Value]? {
        var values: [Value] = []
        for (text, mark) in written {
            if let value = parse(text) {
                values.append(value)
            } else if text.contains("${") {
                mistakes.add(
                    "policy variables work with String and Arn operators only",
                    at: mark,
                    suggestion: "write \(wanted)"
                )
            } else {
                mistakes.add("\"\(text)\" is not \(wanted)", at: mark)
            }
        }
        return values.count == written.count ? values : nil
    }

    private func templates(
        _ written: [(text: String, mark: DocumentMark)],
        _ family: ConditionOperator.Family,
        keys: inout KeyTable,
        mistakes: inout MistakeList
    ) -> Condition.Operand? {
        let syntax = Template.Syntax(wildcards: family == .stringLike || family == .arn, variables: variables)
        var templates: [Template] = []
        var arns: [ArnPattern] = []
        for (text, mark) in written {
            do throws(Template.Mistake) {
                let template = try Template(text, syntax: syntax, keys: &keys)
                if family == .arn, let fixed = template.fixed {
                    guard let arn = ArnPattern(fixed.tokens) else {
                        throw .init(
                            message: "\"\(text)\" is not an ARN",
                            suggestion: "an ARN has six parts: arn:aws:service:region:account:resource"
                        )
                    }
                    arns.append(arn)
                } else {
                    templates.append(template)
                }
            } catch {
                mistakes.add(error.message, at: mark, suggestion: error.suggestion)
            }
        }
        guard templates.count + arns.count == written.count else { return nil }
        switch family {
        case .arn: return .arns(templates, fixed: arns)
        case .foldedString: return .folded(templates.map { $0.fixed.map { Template($0.folded) } ?? $0 })
        default: return .texts(templates)
        }
    }
}
