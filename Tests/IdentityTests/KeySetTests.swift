import OpenSSL
import Synchronization
import Testing

@testable import Identity

@Suite("Issuer keys")
struct KeySetTests {
    private let now = TestIssuer.now

    private func keySet() throws -> VerificationKeySet {
        let key = try Ed25519.PrivateKey.generate().publicKey.raw
        let text = #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"\#(Base64URL.encode(key))"}]}"#
        return try VerificationKeySet(parsing: Array(text.utf8))
    }

    @Test("Fetches at the start, again when due, and never twice at once")
    func refreshes() throws {
        var state = KeySetState()
        #expect(state.tick(now) == .fetch)
        #expect(state.tick(now.adding(1)) == .none)
        #expect(state.status(at: now) == nil)
        state.fetched(try keySet(), now.adding(2))
        #expect(state.status(at: now.adding(9))?.age == 7)
        #expect(state.tick(now.adding(601)) == .none)
        #expect(state.tick(now.adding(602)) == .fetch)
    }

    @Test("Gives up a fetch that never reported")
    func givesUp() {
        var state = KeySetState()
        #expect(state.tick(now) == .fetch)
        #expect(state.tick(now.adding(29)) == .none)
        #expect(state.tick(now.adding(30)) == .fetch)
    }

    @Test("Waits longer after each failure, up to five minutes")
    func backsOff() {
        var state = KeySetState()
        var time = now
        for wait: Int64 in [5, 10, 20, 40, 80, 160, 300, 300] {
            #expect(state.tick(time) == .fetch)
            state.failed(time)
            #expect(state.tick(time.adding(wait - 1)) == .none)
            time = time.adding(wait)
        }
    }

    @Test("Believes keys while the issuer is down, until their greatest age")
    func maximumAge() throws {
        var state = KeySetState()
        _ = state.tick(now)
        state.fetched(try keySet(), now)
        state.failed(now.adding(700))
        #expect(state.keys(at: now.adding(86_399)) != nil)
        #expect(state.keys(at: now.adding(86_400)) == nil)
    }

    @Test("A clock that is set back does not stop refreshes")
    func clockSetBack() throws {
        var state = KeySetState()
        _ = state.tick(now.adding(1_000_000))
        state.fetched(try keySet(), now.adding(1_000_000))
        #expect(state.tick(now) == .fetch)
    }

