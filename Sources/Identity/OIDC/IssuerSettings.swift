public import OpenSSL

/// One trusted OIDC issuer and what a token of it must look like.
public struct IssuerSettings: Sendable, Hashable {
    /// The issuer's URL: compared byte for byte with `iss`, and the base of its discovery document.
    public let url: IssuerURL
    /// Audiences of which a token must name at least one; never empty.
    public var audiences: [String]
    /// Accepted signature algorithms; never empty.
    public var algorithms: Set<SignatureAlgorithm>
    /// The claim that names the subject.
    public var subjectClaim = "sub"
    /// The claim that lists the groups (a list, or one string with commas between names), if any.
    public var groupsClaim: String?
    /// The claim that holds the e-mail address, for display alone.
    public var emailClaim: String? = "email"
    /// Claims that must be there; where values are listed, one of the claim's values must be among them.
    public var requiredClaims: [String: [String]] = [:]
    /// Claims that sessions keep for policies; nil keeps all that are neither the protocol's own nor the e-mail.
    public var keptClaims: [String]?
    /// A PEM file of certificate authorities that the issuer's certificate is checked by, in place of the system's.
    public var caFile: String?
    /// Seconds by which the issuer's clock may differ from ours.
    public var clockSkew: Int64 = 60

    /// Makes settings with the defaults of every optional part.
    ///
    /// - Throws: `IssuerSettingsError` when nothing could ever be accepted, or too much.
    public init(
        url: IssuerURL,
        audiences: [String],
        algorithms: Set<SignatureAlgorithm> = [.rs256, .es256]
    ) throws(IssuerSettingsError) {
        guard !audiences.isEmpty, audiences.allSatisfy({ !$0.isEmpty }) else { throw .noAudience }
        guard !algorithms.isEmpty else { throw .noAlgorithm }
        self.url = url
        self.audiences = audiences
        self.algorithms = algorithms
    }
}

/// Why an issuer's settings were refused.
public enum IssuerSettingsError: Error, Sendable, Hashable {
    case malformedURL, insecureURL, noAudience, noAlgorithm
}

/// An issuer's URL, or one that its discovery document names: `https`, or `http` to a loopback address.
public struct IssuerURL: Sendable, Hashable {
    /// The URL as it was written.
    public let text: String

    /// Whether it is an `https` URL.
    public let isSecure: Bool

    /// Reads an issuer's URL: no user, query or fragment.
    ///
    /// - Throws: `IssuerSettingsError.malformedURL` or `.insecureURL`.
    public init(parsing text: String) throws(IssuerSettingsError) {
        try self.init(parsing: text, query: false, clearTextHosts: [])
    }

    /// Reads a URL that may have a query, and may be in clear text to some more hosts than loopback.
    init(parsing text: String, query: Bool = false, clearTextHosts: Set<String> = []) throws(IssuerSettingsError) {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !text.utf8.contains(where: { "@#\\\"<>".utf8.contains($0) }), query || !text.contains("?")
        else { throw .malformedURL }
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else { throw .insecureURL }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let (host, port) = Self.split(authority: authority)
        guard !host.isEmpty, port.map({ UInt16($0) != nil && !$0.isEmpty && !$0.hasPrefix("+") }) ?? true else {
            throw .malformedURL
        }
        guard isSecure || Self.isLoopback(host: host) || clearTextHosts.contains(String(host)) else {
            throw .insecureURL
        }
        self.text = text
        self.isSecure = isSecure
    }

    /// Where the issuer publishes its metadata (OpenID Connect Discovery 1.0, section 4).
    public var discovery: String {
        (text.hasSuffix("/") ? String(text.dropLast()) : text) + "/.well-known/openid-configuration"
    }

    private static func split(authority: Substring) -> (host: Substring, port: Substring?) {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return ("", nil) }
            let host = authority[...end]
            let tail = authority[authority.index(after: end)...]
            guard !tail.isEmpty else { return (host, nil) }
            return tail.hasPrefix(":") ? (host, tail.dropFirst()) : ("", nil)
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    static func isLoopback(host: Substring) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127"
            && octets.allSatisfy { octet in
                octet.utf8.count <= 3 && octet.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) && UInt8(octet) != nil
            }
    }
}

extension IssuerURL: CustomStringConvertible {
    /// The text itself.
    public var description: String { text }
}
