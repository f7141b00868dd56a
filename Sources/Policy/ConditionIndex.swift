/// Finds the statements that one value of a key leaves: those that want exactly it, and those that do not ask for it.
///
/// For keys on which several statements have `StringEquals` with plain texts, as where each names its callers.
struct ConditionIndex: Sendable {
    private struct Key: Sendable {
        let number: Int
        /// The statements that want one of their own values.
        var asking: StatementSet
        var wanting: [String: StatementSet] = [:]
    }

    /// Fewer statements are as quickly asked one by one.
    private static let worthwhile = 4

    private var keys: [Key] = []

    init(_ statements: [Statement]) {
        var found: [Int: [(statement: Int, texts: [String])]] = [:]
        for (number, statement) in statements.enumerated() {
            var seen: Set<Int> = []
            for condition in statement.conditions {
                guard let texts = condition.plainTexts, seen.insert(condition.key).inserted else { continue }
                found[condition.key, default: []].append((number, texts))
            }
        }
        for (key, uses) in found.sorted(by: { $0.key < $1.key }) where uses.count >= Self.worthwhile {
            var entry = Key(number: key, asking: StatementSet(count: statements.count))
            for (statement, texts) in uses {
                entry.asking.insert(statement)
                for text in texts {
                    entry.wanting[text, default: StatementSet(count: statements.count)].insert(statement)
                }
            }
            keys.append(entry)
        }
    }

    /// Takes out of `statements` those that certainly do not match the values of the call.
    func narrow(_ statements: inout StatementSet, _ values: inout KeyValues) {
        for key in keys where statements.first(from: 0, in: key.asking) != nil {
            switch values[key.number] {
            case .unknown: continue
            case .missing: statements.subtract(key.asking)
            case .values(let texts):
                var excluded = key.asking
                for text in texts {
                    if let wanting = key.wanting[text] { excluded.subtract(wanting) }
                }
                statements.subtract(excluded)
            }
        }
    }
}

extension Condition {
    /// The texts of a plain `StringEquals`, one of which the call must have; nil for any other condition.
    fileprivate var plainTexts: [String]? {
        guard comparison.family == .string, !comparison.negated, comparison.quantifier == nil, !comparison.ifExists,
            case .texts(let templates) = operand
        else { return nil }
        var texts: [String] = []
        for template in templates {
            guard let literal = template.fixed?.literal else { return nil }
            texts.append(String(decoding: literal, as: UTF8.self))
        }
        return texts
    }
}
