import OpenSSL
import Synchronization
import Testing

@testable import Identity

@Suite("Request authenticator")
struct RequestAuthenticatorTests {
    private let now = TestIssuer.now

    struct Bench {
        let issuer: TestIssuer
        let ring: KeyRing
        let revocations = Revocations(staleAfter: 30)
        let authenticator: RequestAuthenticator

        init(
            roles: [String] = ["arn:aws:iam::111122223333:role/teams/agent"],
            trust: @escaping STSFront.Trust = { _, _ in true }
        ) throws {
            issuer = try TestIssuer()
            ring = try KeyRing.generate(at: TestIssuer.now)
            revocations.replace(with: RevocationList([]), at: TestIssuer.now)
            authenticator = RequestAuthenticator(
                verifier: try issuer.verifier(),
                sealer: SessionSealer(ring: ring),
                revocations: revocations,
                roles: try roles.map { try RoleARN(parsing: $0) },
                trust: trust
            )
        }

        func refusal(_ request: CredentialRequest, at now: UnixTime = TestIssuer.now) -> String? {
            if case .refused(let refusal) = authenticator.authenticate(request, at: now) {
                refusal.headerValue
            } else {
                nil
            }
        }

        func issue() throws -> SessionSealer.IssuedCredentials {
            try SessionTests.issue(SessionSealer(ring: ring))
        }
    }

    static func header(_ id: String, scheme: String = "AWS4-HMAC-SHA256") -> String {
        "\(scheme) Credential=\(id)/20270115/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=00ff"
    }

    static func signed(_ issued: SessionSealer.IssuedCredentials) -> CredentialRequest {
        CredentialRequest(
            target: "/bucket?list-type=2",
            authorization: [header(issued.accessKeyID.text)],
            securityToken: [issued.sessionToken]
        )
    }

    static func presigned(_ id: String, token: String?, algorithm: String = "AWS4-HMAC-SHA256") -> String {
        "/b/k?X-Amz-Algorithm=\(algorithm)&X-Amz-Credential=\(id)%2F20270115%2Fus-east-1%2Fs3%2Faws4_request"
            + "&X-Amz-Date=20270115T080000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
            + (token.map { "&X-Amz-Security-Token=\($0)" } ?? "") + "&X-Amz-Signature=00ff"
    }

    @Test("Identifies a signed request, with query and app of the call before those of the session")
    func signed() throws {
        let bench = try Bench()
        let issued = try bench.issue()
        var request = Self.signed(issued)
        guard case .identified(let plain) = bench.authenticator.authenticate(request, at: now) else {
            Issue.record("not identified")
            return
        }
        #expect(plain.session == issued.session)
        #expect(plain.credential == .accessKey(issued.accessKeyID))
        #expect(plain.query?.text == "q/1" && plain.app == nil && !plain.isPresigned)
        request.query = ["q/2"]
        request.userAgent = "Boto3/1 app/claude-code"
        guard case .identified(let labelled) = bench.authenticator.authenticate(request, at: now) else {
            Issue.record("not identified")
            return
        }
        #expect(labelled.query?.text == "q/2" && labelled.app?.text == "claude-code")
    }

    @Test("Identifies a presigned URL")
    func presigned() throws {
        let bench = try Bench()
        let issued = try bench.issue()
        let request = CredentialRequest(target: Self.presigned(issued.accessKeyID.text, token: issued.sessionToken))
        guard case .identified(let assertion) = bench.authenticator.authenticate(request, at: now) else {
            Issue.record("not identified")
            return
        }
        #expect(assertion.isPresigned && assertion.session == issued.session)
    }

    @Test("What it asserts is what the worker finds in the same request")
    func bound() throws {
        let bench = try Bench()
        let issued = try bench.issue()
        let token = String(decoding: try bench.issuer.token(), as: UTF8.self)
        for request in [
            Self.signed(issued), CredentialRequest(target: "/", authorization: ["Bearer " + token]),
            CredentialRequest(target: Self.presigned(issued.accessKeyID.text, token: issued.sessionToken)),
        ] {
            guard case .identified(let assertion) = bench.authenticator.authenticate(request, at: now) else {
                Issue.record("not identified")
                return
            }
            let text = Array(try assertion.sealed(by: bench.ring, at: now).utf8)
            let presented = try #require(try PresentedCredential(reading: request).asserted)
            let read = try IdentityAssertion(verifying: text, ring: bench.ring, presented: presented, at: now)
            #expect(read == assertion)
        }
    }

