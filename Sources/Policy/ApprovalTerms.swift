/// What a call must get before it is sent: the `Approval` of the statements that ask for one.
public struct ApprovalTerms: Sendable {
    /// How much a grant covers.
    public enum Scope: String, Sendable, CaseIterable {
        /// Exactly the call that was approved.
        case call = "Call"
        /// The same operation on the same resources, whatever the other parameters.
        case resource = "Resource"
    }

    /// Who may decide; empty when the configuration's approvers may.
    public var approvers: Approvers
    /// How many distinct persons must approve, 1 to 10.
    public var quorum: Int
    /// Seconds until an undecided request lapses.
    public var expiresAfter: Int
    /// Seconds for which a grant can be used once it is given.
    public var grantLasts: Int
    /// Seconds for which the call itself is held while it waits, 0 to 50.
    public var hold: Int
    /// How many calls a grant covers; nil when any number until it ends.
    public var uses: Int?
    /// What a grant covers.
    public var scope: Scope

    /// The terms of a statement that says nothing: one approver, 15 minutes to decide, one use within 5 minutes.
    public init(
        approvers: Approvers = .init(),
        quorum: Int = 1,
        expiresAfter: Int = 900,
        grantLasts: Int = 300,
        hold: Int = 20,
        uses: Int? = 1,
        scope: Scope = .call
    ) {
        self.approvers = approvers
        self.quorum = quorum
        self.expiresAfter = expiresAfter
        self.grantLasts = grantLasts
        self.hold = hold
        self.uses = uses
        self.scope = scope
    }

    /// The stricter of both in every respect: each side's approvers must be satisfied.
    public func joined(with other: ApprovalTerms) -> ApprovalTerms {
        .init(
            approvers: approvers.joined(with: other.approvers),
            quorum: max(quorum, other.quorum),
            expiresAfter: min(expiresAfter, other.expiresAfter),
            grantLasts: min(grantLasts, other.grantLasts),
            hold: min(hold, other.hold),
            uses: [uses, other.uses].compactMap(\.self).min(),
            scope: scope == .call ? .call : other.scope
        )
    }
}

/// A bound on calls: the `Limit` of a statement.
public struct LimitTerms: Sendable, Hashable {
    /// Whose calls are counted together.
    public enum Subject: String, Sendable, CaseIterable {
        /// One issuer and subject.
        case principal = "Principal"
        /// One session.
        case session = "Session"
        /// All that act in one role.
        case role = "Role"
    }

    /// Names the statement; the same in every process that has the same policy.
    public let id: Int
    /// Calls within the period, at least 1.
    public let calls: Int
    /// Length of the period in seconds, at least 1.
    public let period: Int
    /// Whose calls are counted together.
    public let subject: Subject

    /// The terms as one value.
    public init(id: Int, calls: Int, period: Int, subject: Subject) {
        self.id = id
        self.calls = calls
        self.period = period
        self.subject = subject
    }
}
