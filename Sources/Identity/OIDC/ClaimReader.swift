/// Turns the signed payload of a token into a principal, checking every claim that counts.
struct ClaimReader {
    let issuer: IssuerSettings
    private let members: [String: JSONValue]

    /// Claims that say something about the token, not about who holds it.
    private static let protocolClaims: Set<String> = [
        "iss", "aud", "exp", "nbf", "iat", "jti", "nonce", "at_hash", "c_hash", "s_hash", "auth_time", "sid",
    ]
    /// The most values that are kept of one token.
    private static let maximumValues = 256
    /// The most bytes of names and values that are kept of one token.
    static let maximumBytes = 3072

    init(members: [String: JSONValue], issuer: IssuerSettings) {
        self.members = members
        self.issuer = issuer
    }

    /// Checks times, audience, subject and required claims at `now`, in this order.
    func principal(at now: UnixTime) throws(TokenError) -> Principal {
        let (issued, expires) = try checkTimes(now)
        let audience = try audience()
        guard let subject = members[issuer.subjectClaim]?.string, (1...255).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { throw .subjectMalformed }
        let all = try flattened()
        for (name, accepted) in issuer.requiredClaims {
            guard let values = all[name], accepted.isEmpty || values.contains(where: accepted.contains) else {
                throw .requiredClaim
            }
        }
        return Principal(
            issuer: issuer.url.text,
            subject: subject,
            audience: audience,
            groups: try groups(all),
            email: issuer.emailClaim.flatMap { all[$0] }.flatMap { $0.count == 1 ? $0[0] : nil },
            claims: try kept(all),
            issued: issued,
            expires: expires
        )
    }

    private func checkTimes(_ now: UnixTime) throws(TokenError) -> (issued: UnixTime?, expires: UnixTime) {
        guard let expires = try time("exp")?.adding(issuer.clockSkew) else { throw .expiryMissing }
        guard now < expires else { throw .expired }
        if let notBefore = try time("nbf"), notBefore.adding(-issuer.clockSkew) > now { throw .notYetValid }
        let issued = try time("iat")
        if let issued, issued.adding(-issuer.clockSkew) > now { throw .issuedInFuture }
        return (issued, expires)
    }

    /// A NumericDate of RFC 7519: seconds, a fraction allowed and dropped.
    private func time(_ name: String) throws(TokenError) -> UnixTime? {
        guard let value = members[name] else { return nil }
        guard case .number(let text) = value, let seconds = Double(text), seconds >= 0, seconds < 1e12 else {
            throw name == "exp" ? .expiryMissing : .claimMalformed
        }
        return UnixTime(seconds: Int64(seconds))
    }

    private func audience() throws(TokenError) -> String {
        let named: [JSONValue] =
            switch members["aud"] {
            case .string(let one)?: [.string(one)]
            case .array(let many)?: many
            default: []
            }
        let names = named.compactMap(\.string)
        guard names.count == named.count, let accepted = names.first(where: issuer.audiences.contains) else {
            throw .audienceNotAccepted
        }
        return accepted
    }

    private func groups(_ all: [String: [String]]) throws(TokenError) -> [String] {
        guard let name = issuer.groupsClaim, let values = all[name] else { return [] }
        // Some issuers join the list into one string: a comma cannot be part of a name there.
        guard let joined = members[name]?.string else { return values }
        return joined.split(separator: ",").map(String.init)
    }

    private func kept(_ all: [String: [String]]) throws(TokenError) -> ClaimSet {
        let kept: [String: [String]] =
            if let names = issuer.keptClaims {
                all.filter { names.contains($0.key) }
            } else {
                // Who may write an e-mail claim is not known: it counts only where the site names it itself.
                all.filter { !Self.protocolClaims.contains($0.key) && $0.key != issuer.emailClaim }
            }
        var values = 0
        var bytes = 0
        for (name, list) in kept {
            values += list.count
            bytes += name.utf8.count + list.reduce(0) { $0 + $1.utf8.count + 1 }
        }
        guard values <= Self.maximumValues, bytes <= Self.maximumBytes else { throw .claimsTooLarge }
        return ClaimSet(kept)
    }

    /// Every claim as a list of strings, members of objects named `outer.inner`; two ways to one name are refused.
    private func flattened() throws(TokenError) -> [String: [String]] {
        var result: [String: [String]] = [:]
        try flatten(members, prefix: "", into: &result)
        return result
    }

    private func flatten(
        _ object: [String: JSONValue],
        prefix: String,
        into result: inout [String: [String]]
    ) throws(TokenError) {
        for (member, value) in object {
            let name = prefix + member
            if case .object(let inner) = value {
                try flatten(inner, prefix: name + ".", into: &result)
                continue
            }
            var values: [String] = []
            if case .array(let elements) = value {
                for element in elements {
                    // Lists of objects or lists have no flat form that a condition could name.
                    if let scalar = try scalar(element) { values.append(scalar) }
                }
            } else if let scalar = try scalar(value) {
                values = [scalar]
            } else {
                continue
            }
            guard result.updateValue(values, forKey: name) == nil else { throw .claimMalformed }
        }
    }

    private func scalar(_ value: JSONValue) throws(TokenError) -> String? {
        switch value {
        case .string(let text):
            guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
                throw .claimMalformed
            }
            return text
        case .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .null, .array, .object: return nil
        }
    }
}
