import OpenSSL
import Synchronization
import Testing

@testable import Identity

/// Numbers that are the same in every run (SplitMix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A trap in a parser would end the process, and with it everybody's calls.
@Suite("Parsers take anything")
struct FuzzTests {
    private static let rounds = 2000
    private let now = TestIssuer.now

    /// A few bytes of `seed` changed, cut out, doubled or made special.
    private func mutated(_ seed: [UInt8], _ generator: inout Seeded) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !bytes.isEmpty else { return bytes }
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: index)
            case 2:
                bytes.insert(
                    Array("\"\\{}[]:,.%=&;/+-e0u \0\u{7F}".utf8).randomElement(using: &generator) ?? 0,
                    at: index
                )
            case 3: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...9, using: &generator)))
            default: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 8)], at: index)
            }
        }
        return bytes
    }

    private func fuzz(_ seeds: [String], _ body: ([UInt8]) -> Void) {
        var generator = Seeded(state: 7)
        for round in 0..<Self.rounds {
            body(mutated(Array(seeds[round % seeds.count].utf8), &generator))
        }
    }

    @Test("JSON that parses comes from JSON that is valid UTF-8")
    func json() {
        fuzz([
            #"{"a":[1,-2.5e+3,true,false,null,"\u00e9\ud83d\ude00\n"],"b":{"c":{}}}"#,
            TestIssuer.claims(#","x":{"y":[1]}"#),
            #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        ]) { bytes in
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            if (try? JSONValue(parsing: bytes)) != nil { #expect(isValid) }
            _ = try? VerificationKeySet(parsing: bytes)
            _ = try? KeyRing(parsing: bytes)
        }
    }

    @Test("No mutated claims, properly signed, get past as another subject of a type that is none")
    func claims() throws {
        let issuer = try TestIssuer()
        let verifier = try issuer.verifier()
        fuzz([TestIssuer.claims(#","groups":["a"],"nbf":1,"o":{"p":["q",1,null]}"#)]) { bytes in
            guard let token = try? issuer.token(claims: String(decoding: bytes, as: UTF8.self)) else { return }
            guard let principal = try? verifier.verify(token, at: now) else { return }
            #expect(principal.issuer == TestIssuer.url && !principal.subject.isEmpty)
            #expect(principal.audience == "postern" && principal.expires > now)
        }
    }

    @Test("No mutated token, session or assertion is accepted unless it is the same")
    func sealed() throws {
        let issuer = try TestIssuer()
        let verifier = try issuer.verifier()
        let token = String(decoding: try issuer.token(), as: UTF8.self)
        fuzz([token]) { bytes in
            if (try? verifier.verify(bytes, at: now)) != nil { #expect(bytes == Array(token.utf8)) }
        }
        let ring = try KeyRing.generate(at: now)
        let sealer = SessionSealer(ring: ring)
        let issued = try SessionTests.issue(sealer)
        fuzz([issued.sessionToken]) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if (try? sealer.open(token: text, accessKeyID: issued.accessKeyID, at: now)) != nil {
                #expect(text == issued.sessionToken)
            }
        }
        let credential = IdentityAssertion.Credential.accessKey(issued.accessKeyID)
        let assertion = try IdentityAssertion(
            session: issued.session,
            credential: credential,
            query: nil,
            app: nil,
            isPresigned: false
        ).sealed(by: ring, at: now)
        fuzz([assertion]) { bytes in
            if (try? IdentityAssertion(verifying: bytes, ring: ring, presented: credential, at: now)) != nil {
                #expect(bytes == Array(assertion.utf8))
            }
        }
    }

    @Test("Sealed nonsense is refused as well: fields that do not add up")
    func fields() throws {
        var writer = FieldWriter()
        writer.append(try SessionTests.issue(SessionSealer(ring: try KeyRing.generate(at: now))).session)
        let good = writer.bytes
        var generator = Seeded(state: 9)
        let id = SessionID(trusted: "x")
        for _ in 0..<Self.rounds {
            var reader = FieldReader(mutated(good, &generator))
            _ = try? reader.session(id: id)
        }
        for length in good.indices {
            var reader = FieldReader(Array(good[..<length]))
            #expect(throws: FieldReader.Malformed.self) { try reader.session(id: id) }
        }
        for bytes in [
            [0xFF], [UInt8](repeating: 0xFF, count: 12), [0x7F],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        ] {
            var reader = FieldReader(bytes)
            #expect(throws: FieldReader.Malformed.self) { try reader.text() }
        }
    }

    @Test("Requests of any shape are answered, and identified only by what was issued")
    func requests() throws {
        let bench = try RequestAuthenticatorTests.Bench()
        let issued = try bench.issue()
        let id = issued.accessKeyID.text
        let presigned = RequestAuthenticatorTests.presigned(id, token: issued.sessionToken)
        fuzz([RequestAuthenticatorTests.header(id), "Bearer abc", presigned]) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            for request in [
                CredentialRequest(target: "/", authorization: [text], securityToken: [issued.sessionToken]),
                CredentialRequest(target: text), CredentialRequest(target: "/", query: [text], userAgent: text),
            ] {
                if case .identified(let assertion) = bench.authenticator.authenticate(request, at: now) {
                    #expect(assertion.session == issued.session)
                }
            }
        }
    }

    @Test("Forms, credential files and STS's answers of any shape are answered")
    func documents() throws {
        let fake = FakeEndpoints()
        let path = try Scratch.file("config")
        let loader = fake.loader([
            "AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": path,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/",
        ])
        let identity = UpstreamIdentity(
            role: try RoleARN(parsing: "arn:aws:iam::111122223333:role/agent"),
            sessionName: try RoleSessionName(parsing: "ab"),
            externalID: nil
        )
        let base = try #require(
            AWSCredentials(accessKeyID: "AKIAENV0000000000001", secretAccessKey: "s", sessionToken: nil, expires: nil)
        )
        fuzz([
            FakeEndpoints.stsAnswer("AssumeRole"), "Action=AssumeRoleWithWebIdentity&RoleArn=a%2Fb&x=%C3%A9+",
            #"{"AccessKeyId":"ASIADOC0000000000001","SecretAccessKey":"s","Token":"t","Expiration":"2027-01-15T14:00:00Z"}"#,
        ]) { bytes in
            _ = try? FormBody(parsing: bytes)
            let document = FetchedDocument(status: 200, body: bytes)
            fake.state.withLock {
                $0.answers = ["POST " + FakeEndpoints.stsURL: document, "GET http://127.0.0.1/": document]
            }
            _ = try? fake.sts.assumeRole(identity, with: base, at: now)
            _ = try? loader.load(.container, at: now)
        }
        var generator = Seeded(state: 11)
        let profile =
            "[default]\naws_access_key_id = AKIAENV0000000000001\naws_secret_access_key = s\n[profile a]\nrole_arn=x\n"
        for _ in 0..<300 {
            try BoundedFile.replace(path, with: mutated(Array(profile.utf8), &generator))
            _ = try? loader.load(.profile(nil), at: now)
            _ = try? loader.load(.profile("a"), at: now)
        }
    }
}