    @Test("A request without any credential is anonymous, whatever else it has")
    func anonymous() throws {
        let bench = try Bench()
        for target in [
            "/", "/b?X-Amz-Expires=60", "/?Signature=x", "/?Action=GetCallerIdentity", "", "?", "/%", "/?%zz=1",
        ] {
            #expect(bench.authenticator.authenticate(CredentialRequest(target: target), at: now) == .anonymous)
        }
    }

    @Test("Says what to set to those who come with other credentials")
    func otherCredentials() throws {
        let bench = try Bench()
        for (id, expected) in [
            ("AKIAIOSFODNN7EXAMPLE", "InvalidClientTokenId:access-key-of-aws"),
            ("ASIAIOSFODNN7EXAMPLE", "InvalidClientTokenId:access-key-of-aws"),
            ("PSTNAAAABBBB", "InvalidClientTokenId:access-key-unknown"),
            ("test", "InvalidClientTokenId:access-key-unknown"),
            ("akiaiosfodnn7example", "InvalidClientTokenId:access-key-unknown"),
        ] {
            for token in [[], ["token"]] {
                let request = CredentialRequest(target: "/", authorization: [Self.header(id)], securityToken: token)
                #expect(bench.refusal(request) == expected)
            }
            #expect(bench.refusal(CredentialRequest(target: Self.presigned(id, token: nil))) == expected)
        }
        for error in [CredentialError.awsAccessKey, .accessKeyUnknown, .missing, .sessionTokenMissing] {
            #expect(error.message.contains("AWS_WEB_IDENTITY_TOKEN_FILE"))
        }
    }

