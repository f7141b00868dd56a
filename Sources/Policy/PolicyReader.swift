/// Reads one policy file into statements, going on after each mistake.
struct PolicyReader {
    private static let elements = ["Version", "Id", "Statement", "Shadow"]
    private static let statementElements = [
        "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Approval", "Mask", "Limit",
        "Shadow",
    ]
    /// Most statements of a policy, over all its files.
    static let statementLimit = 5000

    var mistakes: MistakeList
    var keys: KeyTable
    private(set) var statements: [Statement] = []
    /// Statements in the files read before this one.
    private let earlier: Int
    private var variables = false
    private var shadow = false
    private var sids: Set<String> = []

    /// Starts a file after `earlier` statements of others.
    init(file: String, keys: KeyTable, earlier: Int) {
        mistakes = MistakeList(file: file)
        self.keys = keys
        self.earlier = earlier
    }

    /// Reads the whole file.
    mutating func read(_ text: String) {
        guard let document = Document.parse(text, mistakes: &mistakes) else { return }
        guard case .mapping(let entries) = document.content else {
            mistakes.add("a policy must be a mapping, but is \(document.kind)", at: document.mark)
            return
        }
        var body: Document?
        for entry in entries {
            switch entry.key {
            case "Version": variables = readVersion(entry.value)
            case "Id": _ = scalar(entry)
            case "Shadow": shadow = boolean(entry) ?? false
            case "Statement": body = entry.value
            default: unknown(entry, among: Self.elements, in: "a policy")
            }
        }
        guard let body else {
            mistakes.add("the policy has no Statement", at: document.mark)
            return
        }
        let items: [Document]
        if case .list(let list) = body.content { items = list } else { items = [body] }
        if items.isEmpty { mistakes.add("Statement is empty", at: body.mark) }
        guard earlier + items.count <= Self.statementLimit else {
            mistakes.add("the policy has more than \(Self.statementLimit) statements", at: body.mark)
            return
        }
        for (index, item) in items.enumerated() {
            readStatement(item, number: index + 1)
        }
    }

    private mutating func readVersion(_ document: Document) -> Bool {
        switch document.content {
        case .scalar("2012-10-17"): return true
        case .scalar("2008-10-17"): return false
        default:
            mistakes.add("Version must be 2012-10-17 or 2008-10-17", at: document.mark, suggestion: "write 2012-10-17")
            return true
        }
    }

    private mutating func readStatement(_ document: Document, number: Int) {
        guard case .mapping(let entries) = document.content else {
            mistakes.add("a statement must be a mapping, but is \(document.kind)", at: document.mark)
            return
        }
        var found: [String: Document.Entry] = [:]
        for entry in entries {
            found[entry.key] = entry
            if !Self.statementElements.contains(entry.key) {
                unknown(entry, among: Self.statementElements, in: "a statement")
            }
        }
        let sid = found["Sid"].flatMap { readSid($0) }
        let effect = readEffect(found["Effect"], statement: document)
        let (actions, actionMarks, actionsNegated) = readActions(found, statement: document)
        let resources = readResources(found, statement: document)
        let conditions =
            found["Condition"].map {
                ConditionReader(variables: variables).read($0.value, keys: &keys, mistakes: &mistakes)
            } ?? []
        let id = earlier + number - 1
        let approval = readApproval(found["Approval"], effect: effect)
        let mask = found["Mask"].flatMap { readMask($0, effect: effect) }
        let limit = found["Limit"].flatMap { readLimit($0, effect: effect, id: id) }
        let shadow = found["Shadow"].flatMap { boolean($0) } ?? self.shadow
        guard let effect else { return }
        statements.append(
            .init(
                name: .init(sid: sid, number: number, position: mistakes.position(document.mark)),
                effect: effect,
                shadow: shadow,
                actions: actions,
                actionMarks: actionMarks,
                actionsNegated: actionsNegated,
                resources: resources,
                conditions: conditions,
                approval: approval,
                mask: mask,
                limit: limit,
                hasLiteralVariables: !variables && document.json.contains("${")
            )
        )
    }

    private mutating func readSid(_ entry: Document.Entry) -> String? {
        guard let sid = scalar(entry) else { return nil }
        guard !sid.isEmpty, sid.utf8.count <= 128, sid.utf8.allSatisfy(\.isASCIIAlphanumeric) else {
            mistakes.add("a Sid holds letters and digits only", at: entry.value.mark)
            return nil
        }
        guard sids.insert(sid).inserted else {
            mistakes.add("the Sid \"\(sid)\" is used twice in this file", at: entry.value.mark)
            return nil
        }
        return sid
    }

