import Approvals
import Policy

/// What a person who is logged in may see and decide.
struct Viewer: Sendable {
    /// What a person may do with an approval.
    enum Standing: Sendable, Equatable {
        /// May decide.
        case approver
        /// Asked for it, and so never decides.
        case requester
        /// The policy wants somebody else, but the person may look.
        case spectator
        /// Is not to see it.
        case stranger
    }

    let session: ConsoleSession
    /// Whether the configuration lets the person approve where the policy names nobody; such a person sees everything.
    let isStandard: Bool

    init(session: ConsoleSession, approverGroups: [String]) {
        self.session = session
        isStandard = session.groups.contains(where: approverGroups.contains)
    }

    /// How the person stands to an approval; conditions that cannot be read admit nobody.
    func standing(to approval: Approval) -> Standing {
        if session.isRequester(subject: approval.requester.subject) { return .requester }
        if let approvers = try? Approvers(parsing: approval.approvers),
            approvers.admits(PolicyContext(session.conditionValues), isStandard: isStandard)
        {
            return .approver
        }
        return isStandard ? .spectator : .stranger
    }
}
