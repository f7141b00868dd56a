import Approvals
import Identity
import OpenSSL
import Synchronization
import Testing

@testable import Console

@Suite("Logging in")
struct LoginFlowTests {
    private let provider: TestProvider
    private let flow: LoginFlow
    private let now = TestProvider.now

    init() throws {
        let provider = try TestProvider()
        self.provider = provider
        let keys = IssuerKeys(issuer: try provider.issuer, fetch: provider.fetch) { TestProvider.now }
        keys.refreshIfDue()
        flow = LoginFlow(
            provider: Provider(
                try provider.issuer,
                clientID: TestProvider.clientID,
                clientSecret: SecretBytes(utf8: "s3cr:t"),
                fetch: provider.fetch
            ),
            verifier: TokenVerifier(issuers: [keys]),
            sealer: CookieSealer(ring: try KeyRing.generate(at: now)),
            clientID: TestProvider.clientID,
            redirectURI: "https://gateway.example.com/_postern/console/callback"
        )
    }

    private func cookies(_ beginning: LoginFlow.Beginning) -> Cookies {
        Cookies(Array("\(beginning.cookieName)=\(beginning.cookieValue)".utf8))
    }

    private func logIn(target: Route = .pending, later seconds: Int64 = 5) throws -> LoginFlow.Login {
        let beginning = try flow.begin(target: target, at: now)
        let answer = try provider.answer(to: beginning.location)
        return try flow.finish(answer, cookies(beginning), at: now.adding(seconds))
    }

