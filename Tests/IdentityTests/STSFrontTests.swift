import OpenSSL
import Synchronization
import Testing

@testable import Identity

@Suite("STS front")
struct STSFrontTests {
    private static let role = "arn:aws:iam::111122223333:role/agent"
    private let now = TestIssuer.now

    private struct Bench {
        let issuer: TestIssuer
        let ring: KeyRing
        let revocations: Revocations
        let front: STSFront

        init(lifetimes: STSFront.Lifetimes = STSFront.Lifetimes(), trust: @escaping STSFront.Trust = { _, _ in true })
            throws
        {
            issuer = try TestIssuer()
            ring = try KeyRing.generate(at: TestIssuer.now)
            revocations = Revocations(staleAfter: 30)
            revocations.replace(with: RevocationList([]), at: TestIssuer.now)
            front = STSFront(
                verifier: try issuer.verifier(),
                sealer: SessionSealer(ring: ring),
                revocations: revocations,
                roles: [try RoleARN(parsing: STSFrontTests.role)],
                lifetimes: lifetimes,
                trust: trust
            )
        }

        func form(_ changes: [String: String?] = [:]) throws -> String {
            var parameters: [String: String] = [
                "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": STSFrontTests.role,
                "RoleSessionName": "botocore-session-1",
                "WebIdentityToken": String(decoding: try issuer.token(), as: UTF8.self),
            ]
            for (name, value) in changes { parameters[name] = value }
            return parameters.map { "\($0.key)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
        }

        func respond(
            _ body: String,
            target: String = "/",
            type: String = "application/x-www-form-urlencoded; charset=utf-8",
            query: [String] = []
        ) -> STSFront.Response {
            front.respond(
                to: STSFront.Request(
                    target: target,
                    contentType: type,
                    body: Array(body.utf8),
                    query: query,
                    userAgent: "aws-cli/2.1 app/claude-code",
                    requestID: "00112233445566778899aabbccddeeff"
                ),
                at: TestIssuer.now
            )
        }

        func error(_ changes: [String: String?]) throws -> STSError? {
            if case .failure(let error) = respond(try form(changes)).outcome { error } else { nil }
        }
    }

    private func value(_ name: String, in xml: String) -> String? {
        guard let start = xml.firstRange(of: "<\(name)>"), let end = xml.firstRange(of: "</\(name)>") else {
            return nil
        }
        return String(xml[start.upperBound..<end.lowerBound])
    }

    @Test("Gives credentials that open again, in STS's own document")
    func success() throws {
        let bench = try Bench()
        let response = bench.respond(try bench.form(["DurationSeconds": "900"]), query: ["q-17"])
        #expect(response.status == 200)
        let session = try response.outcome.get()
        let id = try AccessKeyID(parsing: try #require(value("AccessKeyId", in: response.body)))
        let token = try #require(value("SessionToken", in: response.body))
        let sealer = SessionSealer(ring: bench.ring)
        #expect(try sealer.open(token: token, accessKeyID: id, at: now) == session)
        #expect(
            value("SecretAccessKey", in: response.body).map { SecretBytes(utf8: $0) }
                == (try sealer.secret(for: id, at: now))
        )
        #expect(value("Expiration", in: response.body) == "2027-01-15T08:15:00Z")
        #expect(
            value("Arn", in: response.body) == "arn:aws:sts::111122223333:assumed-role/agent/botocore-session-1"
        )
        #expect(value("SubjectFromWebIdentityToken", in: response.body) == "agent-7")
        #expect(value("Audience", in: response.body) == "postern")
        #expect(value("Provider", in: response.body) == TestIssuer.url)
        #expect(value("PackedPolicySize", in: response.body) == "1")
        #expect(value("RequestId", in: response.body) == "00112233445566778899aabbccddeeff")
        #expect(session.query?.text == "q-17")
        #expect(session.app?.text == "claude-code")
    }

