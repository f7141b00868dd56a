import OpenSSL
import Testing

@testable import Identity

@Suite("Sessions")
struct SessionTests {
    static let now = UnixTime(seconds: 1_800_000_000)
    private let now = Self.now

    static func principal(claims: [String: [String]] = ["team": ["red"], "sub": ["agent-7"]]) -> Principal {
        Principal(
            issuer: "https://idp.example.com",
            subject: "agent-7",
            audience: "postern",
            groups: ["dev", "ops"],
            email: nil,
            claims: ClaimSet(claims),
            issued: now.adding(-1),
            expires: now.adding(300)
        )
    }

    static func issue(
        _ sealer: SessionSealer,
        lifetime: Int64 = 3600,
        claims: [String: [String]] = ["team": ["red"]]
    ) throws -> SessionSealer.IssuedCredentials {
        try sealer.issue(
            principal: principal(claims: claims),
            role: RoleARN(parsing: "arn:aws:iam::111122223333:role/teams/agent"),
            name: RoleSessionName(parsing: "query-8f3a"),
            query: CallLabel(parsing: "q/1"),
            app: nil,
            at: now,
            lifetime: lifetime
        )
    }

    @Test("Opens what it issued, until it ends")
    func roundTrip() throws {
        let sealer = SessionSealer(ring: try KeyRing.generate(at: now))
        let issued = try Self.issue(sealer)
        let opened = try sealer.open(token: issued.sessionToken, accessKeyID: issued.accessKeyID, at: now.adding(3599))
        #expect(opened == issued.session)
        #expect(opened.id.text == issued.accessKeyID.text)
        #expect(opened.arn == "arn:aws:sts::111122223333:assumed-role/agent/query-8f3a")
        #expect(throws: SessionError.expired) {
            try sealer.open(token: issued.sessionToken, accessKeyID: issued.accessKeyID, at: now.adding(3600))
        }
    }

    @Test("Access key ids fit SDKs and never look like AWS's")
    func accessKeyID() throws {
        let ring = try KeyRing.generate(at: now)
        let sealer = SessionSealer(ring: ring)
        var seen: Set<String> = []
        for _ in 0..<200 {
            let id = try Self.issue(sealer).accessKeyID.text
            #expect(id.utf8.count == 24 && id.hasPrefix("PSTN" + ring.keys[0].id))
            #expect(id.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) })
            seen.insert(id)
        }
        #expect(seen.count == 200)
    }

    @Test(
        "Refuses access key ids of another form",
        arguments: [
            "", "PSTN", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLEXXXX", "PSTNAAAABBBBCCCCDDDDEEE",
            "pstnAAAABBBBCCCCDDDDEEEE",
            "PSTNAAAABBBBCCCCDDDDEEE1", "PSTNAAAABBBBCCCCDDDDEEEé", "PSTNAAAABBBBCCCCDDDDEEEEE",
            "PSTNAAAABBBBCCCC DDDEEEE",
        ]
    )
    func malformedAccessKeyID(_ text: String) {
        #expect(throws: IdentifierError.malformedAccessKeyID) { try AccessKeyID(parsing: text) }
    }

    @Test("Derives the same secret again, 40 characters, different for each id and each ring")
    func secret() throws {
        let sealer = SessionSealer(ring: try KeyRing.generate(at: now))
        let issued = try Self.issue(sealer)
        #expect(try sealer.secret(for: issued.accessKeyID, at: now) == issued.secretAccessKey)
        #expect(issued.secretAccessKey.count == 40)
        #expect(issued.secretAccessKey.withSpan { Base64.decode($0) }?.count == 30)
        #expect(try sealer.secret(for: Self.issue(sealer).accessKeyID, at: now) != issued.secretAccessKey)
        let stranger = SessionSealer(ring: try KeyRing.generate(at: now))
        #expect(throws: SessionError.accessKeyUnknown) { try stranger.secret(for: issued.accessKeyID, at: now) }
    }

    @Test("A token opens with no other access key id of the same key")
    func bound() throws {
        let sealer = SessionSealer(ring: try KeyRing.generate(at: now))
        let first = try Self.issue(sealer)
        let second = try Self.issue(sealer)
        #expect(throws: SessionError.tokenInvalid) {
            try sealer.open(token: first.sessionToken, accessKeyID: second.accessKeyID, at: now)
        }
    }

    @Test("Refuses every bit flip, every truncation, and text around the token")
    func damage() throws {
        let sealer = SessionSealer(ring: try KeyRing.generate(at: now))
        let issued = try Self.issue(sealer)
        let bytes = try #require(Base64URL.decode(issued.sessionToken))
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            let token = Base64URL.encode(damaged)
            #expect(throws: SessionError.tokenInvalid) {
                try sealer.open(token: token, accessKeyID: issued.accessKeyID, at: now)
            }
        }
        for length in 0..<bytes.count {
            let token = Base64URL.encode(Array(bytes[..<length]))
            #expect(throws: SessionError.tokenInvalid) {
                try sealer.open(token: token, accessKeyID: issued.accessKeyID, at: now)
            }
        }
        for token in [
            issued.sessionToken + "=", " " + issued.sessionToken, issued.sessionToken + "\n", "é",
            String(repeating: "A", count: 8193),
        ] {
            #expect(throws: SessionError.tokenInvalid) {
                try sealer.open(token: token, accessKeyID: issued.accessKeyID, at: now)
            }
        }
    }

    @Test("Sessions outlive a rotation by the overlap, and no longer")
    func rotation() throws {
        let ring = try KeyRing.generate(at: now)
        let issued = try Self.issue(SessionSealer(ring: ring), lifetime: 100_000)
        let rotated = SessionSealer(ring: try ring.rotated(at: now, spread: 60, overlap: 43_200))
        #expect(
            try rotated.open(token: issued.sessionToken, accessKeyID: issued.accessKeyID, at: now.adding(43_259))
                == issued.session
        )
        #expect(throws: SessionError.accessKeyUnknown) {
            try rotated.open(token: issued.sessionToken, accessKeyID: issued.accessKeyID, at: now.adding(43_260))
        }
    }

    @Test("Makes no session without an active key")
    func unavailable() throws {
        let sealer = SessionSealer(ring: try KeyRing.generate(at: now.adding(10)))
        #expect(throws: SessionError.unavailable) { try Self.issue(sealer) }
    }

    @Test("The largest claims that a token may bring still fit the limits of headers")
    func size() throws {
        let sealer = SessionSealer(ring: try KeyRing.generate(at: now))
        let issued = try Self.issue(sealer, claims: ["x": [String(repeating: "x", count: 3071)]])
        #expect(issued.sessionToken.utf8.count < 5000)
        _ = try sealer.open(token: issued.sessionToken, accessKeyID: issued.accessKeyID, at: now)
    }

    @Test(
        "Refuses malformed role ARNs",
        arguments: [
            "", "agent", "arn:aws:iam::111122223333:user/agent", "arn:aws:sts::111122223333:assumed-role/a/b",
            "arn:aws:iam:us-east-1:111122223333:role/agent", "arn:aws:iam::11112222333:role/agent",
            "arn:aws:iam::11112222333x:role/agent", "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:role",
            "arn:aws:iam::111122223333:role//agent", "arn:aws:iam::111122223333:role/agent*",
            "arn:AWS:iam::111122223333:role/a",
            "arn:aws-:iam::111122223333:role/agent", "arn:aws:iam::111122223333:role/a b",
            "arn:aws:iam::111122223333:role/é",
            "arn:aws:iam::111122223333:role/" + String(repeating: "a", count: 65),
        ]
    )
    func malformedRole(_ text: String) {
        #expect(throws: IdentifierError.malformedRoleARN) { try RoleARN(parsing: text) }
    }

    @Test("Refuses malformed session names and labels")
    func malformedNames() {
        for text in ["", "a", "a b", "a/b", "é", String(repeating: "a", count: 65), "a\n"] {
            #expect(throws: IdentifierError.malformedSessionName) { try RoleSessionName(parsing: text) }
        }
        for text in ["", "a b", "a;b", "<x>", "é", String(repeating: "a", count: 129), "a\r\n"] {
            #expect(throws: IdentifierError.malformedLabel) { try CallLabel(parsing: text) }
        }
        #expect(CallLabel(appInUserAgent: "aws-cli/2 md/x app/claude-code exec-env/y")?.text == "claude-code")
        #expect(CallLabel(appInUserAgent: "aws-cli/2 wrapp/er") == nil)
        #expect(CallLabel(appInUserAgent: "app/a;b app/c") == nil)
    }

    @Test(
        "Writes and reads times as STS does",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_800_000_000, "2027-01-15T08:00:00Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"), (2_147_483_648, "2038-01-19T03:14:08Z"),
        ] as [(Int64, String)]
    )
    func times(_ seconds: Int64, _ text: String) {
        #expect(UnixTime(seconds: seconds).description == text)
        #expect(UnixTime(iso8601: text) == UnixTime(seconds: seconds))
    }

    @Test(
        "Refuses other times",
        arguments: [
            "", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+01:00",
            "2026-01-01 00:00:00Z", "2026-01-01T00:00:0éZ",
        ]
    )
    func badTimes(_ text: String) {
        #expect(UnixTime(iso8601: text) == nil)
    }
}
