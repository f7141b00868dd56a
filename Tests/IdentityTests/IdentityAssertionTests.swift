import OpenSSL
import Testing

@testable import Identity

@Suite("Identity assertion")
struct IdentityAssertionTests {
    private let now = SessionTests.now

    private func assertion(_ ring: KeyRing) throws -> IdentityAssertion {
        let issued = try SessionTests.issue(SessionSealer(ring: ring))
        return IdentityAssertion(
            session: issued.session,
            credential: .accessKey(issued.accessKeyID),
            query: try CallLabel(parsing: "q/2"),
            app: try CallLabel(parsing: "claude-code"),
            isPresigned: true
        )
    }

    private func bearer() throws -> IdentityAssertion {
        let digest = SHA256.hash(Array("token".utf8))
        return IdentityAssertion(
            session: Session(
                id: SessionID(bearer: digest),
                principal: SessionTests.principal(),
                role: try RoleARN(parsing: "arn:aws:iam::111122223333:role/agent"),
                name: try RoleSessionName(parsing: "bearer"),
                query: nil,
                app: nil,
                issued: now,
                expires: now.adding(300)
            ),
            credential: .bearer(digest),
            query: nil,
            app: nil,
            isPresigned: false
        )
    }

    @Test("Comes back as it was made, for a minute")
    func roundTrip() throws {
        let ring = try KeyRing.generate(at: now)
        for assertion in [try assertion(ring), try bearer()] {
            let text = Array(try assertion.sealed(by: ring, at: now).utf8)
            let read = try IdentityAssertion(
                verifying: text,
                ring: ring,
                presented: assertion.credential,
                at: now.adding(59)
            )
            #expect(read == assertion)
            #expect(throws: AssertionError.expired) {
                try IdentityAssertion(verifying: text, ring: ring, presented: assertion.credential, at: now.adding(60))
            }
            #expect(text.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
    }

    @Test("Is good for no other credential")
    func otherCredential() throws {
        let ring = try KeyRing.generate(at: now)
        let first = try assertion(ring)
        let second = try assertion(ring)
        let text = Array(try first.sealed(by: ring, at: now).utf8)
        for other in [second.credential, try bearer().credential] {
            #expect(throws: AssertionError.otherCredential) {
                try IdentityAssertion(verifying: text, ring: ring, presented: other, at: now)
            }
        }
    }

    @Test("Is good under no other ring")
    func otherRing() throws {
        let ring = try KeyRing.generate(at: now)
        let assertion = try assertion(ring)
        let text = Array(try assertion.sealed(by: ring, at: now).utf8)
        #expect(throws: AssertionError.sealInvalid) {
            try IdentityAssertion(
                verifying: text,
                ring: try KeyRing.generate(at: now),
                presented: assertion.credential,
                at: now
            )
        }
    }

    @Test("Does not outlive its session")
    func sessionEnds() throws {
        let ring = try KeyRing.generate(at: now)
        let assertion = try bearer()
        let text = Array(try assertion.sealed(by: ring, at: now.adding(290)).utf8)
        #expect(throws: AssertionError.expired) {
            try IdentityAssertion(verifying: text, ring: ring, presented: assertion.credential, at: now.adding(300))
        }
    }

    @Test("One made by a clock far ahead does not count")
    func fromTheFuture() throws {
        let ring = try KeyRing.generate(at: now)
        let assertion = try bearer()
        let text = Array(try assertion.sealed(by: ring, at: now.adding(61)).utf8)
        #expect(throws: AssertionError.expired) {
            try IdentityAssertion(verifying: text, ring: ring, presented: assertion.credential, at: now)
        }
    }

    @Test("Refuses every changed character, every truncation and every addition")
    func damage() throws {
        let ring = try KeyRing.generate(at: now)
        let assertion = try assertion(ring)
        let text = Array(try assertion.sealed(by: ring, at: now).utf8)
        for index in text.indices {
            var damaged = text
            damaged[index] = damaged[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: AssertionError.self) {
                try IdentityAssertion(verifying: damaged, ring: ring, presented: assertion.credential, at: now)
            }
        }
        for length in text.indices {
            #expect(throws: AssertionError.self) {
                try IdentityAssertion(
                    verifying: Array(text[..<length]),
                    ring: ring,
                    presented: assertion.credential,
                    at: now
                )
            }
        }
        for added in [text + [0x41], [0x41] + text, text + text, [], [UInt8](repeating: 0x41, count: 8193)] {
            #expect(throws: AssertionError.self) {
                try IdentityAssertion(verifying: added, ring: ring, presented: assertion.credential, at: now)
            }
        }
    }
}