    @Test("Sessions last an hour unless asked, and never longer than configured")
    func lifetimes() throws {
        let bench = try Bench(lifetimes: STSFront.Lifetimes(standard: 3600, maximum: 7200))
        #expect(try bench.respond(bench.form()).outcome.get().expires == now.adding(3600))
        #expect(try bench.respond(bench.form(["DurationSeconds": "7200"])).outcome.get().expires == now.adding(7200))
        let refusal = STSError.invalidParameter("DurationSeconds must be between 900 and 7200 at this gateway.")
        #expect(try bench.error(["DurationSeconds": "7201"]) == refusal)
        #expect(try bench.error(["DurationSeconds": "899"]) == refusal)
        for text in ["", "-900", "+900", "9e3", "900.0", " 900", "99999999999999999999"] {
            #expect(
                try bench.error(["DurationSeconds": text])
                    == .invalidParameter("DurationSeconds must be a number of seconds.")
            )
        }
        #expect(
            STSFront.Lifetimes(standard: 1, maximum: 1_000_000) == STSFront.Lifetimes(standard: 900, maximum: 43_200)
        )
    }

    @Test("Takes a token with the line end of its file")
    func lineEnd() throws {
        let bench = try Bench()
        let token = String(decoding: try bench.issuer.token(), as: UTF8.self)
        #expect(try bench.error(["WebIdentityToken": token + "\r\n"]) == nil)
        #expect(try bench.error(["WebIdentityToken": token + "\n."]) == .token(.malformed))
    }

    @Test("Words a bad token as STS does, with the codes that SDKs know")
    func tokens() throws {
        let bench = try Bench()
        let expired = TestIssuer.claims(at: now.adding(-3600))
        let wrong = #"{"iss":"https://idp.example.com","sub":"a","aud":"other","exp":\#(now.seconds + 9)}"#
        for (claims, error, code, status) in [
            (expired, TokenError.expired, "ExpiredTokenException", 400),
            (wrong, .audienceNotAccepted, "InvalidIdentityToken", 400),
        ] {
            let token = String(decoding: try bench.issuer.token(claims: claims), as: UTF8.self)
            let response = bench.respond(try bench.form(["WebIdentityToken": token]))
            #expect(response.outcome == .failure(.token(error)))
            #expect(response.status == status)
            #expect(value("Code", in: response.body) == code)
            #expect(value("Message", in: response.body) == error.message)
            #expect(value("Type", in: response.body) == "Sender")
        }
    }

    @Test("An issuer that is down is an error that SDKs try again")
    func issuerDown() throws {
        let bench = try Bench()
        bench.issuer.world.withLock { $0.isDown = true }
        let response = bench.respond(try bench.form())
        #expect(value("Code", in: response.body) == "IDPCommunicationError")
        #expect(response.status == 400)
    }

    @Test("Denies a role that is not configured, and one that does not trust the principal, in the same words")
    func trust() throws {
        let bench = try Bench { role, principal in principal.subject == "somebody-else" }
        let denied = bench.respond(try bench.form())
        let unknown = bench.respond(try bench.form(["RoleArn": "arn:aws:iam::111122223333:role/other"]))
        #expect(denied.outcome == .failure(.notTrusted))
        #expect(denied.status == 403)
        #expect(denied.body == unknown.body)
        #expect(value("Code", in: denied.body) == "AccessDenied")
        let trusting = try Bench()
        #expect(try trusting.error(["RoleArn": "arn:aws:iam::111122223333:role/other"]) == .notTrusted)
    }

    @Test("A token from before a revocation begins no new session, one from after it does")
    func revoked() throws {
        let bench = try Bench()
        let entry = Revocation(kind: .principal, value: TestIssuer.url + " agent-7", revoked: now)
        bench.revocations.replace(with: RevocationList([entry]), at: now)
        #expect(try bench.error([:]) == .session(.revoked))
        bench.revocations.replace(with: RevocationList([]), at: now.adding(-31))
        let response = bench.respond(try bench.form())
        #expect(response.outcome == .failure(.session(.revocationsUnknown)))
        #expect(response.status == 503)
    }

    @Test("Demands each parameter, and names the variable to set")
    func missing() throws {
        let bench = try Bench()
        for (name, hint) in [
            ("RoleArn", "AWS_ROLE_ARN"), ("RoleSessionName", "AWS_ROLE_SESSION_NAME"),
            ("WebIdentityToken", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ] {
            for value in [nil, ""] as [String?] {
                let response = bench.respond(try bench.form([name: value]))
                #expect(self.value("Code", in: response.body) == "ValidationError")
                #expect(self.value("Message", in: response.body)?.contains(hint) == true)
            }
        }
        #expect(try bench.error(["Action": nil as String?]) == .missingAction)
        #expect(try bench.error(["Version": nil as String?]) == .wrongVersion)
        #expect(try bench.error(["Version": "2012-11-15"]) == .wrongVersion)
    }

    @Test(
        "Refuses what would widen or confuse the session",
        arguments: [
            "Policy", "PolicyArns.member.1.arn", "ProviderId", "Tags.member.1.Key", "roleArn", "X-Amz-Signature",
        ]
    )
    func unknownParameter(_ name: String) throws {
        let response = try { try Bench().respond(Bench().form([name: "x"])) }()
        #expect(value("Code", in: response.body) == "ValidationError")
    }

    @Test(
        "Tells unsigned calls of other actions what to set",
        arguments: [
            "GetCallerIdentity", "AssumeRole", "AssumeRoleWithSAML", "SendMessage", "assumerolewithwebidentity",
        ]
    )
    func otherAction(_ action: String) throws {
        let bench = try Bench()
        let response = bench.respond("Action=\(action)&Version=2011-06-15")
        #expect(response.outcome == .failure(.otherAction))
        #expect(response.status == 403)
        #expect(value("Message", in: response.body)?.contains("AWS_WEB_IDENTITY_TOKEN_FILE") == true)
    }

    @Test("Refuses forms that are not exactly one")
    func forms() throws {
        let bench = try Bench()
        let good = try bench.form()
        func code(_ response: STSFront.Response) -> String? { value("Code", in: response.body) }
        for body in [
            good + "&RoleArn=x", good + "&Action=GetCallerIdentity", good + "&Rol%65Arn=x", good + "&", "&" + good,
            good + "&x=%", good + "&x=%f", good + "&x=%zz", good + "&x=%ff", good + "&=x", good + "&&x=1",
            good + String(repeating: "&a=1", count: 70), String(repeating: "a", count: 65_537),
        ] {
            #expect(code(bench.respond(body)) == "MalformedInput")
        }
        for target in ["/?Action=AssumeRoleWithWebIdentity", "/?", "//", "/x", "", "http://a/"] {
            #expect(code(bench.respond(good, target: target)) == "MalformedInput")
        }
        for type in ["", "application/json", "multipart/form-data", "application/x-www-form-urlencoded2"] {
            #expect(code(bench.respond(good, type: type)) == "MalformedInput")
        }
        #expect(code(bench.respond("")) == "MissingAction")
        #expect(bench.respond(good, type: "Application/X-WWW-Form-Urlencoded").status == 200)
        for query in [["a", "b"], [""], ["a b"], [String(repeating: "q", count: 129)]] {
            #expect(code(bench.respond(good, query: query)) == "ValidationError")
        }
    }

    @Test("Escapes what it repeats")
    func escapes() throws {
        let bench = try Bench()
        let claims = TestIssuer.claims().replacing("agent-7", with: "<a>&amp;]]>'")
        let token = String(decoding: try bench.issuer.token(claims: claims), as: UTF8.self)
        let response = bench.respond(try bench.form(["WebIdentityToken": token]))
        #expect(value("SubjectFromWebIdentityToken", in: response.body) == "&lt;a&gt;&amp;amp;]]&gt;'")
    }

    @Test("Answers GetCallerIdentity with the session's own ARN")
    func callerIdentity() throws {
        let session = try SessionTests.issue(SessionSealer(ring: try KeyRing.generate(at: now))).session
        let body = STSDocument.getCallerIdentity(session, requestID: "r")
        #expect(value("Arn", in: body) == "arn:aws:sts::111122223333:assumed-role/agent/query-8f3a")
        #expect(value("Account", in: body) == "111122223333")
        #expect(value("UserId", in: body) == "PSTNROLE-111122223333-agent:query-8f3a")
    }
}
