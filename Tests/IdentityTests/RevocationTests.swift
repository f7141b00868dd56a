import Testing

@testable import Identity

@Suite("Revocations")
struct RevocationTests {
    private let now = SessionTests.now

    private func session(began: Int64 = 0, tokenIssued: Int64? = -1) throws -> Session {
        var principal = SessionTests.principal()
        principal = Principal(
            issuer: principal.issuer,
            subject: principal.subject,
            audience: principal.audience,
            groups: [],
            email: nil,
            claims: principal.claims,
            issued: tokenIssued.map { now.adding($0) },
            expires: principal.expires
        )
        return Session(
            id: SessionID(try AccessKeyID(parsing: "PSTNAAAABBBBCCCCDDDDEEEE")),
            principal: principal,
            role: try RoleARN(parsing: "arn:aws:iam::111122223333:role/agent"),
            name: try RoleSessionName(parsing: "ab"),
            query: nil,
            app: nil,
            issued: now.adding(began),
            expires: now.adding(3600)
        )
    }

    private static let values: [(Revocation.Kind, String)] = [
        (.principal, "https://idp.example.com#agent-7"), (.principal, "https://idp.example.com agent-7"),
        (.role, "arn:aws:iam::111122223333:role/agent"), (.all, ""),
    ]

    @Test("Ends what began up to the moment, and nothing after it", arguments: values)
    func moment(_ kind: Revocation.Kind, _ value: String) throws {
        let list = RevocationList([Revocation(kind: kind, value: value, revoked: now)])
        #expect(list.revokes(try session(began: 0, tokenIssued: -1)))
        #expect(list.revokes(try session(began: -3600, tokenIssued: -3601)))
        #expect(list.revokes(try session(began: 5, tokenIssued: 0)))
        #expect(list.revokes(try session(began: 5, tokenIssued: nil)))
        // The issuer's clock may be ahead: the session's own beginning counts as well.
        #expect(list.revokes(try session(began: 0, tokenIssued: 30)))
        #expect(!list.revokes(try session(began: 5, tokenIssued: 1)))
    }

    @Test("Ends one session for good, whenever it began")
    func oneSession() throws {
        let entry = Revocation(kind: .session, value: "PSTNAAAABBBBCCCCDDDDEEEE", revoked: now.adding(-9999))
        #expect(RevocationList([entry]).revokes(try session()))
    }

    @Test("Touches nobody else")
    func others() throws {
        let entries = [
            Revocation(kind: .session, value: "PSTNAAAABBBBCCCCDDDDEEEF", revoked: now),
            Revocation(kind: .principal, value: "https://idp.example.com#agent-7 x", revoked: now),
            Revocation(kind: .principal, value: "https://other.example agent-7", revoked: now),
            Revocation(kind: .role, value: "arn:aws:iam::111122223333:role/agent2", revoked: now),
            Revocation(kind: .all, value: "", revoked: now.adding(-10)),
        ]
        #expect(!RevocationList(entries).revokes(try session()))
    }

    @Test("Of several about one thing the latest counts", arguments: values)
    func latest(_ kind: Revocation.Kind, _ value: String) throws {
        let entries = [now, now.adding(-100)].map { Revocation(kind: kind, value: value, revoked: $0) }
        #expect(RevocationList(entries).revokes(try session()))
        #expect(RevocationList(entries.reversed()).revokes(try session()))
    }

    @Test("Lets nothing through before the list is known, and when it is stale")
    func failsClosed() throws {
        let revocations = Revocations(staleAfter: 30)
        let session = try session()
        #expect(throws: SessionError.revocationsUnknown) { try revocations.check(session, at: now) }
        #expect(revocations.age(at: now) == nil)
        revocations.replace(with: RevocationList([]), at: now)
        #expect(revocations.age(at: now.adding(29)) == 29)
        try revocations.check(session, at: now.adding(30))
        #expect(throws: SessionError.revocationsUnknown) { try revocations.check(session, at: now.adding(31)) }
        #expect(throws: SessionError.revocationsUnknown) { try revocations.check(session, at: now.adding(-31)) }
        revocations.replace(
            with: RevocationList([Revocation(kind: .all, value: "", revoked: now)]),
            at: now.adding(31)
        )
        #expect(throws: SessionError.revoked) { try revocations.check(session, at: now.adding(31)) }
    }
}