    @Test("Demands the session token, and the right one")
    func sessionToken() throws {
        let bench = try Bench()
        let issued = try bench.issue()
        var request = Self.signed(issued)
        request.securityToken = []
        #expect(bench.refusal(request) == "InvalidClientTokenId:session-token-missing")
        request.securityToken = [try bench.issue().sessionToken]
        #expect(bench.refusal(request) == "InvalidClientTokenId:session-token")
        request.securityToken = [issued.sessionToken, issued.sessionToken]
        #expect(bench.refusal(request) == "IncompleteSignature:credential-twice")
        request.securityToken = [issued.sessionToken + ", " + issued.sessionToken]
        #expect(bench.refusal(request) == "InvalidClientTokenId:session-token")
        #expect(
            bench.refusal(CredentialRequest(target: "/", securityToken: [issued.sessionToken]))
                == "MissingAuthenticationToken:session-token-alone"
        )
        #expect(bench.refusal(Self.signed(issued), at: now.adding(3600)) == "ExpiredToken:session-expired")
        let other = try Bench()
        #expect(other.refusal(Self.signed(issued)) == "InvalidClientTokenId:session-access-key")
    }

    @Test(
        "Refuses an Authorization header that is not exactly of its form",
        arguments: [
            ("", "authorization-scheme"), (" ", "authorization-scheme"), ("Basic dXNlcjpwYXNz", "authorization-scheme"),
            ("Digest x", "authorization-scheme"), ("AWS PSTNA:sig", "signature-version-2"),
            (Self.header("PSTN", scheme: "AWS4-ECDSA-P256-SHA256"), "signature-version-4a"),
            ("AWS4-HMAC-SHA256", "authorization-form"), ("AWS4-HMAC-SHA256 ", "authorization-form"),
            (Self.header("PSTN", scheme: "aws4-hmac-sha256"), "authorization-form"),
            (Self.header("PSTN") + ", Signature=11", "authorization-form"),
            (Self.header("PSTN") + ", Credential=AKIA/20270115/us-east-1/s3/aws4_request", "authorization-form"),
            (Self.header("PSTN") + ",", "authorization-form"), (Self.header("PSTN") + ", X=1", "authorization-form"),
            (Self.header(""), "authorization-form"), (Self.header("PSTN/AKIA"), "authorization-form"),
            (Self.header("PS TN"), "authorization-form"), (Self.header("PST\u{E9}"), "authorization-form"),
            ("AWS4-HMAC-SHA256 Credential=PSTN, SignedHeaders=host, Signature=00", "authorization-form"),
            (
                "AWS4-HMAC-SHA256 Credential=PSTN/1/2/3/aws5_request, SignedHeaders=host, Signature=00",
                "authorization-form"
            ),
            ("AWS4-HMAC-SHA256 Credential=PSTN/1/2/3/aws4_request, Signature=00", "authorization-form"),
            (
                "AWS4-HMAC-SHA256 credential=PSTN/1/2/3/aws4_request, SignedHeaders=host, Signature=00",
                "authorization-form"
            ),
            ("Bearer", "authorization-form"), ("Bearer  ", "authorization-form"), ("Bearer a b", "authorization-form"),
        ]
    )
    func malformedAuthorization(_ text: String, _ check: String) throws {
        let request = CredentialRequest(target: "/", authorization: [text])
        #expect(try Bench().refusal(request) == "IncompleteSignature:" + check)
    }

    @Test("Takes the separators that SDKs use in the header")
    func separators() throws {
        let bench = try Bench()
        let issued = try bench.issue()
        var request = Self.signed(issued)
        request.authorization = [Self.header(issued.accessKeyID.text).replacing(", ", with: ",")]
        guard case .identified = bench.authenticator.authenticate(request, at: now) else {
            Issue.record("not identified")
            return
        }
    }

    @Test("Refuses a credential in two places, and presigned parameters that do not fit")
    func twoPlaces() throws {
        let bench = try Bench()
        let issued = try bench.issue()
        let id = issued.accessKeyID.text
        let url = Self.presigned(id, token: issued.sessionToken)
        let twice = "IncompleteSignature:credential-twice"
        let malformed = "IncompleteSignature:presigned-form"
        #expect(bench.refusal(CredentialRequest(target: url, authorization: [Self.header(id)])) == twice)
        #expect(bench.refusal(CredentialRequest(target: url, authorization: ["Bearer x"])) == twice)
        #expect(bench.refusal(CredentialRequest(target: url, securityToken: [issued.sessionToken])) == twice)
        #expect(bench.refusal(CredentialRequest(target: url + "&X-Amz-Security-Token=x")) == twice)
        #expect(bench.refusal(CredentialRequest(target: url + "&X%2dAmz-Credential=x")) == twice)
        #expect(bench.refusal(CredentialRequest(target: url + "&AWSAccessKeyId=x")) == twice)
        let request = CredentialRequest(target: "/", authorization: [Self.header(id), Self.header(id)])
        #expect(bench.refusal(request) == twice)
        let bearer = CredentialRequest(target: "/", authorization: ["Bearer x"], securityToken: ["y"])
        #expect(bench.refusal(bearer) == twice)
        #expect(bench.refusal(CredentialRequest(target: url.replacing("Signature=", with: "Sig="))) == malformed)
        #expect(bench.refusal(CredentialRequest(target: url.replacing("Algorithm=", with: "Algo="))) == malformed)
        #expect(bench.refusal(CredentialRequest(target: url.replacing("%2F", with: "%2"))) == malformed)
        #expect(bench.refusal(CredentialRequest(target: url.replacing("%2Fs3", with: ""))) == malformed)
        #expect(bench.refusal(CredentialRequest(target: "/?X-Amz-Security-Token=x")) == malformed)
        #expect(
            bench.refusal(CredentialRequest(target: "/b/k?AWSAccessKeyId=PSTN&Signature=x&Expires=1"))
                == "IncompleteSignature:signature-version-2"
        )
        let asymmetric = Self.presigned(id, token: nil, algorithm: "AWS4-ECDSA-P256-SHA256")
        #expect(bench.refusal(CredentialRequest(target: asymmetric)) == "IncompleteSignature:signature-version-4a")
        let tokenless = Self.presigned(id, token: nil)
        #expect(bench.refusal(CredentialRequest(target: tokenless)) == "InvalidClientTokenId:session-token-missing")
    }

    @Test("Refuses sessions in roles that are no longer configured, and revoked ones")
    func sessionsEnd() throws {
        let bench = try Bench(roles: ["arn:aws:iam::111122223333:role/other"])
        #expect(bench.refusal(Self.signed(try bench.issue())) == "AccessDenied:session-role")
        let second = try Bench()
        let issued = try second.issue()
        let entry = Revocation(kind: .session, value: issued.accessKeyID.text, revoked: now)
        second.revocations.replace(with: RevocationList([entry]), at: now)
        #expect(second.refusal(Self.signed(issued)) == "AccessDenied:session-revoked")
        #expect(
            second.refusal(Self.signed(issued), at: now.adding(31)) == "ServiceUnavailable:session-revocations-unknown"
        )
    }

    @Test("Refuses a query label that would not fit the audit")
    func queryLabel() throws {
        let bench = try Bench()
        for query in [["a", "a"], [""], ["a b"], ["<script>"], [String(repeating: "q", count: 129)]] {
            var request = Self.signed(try bench.issue())
            request.query = query
            #expect(bench.refusal(request) == "ValidationException:query-label")
        }
    }

    @Test("Each refusal survives the way to the worker, and nothing else does")
    func refusals() {
        let all =
            CredentialError.allCases.map(Refusal.credential) + TokenError.allCases.map(Refusal.token)
            + SessionError.allCases.map(Refusal.session)
        #expect(Set(all.map(\.check)).count == all.count)
        for refusal in all {
            #expect(Refusal(headerValue: refusal.headerValue) == refusal)
            #expect(refusal.message.hasSuffix("."))
        }
        for text in [
            "", ":", "AccessDenied", "AccessDenied:", "AccessDenied:nothing", "ExpiredToken:session-revoked",
            ":session-revoked", "AccessDenied:session-revoked:x",
        ] {
            #expect(Refusal(headerValue: text) == nil)
        }
    }
}

