/// An IAM condition operator, as `ForAnyValue:StringNotLikeIfExists`, taken apart.
struct ConditionOperator: Sendable, Hashable {
    /// How numbers and dates are compared.
    enum Comparison: Sendable, Hashable {
        case equal, less, lessOrEqual, greater, greaterOrEqual

        func holds<Value: Comparable>(_ first: Value, _ second: Value) -> Bool {
            switch self {
            case .equal: first == second
            case .less: first < second
            case .lessOrEqual: first <= second
            case .greater: first > second
            case .greaterOrEqual: first >= second
            }
        }
    }

    /// What is compared.
    enum Family: Sendable, Hashable {
        case string, foldedString, stringLike
        case numeric(Comparison), date(Comparison)
        case bool, binary, address, arn, null
    }

    /// How a set of values is taken together.
    enum Quantifier: String, Sendable, Hashable, CaseIterable {
        case all = "ForAllValues:"
        case any = "ForAnyValue:"
    }

    let name: String
    let family: Family
    let negated: Bool
    let quantifier: Quantifier?
    let ifExists: Bool

    /// Reads an operator's name; nil when there is none such.
    init?(_ name: String) {
        self.name = name
        var rest = Substring(name)
        quantifier = Quantifier.allCases.first { rest.hasPrefix($0.rawValue) }
        rest = rest.dropFirst(quantifier?.rawValue.count ?? 0)
        ifExists = rest.hasSuffix("IfExists")
        if ifExists { rest = rest.dropLast("IfExists".count) }
        guard let base = Self.bases[String(rest)] else { return nil }
        (family, negated) = base
        // Null asks whether the key exists: neither a set nor IfExists makes sense with it.
        if family == .null, ifExists || quantifier != nil { return nil }
    }

    /// What a condition says when the key is missing (IAM: "Multivalued context keys", "...IfExists").
    var whenMissing: Match {
        switch quantifier {
        case .all: .yes
        case .any: .no
        case nil: Match(ifExists || negated)
        }
    }

    /// Every name an operator can have.
    static let names: [String] = bases.keys.sorted().flatMap { base -> [String] in
        guard base != "Null" else { return [base] }
        return [base, base + "IfExists"].flatMap { name in
            [name] + Quantifier.allCases.map { $0.rawValue + name }
        }
    }

    private static let bases: [String: (family: Family, negated: Bool)] = [
        "StringEquals": (.string, false), "StringNotEquals": (.string, true),
        "StringEqualsIgnoreCase": (.foldedString, false), "StringNotEqualsIgnoreCase": (.foldedString, true),
        "StringLike": (.stringLike, false), "StringNotLike": (.stringLike, true),
        "NumericEquals": (.numeric(.equal), false), "NumericNotEquals": (.numeric(.equal), true),
        "NumericLessThan": (.numeric(.less), false), "NumericLessThanEquals": (.numeric(.lessOrEqual), false),
        "NumericGreaterThan": (.numeric(.greater), false),
        "NumericGreaterThanEquals": (.numeric(.greaterOrEqual), false),
        "DateEquals": (.date(.equal), false), "DateNotEquals": (.date(.equal), true),
        "DateLessThan": (.date(.less), false), "DateLessThanEquals": (.date(.lessOrEqual), false),
        "DateGreaterThan": (.date(.greater), false), "DateGreaterThanEquals": (.date(.greaterOrEqual), false),
        "Bool": (.bool, false), "BinaryEquals": (.binary, false), "Null": (.null, false),
        "IpAddress": (.address, false), "NotIpAddress": (.address, true),
        "ArnEquals": (.arn, false), "ArnNotEquals": (.arn, true),
        "ArnLike": (.arn, false), "ArnNotLike": (.arn, true),
    ]
}

extension ConditionOperator {
    /// Whether the operator can be used on a key with values of this kind.
    func applies(to kind: ConditionKey.Kind) -> Bool {
        switch (family, kind) {
        case (.null, _): true
        case (.string, .text), (.foldedString, .text), (.stringLike, .text): true
        case (.string, .arn), (.foldedString, .arn), (.stringLike, .arn), (.arn, .arn): true
        case (.address, .address), (.bool, .boolean): true
        case (.date, .date), (.date, .epoch), (.numeric, .epoch), (.numeric, .number): true
        default: false
        }
    }
}

extension ConditionKey.Kind {
    /// What to say to somebody who used an operator of another kind.
    var advice: String {
        switch self {
        case .text: "its values are text: use StringEquals or StringLike"
        case .address: "its values are addresses: use IpAddress or NotIpAddress"
        case .date: "its values are dates: use DateLessThan, DateGreaterThan, ..."
        case .epoch: "its values are seconds since 1970: use Date... or Numeric..."
        case .number: "its values are numbers: use NumericLessThan, ..."
        case .boolean: "its values are true or false: use Bool"
        case .arn: "its values are ARNs: use ArnLike"
        }
    }
}