    @Test("A thousand unknown keys cost one fetch in thirty seconds")
    func unknownKeys() throws {
        let issuer = try TestIssuer()
        let keys = try issuer.keys()
        let verifier = TokenVerifier(issuers: [keys])
        #expect(keys.refreshIfDue() == .refreshed)
        for number in 0..<1000 {
            let token = try issuer.token(header: #"{"alg":"EdDSA","kid":"bad-\#(number)"}"#)
            #expect(throws: TokenError.keyUnknown) { try verifier.verify(token, at: now) }
        }
        #expect(issuer.world.withLock(\.fetches).count == 4)
        issuer.world.withLock { $0.now = now.adding(30) }
        let token = try issuer.token(header: #"{"alg":"EdDSA","kid":"bad"}"#)
        #expect(throws: TokenError.keyUnknown) { try verifier.verify(token, at: now) }
        #expect(issuer.world.withLock(\.fetches).count == 6)
    }

    @Test("A bad signature by a known key costs no fetch, one without key id is tried again once")
    func badSignatures() throws {
        let issuer = try TestIssuer()
        let keys = try issuer.keys()
        let verifier = TokenVerifier(issuers: [keys])
        _ = keys.refreshIfDue()
        let stranger = try TestIssuer()
        for _ in 0..<3 {
            #expect(throws: TokenError.signatureInvalid) { try verifier.verify(try stranger.token(), at: now) }
        }
        #expect(issuer.world.withLock(\.fetches).count == 2)
        let nameless = try stranger.token(header: #"{"alg":"EdDSA"}"#)
        for _ in 0..<3 {
            #expect(throws: TokenError.signatureInvalid) { try verifier.verify(nameless, at: now) }
        }
        #expect(issuer.world.withLock(\.fetches).count == 4)
    }

    @Test("A rotated key is found at its first token, and the removed one is refused")
    func rotation() throws {
        let issuer = try TestIssuer()
        let verifier = try issuer.verifier()
        let old = try issuer.token()
        _ = try verifier.verify(old, at: now)
        let key = try Ed25519.PrivateKey.generate()
        issuer.world.withLock { world in
            world.keys = [("key-2", key)]
            world.now = now.adding(60)
        }
        let fresh = try issuer.token(header: #"{"alg":"EdDSA","kid":"key-2"}"#)
        #expect(try verifier.verify(fresh, at: now).subject == "agent-7")
        #expect(throws: TokenError.keyUnknown) { try verifier.verify(old, at: now) }
    }

    @Test("An issuer that is down does not stop known keys, and stops unknown ones until it is back")
    func issuerDown() throws {
        let issuer = try TestIssuer()
        let keys = try issuer.keys()
        let verifier = TokenVerifier(issuers: [keys])
        issuer.world.withLock { $0.isDown = true }
        #expect(throws: TokenError.issuerUnavailable) { try verifier.verify(try issuer.token(), at: now) }
        #expect(!keys.hasKeys)
        issuer.world.withLock { world in
            world.isDown = false
            world.now = now.adding(60)
        }
        #expect(keys.refreshIfDue() == .refreshed)
        issuer.world.withLock { world in
            world.isDown = true
            world.now = now.adding(3600)
        }
        #expect(keys.refreshIfDue() == .failed(.discovery(.unreachable)))
        #expect(try verifier.verify(issuer.token(), at: now).subject == "agent-7")
        // The issuer may have made a key since: nobody knows, so the token is not called bad.
        let rotated = try issuer.token(header: #"{"alg":"EdDSA","kid":"key-2"}"#)
        for _ in 0..<100 {
            #expect(throws: TokenError.issuerUnavailable) { try verifier.verify(rotated, at: now) }
        }
        let fetches = issuer.world.withLock(\.fetches).count
        issuer.world.withLock { $0.now = now.adding(3604) }
        #expect(throws: TokenError.issuerUnavailable) { try verifier.verify(rotated, at: now) }
        #expect(issuer.world.withLock(\.fetches).count == fetches, "one fetch in five seconds")
        issuer.world.withLock { world in
            world.isDown = false
            world.now = now.adding(3605)
        }
        #expect(throws: TokenError.keyUnknown) { try verifier.verify(rotated, at: now) }
        issuer.world.withLock { $0.isDown = true }
        issuer.world.withLock { $0.now = now.adding(3605 + 86_400) }
        #expect(throws: TokenError.issuerUnavailable) { try verifier.verify(try issuer.token(), at: now) }
    }

    @Test("Refuses a discovery document of another issuer")
    func issuerMismatch() throws {
        let issuer = try TestIssuer()
        issuer.world.withLock { $0.issuerInDiscovery = "https://evil.example" }
        #expect(try issuer.keys().refreshIfDue() == .failed(.issuerMismatch))
    }

    @Test("Says which document of the issuer is not right")
    func badDocuments() throws {
        let settings = try TestIssuer().settings
        func result(_ answers: [String: FetchedDocument]) -> KeySetFetchError? {
            do throws(KeySetFetchError) {
                _ = try settings.fetchKeys { request throws(FetchError) in
                    guard let answer = answers[request.url] else { throw .timedOut }
                    return answer
                }
                return nil
            } catch {
                return error
            }
        }
        func page(_ text: String, status: Int = 200) -> FetchedDocument {
            FetchedDocument(status: status, body: Array(text.utf8))
        }
        let discovery = TestIssuer.url + "/.well-known/openid-configuration"
        let good = #"{"issuer":"https://idp.example.com","jwks_uri":"https://keys.example.com/jwks?v=1"}"#
        #expect(result([:]) == .discovery(.timedOut))
        #expect(result([discovery: page(good, status: 302)]) == .discoveryStatus(302))
        #expect(result([discovery: page("<html>")]) == .discoveryMalformed)
        #expect(result([discovery: page(#"{"issuer":"https://idp.example.com"}"#)]) == .discoveryMalformed)
        for location in ["http://keys.example.com/", "file:///etc/passwd", "http://127.0.0.1/", "//x"] {
            let text = #"{"issuer":"https://idp.example.com","jwks_uri":"\#(location)"}"#
            #expect(result([discovery: page(text)]) == .discoveryMalformed)
        }
        let keys = "https://keys.example.com/jwks?v=1"
        #expect(result([discovery: page(good)]) == .keys(.timedOut))
        #expect(result([discovery: page(good), keys: page("", status: 500)]) == .keysStatus(500))
        #expect(result([discovery: page(good), keys: page(#"{"keys":[]}"#)]) == .keysMalformed)
        #expect(result([discovery: page(good), keys: page(#"{"keys":[],"keys":[]}"#)]) == .keysMalformed)
    }

    @Test("Reads the endpoints of a login, leaving out those at unacceptable URLs")
    func metadata() throws {
        let issuer = try IssuerURL(parsing: TestIssuer.url)
        let text =
            #"{"issuer":"https://idp.example.com","jwks_uri":"https://idp.example.com/jwks","#
            + #""authorization_endpoint":"https://login.example.com/auth?x=1","token_endpoint":"http://127.0.0.1/token"}"#
        let metadata = try ProviderMetadata(parsing: Array(text.utf8), of: issuer)
        #expect(metadata.authorizationEndpoint?.text == "https://login.example.com/auth?x=1")
        #expect(metadata.tokenEndpoint == nil)
        let local = text.replacing("https://idp.example.com", with: "http://localhost:1")
        let other = try ProviderMetadata(parsing: Array(local.utf8), of: IssuerURL(parsing: "http://localhost:1"))
        #expect(other.tokenEndpoint?.text == "http://127.0.0.1/token")
    }

    @Test("Leaves out keys that must not verify, and keeps the good one beside them")
    func leavesOut() throws {
        let good = Base64URL.encode(try Ed25519.PrivateKey.generate().publicKey.raw)
        let okp = #""kty":"OKP","crv":"Ed25519","x":"\#(good)""#
        let weak = Base64URL.encode([0x80] + [UInt8](repeating: 1, count: 127))
        let bad = [
            #"{"kty":"oct","k":"AAAA"}"#, "{\(okp),\"d\":\"AAAA\"}", "{\(okp),\"use\":\"enc\"}",
            "{\(okp),\"key_ops\":[\"sign\"]}", "{\(okp),\"alg\":\"HS256\"}", "{\(okp),\"alg\":\"RS256\"}",
            "{\(okp),\"kid\":7}", #"{"kty":"RSA","n":"\#(weak)","e":"AQAB"}"#,
            #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
            #"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, #"{"kty":"OKP","crv":"Ed448","x":"AA"}"#, "7", "null",
            #"{"kty":"OKP","crv":"Ed25519","x":"AAAA="}"#,
        ]
        for key in bad {
            let set = try VerificationKeySet(parsing: Array("{\"keys\":[\(key),{\(okp),\"kid\":\"good\"}]}".utf8))
            #expect(set.entries.map(\.id) == ["good"], "\(key)")
        }
    }
}