@Suite("Bearer tokens")
struct BearerTests {
    private typealias Bench = RequestAuthenticatorTests.Bench
    private let now = TestIssuer.now
    private let agent = "arn:aws:iam::111122223333:role/agent"
    private let other = "arn:aws:iam::111122223333:role/other"

    private func request(_ bench: Bench, role: [String] = [], scheme: String = "Bearer") throws -> CredentialRequest {
        let token = String(decoding: try bench.issuer.token(), as: UTF8.self)
        return CredentialRequest(target: "/_postern/aws/", authorization: ["\(scheme) \(token)"], role: role)
    }

    private func role(_ bench: Bench, _ roles: [String]) throws -> String? {
        if case .identified(let assertion) = bench.authenticator.authenticate(try request(bench, role: roles), at: now)
        {
            assertion.session.role.text
        } else {
            nil
        }
    }

    @Test("Act in the named role, or in the only one that trusts them")
    func roles() throws {
        let both = try Bench(roles: [agent, other])
        #expect(try role(both, [other]) == other)
        #expect(both.refusal(try request(both)) == "ValidationException:role-ambiguous")
        let unnamed = "arn:aws:iam::111122223333:role/third"
        #expect(both.refusal(try request(both, role: [unnamed])) == "AccessDenied:role-trust")
        for roles in [[agent, agent], ["agent"], [""], [agent + ", " + other]] {
            #expect(both.refusal(try request(both, role: roles)) == "ValidationException:role-form")
        }
        let agentOnly = agent
        let one = try Bench(roles: [agent, other]) { role, _ in role.text == agentOnly }
        #expect(try role(one, []) == agent)
        #expect(one.refusal(try request(one, role: [other])) == "AccessDenied:role-trust")
        let none = try Bench(roles: [agent]) { _, _ in false }
        #expect(none.refusal(try request(none)) == "AccessDenied:role-trust")
    }

