internal import Locking

/// One entry of the revocation list: ends what began up to a moment.
public struct Revocation: Sendable, Hashable {
    /// What is ended; the raw value is the column `kind`.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The session of this id, whenever it began.
        case session
        /// Sessions and tokens of this principal (`ISSUER#SUBJECT`, or with a blank between them).
        case principal
        /// Sessions in the role of this ARN.
        case role
        /// Everything: the stop button; the value is not looked at.
        case all
    }

    /// What is ended.
    public let kind: Kind
    /// Which one.
    public let value: String
    /// Up to when what began is ended, this second included.
    public let revoked: UnixTime

    /// Makes an entry.
    public init(kind: Kind, value: String, revoked: UnixTime) {
        self.kind = kind
        self.value = value
        self.revoked = revoked
    }
}

/// The revocations in force, ready to be asked about a session.
public struct RevocationList: Sendable {
    private var sessions: Set<String> = []
    private var principals: [String: UnixTime] = [:]
    private var roles: [String: UnixTime] = [:]
    private var everything: UnixTime?

    /// Puts entries together; of several about one thing the latest counts.
    public init(_ entries: some Sequence<Revocation>) {
        for entry in entries {
            switch entry.kind {
            case .session: sessions.insert(entry.value)
            case .principal:
                let name = Self.principalName(entry.value)
                principals[name] = max(principals[name] ?? entry.revoked, entry.revoked)
            case .role: roles[entry.value] = max(roles[entry.value] ?? entry.revoked, entry.revoked)
            case .all: everything = max(everything ?? entry.revoked, entry.revoked)
            }
        }
    }

    /// The form that `Principal.name` has; an issuer's URL has neither blank nor `#`.
    private static func principalName(_ text: String) -> String {
        guard let end = text.firstIndex(where: { $0 == " " || $0 == "#" }) else { return text }
        return text[..<end] + "#" + text[text.index(after: end)...]
    }

    /// Whether the session is ended.
    ///
    /// It is when it began up to the revocation, and also when the token behind it was issued up to then, or does not
    /// say when it was: with the same token nobody begins again.
    public func revokes(_ session: Session) -> Bool {
        if sessions.contains(session.id.text) { return true }
        let rest: [UnixTime?] = [
            everything,
            principals.isEmpty ? nil : principals[session.principal.name],
            roles.isEmpty ? nil : roles[session.role.text],
        ]
        guard let revoked = rest.compactMap({ $0 }).max() else { return false }
        guard let tokenIssued = session.principal.issued else { return true }
        return min(session.issued, tokenIssued) <= revoked
    }
}

/// The revocation list that all threads ask, replaced as a whole by the thread that listens to the database.
public final class Revocations: Sendable {
    private let current = Lock<(list: RevocationList, known: UnixTime)?>(nil)
    /// Seconds after which a list that was not confirmed counts as unknown.
    public let staleAfter: Int64

    /// Starts without a list: nothing passes before the first `replace`.
    public init(staleAfter: Int64) {
        self.staleAfter = max(0, staleAfter)
    }

    /// Takes over a list that was complete at `now`.
    public func replace(with list: RevocationList, at now: UnixTime) {
        current.withLock { $0 = (list, now) }
    }

    /// Whether a list was ever there: a process that is not ready before takes no call that it would have to refuse.
    public var isKnown: Bool { current.withLock { $0 != nil } }

    /// Seconds since the list was last confirmed; nil before the first time.
    public func age(at now: UnixTime) -> Int64? {
        current.withLock { current in current.map { now.since($0.known) } }
    }

    /// Throws `.revoked`, or `.revocationsUnknown` when the list is older than it may be.
    public func check(_ session: Session, at now: UnixTime) throws(SessionError) {
        let verdict: SessionError? = current.withLock { current in
            guard let current, (-staleAfter...staleAfter).contains(now.since(current.known)) else {
                return .revocationsUnknown
            }
            return current.list.revokes(session) ? .revoked : nil
        }
        if let verdict { throw verdict }
    }
}
