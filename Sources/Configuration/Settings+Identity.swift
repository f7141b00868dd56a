import Identity
import OpenSSL
import Policy
import Yams

/// Who may come in, and whom calls are made as.
extension Settings {
    static func issuers(_ top: MappingReader, log: MistakeLog) -> [IssuerSettings] {
        let nodes = top.list("issuers")
        if nodes.isEmpty { top.report("issuers", "must name at least one OIDC issuer") }
        var issuers: [IssuerSettings] = []
        for node in nodes {
            let reader = MappingReader(node, path: "issuers", log: log)
            guard let issuer = issuer(reader, log: log) else { continue }
            if issuers.contains(where: { $0.url == issuer.url }) { reader.report("url", "is that of an issuer above") }
            issuers.append(issuer)
        }
        return issuers
    }

    static func roles(_ top: MappingReader, log: MistakeLog) -> [Role] {
        let nodes = top.list("roles")
        if nodes.isEmpty { top.report("roles", "must name at least one role") }
        var roles: [Role] = []
        for node in nodes {
            let reader = MappingReader(node, path: "roles", log: log)
            guard let role = role(reader, log: log) else { continue }
            if roles.contains(where: { $0.arn == role.arn }) { reader.report("arn", "is that of a role above") }
            roles.append(role)
        }
        return roles
    }

    private static func issuer(_ reader: MappingReader, log: MistakeLog) -> IssuerSettings? {
        defer { reader.finish() }
        let url = issuerURL(reader)
        let audiences = reader.texts("audiences") ?? []
        if audiences.isEmpty || audiences.contains("") {
            reader.report("audiences", "must name at least one value of aud, and none that is empty")
        }
        let algorithms = algorithms(reader)
        let claims = reader.mapping("claims")
        let (subject, groups) = (claims.text("subject") ?? "sub", claims.text("groups"))
        let (email, kept) = (claims.text("email") ?? "email", claims.texts("keep"))
        claims.finish()
        let required = requiredClaims(reader.mapping("required_claims"), log: log)
        let caFile = reader.text("ca_file")
        let clockSkew = Int64(reader.seconds("clock_skew", default: 60, in: 0...300))
        guard let url, var issuer = try? IssuerSettings(url: url, audiences: audiences, algorithms: algorithms) else {
            return nil
        }
        issuer.subjectClaim = subject
        issuer.groupsClaim = groups
        issuer.emailClaim = email
        issuer.keptClaims = kept
        issuer.requiredClaims = required
        issuer.caFile = caFile
        issuer.clockSkew = clockSkew
        return issuer
    }

    private static func issuerURL(_ reader: MappingReader) -> IssuerURL? {
        let text = reader.required("url", hint: "the issuer, byte for byte as in its tokens")
        guard !text.isEmpty else { return nil }
        do throws(IssuerSettingsError) {
            return try IssuerURL(parsing: text)
        } catch {
            let isInsecure = error == .insecureURL
            reader.report(
                "url",
                isInsecure ? "must be https, or http to a loopback address" : "must be a URL without user, query and #"
            )
            return nil
        }
    }

    private static func algorithms(_ reader: MappingReader) -> Set<SignatureAlgorithm> {
        let names = reader.texts("algorithms") ?? ["RS256", "ES256"]
        if names.isEmpty { reader.report("algorithms", "must name at least one signature algorithm") }
        return Set(
            names.compactMap { name in
                let algorithm = SignatureAlgorithm(rawValue: name)
                if algorithm == nil { reader.report("algorithms", "has \(name), which is none of those accepted") }
                return algorithm
            }
        )
    }

    /// Accepted values by claim: a list, one value, or null for any.
    private static func requiredClaims(_ reader: MappingReader, log: MistakeLog) -> [String: [String]] {
        var required: [String: [String]] = [:]
        for name in reader.names {
            guard let node = reader.node(name), !node.isNull else {
                required[name] = []
                continue
            }
            let values = node.scalar.map { [$0.string] } ?? reader.texts(name) ?? []
            if values.isEmpty {
                reader.report(name, "has no value that would be accepted: null asks only that the claim is there")
            }
            required[name] = values
        }
        reader.finish()
        return required
    }

    private static func role(_ reader: MappingReader, log: MistakeLog) -> Role? {
        defer { reader.finish() }
        let text = reader.required("arn", hint: "arn:aws:iam::ACCOUNT:role/NAME")
        let arn = try? RoleARN(parsing: text)
        if arn == nil, !text.isEmpty { reader.report("arn", "must be a role's ARN: arn:aws:iam::ACCOUNT:role/NAME") }
        let credentials = credentials(reader)
        let trust = trust(reader, log: log)
        guard let arn, let trust, let credentials else { return nil }
        return Role(arn: arn, trust: trust, credentials: credentials)
    }

    private static func trust(_ reader: MappingReader, log: MistakeLog) -> ConditionBlock? {
        guard let node = reader.node("trust") else {
            reader.report("trust", "is missing: who may use the role, such as {StringLike: {\"oidc:sub\": \"*\"}}")
            return nil
        }
        do {
            return try ConditionBlock(parsing: node, file: log.file)
        } catch {
            for mistake in error.mistakes { log.add("roles.trust: \(mistake.message)", line: mistake.position.line) }
            return nil
        }
    }

    private static func credentials(_ reader: MappingReader) -> Role.Credentials? {
        let externalID = reader.text("external_id")
        if let externalID, !isExternalID(externalID) {
            reader.report("external_id", "must be 2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -")
        }
        let marks = UpstreamIdentity.Marks(
            sourceIdentity: reader.boolean("source_identity", default: true),
            tags: reader.boolean("session_tags", default: true)
        )
        let text = reader.text("credentials") ?? "default"
        guard text != "default" else {
            let meaningless = [
                ("external_id", externalID != nil), ("source_identity", !marks.sourceIdentity),
                ("session_tags", !marks.tags),
            ]
            for (key, isSet) in meaningless where isSet {
                reader.report(key, "is for a role that is assumed: name its ARN in credentials")
            }
            return .gateway
        }
        guard let assumed = try? RoleARN(parsing: text) else {
            reader.report("credentials", "must be default, or the ARN of a role to assume")
            return nil
        }
        return .assume(AssumedRole(arn: assumed, externalID: externalID, marks: marks))
    }

    /// AWS STS API Reference, AssumeRole, ExternalId.
    private static func isExternalID(_ text: String) -> Bool {
        (2...1224).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "_+=,.@:/-".utf8.contains(byte)
                }
            }
    }
}
