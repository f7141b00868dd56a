/// A whole policy: one or more files, compiled for decisions.
///
/// Deny wins over RequireApproval, which wins over Allow; a call that no statement is about is refused. With several
/// actions or resources the strictest answer counts. What is not known about a call counts against it.
public struct PolicySet: Sendable {
    /// The files, as they were read.
    public let sources: [PolicySource]
    let statements: [Statement]
    let keys: KeyTable
    private let index: StatementIndex
    private let resourceIndex: ResourceIndex
    private let conditionIndex: ConditionIndex
    private let denying: StatementSet
    private let granting: StatementSet
    private let shadowed: StatementSet
    private let hasShadow: Bool
    private let accessLevelKey: Int?
    private let riskKey: Int?

    /// Parses all files; throws every mistake of all of them at once.
    public init(parsing sources: [PolicySource]) throws(PolicyErrors) {
        var mistakes: [PolicyMistake] = []
        var statements: [Statement] = []
        var keys = KeyTable()
        for source in sources {
            var reader = PolicyReader(file: source.name, keys: keys, earlier: statements.count)
            reader.read(source.text)
            keys = reader.keys
            statements += reader.statements
            mistakes += reader.mistakes.mistakes.sorted { first, second in
                (first.position.line, first.position.column) < (second.position.line, second.position.column)
            }
        }
        guard mistakes.isEmpty else { throw PolicyErrors(mistakes: mistakes) }
        self.sources = sources
        self.statements = statements
        self.keys = keys
        index = StatementIndex(statements)
        resourceIndex = ResourceIndex(statements)
        conditionIndex = ConditionIndex(statements)
        let count = statements.count
        denying = StatementSet(count: count) { statements[$0].effect == .deny }
        granting = StatementSet(count: count) { statements[$0].effect != .deny }
        shadowed = StatementSet(count: count) { statements[$0].shadow }
        accessLevelKey = keys.number(ofName: ConditionKey.accessLevel)
        riskKey = keys.number(ofName: ConditionKey.risk)
        hasShadow = statements.contains(where: \.shadow)
    }

    /// The bytes that identify this policy, to be hashed: each file's length and text, names left out.
    public var identityBytes: [UInt8] {
        sources.flatMap { source in Array("\(source.text.utf8.count)\n".utf8) + Array(source.text.utf8) }
    }

    /// How many statements there are.
    public var statementCount: Int { statements.count }

    /// Names of all masking profiles that statements name, so that the configuration can check that they exist.
    public var maskProfiles: Set<String> { Set(statements.compactMap(\.mask)) }

    /// Judges a call that needs `requests`; none at all is refused.
    public func decide(_ requests: [AuthorizationRequest], in context: PolicyContext) -> Decision {
        var values = KeyValues(keys: keys.keys, context: context)
        let tally = judge(requests, &values, withShadow: false)
        var shadow: Decision.Shadow?
        if hasShadow {
            let other = judge(requests, &values, withShadow: true)
            if other.outcome.strictness != tally.outcome.strictness {
                shadow = .init(
                    outcome: other.outcome,
                    statement: other.deciding.map { statements[$0].name },
                    action: other.action
                )
            }
        }
        let isDenied = tally.outcome.isDenied
        return Decision(
            outcome: tally.outcome,
            statement: tally.deciding.map { statements[$0].name },
            action: tally.action,
            resource: tally.resource,
            isCertain: tally.isCertain,
            mask: isDenied ? nil : tally.mask.profile,
            limits: isDenied ? [] : tally.limits.sorted().compactMap { statements[$0].limit },
            shadow: shadow
        )
    }

    private func judge(_ requests: [AuthorizationRequest], _ values: inout KeyValues, withShadow: Bool) -> Tally {
        var tally = Tally()
        for request in requests {
            guard let action = ActionName(request.action) else {
                tally.add(.init(outcome: .defaultDeny), action: request.action, resource: nil)
                continue
            }
            setClassification(of: request, in: &values)
            var candidates = index.candidates(for: action)
            if !withShadow, hasShadow { candidates.subtract(shadowed) }
            conditionIndex.narrow(&candidates, &values)
            var conditions = FoundConditions(statements: statements.count, resources: request.resources?.count ?? 1)
            let resources: [String?] =
                request.resources.map { $0.isEmpty ? [RequestedResource.noneText] : $0 } ?? [nil]
            for resource in resources {
                let verdict = judge(candidates, .init(resource), &conditions, &values)
                tally.add(verdict, action: request.action, resource: resource)
            }
        }
        return tally
    }

