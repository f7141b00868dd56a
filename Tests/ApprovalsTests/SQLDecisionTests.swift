import Approvals
import Postgres
import PrivateCluster
import Testing

@Suite("Deciding by SQL", .needsPostgres)
struct SQLDecisionTests {
    let fixture: ApprovalFixture

    init() throws {
        fixture = try ApprovalFixture()
        try fixture.makeApprover("dba_one")
        try fixture.makeApprover("dba_two", groups: ["release"])
    }

    func vote(_ function: String, _ id: ApprovalID, as role: String, reason: String = "fine") throws -> String? {
        var connection = try fixture.connect(as: role)
        return try connection.execute("SELECT postern.\(function)($1::uuid, $2)", [.text(id.text), .text(reason)])
            .text(0, 0)
    }

    @Test("Records the role that logged in, in votes and in the audit chain")
    func recordsRole() throws {
        let store = fixture.store()
        let approval = try store.open(ApprovalFixture.request())
        #expect(try vote("approve", approval.id, as: "dba_one") == "approved")
        let votes = try store.votes(on: approval.id)
        #expect(votes.map(\.person) == [Person(issuer: "postgresql", subject: "dba_one")])
        #expect(votes.map(\.channel) == ["sql"])
        var connection = try fixture.connect()
        let events = try connection.execute(
            """
            SELECT r.event, r.subject, r.detail->>'state', r.approval_id,
                   r.hash = sha256(postern_audit.genesis(r.writer) || postern_audit.canonical(r.*))
            FROM postern_audit.record AS r
            """
        )
        #expect(events.rowCount == 1)
        #expect(try events.text(0, 0) == "approval_decided")
        #expect(try events.text(0, 1) == "dba_one")
        #expect(try events.text(0, 2) == "approved")
        #expect(try events.text(0, 3) == approval.id.text)
        #expect(try events.bool(0, 4) == true)
        let hooks = try connection.execute("SELECT event FROM postern.webhook ORDER BY id")
        #expect(try (0..<hooks.rowCount).map { try hooks.text($0, 0) } == ["pending", "approved"])
    }

    @Test("Asks for a reason, an open request, and a vote of one's own")
    func refuses() throws {
        let approval = try fixture.store().open(ApprovalFixture.request(terms: ApprovalTerms(quorum: 2)))
        let missing = try #require(ApprovalID(parsing: "11111111-1111-7111-8111-111111111111"))
        #expect(state { try vote("approve", approval.id, as: "dba_one", reason: " ") } == "22023")
        #expect(state { try vote("approve", missing, as: "dba_one") } == "P0002")
        #expect(try vote("approve", approval.id, as: "dba_one") == "pending")
        #expect(state { try vote("approve", approval.id, as: "dba_one") } == "25000")
        #expect(try vote("deny", approval.id, as: "dba_two") == "denied")
        #expect(state { try vote("approve", approval.id, as: "dba_two") } == "25000")
    }

    @Test(
        "A role that the policy's groups leave out is refused, a member of one is not, a person's claims count elsewhere"
    )
    func respectsApprovers() throws {
        let store = fixture.store()
        let approval = try store.open(ApprovalFixture.request(terms: ApprovalTerms(approvers: #"[["release","ops"]]"#)))
        #expect(state { try vote("approve", approval.id, as: "dba_one") } == "42501")
        #expect(try vote("approve", approval.id, as: "dba_two") == "approved")
        let both = try store.open(
            ApprovalFixture.request("both", terms: ApprovalTerms(approvers: #"[["release"],[{"StringEquals":{}}]]"#))
        )
        #expect(state { try vote("approve", both.id, as: "dba_two") } == "42501")
        #expect(try vote("approve", both.id, as: "postgres") == "approved")
    }

    @Test("A role that asked for it does not decide")
    func refusesOwnRequest() throws {
        let approval = try fixture.store().open(ApprovalFixture.request(subject: "dba_one"))
        #expect(state { try vote("approve", approval.id, as: "dba_one") } == "42501")
    }

    @Test("Who is no approver cannot vote, nor change a row", arguments: ["postern_auditor", "postern_auth"])
    func refusesOthers(role: String) throws {
        let approval = try fixture.store().open(ApprovalFixture.request())
        #expect(state { try vote("approve", approval.id, as: role) } == "42501")
        for sql in [
            "UPDATE postern.approval SET state = 'approved'", "DELETE FROM postern.approval_decision",
            "INSERT INTO postern.grant_use VALUES ('\(approval.id)', gen_random_uuid())",
            "SELECT postern.revoke('all', '', 'x')",
        ] {
            var connection = try fixture.connect(as: role)
            #expect(throws: PostgresError.self, "\(sql)") { _ = try connection.execute(sql).rowCount }
        }
    }

    /// The SQLSTATE that `body` fails with.
    private func state(_ body: () throws -> String?) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? PostgresError)?.sqlState?.code ?? "\(error)"
        }
    }
}