    @Test("Asks for a code with PKCE, state, nonce and the exact redirect URI")
    func begins() throws {
        let beginning = try flow.begin(target: .pending, at: now)
        let query = try provider.query(of: beginning.location)
        #expect(beginning.location.hasPrefix(TestProvider.url + "/auth?"))
        #expect(query["response_type"] == "code")
        #expect(query["client_id"] == TestProvider.clientID)
        #expect(query["redirect_uri"] == flow.redirectURI)
        #expect(query["scope"] == "openid")
        #expect(query["code_challenge_method"] == "S256")
        for name in ["state", "nonce", "code_challenge"] { #expect(query[name]?.utf8.count == 43) }
        let again = try flow.begin(target: .pending, at: now)
        #expect(again.cookieName != beginning.cookieName)
        #expect(!beginning.cookieValue.contains(query["state"] ?? "?"))
    }

    @Test("Redeems the code with the verifier and the client's secret, and knows who it is")
    func finishes() throws {
        let id = try #require(ApprovalID(parsing: "01a20dfc-3806-76f0-a803-123167e8bd4a"))
        let beginning = try flow.begin(target: .approval(id), at: now)
        let answer = try provider.answer(to: beginning.location)
        let login = try flow.finish(answer, cookies(beginning), at: now.adding(5))
        #expect(login.principal.subject == "alice")
        #expect(login.principal.groups == ["approvers"])
        #expect(login.target == .approval(id))
        #expect(login.authenticated == now)
        let (form, authorization) = provider.world.withLock { ($0.form, $0.authorization) }
        #expect(form?["grant_type"] == "authorization_code")
        #expect(form?["redirect_uri"] == flow.redirectURI)
        #expect(form?["client_id"] == nil)
        #expect(authorization == "Basic " + Base64.encode(Array("postern-console:s3cr%3At".utf8)))
        let verifier = try #require(form?["code_verifier"])
        let challenge = try provider.query(of: beginning.location)["code_challenge"]
        #expect(challenge == Base64URL.encode(SHA256.hash(Array(verifier.utf8)).bytes))
    }

    @Test("Ends no login that this browser did not begin")
    func notBegun() throws {
        let beginning = try flow.begin(target: .pending, at: now)
        let other = try flow.begin(target: .pending, at: now)
        let answer = try provider.answer(to: beginning.location)
        func finish(_ query: FormFields, _ cookies: Cookies, at time: UnixTime) throws {
            _ = try flow.finish(query, cookies, at: time)
        }
        #expect(throws: LoginError.notBegun) { try finish(answer, Cookies([]), at: now) }
        #expect(throws: LoginError.notBegun) { try finish(answer, cookies(other), at: now) }
        #expect(throws: LoginError.notBegun) { try finish(FormFields(), cookies(beginning), at: now) }
        // The other login's sealed state under this one's name.
        let swapped = Cookies(Array("\(beginning.cookieName)=\(other.cookieValue)".utf8))
        #expect(throws: LoginError.notBegun) { try finish(answer, swapped, at: now) }
        let value = beginning.cookieValue.replacing(".", with: ".A")
        let forged = Cookies(Array("\(beginning.cookieName)=\(value)".utf8))
        #expect(throws: LoginError.notBegun) { try finish(answer, forged, at: now) }
        #expect(throws: LoginError.notBegun) { try finish(answer, cookies(beginning), at: now.adding(901)) }
        #expect(throws: LoginError.notBegun) { try finish(answer, cookies(beginning), at: now.adding(-1)) }
        #expect(throws: Never.self) { try finish(answer, cookies(beginning), at: now) }
    }

    @Test("Refuses an answer of another issuer, or one that does not say when it should")
    func mixUp() throws {
        let beginning = try flow.begin(target: .pending, at: now)
        let state = try provider.answer(to: beginning.location)["state"] ?? ""
        let foreign = try FormFields(parsing: "code=c&state=\(state)&iss=https%3A%2F%2Fevil.example".utf8)
        #expect(throws: LoginError.issuerMismatch) { try flow.finish(foreign, cookies(beginning), at: now) }
        let named = try FormFields(parsing: "code=c&state=\(state)&iss=\(FormFields.encode(TestProvider.url))".utf8)
        #expect(throws: Never.self) { try flow.finish(named, cookies(beginning), at: now) }
        provider.world.withLock { $0.metadata["authorization_response_iss_parameter_supported"] = "true" }
        let late = now.adding(700)
        let again = try flow.begin(target: .pending, at: late)
        let silent = try provider.answer(to: again.location)
        #expect(throws: LoginError.issuerMismatch) { try flow.finish(silent, cookies(again), at: late) }
    }

    @Test("Passes the provider's refusal on, and needs a code")
    func refused() throws {
        let beginning = try flow.begin(target: .pending, at: now)
        let state = try provider.answer(to: beginning.location)["state"] ?? ""
        let denied = try FormFields(parsing: "error=access_denied&state=\(state)".utf8)
        #expect(throws: LoginError.refused("access_denied")) { try flow.finish(denied, cookies(beginning), at: now) }
        let empty = try FormFields(parsing: "state=\(state)".utf8)
        #expect(throws: LoginError.codeMissing) { try flow.finish(empty, cookies(beginning), at: now) }
        provider.world.withLock { $0.tokenStatus = 400 }
        #expect(throws: LoginError.codeRefused(status: 400)) { try logIn() }
        provider.world.withLock { $0.isDown = true }
        #expect(throws: LoginError.providerUnavailable) { try logIn() }
    }

    @Test(
        "Refuses an ID token that is not for this login",
        arguments: [
            ("aud", #""postern""#, LoginError.token(.audienceNotAccepted)),
            ("iss", #""https://evil.example""#, .token(.issuerUnknown)),
            ("exp", "1799990000", .token(.expired)),
            ("iat", "1800009000", .token(.issuedInFuture)),
            ("sub", #""""#, .token(.subjectMalformed)),
            ("nonce", #""other""#, .otherToken),
            ("azp", #""agent-m2m""#, .otherToken),
        ] as [(String, String, LoginError)]
    )
    func otherToken(_ claim: String, _ value: String, _ expected: LoginError) throws {
        provider.world.withLock { $0.claims[claim] = value }
        #expect(throws: expected) { try logIn() }
    }

    @Test("Refuses a token without nonce, of another type, and an unsigned one")
    func otherType() throws {
        provider.world.withLock { $0.claims["nonce"] = .some(nil) }
        #expect(throws: LoginError.otherToken) { try logIn() }
        provider.world.withLock {
            $0.claims = [:]
            $0.header = #"{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}"#
        }
        #expect(throws: LoginError.otherToken) { try logIn() }
        provider.world.withLock { $0.header = #"{"alg":"none","typ":"JWT"}"# }
        #expect(throws: LoginError.token(.algorithmNotAccepted)) { try logIn() }
    }

    @Test("A login that must be fresh refuses one that is not")
    func freshness() throws {
        provider.world.withLock { $0.claims["auth_time"] = "\(TestProvider.now.seconds - 7200)" }
        #expect(try logIn().authenticated == now.adding(-7200))
        let beginning = try flow.begin(target: .pending, maximumAge: 0, at: now)
        #expect(try provider.query(of: beginning.location)["max_age"] == "0")
        let answer = try provider.answer(to: beginning.location)
        #expect(throws: LoginError.authenticationTooOld) { try flow.finish(answer, cookies(beginning), at: now) }
        // 0 is how some providers say that they do not know.
        provider.world.withLock { $0.claims["auth_time"] = "0" }
        #expect(try flow.finish(answer, cookies(beginning), at: now).authenticated == now)
    }
}
