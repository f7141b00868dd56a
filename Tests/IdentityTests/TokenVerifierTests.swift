import OpenSSL
import Testing

@testable import Identity

@Suite("Token verifier")
struct TokenVerifierTests {
    private let now = TestIssuer.now

    @Test("Says whom a good token speaks for")
    func principal() throws {
        let issuer = try TestIssuer()
        let extra =
            #","groups":["dev","ops"],"email":"a@evil@example.com","n":7,"ok":true,"none":null,"#
            + #""realm":{"roles":["r1","r2"]},"list":[{"x":1},"y"]"#
        let principal = try issuer.verifier().verify(try issuer.token(claims: TestIssuer.claims(extra)), at: now)
        #expect(principal.issuer == TestIssuer.url)
        #expect(principal.subject == "agent-7")
        #expect(principal.audience == "postern")
        #expect(principal.groups == ["dev", "ops"])
        #expect(principal.email == "a@evil@example.com")
        #expect(principal.issued == now)
        #expect(principal.name == "https://idp.example.com#agent-7")
        #expect(principal.expires == now.adding(360))
        #expect(principal.claims["n"] == ["7"])
        #expect(principal.claims["ok"] == ["true"])
        #expect(principal.claims["none"] == nil)
        #expect(principal.claims["realm.roles"] == ["r1", "r2"])
        #expect(principal.claims["list"] == ["y"])
        #expect(principal.claims["sub"] == ["agent-7"])
        #expect(principal.claims["iss"] == nil)
    }

    @Test(
        "Accepts the headers of honest issuers",
        arguments: [
            #"{"alg":"EdDSA","kid":"key-1"}"#, #"{"alg":"EdDSA"}"#, #"{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}"#,
            #"{"alg":"EdDSA","kid":"key-1","typ":"jwt"}"#, #"{"alg":"EdDSA","kid":"key-1","typ":"application/at+jwt"}"#,
            #"{ "typ" : "JWT", "alg" : "EdDSA" , "kid":"key\u002d1", "x5t":"AAAA"}"#,
        ]
    )
    func acceptsHeader(_ header: String) throws {
        let issuer = try TestIssuer()
        #expect(try issuer.verifier().verify(issuer.token(header: header), at: now).subject == "agent-7")
    }

    @Test("Accepts times at the edge of the skew, and a fraction of a second")
    func edges() throws {
        let issuer = try TestIssuer()
        let verifier = try issuer.verifier()
        let base = #"{"iss":"https://idp.example.com","sub":"a","aud":["x","https://postern.test/"],"#
        for times in [
            #""exp":\#(now.seconds - 59)"#, #""exp":\#(now.seconds + 9).75,"nbf":\#(now.seconds + 60)"#,
            #""exp":1.8000003e9,"iat":\#(now.seconds + 60)"#,
        ] {
            let principal = try verifier.verify(try issuer.token(claims: base + times + "}"), at: now)
            #expect(principal.audience == "https://postern.test/")
        }
    }

    @Test("Splits groups that the issuer joined with commas, and takes other claim names")
    func claimNames() throws {
        let issuer = try TestIssuer()
        var settings = try issuer.settings
        settings.groupsClaim = "roles"
        settings.subjectClaim = "client_id"
        settings.keptClaims = ["team"]
        let verifier = TokenVerifier(issuers: [IssuerKeys(issuer: settings, fetch: issuer.fetch) { TestIssuer.now }])
        let token = try issuer.token(
            claims: TestIssuer.claims(#","roles":"dev,not ops","client_id":"bot","team":"red","x":1"#)
        )
        let principal = try verifier.verify(token, at: now)
        #expect(principal.groups == ["dev", "not ops"])
        #expect(principal.subject == "bot")
        #expect(principal.claims == ClaimSet(["team": ["red"]]))
    }

    @Test("Demands the required claims, and one of their listed values")
    func requiredClaims() throws {
        let issuer = try TestIssuer()
        var settings = try issuer.settings
        settings.requiredClaims = ["azp": ["ci", "cd"], "tenant": []]
        let verifier = TokenVerifier(issuers: [IssuerKeys(issuer: settings, fetch: issuer.fetch) { TestIssuer.now }])
        for (extra, isAccepted) in [
            (#","azp":"ci","tenant":"t"#, true), (#","azp":["x","cd"],"tenant":1"#, true), (#","azp":"ci""#, false),
            (#","tenant":"t""#, false), (#","azp":"cix","tenant":"t""#, false), (#","azp":null,"tenant":"t""#, false),
        ] {
            let token = try issuer.token(claims: TestIssuer.claims(extra.hasSuffix("t") ? extra + "\"" : extra))
            if isAccepted {
                #expect(try verifier.verify(token, at: now).subject == "agent-7")
            } else {
                #expect(throws: TokenError.requiredClaim) { try verifier.verify(token, at: now) }
            }
        }
    }

    @Test("A token of one trusted issuer is not good for another")
    func issuersAreApart() throws {
        let first = try TestIssuer()
        let second = try TestIssuer()
        let other = try IssuerSettings(
            url: IssuerURL(parsing: "https://other.example"),
            audiences: ["postern"],
            algorithms: [.edDSA]
        )
        let verifier = TokenVerifier(issuers: [
            try first.keys(), IssuerKeys(issuer: other, fetch: second.fetch) { TestIssuer.now },
        ])
        #expect(try verifier.verify(first.token(), at: now).issuer == TestIssuer.url)
        #expect(throws: TokenError.signatureInvalid) { try verifier.verify(try second.token(), at: now) }
    }

    @Test("Refuses settings that accept nothing")
    func settings() throws {
        let url = try IssuerURL(parsing: TestIssuer.url)
        #expect(throws: IssuerSettingsError.noAudience) { try IssuerSettings(url: url, audiences: []) }
        #expect(throws: IssuerSettingsError.noAudience) { try IssuerSettings(url: url, audiences: [""]) }
        #expect(throws: IssuerSettingsError.noAlgorithm) {
            try IssuerSettings(url: url, audiences: ["a"], algorithms: [])
        }
    }

    @Test(
        "Refuses issuer URLs in clear text beyond this machine",
        arguments: [
            "http://idp.example.com", "ftp://idp.example.com", "idp.example.com", "http://127.0.0.1.example.com",
            "http://127.1", "http://10.0.0.1", "http://localhost.example.com", "HTTPS://idp.example.com", "",
            "http://0127.0.0.1",
        ]
    )
    func insecureURL(_ text: String) {
        #expect(throws: IssuerSettingsError.insecureURL) { try IssuerURL(parsing: text) }
    }

    @Test(
        "Refuses malformed issuer URLs",
        arguments: [
            "https://", "https://user@idp.example.com", "https://idp.example.com/?a=b", "https://idp.example.com/#x",
            "https://idp example.com", "https://idp.example.com:port", "https://idp.example.com:99999", "https:///path",
            "https://[::1", "https://idp.example.com:", "https://idp.example.com\\@evil.example",
        ]
    )
    func malformedURL(_ text: String) {
        #expect(throws: IssuerSettingsError.malformedURL) { try IssuerURL(parsing: text) }
    }

    @Test("Finds the discovery document below the issuer's own path")
    func discovery() throws {
        #expect(
            try IssuerURL(parsing: "http://127.0.0.1:9/api/oidc").discovery
                == "http://127.0.0.1:9/api/oidc/.well-known/openid-configuration"
        )
        #expect(
            try IssuerURL(parsing: "https://a.example/").discovery
                == "https://a.example/.well-known/openid-configuration"
        )
        #expect(try IssuerURL(parsing: "http://[::1]:8080").isSecure == false)
    }
}
