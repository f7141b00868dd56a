/// A whole policy: one or more files, compiled for decisions.
///
/// Deny wins over RequireApproval, which wins over Allow; a call that no statement is about is refused. With several
/// actions or resources the strictest answer counts. What is not known about a call counts against it.
public struct PolicySet: Sendable {
    /// The files, as they were read.
    public let sources: [PolicySource]
    let statements: [Statement]
    /// The statements' effects, side by side.
    private let effects: [Effect]
    let keys: KeyTable
    private let index: StatementIndex
    private let hasShadow: Bool

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
        effects = statements.map(\.effect)
        self.keys = keys
        index = StatementIndex(statements)
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
            if !withShadow, hasShadow { candidates.removeAll { statements[$0].shadow } }
            var conditions = [Match?](repeating: nil, count: candidates.count)
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
        let level: ContextValue = request.accessLevel.map { .values([$0]) } ?? .unknown
        let risks: ContextValue = request.risks.map { $0.isEmpty ? .missing : .values($0) } ?? .unknown
        values.set(keys.number(ofName: ConditionKey.accessLevel), to: level)
        values.set(keys.number(ofName: ConditionKey.risk), to: risks)
    }

    /// Judges one action on one resource; `conditions` keeps what was found for the resources before.
    private func judge(
        _ candidates: [Int],
        _ resource: RequestedResource,
        _ conditions: inout [Match?],
        _ values: inout KeyValues
    ) -> Verdict {
        func match(_ statement: Statement, _ place: Int) -> Match {
            let resources = statement.resources.matches(resource, &values)
            guard resources != .no else { return .no }
            let found = conditions[place] ?? statement.conditionsMatch(&values)
            conditions[place] = found
            return min(resources, found)
        }
        for (place, number) in candidates.enumerated() where effects[number] == .deny {
            let found = match(statements[number], place)
            if found != .no { return Verdict(outcome: .deny, deciding: number, isCertain: found == .yes) }
        }
        var verdict = Verdict(outcome: .defaultDeny)
        for (place, number) in candidates.enumerated() where effects[number] != .deny {
            let statement = statements[number]
            let found = match(statement, place)
            guard statement.applies(found) else { continue }
            verdict.add(statement, number: number, match: found)
        }
        return verdict
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
