extension PolicySet {
    /// Looks for actions and keys that do not exist, statements without effect, and credentials that are let through.
    public func lint(_ catalogue: ActionCatalogue) -> [PolicyFinding] {
        var linter = PolicyLinter(policy: self, catalogue: catalogue)
        for number in statements.indices { linter.check(number) }
        return linter.findings
    }
}

/// Checks one statement after the other against the rest of the policy.
private struct PolicyLinter {
    let policy: PolicySet
    let catalogue: ActionCatalogue
    var findings: [PolicyFinding] = []

    mutating func check(_ number: Int) {
        let statement = policy.statements[number]
        for (action, mark) in zip(statement.actions, statement.actionMarks) { checkExists(action, mark, of: statement) }
        for (resource, mark) in zip(statement.resources.patterns, statement.resources.marks) {
            checkResource(resource, mark, of: statement)
        }
        if statement.hasLiteralVariables {
            add(.warning, statement, "${...} is plain text in a policy without Version: 2012-10-17")
        }
        checkKeys(of: statement)
        checkBreadth(of: statement)
        checkReach(number, statement)
    }

    private mutating func add(
        _ severity: PolicyFinding.Severity,
        _ statement: Statement,
        at mark: DocumentMark? = nil,
        _ message: String
    ) {
        let place = mark.map {
            SourcePosition(file: statement.name.position.file, line: $0.line, column: $0.column)
        }
        let finding = PolicyFinding(
            severity: severity,
            statement: statement.name,
            position: place ?? statement.name.position,
            message: message
        )
        if !findings.contains(finding) { findings.append(finding) }
    }

    private mutating func checkResource(_ resource: ResourcePattern, _ mark: DocumentMark, of statement: Statement) {
        if resource.incomplete {
            let message = "\"\(resource.spelling)\" is not a whole ARN; the missing parts are taken as *"
            add(.warning, statement, at: mark, message)
        }
        // CloudWatch Logs judges a group by an ARN that goes on behind its name, except where tags are concerned.
        let isLogGroup = resource.spelling.contains(":log-group:")
        if isLogGroup, resource.spelling.split(separator: ":").count == 7, !resource.spelling.hasSuffix("*"),
            !statement.actions.contains(where: { $0.spelling.lowercased().contains("tag") })
        {
            let message = "no call is about \"\(resource.spelling)\"; write \"\(resource.spelling):*\", as in AWS"
            add(.warning, statement, at: mark, message)
        }
    }

    private mutating func checkExists(_ action: ActionPattern, _ mark: DocumentMark, of statement: Statement) {
        guard !catalogue.names.contains(where: { action.matches(service: $0.service, name: $0.name) }) else { return }
        let services = Set(catalogue.names.map(\.service))
        if let service = action.service, !services.contains(service) {
            let advice = Suggestion.closest(to: service, among: services.sorted())
            add(
                .warning,
                statement,
                at: mark,
                "no service has the prefix \"\(service)\"" + (advice.map { "; " + $0 } ?? "")
            )
            return
        }
        let siblings = catalogue.spellings.filter { ActionName($0)?.service == action.service }
        let advice = Suggestion.closest(to: action.spelling, among: siblings)
        add(
            .warning,
            statement,
            at: mark,
            "no action matches \"\(action.spelling)\"" + (advice.map { "; " + $0 } ?? "")
        )
    }

    private mutating func checkKeys(of statement: Statement) {
        let supplied = ConditionKey.suppliedGlobals
        for condition in statement.conditions {
            let key = policy.keys.keys[condition.key]
            if key.prefix == "request" { checkMember(String(key.suffix), condition.mark, of: statement) }
            if ["oidc", "postern", "request"].contains(key.prefix) { continue }
            if supplied.contains(where: { $0.lowercased() == key.name }) { continue }
            let isReal = ConditionKey.otherGlobals.contains { $0.lowercased() == key.name } || key.suffix.contains("/")
            let isMistyped = key.prefix == "aws" && !isReal
            let advice = isMistyped ? Suggestion.closest(to: key.spelling, among: supplied) : nil
            let effect = statement.effect == .allow ? "the Allow never matches" : "it counts against every call"
            add(
                .warning,
                statement,
                at: condition.mark,
                "the gateway cannot tell \"\(key)\", so \(effect)" + (advice.map { "; " + $0 } ?? "")
            )
        }
        guard statement.effect == .allow else { return }
        for condition in statement.conditions where condition.comparison.quantifier == .all {
            let isGuarded = statement.conditions.contains { $0.comparison.family == .null && $0.key == condition.key }
            guard !isGuarded else { continue }
            let key = policy.keys.keys[condition.key]
            add(
                .note,
                statement,
                at: condition.mark,
                "\(condition.comparison.name) holds when \"\(key)\" is missing; add Null: {\"\(key)\": false}"
            )
        }
    }

