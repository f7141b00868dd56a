import Approvals
import Foundation
import Identity

/// A word with a colour.
struct Badge {
    let label: String
    /// `good`, `bad`, `warn` or `plain`: a class of the style sheet.
    let tone: String

    /// Where an approval stands.
    init(_ state: ApprovalState) {
        (label, tone) =
            switch state {
            case .pending: ("Pending", "warn")
            case .approved: ("Approved", "good")
            case .denied: ("Denied", "bad")
            case .expired: ("Expired", "plain")
            case .cancelled: ("Taken back", "plain")
            case .used: ("Used", "good")
            }
    }

    /// An access level of IAM's.
    init(accessLevel: String) {
        label = accessLevel
        tone =
            switch accessLevel {
            case "List", "Read": "plain"
            case "Permissions management": "bad"
            default: "warn"
            }
    }

    /// A risk as the policy names it.
    init(risk: String) {
        label = risk.replacing("-", with: " ")
        tone = "bad"
    }

    init(_ label: String, _ tone: String) {
        self.label = label
        self.tone = tone
    }
}

/// An approval in a list.
struct ApprovalCard {
    let href: String
    let title: String
    let summary: String
    let operation: String
    let requester: String
    let query: String?
    let state: Badge
    let badges: [Badge]
    let created: Moment?
    let expires: Moment?
    let decided: Moment?
    /// As in `1 of 2`, where more than one person must approve.
    let votes: String?
    /// Why the person who looks does not decide; nil where he may.
    let note: String?
    let isMine: Bool

    init(_ approval: Approval, base: String, standing: Viewer.Standing, now: UnixTime) {
        href = base + Route.approval(approval.id).path
        title = OperationWords.text(approval.operation, approval.resources)
        summary = approval.summary
        operation = approval.operation
        requester = approval.requester.subject
        query = approval.details["query_id"]
        state = Badge(approval.state)
        badges = Self.badges(approval)
        created = Moment(approval.created, now: now)
        expires = Moment(approval.expires, now: now)
        decided = Moment(approval.decided, now: now)
        votes = approval.quorum > 1 ? "\(approval.approvals) of \(approval.quorum)" : nil
        isMine = standing == .approver
        note =
            switch standing {
            case .requester: "your own request"
            case .spectator: "for other approvers"
            case .approver, .stranger: nil
            }
    }

    static func badges(_ approval: Approval) -> [Badge] {
        (approval.details["access_level"].map { [Badge(accessLevel: $0)] } ?? [])
            + approval.risks.map(Badge.init(risk:))
    }
}

/// A vote on the page of its approval.
struct VoteRow {
    let badge: Badge
    let person: String
    let reason: String
    let channel: String
    let time: Moment?

    init(_ vote: StoredVote, now: UnixTime) {
        badge = vote.verdict == .approve ? Badge("Approved", "good") : Badge("Denied", "bad")
        person = vote.actor ?? vote.person.subject
        reason = vote.reason
        channel = vote.channel
        time = Moment(vote.time, now: now)
    }
}

/// Where an approval stands: the part of its page that changes.
struct ApprovalStatus {
    let stateWord: String
    let badge: Badge
    let progress: String
    let until: Moment?
    let untilLabel: String
    let voteRows: [VoteRow]
    let hasVotes: Bool

    init(_ approval: Approval, _ votes: [StoredVote], now: UnixTime) {
        stateWord = approval.state.rawValue
        badge = Badge(approval.state)
        voteRows = votes.map { VoteRow($0, now: now) }
        hasVotes = !votes.isEmpty
        switch approval.state {
        case .pending:
            until = Moment(approval.expires, now: now)
            untilLabel = "Expires"
            progress =
                approval.quorum == 1
                ? "One approval is needed." : "\(approval.approvals) of \(approval.quorum) approvals."
        case .approved:
            until = Moment(approval.grantExpires, now: now)
            untilLabel = "The grant ends"
            progress =
                approval.usesAllowed.map { "Used \(approval.uses) of \($0) times." } ?? "Used \(approval.uses) times."
        case .denied:
            until = Moment(approval.expires, now: now)
            untilLabel = "Holds until"
            progress = "The same call is refused meanwhile."
        case .used:
            until = nil
            untilLabel = ""
            progress = "The call was made."
        case .expired:
            until = nil
            untilLabel = ""
            progress =
                approval.decided == nil ? "Nobody decided in time." : "The grant was not used up in time."
        case .cancelled:
            until = nil
            untilLabel = ""
            progress = "The requester took it back."
        }
    }
}

