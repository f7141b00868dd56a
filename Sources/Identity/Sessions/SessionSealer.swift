public import OpenSSL

/// Makes gateway credentials and recognises them again, without storing them.
///
/// The secret access key is HMAC-SHA256 of the access key id under a subkey of the ring, 30 bytes in Base64. The
/// session token is Base64url of a version byte, a random nonce of 12 bytes, and AES-256-GCM over the session, with the
/// access key id as additional data: it opens with no other id.
public struct SessionSealer: Sendable {
    /// The longest session token that is looked at, in bytes.
    public static let maximumTokenLength = 8192
    private static let version: UInt8 = 1

    private let ring: KeyRing

    /// Uses this ring.
    public init(ring: KeyRing) {
        self.ring = ring
    }

    /// Credentials as an agent gets them.
    public struct IssuedCredentials: Sendable {
        /// The access key id.
        public let accessKeyID: AccessKeyID
        /// The secret access key, 40 characters of Base64.
        public let secretAccessKey: SecretBytes
        /// The session token.
        public let sessionToken: String
        /// What they stand for.
        public let session: Session
    }

    /// Starts a session of `lifetime` seconds.
    public func issue(
        principal: Principal,
        role: RoleARN,
        name: RoleSessionName,
        query: CallLabel? = nil,
        app: CallLabel? = nil,
        at now: UnixTime,
        lifetime: Int64
    ) throws(SessionError) -> IssuedCredentials {
        guard let key = try? ring.activeKey(at: now), let random = try? RandomBytes.make(count: 10),
            let nonce = try? RandomBytes.make(count: AES256GCM.nonceLength)
        else { throw .unavailable }
        let accessKeyID = AccessKeyID(keyID: key.id, random: random)
        let session = Session(
            id: SessionID(accessKeyID),
            principal: principal,
            role: role,
            name: name,
            query: query,
            app: app,
            issued: now,
            expires: now.adding(lifetime)
        )
        var plain = FieldWriter()
        plain.append(session)
        let aad = Array(accessKeyID.text.utf8)
        let sealed = key.subkey(.sessionSeal).withSpan { key in
            try? AES256GCM.seal(plain.bytes.span, key: key, nonce: nonce.span, aad: aad.span)
        }
        guard let sealed else { throw .unavailable }
        return IssuedCredentials(
            accessKeyID: accessKeyID,
            secretAccessKey: Self.secret(for: accessKeyID, key: key),
            sessionToken: Base64URL.encode([Self.version] + nonce + sealed),
            session: session
        )
    }

    /// Opens a session token that was presented with an access key id.
    public func open(
        token: some StringProtocol,
        accessKeyID: AccessKeyID,
        at now: UnixTime
    ) throws(SessionError) -> Session {
        guard let key = ring.key(id: accessKeyID.keyID, at: now) else { throw .accessKeyUnknown }
        guard token.utf8.count <= Self.maximumTokenLength, let bytes = Base64URL.decode(token),
            bytes.count > 1 + AES256GCM.nonceLength, bytes[0] == Self.version
        else { throw .tokenInvalid }
        let all = bytes.span
        let nonce = all.extracting(1..<(1 + AES256GCM.nonceLength))
        let sealed = all.extracting((1 + AES256GCM.nonceLength)..<all.count)
        let aad = Array(accessKeyID.text.utf8)
        let plain = key.subkey(.sessionSeal).withSpan { key in
            try? AES256GCM.open(sealed, key: key, nonce: nonce, aad: aad.span)
        }
        guard let plain else { throw .tokenInvalid }
        var reader = FieldReader(plain)
        guard let session = try? reader.session(id: SessionID(accessKeyID)), reader.isAtEnd else {
            throw .tokenInvalid
        }
        guard now < session.expires else { throw .expired }
        return session
    }

    /// The secret access key of an access key id, for verifying signatures; 40 bytes of Base64 text.
    public func secret(for accessKeyID: AccessKeyID, at now: UnixTime) throws(SessionError) -> SecretBytes {
        guard let key = ring.key(id: accessKeyID.keyID, at: now) else { throw .accessKeyUnknown }
        return Self.secret(for: accessKeyID, key: key)
    }

    private static func secret(for accessKeyID: AccessKeyID, key: KeyRing.Key) -> SecretBytes {
        let id = Array(accessKeyID.text.utf8)
        let derived = HMACSHA256.authenticate(key: key.subkey(.sessionSecret), message: id.span)
        return SecretBytes(utf8: Base64.encode(derived.octets.span.extracting(0..<30)))
    }
}