    /// A member that no call has is always missing, which a Deny would not notice.
    private mutating func checkMember(_ path: String, _ mark: DocumentMark, of statement: Statement) {
        var isKnown = false
        for (action, spelling) in zip(catalogue.names, catalogue.spellings) where statement.concerns(action) {
            guard let hasMember = catalogue.hasMember(spelling, path) else { continue }
            if hasMember { return }
            isKnown = true
        }
        if isKnown { add(.warning, statement, at: mark, "no call that it is about has the input member \"\(path)\"") }
    }

    private mutating func checkBreadth(of statement: Statement) {
        guard statement.effect == .allow, !statement.shadow else { return }
        let everything = statement.actions.contains { $0.service == nil && $0.name.matchesEverything }
        if everything, statement.conditions.isEmpty, statement.resources.patterns.contains(where: \.matchesEverything) {
            add(.danger, statement, "everything is allowed without any condition")
        }
        if statement.actionsNegated {
            add(.note, statement, "Allow with NotAction allows every action that AWS will ever add")
        }
        if statement.resources.negated {
            add(.note, statement, "Allow with NotResource allows every resource that is not named")
        }
    }

    /// Goes through all actions that a statement is about: what it can match, and what others leave of it.
    private mutating func checkReach(_ number: Int, _ statement: Statement) {
        let context = PolicyContext { _ in .unknown }
        var values = KeyValues(keys: policy.keys.keys, context: context)
        var (concerned, possible, effective) = (0, 0, 0)
        var exposed: [String] = []
        for (action, spelling) in zip(catalogue.names, catalogue.spellings) where statement.concerns(action) {
            concerned += 1
            let facts = catalogue.facts(spelling)
            let request = AuthorizationRequest(
                action: spelling,
                resources: nil,
                accessLevel: facts?.accessLevel,
                risks: facts?.risks
            )
            policy.setClassification(of: request, in: &values)
            guard statement.conditionsMatch(&values) != .no else { continue }
            possible += 1
            guard statement.shadow || !isOverruled(number, statement, action, &values) else { continue }
            effective += 1
            if statement.effect == .allow, !statement.shadow, facts?.risks.contains("credentials-exposure") == true {
                exposed.append(spelling)
            }
        }
        if concerned > 0, possible == 0 {
            add(.warning, statement, "it can never match: no action it is about satisfies its conditions")
        } else if possible > 0, effective == 0 {
            add(.warning, statement, "it has no effect: stricter statements decide all that it is about")
        }
        if !exposed.isEmpty {
            let names = exposed.prefix(5).joined(separator: ", ") + (exposed.count > 5 ? ", ..." : "")
            add(
                .danger,
                statement,
                "it allows \(exposed.count) actions that expose credentials, without approval: \(names)"
            )
        }
    }

    /// Whether for this action a stricter statement always decides, whatever else is true of the call.
    private func isOverruled(
        _ number: Int,
        _ statement: Statement,
        _ action: ActionName,
        _ values: inout KeyValues
    ) -> Bool {
        for (otherNumber, other) in policy.statements.enumerated() where otherNumber != number && !other.shadow {
            guard other.effect.strictness > statement.effect.strictness, other.concerns(action),
                other.resources.covers(statement.resources),
                other.conditions.allSatisfy({ condition in
                    condition.matches(&values) == .yes || statement.conditions.contains { condition.isSame(as: $0) }
                })
            else { continue }
            return true
        }
        return false
    }
}

extension Condition {
    /// Whether it holds whenever the other does, since both say the same.
    fileprivate func isSame(as other: Condition) -> Bool {
        key == other.key && comparison == other.comparison && Set(written) == Set(other.written)
    }
}

extension Effect {
    fileprivate var strictness: Int {
        switch self {
        case .allow: 0
        case .requireApproval: 1
        case .deny: 2
        }
    }
}

extension ResourceSet {
    /// Whether every resource of `other` is certainly one of these too.
    fileprivate func covers(_ other: ResourceSet) -> Bool {
        if !negated, patterns.contains(where: \.matchesEverything) { return true }
        guard !negated, !other.negated else { return false }
        return other.patterns.allSatisfy { pattern in
            guard let inner = pattern.template.fixed else { return false }
            return patterns.contains { $0.template.fixed?.covers(inner) ?? false }
        }
    }
}
