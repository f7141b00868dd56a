public import OpenSSL

/// What postern-auth tells the worker about one request: who acts, in which session, with which credential.
///
/// On the wire: `BASE64URL(payload) "." BASE64URL(HMAC-SHA256 over the left part)`, the payload being a version byte,
/// the ring's key id and the fields in binary form. It counts for 60 seconds and for the credential that was presented.
public struct IdentityAssertion: Sendable, Hashable {
    /// Seconds for which an assertion counts.
    public static let lifetime: Int64 = 60
    /// The longest assertion that is looked at, in bytes.
    public static let maximumLength = 8192
    private static let version: UInt8 = 1

    /// How the caller proved the session.
    public enum Credential: Sendable, Hashable {
        /// A signature under this access key id, which the worker still has to verify.
        case accessKey(AccessKeyID)
        /// A bearer token with this SHA-256, which was verified.
        case bearer(SHA256Digest)
    }

    /// The session.
    public let session: Session
    /// The credential that was presented.
    public let credential: Credential
    /// The model query that this call belongs to: as the call says, otherwise as the session does.
    public let query: CallLabel?
    /// The app that calls: as the call says, otherwise as the session does.
    public let app: CallLabel?
    /// Whether the credential came in the query of a presigned URL.
    public let isPresigned: Bool

    /// Makes an assertion about a request.
    public init(session: Session, credential: Credential, query: CallLabel?, app: CallLabel?, isPresigned: Bool) {
        self.session = session
        self.credential = credential
        self.query = query
        self.app = app
        self.isPresigned = isPresigned
    }

    /// Seals the assertion for use within `lifetime` seconds from `now`.
    public func sealed(by ring: KeyRing, at now: UnixTime) throws(SessionError) -> String {
        guard let key = try? ring.activeKey(at: now) else { throw .unavailable }
        var writer = FieldWriter()
        writer.bytes.reserveCapacity(1024)
        writer.bytes.append(Self.version)
        writer.bytes.append(contentsOf: key.id.utf8)
        writer.append(now.adding(Self.lifetime))
        writer.bytes.append(isPresigned ? 1 : 0)
        switch credential {
        case .accessKey(let id):
            writer.bytes.append(UInt8(ascii: "k"))
            writer.append(id.text)
        case .bearer(let digest):
            writer.bytes.append(UInt8(ascii: "b"))
            writer.append(digest.hex)
        }
        writer.append(query?.text)
        writer.append(app?.text)
        writer.append(session)
        let payload = Base64URL.encode(writer.bytes)
        let seal = HMACSHA256.authenticate(key: key.subkey(.identityAssertion), message: Array(payload.utf8).span)
        return payload + "." + Base64URL.encode(seal.octets.span)
    }

    /// Checks an assertion and that it is about the credential of this request.
    ///
    /// The session itself must not have ended either.
    public init(
        verifying text: [UInt8],
        ring: KeyRing,
        presented: Credential,
        at now: UnixTime
    ) throws(AssertionError) {
        // 43 digits are the 32 bytes of the seal.
        guard text.count <= Self.maximumLength, text.count > 44, text[text.count - 44] == UInt8(ascii: ".") else {
            throw .malformed
        }
        let all = text.span
        let encoded = all.extracting(0..<(text.count - 44))
        guard let bytes = Base64URL.decode(encoded), bytes.count > 5, bytes[0] == Self.version,
            let seal = Base64URL.decode(all.extracting((text.count - 43)..<text.count))
        else { throw .malformed }
        guard let key = ring.key(id: String(decoding: bytes[1..<5], as: UTF8.self), at: now) else {
            throw .sealInvalid
        }
        let expected = HMACSHA256.authenticate(key: key.subkey(.identityAssertion), message: encoded)
        guard constantTimeEqual(expected.octets.span, seal.span) else { throw .sealInvalid }
        let validUntil: UnixTime
        do throws(FieldReader.Malformed) {
            var reader = FieldReader(bytes, from: 5)
            validUntil = try reader.time()
            isPresigned = try reader.number() == 1
            let isBearer = try reader.number() == UInt64(UInt8(ascii: "b"))
            let name = try reader.text()
            let id: SessionID
            if isBearer {
                guard let digest = SHA256Digest(hex: name) else { throw FieldReader.Malformed() }
                credential = .bearer(digest)
                id = SessionID(bearer: digest)
            } else {
                let accessKeyID = AccessKeyID(trusted: name)
                credential = .accessKey(accessKeyID)
                id = SessionID(accessKeyID)
            }
            query = CallLabel(trusted: try reader.text())
            app = CallLabel(trusted: try reader.text())
            session = try reader.session(id: id)
            guard reader.isAtEnd else { throw FieldReader.Malformed() }
        } catch {
            throw .malformed
        }
        guard now < validUntil, validUntil.since(now) <= Self.lifetime * 2, now < session.expires else {
            throw .expired
        }
        guard credential == presented else { throw .otherCredential }
    }
}

/// Why an identity assertion was refused: none of them happens behind a well-configured nginx.
public enum AssertionError: Error, Sendable, Hashable {
    case malformed, sealInvalid, expired
    /// It is about another access key id or bearer token than the request carries.
    case otherCredential
}
