/// Who a verified token speaks for: the issuer and subject name the person or program, nothing else does.
public struct Principal: Sendable, Hashable {
    /// The issuer's URL, exactly as configured and as in `iss`.
    public let issuer: String
    /// The subject, 1 to 255 printable ASCII characters, unique only within its issuer.
    public let subject: String
    /// The accepted audience that the token named.
    public let audience: String
    /// The groups that the issuer's configured groups claim held; empty without one.
    public let groups: [String]
    /// The e-mail claim, for display alone: it never authorises.
    public let email: String?
    /// The claims that a policy may ask for, by name.
    public let claims: ClaimSet
    /// When the issuer made the token, if it says.
    public let issued: UnixTime?
    /// From when the token no longer counts here: its expiry and the issuer's clock skew.
    public let expires: UnixTime

    /// Makes a principal from values that were verified.
    public init(
        issuer: String,
        subject: String,
        audience: String,
        groups: [String],
        email: String?,
        claims: ClaimSet,
        issued: UnixTime?,
        expires: UnixTime
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.groups = groups
        self.email = email
        self.claims = claims
        self.issued = issued
        self.expires = expires
    }

    /// Issuer and subject as one text, `ISSUER#SUBJECT`; an issuer's URL has no `#`.
    public var name: String { "\(issuer)#\(subject)" }

    /// What a condition may ask about the principal: `oidc:iss`, `oidc:sub`, `oidc:aud`, `oidc:groups` as they were
    /// verified, and every kept claim as `oidc:NAME`.
    public var conditionValues: [String: [String]] {
        var values: [String: [String]] = [:]
        for claim in claims.entries { values["oidc:" + claim.name] = claim.values }
        values["oidc:iss"] = [issuer]
        values["oidc:sub"] = [subject]
        values["oidc:aud"] = [audience]
        values["oidc:groups"] = groups
        return values
    }
}

/// A token's claims, each a list of strings.
///
/// A number or boolean is kept as it was written; the members of an object are named `outer.inner`; null is left out.
public struct ClaimSet: Sendable, Hashable {
    /// The claims in ascending order of their names.
    public let entries: [Entry]

    /// One claim.
    public struct Entry: Sendable, Hashable {
        /// The claim's name.
        public let name: String
        /// Its values in the token's order; one for a scalar claim.
        public let values: [String]
    }

    /// Makes a set from claims by name.
    public init(_ claims: [String: [String]]) {
        entries = claims.sorted { $0.key < $1.key }.map { Entry(name: $0.key, values: $0.value) }
    }

    /// Takes entries that are already in order.
    init(sorted entries: [Entry]) {
        self.entries = entries
    }

    /// The values of a claim, or nil when the token had none of that name.
    public subscript(name: String) -> [String]? {
        entries.first { $0.name == name }?.values
    }
}
