/// One IAM action that a call needs, and on what.
public struct AuthorizationRequest: Sendable, Hashable {
    /// The action, as `ssm:GetParameter`.
    public var action: String
    /// ARNs of the resources, each of which is judged; nil when they are not known, empty when the action has none.
    ///
    /// A `*` in an ARN stands for a part that could not be derived.
    public var resources: [String]?
    /// Value of `postern:AccessLevel`; nil when it is not known.
    public var accessLevel: String?
    /// Values of `postern:Risk`; nil when they are not known.
    public var risks: [String]?

    /// One action with what is known of it.
    public init(action: String, resources: [String]?, accessLevel: String?, risks: [String]? = []) {
        self.action = action
        self.resources = resources
        self.accessLevel = accessLevel
        self.risks = risks
    }
}

/// What is to become of a call.
public enum Outcome: Sendable {
    /// It may be sent.
    case allow
    /// It may be sent once a person has approved it.
    case requireApproval(ApprovalTerms)
    /// It is refused because no statement is about it.
    case defaultDeny
    /// It is refused by a statement.
    case deny

    /// Greater is stricter.
    var strictness: Int {
        switch self {
        case .allow: 0
        case .requireApproval: 1
        case .defaultDeny: 2
        case .deny: 3
        }
    }

    /// `Allow`, `RequireApproval`, `DefaultDeny` or `Deny`.
    public var name: String {
        switch self {
        case .allow: "Allow"
        case .requireApproval: "RequireApproval"
        case .defaultDeny: "DefaultDeny"
        case .deny: "Deny"
        }
    }

    /// Whether the call is refused.
    public var isDenied: Bool { strictness >= 2 }
}

/// The policy's answer for a call, with what decided it.
public struct Decision: Sendable {
    /// What statements in shadow mode would have changed.
    public struct Shadow: Sendable {
        /// What the outcome would have been.
        public let outcome: Outcome
        /// The statement that would have decided.
        public let statement: StatementName?
        /// The action it would have decided on.
        public let action: String
    }

    /// What is to become of the call.
    public private(set) var outcome: Outcome
    /// The statement that decided; nil when none was about the call.
    public let statement: StatementName?
    /// The action that decided: with several, the one with the strictest outcome.
    public let action: String
    /// The resource that decided; nil when it is not known.
    public let resource: String?
    /// False when the statement matched only because something about the call is not known.
    public let isCertain: Bool
    /// The masking profile; nil for the default one, also when statements disagree.
    public let mask: String?
    /// Bounds to count the call against, each once.
    public let limits: [LimitTerms]
    /// What shadow statements would have changed; nil when nothing.
    public let shadow: Shadow?
    /// Why a person is asked, where no statement says so.
    private(set) var reason: String?

    /// The decision of an allowed call for which a person is asked all the same, `reason` says why.
    public func asking(because reason: String) -> Decision {
        var decision = self
        if case .allow = outcome { decision.outcome = .requireApproval(ApprovalTerms()) }
        decision.reason = reason
        return decision
    }

    /// The decision in one sentence for the agent, without paths: `ssm:PutParameter on arn:… is denied by DenyAll`.
    public var summary: String {
        let object = resource.map { $0 == RequestedResource.noneText ? action : "\(action) on \($0)" } ?? action
        let by = statement.map { " by \($0.label)" } ?? ""
        let doubt = isCertain ? "" : " (not everything that the statement asks about could be derived from the call)"
        switch outcome {
        case .allow: return "\(object) is allowed\(by)"
        case .requireApproval:
            return reason.map { "\(object) needs approval, because \($0)" } ?? "\(object) needs approval\(by)\(doubt)"
        case .deny: return "\(object) is denied\(by)\(doubt)"
        case .defaultDeny: return "\(object) is not allowed by any statement"
        }
    }
}
