import Synchronization
import Testing

@testable import Identity

@Suite("Auth service")
struct AuthServiceTests {
    private let now = TestIssuer.now
    private let issuer: TestIssuer
    private let ring: KeyRing
    private let revocations = Revocations(staleAfter: 30)
    private let service: AuthService

    init() throws {
        issuer = try TestIssuer()
        ring = try KeyRing.generate(at: TestIssuer.now)
        revocations.replace(with: RevocationList([]), at: TestIssuer.now)
        let verifier = try issuer.verifier()
        let sealer = SessionSealer(ring: ring)
        let roles = [try RoleARN(parsing: "arn:aws:iam::111122223333:role/agent")]
        service = AuthService(
            authenticator: RequestAuthenticator(
                verifier: verifier,
                sealer: sealer,
                revocations: revocations,
                roles: roles,
                trust: { _, _ in true }
            ),
            front: STSFront(
                verifier: verifier,
                sealer: sealer,
                revocations: revocations,
                roles: roles,
                trust: { _, _ in true }
            ),
            ring: ring
        )
    }

    private func bearer() throws -> AuthService.Request {
        let token = String(decoding: try issuer.token(), as: UTF8.self)
        return AuthService.Request(route: "auth", target: "/_postern/aws/", authorization: ["Bearer " + token])
    }

    @Test("Gives nginx an assertion that the worker accepts, and reads no body for it")
    func identified() throws {
        let request = try bearer()
        let reply = service.reply(
            to: request,
            body: {
                Issue.record("the body was read")
                return []
            },
            at: now
        )
        #expect(reply.status == 204 && reply.body.isEmpty && reply.event == nil)
        #expect(reply.fields.map(\.name) == ["X-Postern-Identity"])
        let presented = try PresentedCredential(
            reading: CredentialRequest(target: "/", authorization: request.authorization)
        )
        let assertion = try IdentityAssertion(
            verifying: Array(try #require(reply.fields.first).value.utf8),
            ring: ring,
            presented: try #require(presented.asserted),
            at: now
        )
        #expect(assertion.session.principal.subject == "agent-7")
    }

    @Test("Refuses with 403 and the check's name, whatever the reason")
    func refused() throws {
        var request = try bearer()
        request.authorization = []
        for (authorization, header) in [
            ([], "MissingAuthenticationToken:credential-missing"),
            (["Basic x"], "IncompleteSignature:authorization-scheme"),
            (["Bearer x"], "InvalidIdentityToken:token-form"),
        ] as [([String], String)] {
            request.authorization = authorization
            let reply = service.reply(to: request, body: { [] }, at: now)
            #expect(reply.status == 403 && reply.body.isEmpty)
            #expect(reply.fields.map(\.name) == ["X-Postern-Refusal"])
            #expect(reply.fields.first?.value == header)
            #expect(reply.event == .refused(check: String(header.split(separator: ":")[1])))
        }
    }

    @Test("Without an active key nobody is identified")
    func noActiveKey() throws {
        let request = try bearer()
        issuer.world.withLock { $0.now = now.adding(-100) }
        revocations.replace(with: RevocationList([]), at: now.adding(-50))
        let reply = service.reply(to: request, body: { [] }, at: now.adding(-50))
        #expect(reply.fields.first?.value == "ServiceUnavailable:session-unavailable")
    }

    @Test("Answers the STS front, never to be cached")
    func sts() throws {
        let token = String(decoding: try issuer.token(), as: UTF8.self)
        let body =
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=ab"
            + "&RoleArn=arn:aws:iam::111122223333:role/agent&WebIdentityToken=" + token
        var request = AuthService.Request(
            route: "sts",
            target: "/",
            contentType: "application/x-www-form-urlencoded",
            requestID: "r1"
        )
        let reply = service.reply(to: request, body: { Array(body.utf8) }, at: now)
        #expect(reply.status == 200 && reply.body.contains("<RequestId>r1</RequestId>"))
        #expect(reply.fields.contains { $0.name == "Cache-Control" && $0.value == "no-store" })
        guard case .began(let session) = reply.event else {
            Issue.record("no session began")
            return
        }
        #expect(session.name.text == "ab")
        request.contentType = "text/plain"
        let refusal = service.reply(to: request, body: { Array(body.utf8) }, at: now)
        #expect(refusal.status == 400 && refusal.event == .refused(check: "sts-form"))
    }

    @Test("Knows no other route", arguments: ["", "call", "AUTH", "auth ", "console", "health"])
    func otherRoutes(_ route: String) throws {
        var request = try bearer()
        request.route = route
        let reply = service.reply(to: request, body: { [] }, at: now)
        #expect(reply.status == 404 && reply.fields.isEmpty && reply.body.isEmpty)
    }

    @Test("Offers conditions the verified values, not what claims of those names say")
    func conditionValues() throws {
        let extra = #","groups":["dev"],"email":"ceo@example.com","team":"red","x":{"iss":"evil"},"ISS":"e","Aud":"e""#
        let claims = TestIssuer.claims(extra)
        let principal = try issuer.verifier().verify(issuer.token(claims: claims), at: now)
        #expect(
            principal.conditionValues == [
                "oidc:iss": [TestIssuer.url], "oidc:sub": ["agent-7"], "oidc:aud": ["postern"], "oidc:groups": ["dev"],
                "oidc:team": ["red"], "oidc:x.iss": ["evil"], "oidc:ISS": ["e"], "oidc:Aud": ["e"],
            ]
        )
    }
}

@Suite("Fetch URL")
struct FetchURLTests {
    @Test("Takes a URL apart")
    func parts() throws {
        let plain = try #require(FetchURL("https://idp.example.com/a?b=c"))
        #expect(plain.scheme == "https" && plain.host == "idp.example.com" && plain.port == 443)
        #expect(plain.authority == "idp.example.com" && plain.target == "/a?b=c")
        let address = try #require(FetchURL("http://[fd00:ec2::23]:8080"))
        #expect(address.host == "fd00:ec2::23" && address.port == 8080 && address.target == "/")
        #expect(address.authority == "[fd00:ec2::23]:8080")
        #expect(FetchURL("http://127.0.0.1?x=1")?.target == "/?x=1")
    }

    @Test(
        "Refuses what is none",
        arguments: [
            "", "https", "ftp://a/", "https://", "https:///x", "https://a:0/", "https://a:x/", "https://a:70000/",
            "https://[::1/",
            "https://[::1]x/",
        ]
    )
    func malformed(_ text: String) {
        #expect(FetchURL(text) == nil)
    }
}