    private mutating func readEffect(_ entry: Document.Entry?, statement: Document) -> Effect? {
        guard let entry else {
            mistakes.add("the statement has no Effect", at: statement.mark)
            return nil
        }
        guard let name = scalar(entry) else { return nil }
        guard let effect = Effect(rawValue: name) else {
            let names = Effect.allCases.map(\.rawValue)
            mistakes.add(
                "unknown effect \"\(name)\"",
                at: entry.value.mark,
                suggestion: Suggestion.closest(to: name, among: names)
                    ?? "it is one of \(names.joined(separator: ", "))"
            )
            return nil
        }
        return effect
    }

    private mutating func readActions(
        _ found: [String: Document.Entry],
        statement: Document
    ) -> ([ActionPattern], marks: [DocumentMark], negated: Bool) {
        guard let (entry, negated) = one("Action", "NotAction", of: found, statement: statement) else {
            return ([], [], false)
        }
        var actions: [ActionPattern] = []
        var marks: [DocumentMark] = []
        for (text, mark) in texts(entry) {
            do throws(Template.Mistake) {
                actions.append(try ActionPattern(text))
                marks.append(mark)
            } catch {
                mistakes.add(error.message, at: mark, suggestion: error.suggestion)
            }
        }
        return (actions, marks, negated)
    }

    private mutating func readResources(_ found: [String: Document.Entry], statement: Document) -> ResourceSet {
        guard let (entry, negated) = one("Resource", "NotResource", of: found, statement: statement) else {
            return .init(patterns: [], marks: [], negated: false)
        }
        var patterns: [ResourcePattern] = []
        var marks: [DocumentMark] = []
        for (text, mark) in texts(entry) {
            do throws(Template.Mistake) {
                patterns.append(try ResourcePattern(text, variables: variables, keys: &keys))
                marks.append(mark)
            } catch {
                mistakes.add(error.message, at: mark, suggestion: error.suggestion)
            }
        }
        return .init(patterns: patterns, marks: marks, negated: negated)
    }

    /// The one of two elements that a statement must have.
    private mutating func one(
        _ name: String,
        _ other: String,
        of found: [String: Document.Entry],
        statement: Document
    ) -> (Document.Entry, negated: Bool)? {
        switch (found[name], found[other]) {
        case (let entry?, nil): return (entry, false)
        case (nil, let entry?): return (entry, true)
        case (_?, let entry?):
            mistakes.add("a statement has \(name) or \(other), not both", at: entry.mark)
        case (nil, nil):
            mistakes.add("the statement has neither \(name) nor \(other)", at: statement.mark)
        }
        return nil
    }
}

extension PolicyReader {
    /// Reports an element that the grammar does not have.
    mutating func unknown(_ entry: Document.Entry, among names: [String], in place: String) {
        let suggestion: String?
        switch entry.key {
        case "Principal", "NotPrincipal":
            suggestion = "say who with a Condition on oidc:sub, oidc:groups or another claim"
        default: suggestion = Suggestion.closest(to: entry.key, among: names)
        }
        mistakes.add("unknown element \"\(entry.key)\" in \(place)", at: entry.mark, suggestion: suggestion)
    }

    /// A single value.
    mutating func scalar(_ entry: Document.Entry) -> String? {
        guard case .scalar(let text) = entry.value.content else {
            mistakes.add("\(entry.key) must be a single value, but is \(entry.value.kind)", at: entry.value.mark)
            return nil
        }
        return text
    }

    /// `true` or `false`.
    mutating func boolean(_ entry: Document.Entry) -> Bool? {
        guard let text = scalar(entry) else { return nil }
        guard let value = ["true": true, "false": false][text] else {
            mistakes.add("\(entry.key) must be true or false", at: entry.value.mark)
            return nil
        }
        return value
    }

    /// A value or a list of values.
    mutating func texts(_ entry: Document.Entry) -> [(String, DocumentMark)] {
        switch entry.value.content {
        case .scalar(let text): return [(text, entry.value.mark)]
        case .list(let items) where !items.isEmpty:
            return items.compactMap { item in
                guard case .scalar(let text) = item.content else {
                    mistakes.add("\(entry.key) holds \(item.kind)", at: item.mark)
                    return nil
                }
                return (text, item.mark)
            }
        default:
            mistakes.add("\(entry.key) needs a value or a list of values, but has \(entry.value.kind)", at: entry.mark)
            return []
        }
    }
}