    /// Gives the keys that belong to each action their values.
    func setClassification(of request: AuthorizationRequest, in values: inout KeyValues) {
        if let accessLevelKey {
            values.set(accessLevelKey, to: request.accessLevel.map { .values([$0]) } ?? .unknown)
        }
        if let riskKey {
            values.set(riskKey, to: request.risks.map { $0.isEmpty ? .missing : .values($0) } ?? .unknown)
        }
    }

    /// Judges one action on one resource; `conditions` keeps what was found for the resources before.
    private func judge(
        _ candidates: StatementSet,
        _ resource: RequestedResource,
        _ conditions: inout FoundConditions,
        _ values: inout KeyValues
    ) -> Verdict {
        func match(_ statement: Statement, _ number: Int) -> Match {
            let resources = statement.resources.matches(resource, &values)
            guard resources != .no, !statement.conditions.isEmpty else { return resources }
            if let known = conditions[number] { return min(resources, known) }
            let found = statement.conditionsMatch(&values)
            conditions[number] = found
            return min(resources, found)
        }
        var candidates = candidates
        resourceIndex.narrow(&candidates, to: resource)
        var next = 0
        while let number = candidates.first(from: next, in: denying) {
            let found = match(statements[number], number)
            if found != .no { return Verdict(outcome: .deny, deciding: number, isCertain: found == .yes) }
            next = number + 1
        }
        var verdict = Verdict(outcome: .defaultDeny)
        next = 0
        while let number = candidates.first(from: next, in: granting) {
            let statement = statements[number]
            let found = match(statement, number)
            if statement.applies(found) { verdict.add(statement, number: number, match: found) }
            next = number + 1
        }
        return verdict
    }
}

/// What the conditions of statements came to for one action; kept only where there are several resources to judge.
private struct FoundConditions {
    private var found: [Match?]

    init(statements: Int, resources: Int) {
        found = resources > 1 ? Array(repeating: nil, count: statements) : []
    }

    subscript(number: Int) -> Match? {
        get { found.isEmpty ? nil : found[number] }
        set { if !found.isEmpty { found[number] = newValue } }
    }
}

/// What the statements say about one action on one resource.
private struct Verdict {
    var outcome: Outcome
    var deciding: Int?
    var isCertain = true
    var mask = MaskChoice.unset
    var limits: [Int] = []

    mutating func add(_ statement: Statement, number: Int, match: Match) {
        switch (statement.effect, outcome) {
        case (.requireApproval, .requireApproval(let terms)):
            outcome = .requireApproval(terms.joined(with: statement.approval))
        case (.requireApproval, _):
            outcome = .requireApproval(statement.approval)
            deciding = number
            isCertain = match == .yes
        case (.allow, .defaultDeny):
            outcome = .allow
            deciding = number
        default: break
        }
        if let profile = statement.mask { mask.add(profile) }
        if statement.limit != nil { limits.append(number) }
    }
}

/// The masking profile that statements agree on.
private enum MaskChoice: Equatable {
    case unset
    case profile(String)
    /// They disagree: the default profile, which is the strict one.
    case standard

    mutating func add(_ name: String) {
        self = self == .unset || self == .profile(name) ? .profile(name) : .standard
    }

    var profile: String? {
        guard case .profile(let name) = self else { return nil }
        return name
    }
}

/// The strictest verdict so far, with the obligations of all.
private struct Tally {
    private var verdict: Verdict?
    private(set) var action = ""
    private(set) var resource: String?
    private(set) var mask = MaskChoice.unset
    private(set) var limits: Set<Int> = []

    var outcome: Outcome { verdict?.outcome ?? .defaultDeny }
    var deciding: Int? { verdict?.deciding }
    var isCertain: Bool { verdict?.isCertain ?? true }

    mutating func add(_ other: Verdict, action: String, resource: String?) {
        limits.formUnion(other.limits)
        guard let current = verdict else {
            (verdict, mask, self.action, self.resource) = (other, other.mask, action, resource)
            return
        }
        // A profile holds for the whole answer only when every part of the call has it.
        if mask != other.mask { mask = .standard }
        if case .requireApproval(let terms) = current.outcome, case .requireApproval(let more) = other.outcome {
            verdict?.outcome = .requireApproval(terms.joined(with: more))
        } else if other.outcome.strictness > current.outcome.strictness {
            (verdict, self.action, self.resource) = (other, action, resource)
        }
    }
}
