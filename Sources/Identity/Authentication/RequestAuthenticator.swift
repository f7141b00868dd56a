internal import OpenSSL

/// Says who makes a request, from the credential that it presents.
///
/// For a signature this is what the session token proves: the holder of the secret is known only once the worker has
/// verified the signature. A bearer token acts in the role that X-Postern-Role names; without that header, in the one
/// configured role that trusts its principal, and if several do the request is refused.
public struct RequestAuthenticator: Sendable {
    /// What is known about a request.
    public enum Answer: Sendable, Hashable {
        case identified(IdentityAssertion)
        /// No credential at all.
        case anonymous
        case refused(Refusal)
    }

    private let verifier: TokenVerifier
    private let sealer: SessionSealer
    private let revocations: Revocations
    private let roles: [RoleARN]
    private let roleSet: Set<RoleARN>
    private let trust: STSFront.Trust
    private let bearers: BearerCache

    /// Lets callers act in the given roles.
    ///
    /// - Parameter bearerCapacity: how many verified bearer tokens are kept at most.
    public init(
        verifier: TokenVerifier,
        sealer: SessionSealer,
        revocations: Revocations,
        roles: [RoleARN],
        bearerCapacity: Int = 10_000,
        trust: @escaping STSFront.Trust
    ) {
        self.verifier = verifier
        self.sealer = sealer
        self.revocations = revocations
        self.roles = roles
        self.roleSet = Set(roles)
        self.trust = trust
        bearers = BearerCache(capacity: bearerCapacity)
    }

    /// Identifies the caller at `now`.
    public func authenticate(_ request: CredentialRequest, at now: UnixTime) -> Answer {
        do throws(Refusal) {
            return try identify(request, now)
        } catch {
            return .refused(error)
        }
    }

    private func identify(_ request: CredentialRequest, _ now: UnixTime) throws(Refusal) -> Answer {
        let credential: IdentityAssertion.Credential
        let session: Session
        var isPresigned = false
        switch try Self.presented(request) {
        case .none: return .anonymous
        case .signature(let text, let token, let presigned):
            guard let id = try? AccessKeyID(parsing: text) else {
                throw .credential(Self.isOfAWS(text) ? .awsAccessKey : .accessKeyUnknown)
            }
            guard let token else { throw .credential(.sessionTokenMissing) }
            session = try open(token, id, now)
            credential = .accessKey(id)
            isPresigned = presigned
        case .bearer(let token):
            let digest = SHA256.hash(Array(token.utf8))
            session = try self.session(bearer: token, digest, request, now)
            credential = .bearer(digest)
        }
        do throws(SessionError) {
            try revocations.check(session, at: now)
        } catch {
            throw .session(error)
        }
        return .identified(
            IdentityAssertion(
                session: session,
                credential: credential,
                query: try Self.query(request) ?? session.query,
                app: CallLabel(appInUserAgent: request.userAgent) ?? session.app,
                isPresigned: isPresigned
            )
        )
    }

    private static func presented(_ request: CredentialRequest) throws(Refusal) -> PresentedCredential {
        do throws(CredentialError) {
            return try PresentedCredential(reading: request)
        } catch {
            throw .credential(error)
        }
    }

    private func open(_ token: String, _ id: AccessKeyID, _ now: UnixTime) throws(Refusal) -> Session {
        do throws(SessionError) {
            let session = try sealer.open(token: token, accessKeyID: id, at: now)
            guard roleSet.contains(session.role) else { throw .roleNotConfigured }
            return session
        } catch {
            throw .session(error)
        }
    }

    private func session(
        bearer token: String,
        _ digest: SHA256Digest,
        _ request: CredentialRequest,
        _ now: UnixTime
    ) throws(Refusal) -> Session {
        let principal = try principal(token, digest, now)
        let id = SessionID(bearer: digest)
        guard let name = try? RoleSessionName(parsing: id.text) else {
            preconditionFailure("a session id has only characters of a session name")
        }
        return Session(
            id: id,
            principal: principal,
            role: try role(request, principal),
            name: name,
            query: nil,
            app: nil,
            issued: principal.issued ?? UnixTime(seconds: 0),
            expires: principal.expires
        )
    }

    private func principal(_ token: String, _ digest: SHA256Digest, _ now: UnixTime) throws(Refusal) -> Principal {
        if let known = bearers.principal(digest, at: now) { return known }
        do throws(TokenError) {
            let principal = try verifier.verify(Array(token.utf8), at: now)
            bearers.remember(principal, digest, at: now)
            return principal
        } catch {
            throw .token(error)
        }
    }

    private func role(_ request: CredentialRequest, _ principal: Principal) throws(Refusal) -> RoleARN {
        guard let named = request.role.first else {
            let trusting = roles.filter { trust($0, principal) }
            guard let only = trusting.first else { throw .credential(.roleNotTrusted) }
            guard trusting.count == 1 else { throw .credential(.roleAmbiguous) }
            return only
        }
        guard request.role.count == 1, let role = try? RoleARN(parsing: named) else {
            throw .credential(.roleMalformed)
        }
        guard roleSet.contains(role), trust(role, principal) else { throw .credential(.roleNotTrusted) }
        return role
    }

    private static func query(_ request: CredentialRequest) throws(Refusal) -> CallLabel? {
        guard let text = request.query.first else { return nil }
        guard request.query.count == 1, let label = try? CallLabel(parsing: text) else {
            throw .credential(.queryLabel)
        }
        return label
    }

    /// Whether an id has the form of AWS's own.
    private static func isOfAWS(_ id: String) -> Bool {
        id.hasPrefix("A") && (16...128).contains(id.utf8.count)
            && id.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
    }
}
