public import AWSRequest
public import Policy

/// Judges recorded calls by another policy than the one that was in force.
public struct PolicyReplay {
    /// A call that the other policy would decide otherwise.
    public struct Change: Sendable {
        /// The call, with what was decided then.
        public let call: RecordedCall
        /// What would be decided now.
        public let decision: Decision
        /// Keys that the decision asked for but that the audit does not keep: it could be another one.
        public let doubts: [String]

        /// `Allow`, `RequireApproval` or `Deny`.
        public var outcome: String { PolicyReplay.outcome(of: decision) }
    }

    private let policy: PolicySet
    private let catalogue: Catalogue
    /// What differs, in the order of the calls.
    public private(set) var changes: [Change] = []
    /// How many calls there were, repeated ones counted each.
    public private(set) var calls = 0

    /// Begins with no calls.
    public init(_ policy: PolicySet, _ catalogue: Catalogue) {
        self.policy = policy
        self.catalogue = catalogue
    }

    /// Judges one more call.
    public mutating func judge(_ call: RecordedCall) {
        calls = calls.addingReportingOverflow(call.repeated).partialValue
        let doubts = Doubts()
        let decision = policy.decide(call.requests(catalogue), in: call.context(catalogue, doubts: doubts))
        let outcome = Self.outcome(of: decision)
        // What is refused is not masked.
        let masksOtherwise = outcome != "Deny" && (decision.mask ?? "default") != (call.maskProfile ?? "default")
        guard outcome != call.outcome || masksOtherwise else { return }
        changes.append(Change(call: call, decision: decision, doubts: doubts.keys))
    }

    /// The outcome as records tell it: refused is refused.
    private static func outcome(of decision: Decision) -> String {
        decision.outcome.isDenied ? "Deny" : decision.outcome.name
    }
}
