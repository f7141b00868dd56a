import Identity
import OpenSSL

/// Logging in by OpenID Connect: authorization code with PKCE (S256), state and nonce.
///
/// What must be remembered between the two requests is sealed into a cookie of that one login, the page to return to
/// included; so no URL chooses it, and two logins of one browser do not disturb each other.
struct LoginFlow: Sendable {
    /// A login that succeeded.
    struct Login: Sendable {
        let principal: Principal
        /// When the person proved who he is.
        let authenticated: UnixTime
        /// The page that was asked for.
        let target: Route
        /// The cookie that is no longer needed.
        let finishedCookie: String
    }

    /// What a login's first half leaves to be done.
    struct Beginning: Sendable, Equatable {
        /// Where the browser goes.
        let location: String
        let cookieName: String
        let cookieValue: String
    }

    /// Seconds that a person has to sign in.
    static let lifetime: Int64 = 900
    private static let cookiePrefix = "__Host-postern-login-"

    let provider: Provider
    let verifier: TokenVerifier
    let sealer: CookieSealer
    let clientID: String
    let redirectURI: String

    /// Begins a login that ends at `target`.
    ///
    /// - Parameter maximumAge: seconds after which the provider must ask the person again; nil leaves that to it.
    func begin(target: Route, maximumAge: Int64? = nil, at now: UnixTime) throws(LoginError) -> Beginning {
        let metadata = try provider.metadata(at: now)
        guard let endpoint = metadata.authorizationEndpoint?.text else { throw .providerUnavailable }
        let attempt = try Attempt(target: target, maximumAge: maximumAge, at: now)
        var query: [(name: String, value: String)] = [
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirectURI),
            ("scope", Self.scope(of: metadata)), ("state", attempt.state), ("nonce", attempt.nonce),
            ("code_challenge", Base64URL.encode(SHA256.hash(Array(attempt.verifier.utf8)).bytes)),
            ("code_challenge_method", "S256"),
        ]
        if let maximumAge { query.append(("max_age", String(maximumAge))) }
        return Beginning(
            location: endpoint + (endpoint.contains("?") ? "&" : "?") + FormFields.encode(query),
            cookieName: Self.cookieName(state: attempt.state),
            cookieValue: try sealer.seal(attempt.text, at: now)
        )
    }

    /// Ends the login that the provider's answer belongs to.
    func finish(_ query: FormFields, _ cookies: Cookies, at now: UnixTime) throws(LoginError) -> Login {
        guard let state = query.filled("state") else { throw .notBegun }
        let name = Self.cookieName(state: state)
        guard let text = cookies[name].flatMap({ sealer.open($0, at: now) }), let attempt = Attempt(text),
            constantTimeEqual(Array(attempt.state.utf8), Array(state.utf8)),
            (0...Self.lifetime).contains(now.since(attempt.began))
        else { throw .notBegun }
        let metadata = try provider.metadata(at: now)
        if let named = query["iss"] {
            guard named.utf8.elementsEqual(provider.issuer.text.utf8) else { throw .issuerMismatch }
        } else if metadata.namesItselfInAnswers {
            throw .issuerMismatch
        }
        if let error = query.filled("error") { throw .refused(error) }
        guard let code = query.filled("code") else { throw .codeMissing }
        let raw = try provider.redeem(code: code, verifier: attempt.verifier, redirectURI: redirectURI, at: now)
        let token = try IDToken(raw, verifier: verifier, clientID: clientID, nonce: attempt.nonce, at: now)
        // A provider that does not tell is trusted to have asked just now.
        let authenticated = min(token.authenticated ?? attempt.began, now)
        if let maximumAge = attempt.maximumAge, now.since(authenticated) > maximumAge + Self.lifetime {
            throw .authenticationTooOld
        }
        return Login(
            principal: token.principal,
            authenticated: authenticated,
            target: attempt.target,
            finishedCookie: name
        )
    }

    /// One cookie a login, so that two windows do not take each other's.
    private static func cookieName(state: String) -> String {
        cookiePrefix + Hex.encode(Array(SHA256.hash(Array(state.utf8)).bytes.prefix(6)))
    }

    private static func scope(of metadata: ProviderMetadata) -> String {
        let wanted = ["profile", "email", "groups"]
        return (["openid"] + wanted.filter { metadata.scopes?.contains($0) ?? false }).joined(separator: " ")
    }
}

/// What a login must remember of its first half.
private struct Attempt {
    let state: String
    let nonce: String
    let verifier: String
    let began: UnixTime
    let maximumAge: Int64?
    let target: Route

    init(target: Route, maximumAge: Int64?, at now: UnixTime) throws(LoginError) {
        func random() throws(LoginError) -> String {
            guard let bytes = try? RandomBytes.make(count: 32) else { throw .cryptography }
            return Base64URL.encode(bytes)
        }
        state = try random()
        nonce = try random()
        verifier = try random()
        began = now
        self.maximumAge = maximumAge
        self.target = target.isPage ? target : .pending
    }

    init?(_ text: String) {
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, let seconds = Int64(parts[3]), let target = Route(path: parts[5]), target.isPage else {
            return nil
        }
        state = parts[0]
        nonce = parts[1]
        verifier = parts[2]
        began = UnixTime(seconds: seconds)
        maximumAge = Int64(parts[4])
        self.target = target
    }

    var text: String {
        [state, nonce, verifier, String(began.seconds), maximumAge.map { String($0) } ?? "", target.path]
            .joined(separator: "\n")
    }
}
