import Foundation

/// One operator on one key, compiled: `StringLike: {"oidc:sub": [...]}`.
struct Condition: Sendable {
    /// The policy's values, parsed once.
    enum Operand: Sendable {
        case texts([Template])
        case folded([Template])
        case arns([Template], fixed: [ArnPattern])
        case numbers([NumberValue])
        case dates([DateValue])
        case booleans([Bool])
        case bytes([[UInt8]])
        case addresses([AddressRange])
    }

    let comparison: ConditionOperator
    let key: Int
    let operand: Operand
    /// The values as written, for explanations.
    let written: [String]
    let mark: DocumentMark

    /// Whether the call satisfies this condition.
    func matches(_ values: inout KeyValues) -> Match {
        let found = values[key]
        if comparison.family == .null { return null(found) }
        switch found {
        case .missing: return comparison.whenMissing
        case .unknown: return .maybe
        case .values(let found):
            // IAM takes a set of empty strings for an empty set.
            if comparison.quantifier != nil, found.allSatisfy(\.isEmpty) { return comparison.whenMissing }
            return matches(found, &values)
        }
    }

    private func null(_ found: ContextValue) -> Match {
        guard case .booleans(let wanted) = operand else { return .no }
        let isNull: Bool
        switch found {
        case .missing: isNull = true
        case .values(let values): isNull = values.allSatisfy(\.isEmpty)
        case .unknown: return wanted.contains(true) && wanted.contains(false) ? .yes : .maybe
        }
        return Match(wanted.contains(isNull))
    }

    private func matches(_ found: [String], _ values: inout KeyValues) -> Match {
        // Without a quantifier a negated operator wants that no value matches, another that one does.
        let every = comparison.quantifier == .all || (comparison.quantifier == nil && comparison.negated)
        var result = Match(every)
        for value in found {
            let one = matchesAny(value, &values)
            let match = comparison.negated ? !one : one
            result = every ? min(result, match) : max(result, match)
        }
        return result
    }

    /// Whether one value of the call matches one of the policy's, negation left aside.
    private func matchesAny(_ value: String, _ values: inout KeyValues) -> Match {
        switch operand {
        case .texts(let templates): Self.any(templates, value, &values)
        case .folded(let templates): Self.any(templates, value.lowercased(), &values, folded: true)
        case .arns(let templates, let fixed): Self.any(templates, fixed, value, &values)
        case .numbers(let numbers): compare(NumberValue(value), numbers)
        case .dates(let dates): compare(DateValue(value), dates)
        case .booleans(let booleans):
            switch value.lowercased() {
            case "true": Match(booleans.contains(true))
            case "false": Match(booleans.contains(false))
            default: .maybe
            }
        case .bytes(let bytes): Data(base64Encoded: value).map { Match(bytes.contains(Array($0))) } ?? .maybe
        case .addresses(let ranges):
            AddressRange.callerAddress(value).map { address in Match(ranges.contains { $0.contains(address) }) }
                ?? .maybe
        }
    }

    /// A value that cannot be read as what the operator compares is as good as unknown.
    private func compare<Value: Comparable>(_ value: Value?, _ wanted: [Value]) -> Match {
        guard let value else { return .maybe }
        let comparison: ConditionOperator.Comparison
        switch self.comparison.family {
        case .numeric(let each), .date(let each): comparison = each
        default: return .maybe
        }
        return Match(wanted.contains { comparison.holds(value, $0) })
    }

    private static func any(
        _ templates: [Template],
        _ value: String,
        _ values: inout KeyValues,
        folded: Bool = false
    ) -> Match {
        var result = Match.no
        for template in templates {
            if let glob = template.fixed {
                if glob.matches(value.utf8Span.span) { return .yes }
            } else if let glob = template.glob(&values) {
                let literal = folded ? glob.folded : glob
                if literal.matches(value.utf8Span.span) { return .yes }
            } else {
                result = .maybe
            }
        }
        return result
    }

    private static func any(
        _ templates: [Template],
        _ fixed: [ArnPattern],
        _ value: String,
        _ values: inout KeyValues
    ) -> Match {
        var result = Match.no
        let text = value.utf8Span.span
        for pattern in fixed {
            switch pattern.matches(text) {
            case true?: return .yes
            case false?: continue
            case nil: return .maybe
            }
        }
        for template in templates {
            guard let tokens = template.tokens(&values), let match = ArnPattern(tokens)?.matches(text) else {
                result = .maybe
                continue
            }
            if match { return .yes }
        }
        return result
    }
}