/// The cards of the pending list or of the history.
struct ApprovalList {
    let frame: Frame
    let cards: [ApprovalCard]
    let count: Int
    let hasCards: Bool
    /// Where the next page is; nil on the last one.
    let older: String?

    init(frame: Frame, cards: [ApprovalCard], older: String? = nil) {
        self.frame = frame
        self.cards = cards
        count = cards.count
        hasCards = !cards.isEmpty
        self.older = older
    }
}

/// The page of one approval.
struct ApprovalPage {
    let frame: Frame
    let heading: String
    let summary: String
    let operation: String
    let badges: [Badge]
    let status: ApprovalStatus
    let stateURL: String
    let facts: [Fact]
    let requesterFacts: [Fact]
    let resources: [String]
    let hasResources: Bool
    let parameterRows: [AuditReader.ParameterRow]
    let hasParameters: Bool
    let command: String?
    let statement: String?
    let explanation: String?
    let lines: [CallLine]
    let hasRecent: Bool
    /// The form; nil where this person does not decide, or nobody does any more.
    var form: DecisionForm?
    /// What there is to say instead of the form, or above it.
    var notice: String?

    init(
        frame: Frame,
        approval: Approval,
        status: ApprovalStatus,
        parameters: [AuditReader.ParameterRow],
        lines: [CallLine]
    ) {
        let details = approval.details
        self.frame = frame
        heading = OperationWords.text(approval.operation, approval.resources)
        summary = approval.summary
        operation = approval.operation
        badges = ApprovalCard.badges(approval)
        self.status = status
        stateURL = frame.base + Route.approvalState(approval.id).path
        facts = [
            Fact("Account", details["account"]), Fact("Region", details["region"]), Fact("Role", details["role"]),
            Fact("IAM actions", approval.actions.joined(separator: ", ")),
            Fact("Approvals needed", "\(approval.quorum)"),
            Fact("Calls allowed", approval.usesAllowed.map { "\($0)" } ?? "any number until the grant ends"),
        ].compactMap(\.self)
        requesterFacts = [
            Fact("Subject", approval.requester.subject), Fact("Issuer", approval.requester.issuer),
            Fact("Groups", details["groups"].map(Self.list)), Fact("Model query", details["query_id"]),
            Fact("App", details["app"]), Fact("From", details["source_ip"]),
            Fact("User agent", details["user_agent"]), Fact("Gateway session", details["session_id"]),
            Fact("Asked", approval.created),
        ].compactMap(\.self)
        resources = approval.resources
        hasResources = !approval.resources.isEmpty
        parameterRows = parameters
        hasParameters = !parameters.isEmpty
        command = details["command"]
        statement = details["statement"]
        explanation = details["explanation"].flatMap { $0 == approval.summary ? nil : $0 }
        self.lines = lines
        hasRecent = !lines.isEmpty
    }

    /// A JSON list of texts as words.
    private static func list(_ json: String) -> String {
        let texts = try? JSONDecoder().decode([String].self, from: Data(json.utf8))
        return texts.map { $0.joined(separator: ", ") } ?? json
    }

    /// The form that decides.
    struct DecisionForm {
        let action: String
        let formToken: String
    }
}

/// A name and what belongs to it.
struct Fact {
    let term: String
    let detail: String

    /// Nothing where there is nothing to say.
    init?(_ term: String, _ detail: String?) {
        guard let detail, !detail.isEmpty else { return nil }
        self.term = term
        self.detail = detail
    }
}