    @Test("Have a session that is named after the token's digest and ends with it")
    func session() throws {
        let bench = try Bench(roles: [agent])
        let request = try request(bench, scheme: "bearer")
        guard case .identified(let assertion) = bench.authenticator.authenticate(request, at: now) else {
            Issue.record("not identified")
            return
        }
        #expect(assertion.session.id.text.hasPrefix("PSTB") && assertion.session.id.text.utf8.count == 28)
        #expect(assertion.session.name.text == assertion.session.id.text)
        #expect(assertion.session.expires == now.adding(360))
        bench.revocations.replace(with: RevocationList([]), at: now.adding(360))
        #expect(bench.refusal(request, at: now.adding(360)) == "ExpiredToken:token-expired")
    }

    @Test("Are verified once in five minutes, and refused when their key is gone by then")
    func cache() throws {
        let bench = try Bench(roles: [agent])
        let long = TestIssuer.claims().replacing(
            #""exp":\#(now.seconds + 300)"#,
            with: #""exp":\#(now.seconds + 9000)"#
        )
        let token = String(decoding: try bench.issuer.token(claims: long), as: UTF8.self)
        let request = CredentialRequest(target: "/", authorization: ["Bearer " + token])
        #expect(bench.refusal(request) == nil)
        bench.issuer.world.withLock { world in
            world.keys = []
            world.isDown = true
            world.now = now.adding(86_500)
        }
        bench.revocations.replace(with: RevocationList([]), at: now.adding(299))
        #expect(bench.refusal(request, at: now.adding(299)) == nil)
        #expect(bench.refusal(request, at: now.adding(300)) == "ServiceUnavailable:token-issuer-unavailable")
    }

    @Test("End with their expiry although they are cached")
    func expiry() throws {
        let bench = try Bench(roles: [agent])
        let short = TestIssuer.claims().replacing("\(now.seconds + 300)", with: "\(now.seconds + 100)")
        let token = String(decoding: try bench.issuer.token(claims: short), as: UTF8.self)
        let request = CredentialRequest(target: "/", authorization: ["Bearer " + token])
        #expect(bench.refusal(request) == nil)
        bench.revocations.replace(with: RevocationList([]), at: now.adding(160))
        #expect(bench.refusal(request, at: now.adding(159)) == nil)
        #expect(bench.refusal(request, at: now.adding(160)) == "ExpiredToken:token-expired")
    }

    @Test("A revoked principal's token is refused although it is cached")
    func revoked() throws {
        let bench = try Bench(roles: [agent])
        let request = try request(bench)
        #expect(bench.refusal(request) == nil)
        let entry = Revocation(kind: .principal, value: TestIssuer.url + " agent-7", revoked: now)
        bench.revocations.replace(with: RevocationList([entry]), at: now)
        #expect(bench.refusal(request) == "AccessDenied:session-revoked")
    }

    @Test("The cache keeps its bound, and forgets what has ended first")
    func bound() {
        let cache = BearerCache(capacity: 10)
        let principal = SessionTests.principal()
        func digest(_ number: Int) -> SHA256Digest { SHA256.hash(Array("\(number)".utf8)) }
        for number in 0..<1000 {
            cache.remember(principal, digest(number), at: now)
            #expect(cache.count <= 10)
        }
        #expect(cache.principal(digest(999), at: now) == principal)
        #expect(cache.principal(digest(999), at: now.adding(300)) == nil)
        #expect(cache.principal(digest(999), at: now.adding(-1)) == nil)
        cache.remember(principal, digest(2000), at: now.adding(299))
        #expect(cache.count <= 10)
    }

    @Test("Hostile tokens are refused here as by the verifier", arguments: HostileTokenTests.form.dropFirst())
    func hostile(_ hostile: HostileTokenTests.Case) throws {
        let bench = try Bench(roles: [agent])
        let token = String(decoding: try hostile.make(bench.issuer), as: UTF8.self)
        guard !token.contains(" "), !token.contains("\n") else { return }
        #expect(
            bench.refusal(CredentialRequest(target: "/", authorization: ["Bearer " + token]))?.contains(":token-")
                == true
        )
    }
}
