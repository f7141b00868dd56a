/// A table of calls and the decisions that they must get, for `posternctl policy test` and CI.
public struct PolicyTable: Sendable {
    /// What became of one case.
    public struct Result: Sendable {
        /// The case's name.
        public let name: String
        /// Where the case is.
        public let position: SourcePosition
        /// What differs from what was expected; empty when the case holds.
        public let differences: [String]
        /// The decision.
        public let decision: Decision
    }

    struct Case: Sendable {
        var name = ""
        let position: SourcePosition
        var context: [String: [String]] = [:]
        var actions: [String] = []
        /// nil: not known; empty: none.
        var resources: [String]? = []
        var accessLevel: String?
        var risks: [String]?
        var outcome = ""
        var sid: String?
        var mask: String?
    }

    private let cases: [Case]

    /// How many cases there are.
    public var count: Int { cases.count }

    /// Parses a table; throws every mistake at once.
    public init(parsing source: PolicySource) throws(PolicyErrors) {
        var reader = PolicyTableReader(file: source.name)
        reader.read(source.text)
        guard reader.mistakes.mistakes.isEmpty else { throw PolicyErrors(mistakes: reader.mistakes.mistakes) }
        cases = reader.cases
    }

    /// Decides every case; `facts` gives access level and risks where the table does not.
    public func run(_ policy: PolicySet, facts: (String) -> ActionFacts?) -> [Result] {
        cases.map { row in
            let decision = policy.decide(row.requests(facts), in: PolicyContext(row.context))
            return .init(
                name: row.name,
                position: row.position,
                differences: row.differences(decision),
                decision: decision
            )
        }
    }

    /// Explains every case under its name, whatever is expected of it.
    public func explain(_ policy: PolicySet, facts: (String) -> ActionFacts?) -> String {
        cases.map { row in
            "\(row.position): \(row.name)\n" + policy.explain(row.requests(facts), in: PolicyContext(row.context))
        }
        .joined(separator: "\n")
    }
}

extension PolicyTable.Case {
    fileprivate func requests(_ facts: (String) -> ActionFacts?) -> [AuthorizationRequest] {
        actions.map { action in
            let known = facts(action)
            return AuthorizationRequest(
                action: action,
                resources: resources,
                accessLevel: accessLevel ?? known?.accessLevel,
                risks: risks ?? known?.risks
            )
        }
    }

    fileprivate func differences(_ decision: Decision) -> [String] {
        var differences: [String] = []
        if decision.outcome.name != outcome {
            differences.append("expected \(outcome), got \(decision.outcome.name): \(decision.summary)")
        }
        if let sid, decision.statement?.sid != sid {
            differences.append("expected the statement \(sid), got \(decision.statement?.label ?? "none")")
        }
        if let mask, decision.mask ?? "default" != mask {
            differences.append("expected the masking profile \(mask), got \(decision.mask ?? "default")")
        }
        return differences
    }
}

/// Reads a table of expected decisions.
private struct PolicyTableReader {
    private static let caseElements = [
        "Name", "Principal", "Context", "Action", "Resource", "AccessLevel", "Risk", "Expect", "Sid", "Mask",
    ]
    private static let outcomes = ["Allow", "RequireApproval", "DefaultDeny", "Deny"]

    var mistakes: MistakeList
    var cases: [PolicyTable.Case] = []
    private var principals: [String: [String: [String]]] = [:]

    init(file: String) {
        mistakes = MistakeList(file: file)
    }

    mutating func read(_ text: String) {
        guard let document = Document.parse(text, mistakes: &mistakes) else { return }
        let entries = mapping(document, "a table of decisions")
        for entry in entries where entry.key == "Principals" {
            for principal in mapping(entry.value, "Principals") {
                principals[principal.key] = keys(principal)
            }
        }
        for entry in entries where entry.key != "Principals" {
            guard entry.key == "Cases", case .list(let items) = entry.value.content, !items.isEmpty else {
                mistakes.add("a table holds Principals and a list of Cases, not \"\(entry.key)\"", at: entry.mark)
                continue
            }
            for item in items { readCase(item) }
        }
        if cases.isEmpty { mistakes.add("the table has no Cases", at: document.mark) }
    }

    private mutating func readCase(_ document: Document) {
        var row = PolicyTable.Case(position: mistakes.position(document.mark))
        for entry in mapping(document, "a case") {
            switch entry.key {
            case "Name": row.name = texts(entry).first ?? ""
            case "Principal": row.context.merge(principal(entry)) { first, _ in first }
            case "Context": row.context.merge(keys(entry)) { _, second in second }
            case "Action": row.actions = texts(entry)
            case "Resource":
                let texts = texts(entry)
                row.resources = texts == ["Unknown"] ? nil : texts
            case "AccessLevel": row.accessLevel = choice(entry, ConditionKey.accessLevels)
            case "Risk": row.risks = texts(entry, orEmpty: true)
            case "Expect": row.outcome = choice(entry, Self.outcomes) ?? ""
            case "Sid": row.sid = texts(entry).first
            case "Mask": row.mask = texts(entry).first
            default:
                mistakes.add(
                    "unknown element \"\(entry.key)\" in a case",
                    at: entry.mark,
                    suggestion: Suggestion.closest(to: entry.key, among: Self.caseElements)
                )
            }
        }
        if row.actions.isEmpty { mistakes.add("the case has no Action", at: document.mark) }
        if row.outcome.isEmpty { mistakes.add("the case has no Expect", at: document.mark) }
        if row.name.isEmpty { row.name = row.actions.joined(separator: " + ") }
        cases.append(row)
    }

    private mutating func principal(_ entry: Document.Entry) -> [String: [String]] {
        guard let name = texts(entry).first else { return [:] }
        if let known = principals[name] { return known }
        let advice = Suggestion.closest(to: name, among: principals.keys.sorted())
        mistakes.add("unknown principal \"\(name)\"", at: entry.value.mark, suggestion: advice)
        return [:]
    }

    /// Condition keys with their values, the names in lower case.
    private mutating func keys(_ entry: Document.Entry) -> [String: [String]] {
        var keys: [String: [String]] = [:]
        for pair in mapping(entry.value, entry.key) {
            guard let key = ConditionKey(pair.key) else {
                mistakes.add("\"\(pair.key)\" is not a condition key", at: pair.mark)
                continue
            }
            keys[key.name] = texts(pair, orEmpty: true)
        }
        return keys
    }

    private mutating func mapping(_ document: Document, _ what: String) -> [Document.Entry] {
        if case .mapping(let entries) = document.content { return entries }
        mistakes.add("\(what) must be a mapping, but is \(document.kind)", at: document.mark)
        return []
    }

    private mutating func choice(_ entry: Document.Entry, _ choices: [String]) -> String? {
        guard let text = texts(entry).first else { return nil }
        if choices.contains(text) { return text }
        let advice = Suggestion.closest(to: text, among: choices)
        mistakes.add("\(entry.key) cannot be \"\(text)\"", at: entry.value.mark, suggestion: advice)
        return nil
    }

    private mutating func texts(_ entry: Document.Entry, orEmpty: Bool = false) -> [String] {
        let items: [Document]
        switch entry.value.content {
        case .scalar: items = [entry.value]
        case .list(let list): items = list
        case .null, .mapping: items = []
        }
        let texts = items.compactMap { item in
            if case .scalar(let text) = item.content { text } else { nil }
        }
        if texts.count != items.count || (texts.isEmpty && !orEmpty) {
            mistakes.add("\(entry.key) needs a value or a list of values, but has \(entry.value.kind)", at: entry.mark)
        }
        return texts
    }
}
