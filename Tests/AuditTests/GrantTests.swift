import OpenSSL
import Postgres
import PrivateCluster
import Synchronization
import Testing

@testable import Audit

@Suite("Grants", .needsPostgres)
struct GrantTests {
    let fixture: AuditFixture
    let fingerprint = SHA256.hash([1])
    let approval: RecordID

    init() throws {
        fixture = try AuditFixture()
        var connection = try fixture.connect()
        let text = try connection.execute(
            """
            INSERT INTO postern.approval (fingerprint, state, expires_at, decided_at, grant_lasts, grant_expires_at,
                uses_allowed, quorum, approvers, issuer, subject, groups, operation, actions, risks, resources, summary)
            VALUES ($1, 'approved', clock_timestamp() + interval '1 min', clock_timestamp(), '1 min',
                clock_timestamp() + interval '1 min', 1, 1, '[]', 'i', 'agent-1', '{}', 'o', '{}', '{}', '{}', 's')
            RETURNING id
            """,
            [.bytes(fingerprint.bytes)]
        ).text(0, 0)
        approval = try #require(RecordID(parsing: text ?? ""))
    }

    @Test("Fifty calls at once on one grant: one goes on, the others are refused, and nobody else's call is")
    func consumesOnce() throws {
        // Two processes, as it were.
        let writers = [fixture.writer(), fixture.writer()]
        let state = Shared()
        let use = GrantUse(approvalID: approval, fingerprint: fingerprint)
        for index in 0..<50 {
            let writer = writers[index % 2]
            let isStarted = DatabaseThread.start {
                do throws(AuditError) {
                    _ = try writer.append(intent: AuditFixture.intent(), consuming: use)
                    state.results.withLock { $0.granted += 1 }
                } catch {
                    if error == .grantRefused { state.results.withLock { $0.refused += 1 } }
                }
                if (try? writer.append(intent: AuditFixture.intent())) != nil {
                    state.results.withLock { $0.others += 1 }
                }
                state.results.withLock { $0.running -= 1 }
            }
            #expect(isStarted)
        }
        while state.results.withLock({ $0.running }) > 0 { _ = try fixture.count("SELECT 1") }
        for writer in writers { writer.close() }
        let (granted, refused, others, _) = state.results.withLock { $0 }
        #expect(granted == 1)
        #expect(refused == 49)
        #expect(others == 50)
        #expect(try fixture.count("SELECT count(*) FROM postern_audit.record WHERE kind = 'intent'") == 51)
        #expect(try fixture.count("SELECT count(*) FROM postern.approval WHERE state = 'used' AND uses = 1") == 1)
        #expect(
            try fixture.count(
                "SELECT count(*) FROM postern.grant_use AS u JOIN postern_audit.record AS r ON r.id = u.call_id"
            ) == 1
        )
        #expect(try fixture.brokenLinks() == 0)
    }

    @Test("A grant for another call, or none at all, is refused and leaves no record")
    func refusesOthers() throws {
        let writer = fixture.writer()
        for use in [
            GrantUse(approvalID: approval, fingerprint: SHA256.hash([2])),
            GrantUse(approvalID: .make(), fingerprint: fingerprint),
        ] {
            #expect(throws: AuditError.grantRefused) {
                try writer.append(intent: AuditFixture.intent(), consuming: use)
            }
        }
        writer.close()
        #expect(try fixture.count("SELECT count(*) FROM postern_audit.record WHERE kind = 'intent'") == 0)
        #expect(try fixture.count("SELECT count(*) FROM postern.approval WHERE uses = 0") == 1)
    }

    final class Shared: Sendable {
        let results = Mutex<(granted: Int, refused: Int, others: Int, running: Int)>((0, 0, 0, 50))
    }
}
