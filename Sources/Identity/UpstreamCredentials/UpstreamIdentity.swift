internal import OpenSSL

/// How a session of the gateway appears to AWS: everything that an AssumeRole call says, and so the key of its cache.
///
/// CloudTrail shows the gateway's session as role session name, the subject as source identity, and issuer, subject,
/// session, query and app as session tags. Bytes outside STS's character sets, and `=` itself, are written `=XX`
/// (two hexadecimal digits); nothing is cut.
public struct UpstreamIdentity: Sendable, Hashable {
    /// Seconds that an assumed role lasts: the most that role chaining allows.
    static let duration = 3600

    /// One session tag.
    public struct Tag: Sendable, Hashable {
        /// The tag's key.
        public let key: String
        /// The tag's value.
        public let value: String
    }

    /// What AssumeRole says beside the role; an AWS account that does not allow one of them leaves it out.
    public struct Marks: Sendable, Hashable {
        /// Whether to set the source identity (needs `sts:SetSourceIdentity` in the role's trust policy).
        public var sourceIdentity: Bool
        /// Whether to set session tags (needs `sts:TagSession` in the role's trust policy).
        public var tags: Bool

        /// Sets both unless told otherwise.
        public init(sourceIdentity: Bool = true, tags: Bool = true) {
            self.sourceIdentity = sourceIdentity
            self.tags = tags
        }
    }

    /// The role to assume.
    public let role: RoleARN
    /// The role session name.
    public let sessionName: RoleSessionName
    /// The external id that the role's trust policy asks for, if any.
    public let externalID: String?
    /// The source identity, if it is set.
    public let sourceIdentity: String?
    /// The session tags, none if they are not set.
    public let tags: [Tag]

    /// The identity of one call's caller in a role.
    public init(
        _ assertion: IdentityAssertion,
        role: RoleARN,
        externalID: String? = nil,
        marks: Marks = Marks()
    ) throws(AWSCredentialsError) {
        let session = assertion.session
        guard let name = try? RoleSessionName(parsing: session.id.text) else { throw .malformed(source: "session") }
        self.role = role
        self.externalID = externalID
        sessionName = name
        sourceIdentity = marks.sourceIdentity ? Self.sourceIdentity(session.principal) : nil
        var tags: [Tag] = []
        if marks.tags {
            tags.append(try Self.tag("postern:session", session.id.text))
            tags.append(try Self.tag("postern:issuer", session.principal.issuer))
            tags.append(try Self.tag("postern:subject", session.principal.subject))
            // As in the audit: without a label of its own, a call belongs to the query that its session is named after.
            tags.append(try Self.tag("postern:query", assertion.query?.text ?? session.name.text))
            if let app = assertion.app { tags.append(try Self.tag("postern:app", app.text)) }
        }
        self.tags = tags
    }

    /// An identity that stands for the gateway itself.
    init(role: RoleARN, sessionName: RoleSessionName, externalID: String?) {
        self.role = role
        self.sessionName = sessionName
        self.externalID = externalID
        sourceIdentity = nil
        tags = []
    }

    /// The subject in 2 to 64 characters; one that is too long or too short becomes `=h` and its SHA-256 in Base32.
    private static func sourceIdentity(_ principal: Principal) -> String {
        let encoded = encode(principal.subject, IAMCharacters.isNameCharacter)
        guard (2...64).contains(encoded.utf8.count) else {
            return "=h" + Base32.encode(SHA256.hash(Array(principal.subject.utf8)).bytes)
        }
        return encoded
    }

    private static func tag(_ key: String, _ value: String) throws(AWSCredentialsError) -> Tag {
        let encoded = encode(value) { byte in
            IAMCharacters.isNameCharacter(byte) && byte != UInt8(ascii: ",")
                || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: " ")
        }
        guard encoded.utf8.count <= 256 else { throw .tagTooLong(key) }
        return Tag(key: key, value: encoded)
    }

    private static func encode(_ text: String, _ isAllowed: (UInt8) -> Bool) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if isAllowed(byte), byte != UInt8(ascii: "=") {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "="))
                encoded.append(contentsOf: Hex.encode([byte]).utf8)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
