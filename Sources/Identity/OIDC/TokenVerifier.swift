/// Verifies OIDC tokens of the trusted issuers.
public struct TokenVerifier: Sendable {
    /// The trusted issuers.
    public let issuers: [IssuerKeys]

    /// Trusts these issuers and no other.
    public init(issuers: [IssuerKeys]) {
        self.issuers = issuers
    }

    /// Says whom the token speaks for, at `now`.
    ///
    /// Order: size, form, header, issuer, algorithm, key, signature, times, audience, subject, other claims. May fetch
    /// keys, blocking for as long as the fetch does.
    public func verify(_ token: [UInt8], at now: UnixTime) throws(TokenError) -> Principal {
        let signed = try CompactJWS(parsing: token)
        let members = try CompactJWS.members(of: signed.unverifiedPayload)
        guard let name = members["iss"]?.string,
            let trusted = issuers.first(where: { $0.issuer.url.text.utf8.elementsEqual(name.utf8) })
        else { throw .issuerUnknown }
        guard trusted.issuer.algorithms.contains(signed.algorithm) else { throw .algorithmNotAccepted }
        try trusted.verify(signed)
        return try ClaimReader(members: members, issuer: trusted.issuer).principal(at: now)
    }
}
