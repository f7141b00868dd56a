/// Where an approval stands; the raw value is the database's word.
public enum ApprovalState: String, Sendable, CaseIterable {
    /// Nobody has decided.
    case pending
    /// Approved: there is a grant.
    case approved
    /// Denied: holds until the request would have expired.
    case denied
    /// Nobody decided in time, or the grant was not used up in time.
    case expired
    /// Taken back by whom it was made for.
    case cancelled
    /// The grant is used up.
    case used
}

/// What a person says.
public enum Verdict: String, Sendable, CaseIterable {
    /// The call may be made.
    case approve
    /// It may not, whoever else approves.
    case deny
}

/// What became of a vote; the raw value is the database's word.
public enum VoteResult: String, Sendable, CaseIterable {
    /// It was the deciding approval.
    case approved
    /// It denied.
    case denied
    /// It counts; more approvals are needed.
    case pending
    /// There is no such approval.
    case notFound = "not_found"
    /// Somebody decided before.
    case alreadyDecided = "already_decided"
    /// The request expired before.
    case expired
    /// Nobody decides on a request of his own.
    case ownRequest = "own_request"
    /// The policy wants somebody else.
    case notApprover = "not_approver"
    /// This person has said the same before.
    case alreadyVoted = "already_voted"

    /// Whether the vote counts.
    public var isCounted: Bool {
        switch self {
        case .approved, .denied, .pending: true
        default: false
        }
    }
}

/// A person, by issuer and subject; `postgresql` is the issuer of database roles.
public struct Person: Hashable, Sendable {
    /// Who vouches for the person.
    public let issuer: String
    /// The person within the issuer.
    public let subject: String

    /// A person.
    public init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
    }
}

/// The rules by which an approval moves from state to state, without a database.
///
/// The database's functions (sql/0005_create_approval.sql) follow the same rules; a test compares the two over random
/// histories. Time is seconds on any one clock.
public struct ApprovalMachine: Sendable {
    /// Where it stands.
    public private(set) var state = ApprovalState.pending
    /// How many calls the grant has allowed.
    public private(set) var uses = 0
    private let requester: Person
    private let quorum: Int
    private let usesAllowed: Int?
    private let expires: Double
    private let grantLasts: Double
    private var grantExpires: Double?
    private var votes: [Verdict: Set<Person>] = [:]
    private var calls: Set<Int> = []

    /// A pending request.
    public init(requester: Person, quorum: Int, usesAllowed: Int?, expires: Double, grantLasts: Double) {
        self.requester = requester
        self.quorum = quorum
        self.usesAllowed = usesAllowed
        self.expires = expires
        self.grantLasts = grantLasts
    }

    /// Time passes.
    public mutating func expire(at now: Double) {
        switch state {
        case .pending where expires <= now: state = .expired
        case .approved where (grantExpires ?? now) <= now: state = .expired
        default: break
        }
    }

    /// A person votes.
    public mutating func vote(_ verdict: Verdict, by person: Person, at now: Double) -> VoteResult {
        if state == .pending { expire(at: now) }
        if state == .expired { return .expired }
        guard state == .pending else { return .alreadyDecided }
        guard person.subject != requester.subject else { return .ownRequest }
        guard votes[verdict, default: []].insert(person).inserted else { return .alreadyVoted }
        if verdict == .deny {
            state = .denied
            return .denied
        }
        guard votes[.approve, default: []].count >= quorum else { return .pending }
        state = .approved
        grantExpires = now + grantLasts
        return .approved
    }

    /// A call uses the grant; the same call may ask again.
    public mutating func consume(call: Int, at now: Double) -> Bool {
        if calls.contains(call) { return true }
        guard state == .approved, let grantExpires, grantExpires > now, uses < usesAllowed ?? .max else { return false }
        uses += 1
        calls.insert(call)
        if uses == usesAllowed { state = .used }
        return true
    }

    /// The requester takes the request back.
    public mutating func cancel() -> Bool {
        guard state == .pending else { return false }
        state = .cancelled
        return true
    }
}
