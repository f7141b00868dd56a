/// One agent's time in one role.
public struct Session: Sendable, Hashable {
    /// Its name.
    public let id: SessionID
    /// Who acts.
    public let principal: Principal
    /// In which role.
    public let role: RoleARN
    /// What the agent called the session.
    public let name: RoleSessionName
    /// The model query that it stated when the session began, if it did.
    public let query: CallLabel?
    /// The app id that it stated when the session began, if it did.
    public let app: CallLabel?
    /// When it began.
    public let issued: UnixTime
    /// From when it no longer counts.
    public let expires: UnixTime

    /// Makes a session from verified parts.
    public init(
        id: SessionID,
        principal: Principal,
        role: RoleARN,
        name: RoleSessionName,
        query: CallLabel?,
        app: CallLabel?,
        issued: UnixTime,
        expires: UnixTime
    ) {
        self.id = id
        self.principal = principal
        self.role = role
        self.name = name
        self.query = query
        self.app = app
        self.issued = issued
        self.expires = expires
    }

    /// The session's own ARN: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME`.
    public var arn: String { role.assumedRole(session: name) }
}

/// Why gateway credentials were refused; the raw value names the check in answers, logs and the audit.
public enum SessionError: String, Error, Sendable, Hashable, CaseIterable {
    case accessKeyUnknown = "session-access-key"
    case tokenInvalid = "session-token"
    case expired = "session-expired"
    case revoked = "session-revoked"
    case revocationsUnknown = "session-revocations-unknown"
    case roleNotConfigured = "session-role"
    /// The gateway cannot make sessions: its key ring has no active key.
    case unavailable = "session-unavailable"

    /// What an honest user reads: what was checked and what to do, nothing about keys.
    public var message: String {
        switch self {
        case .accessKeyUnknown:
            "This gateway access key id is not known here any more: get new credentials from this gateway's "
                + "AssumeRoleWithWebIdentity."
        case .tokenInvalid: "The session token does not belong to the access key id, or was altered."
        case .expired: "The gateway credentials have expired: get new ones with AssumeRoleWithWebIdentity."
        case .revoked: "The session was revoked by an administrator of this gateway."
        case .revocationsUnknown:
            "The gateway cannot tell which sessions are revoked, so it lets none through: try again later."
        case .roleNotConfigured: "The session's role is no longer configured at this gateway."
        case .unavailable: "The gateway cannot make sessions now: try again later."
        }
    }
}
