/// What a statement says about a call that it matches.
public enum Effect: String, Sendable, CaseIterable {
    /// The call may be sent.
    case allow = "Allow"
    /// A person must approve the call first.
    case requireApproval = "RequireApproval"
    /// The call is refused, whatever else matches.
    case deny = "Deny"
}

/// Names a statement: its Sid, or its place among the statements of its file.
public struct StatementName: Sendable, Hashable, CustomStringConvertible {
    /// The Sid, if it has one.
    public let sid: String?
    /// Number of the statement in its file, from 1.
    public let number: Int
    /// Where the statement starts.
    public let position: SourcePosition

    /// The Sid or `statement 3`; shown to agents, so without the file's path.
    public var label: String { sid ?? "statement \(number)" }

    /// `DenyTokens (policy.yaml:12)`.
    public var description: String { "\(label) (\(position.file):\(position.line))" }
}

/// One statement, compiled.
///
/// A class, since a decision looks at many and a copy of one costs more than a look.
final class Statement: Sendable {
    let name: StatementName
    let effect: Effect
    /// Decided and reported, but not enforced.
    let shadow: Bool
    let actions: [ActionPattern]
    /// Where each action stands.
    let actionMarks: [DocumentMark]
    /// `NotAction`: all actions but these.
    let actionsNegated: Bool
    let resources: ResourceSet
    let conditions: [Condition]
    let approval: ApprovalTerms
    let mask: String?
    let limit: LimitTerms?
    /// Whether `${...}` stands in it as plain text, since the policy's version has no variables.
    let hasLiteralVariables: Bool

    init(
        name: StatementName,
        effect: Effect,
        shadow: Bool,
        actions: [ActionPattern],
        actionMarks: [DocumentMark],
        actionsNegated: Bool,
        resources: ResourceSet,
        conditions: [Condition],
        approval: ApprovalTerms,
        mask: String?,
        limit: LimitTerms?,
        hasLiteralVariables: Bool
    ) {
        self.name = name
        self.effect = effect
        self.shadow = shadow
        self.actions = actions
        self.actionMarks = actionMarks
        self.actionsNegated = actionsNegated
        self.resources = resources
        self.conditions = conditions
        self.approval = approval
        self.mask = mask
        self.limit = limit
        self.hasLiteralVariables = hasLiteralVariables
    }

    /// Whether it is about an action.
    func concerns(_ action: ActionName) -> Bool {
        actions.contains { $0.matches(service: action.service, name: action.name) } != actionsNegated
    }

    /// Whether all conditions hold.
    func conditionsMatch(_ values: inout KeyValues) -> Match {
        var result = Match.yes
        for condition in conditions {
            result = min(result, condition.matches(&values))
            if result == .no { return .no }
        }
        return result
    }

    /// Whether a match that is not certain counts: against the caller, never for it.
    func applies(_ match: Match) -> Bool {
        effect == .allow ? match == .yes : match != .no
    }
}
