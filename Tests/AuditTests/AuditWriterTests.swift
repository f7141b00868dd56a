import Foundation
import Metrics
import OpenSSL
import Postgres
import PrivateCluster
import Synchronization
import Testing

@testable import Audit

@Suite("Audit writer", .needsPostgres)
struct AuditWriterTests {
    let fixture: AuditFixture

    init() throws {
        fixture = try AuditFixture()
    }

    @Test("What was appended is a row that PostgreSQL's own reading of the chain confirms")
    func appends() throws {
        let writer = fixture.writer()
        let intent = AuditFixture.intent()
        let receipt = try writer.append(intent: intent)
        #expect(receipt.writer == writer.id)
        #expect(receipt.sequence == 2)
        writer.append(outcome: AuditFixture.outcome(of: intent.id))
        var event = EventRecord(.denied, id: .make(), time: .now(), message: "no\0 \u{1}\"", call: intent.call)
        event.detail = [("a\"\n", .text("\u{1}é\\")), ("n", .number(.min))]
        event.repeated = 3
        writer.append(event: event)
        writer.close()
        var connection = try fixture.connect()
        let rows = try connection.execute(
            """
            SELECT c.subject, c.groups, c.parameters::text, c.decision, c.status, c.findings->>'password', c.masked,
                   encode(c.body_sha256, 'hex'), c.resources[1], c.duration > interval '0', c.ts = c.ts
            FROM postern_audit.calls AS c WHERE c.id = $1::uuid
            """,
            [.text(intent.id.description)]
        )
        #expect(rows.rowCount == 1)
        #expect(try rows.text(0, 0) == "agent-1")
        #expect(try rows.texts(0, 1) == ["agents", "with \"quotes\", commas"])
        #expect(try rows.text(0, 2) == #"{"Name": "/app/db",  "WithDecryption": true, "n": 1.50}"#)
        #expect(try rows.text(0, 3) == "allow")
        #expect(try rows.integer(0, 4) == 200)
        #expect(try rows.text(0, 5) == "2")
        #expect(try rows.integer(0, 6) == 3)
        #expect(try rows.text(0, 7) == SHA256.hash([1, 2, 3]).hex)
        #expect(try rows.text(0, 8) == "arn:aws:ssm:us-east-1:111122223333:parameter/app/db")
        #expect(try rows.bool(0, 9) == true)
        let events = try connection.execute(
            "SELECT event, message, detail->>E'a\"\\n', repeated FROM postern_audit.record WHERE kind = 'event' ORDER BY sequence"
        )
        #expect(
            try (0..<events.rowCount).map { try events.text($0, 0) } == ["writer_started", "denied", "writer_stopped"]
        )
        #expect(try events.text(1, 1) == "no␀ \u{1}\"")
        #expect(try events.text(1, 2) == "\u{1}é\\")
        #expect(try events.integer(1, 3) == 3)
        #expect(try fixture.brokenLinks() == 0)
    }

    @Test("Bounds text at a scalar's edge, arrays and JSON")
    func bounds() throws {
        let writer = fixture.writer()
        var intent = AuditFixture.intent()
        intent.call.userAgent = "x" + String(repeating: "é", count: 3000)
        intent.call.resources = (0..<200).map { "arn:\($0)" }
        intent.call.parameters = Array(("{\"a\":\"" + String(repeating: "y", count: 70_000) + "\"}").utf8)
        _ = try writer.append(intent: intent)
        writer.close()
        var connection = try fixture.connect()
        let rows = try connection.execute(
            "SELECT octet_length(user_agent), cardinality(resources), parameters->>'bytes' FROM postern_audit.calls"
        )
        #expect(try rows.integer(0, 0) == 4095)
        #expect(try rows.integer(0, 1) == 128)
        #expect(try rows.text(0, 2) == "70008")
        #expect(try fixture.brokenLinks() == 0)
    }

    @Test("Many threads get one record each, in one chain")
    func appendsInParallel() async throws {
        let writer = fixture.writer()
        let receipts = try await withThrowingTaskGroup(of: [AuditReceipt].self) { group in
            for thread in 0..<8 {
                group.addTask {
                    try (0..<100).map { _ in try writer.append(intent: AuditFixture.intent(subject: "t\(thread)")) }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        writer.close()
        #expect(Set(receipts.map(\.sequence)) == Set(2...801))
        #expect(try fixture.count("SELECT count(*) FROM postern_audit.calls") == 800)
        #expect(try fixture.brokenLinks() == 0)
    }

    @Test("A record that PostgreSQL refuses is refused alone")
    func isolatesPoison() async throws {
        let writer = fixture.writer()
        var bad = AuditFixture.intent()
        bad.call.parameters = Array("{not json".utf8)
        let poison = bad
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask {
                    if index.isMultiple(of: 10) {
                        #expect(throws: AuditError.recordRefused(SQLState("22P02"))) {
                            try writer.append(intent: poison)
                        }
                    } else {
                        #expect(throws: Never.self) { try writer.append(intent: AuditFixture.intent()) }
                    }
                }
            }
        }
        writer.close()
        #expect(try fixture.count("SELECT count(*) FROM postern_audit.record WHERE kind = 'intent'") == 36)
        #expect(
            try fixture.count("SELECT count(*) FROM postern_audit.record WHERE detail->>'sqlstate' = '22P02'") == 4
        )
        #expect(try fixture.brokenLinks() == 0)
    }

    @Test("A large batch goes at once; a record in it that PostgreSQL refuses is refused alone", arguments: [0, 3])
    func storesLargeBatch(poisoned: Int) throws {
        let writer = fixture.writer()
        _ = try writer.append(intent: AuditFixture.intent())
        var connection = try fixture.connect()
        _ = try connection.execute("BEGIN")
        _ = try connection.execute("LOCK TABLE postern_audit.record IN ACCESS EXCLUSIVE MODE")
        let refused = Mutex<[AuditError]>([])
        let running = Atomic(60)
        for index in 0..<60 {
            var intent = AuditFixture.intent()
            if index < poisoned { intent.call.parameters = Array("{not json".utf8) }
            let call = intent
            let isStarted = DatabaseThread.start {
                do throws(AuditError) {
                    _ = try writer.append(intent: call)
                } catch {
                    refused.withLock { $0.append(error) }
                }
                running.subtract(1, ordering: .relaxed)
            }
            #expect(isStarted)
        }
        // One is on its way and waits for the lock, the others wait for that one.
        usleep(300_000)
        _ = try connection.execute("COMMIT")
        while running.load(ordering: .relaxed) > 0 { usleep(10_000) }
        writer.close()
        let expected = Array(repeating: AuditError.recordRefused(SQLState("22P02")), count: poisoned)
        #expect(refused.withLock { $0 } == expected)
        let stored = try fixture.count("SELECT count(*) FROM postern_audit.record WHERE kind = 'intent'")
        #expect(stored == 61 - Int64(poisoned))
        let largest = "SELECT max(n) FROM (SELECT count(*) AS n FROM postern_audit.record GROUP BY stored_at) AS t"
        #expect(try fixture.count(largest) >= 40)
        #expect(try fixture.brokenLinks() == 0)
    }

    @Test("Without a database: refused within the deadline, then at once, never later")
    func failsClosed() throws {
        var settings = AuditWriter.Settings(database: "host=/nonexistent", instance: "test")
        settings.deadline = .milliseconds(300)
        let writer = AuditWriter(settings)
        var start = ContinuousClock.now
        #expect(throws: AuditError.deadlineExceeded) { try writer.append(intent: AuditFixture.intent()) }
        #expect(ContinuousClock.now - start < .milliseconds(800))
        usleep(300_000)
        start = .now
        #expect(throws: AuditError.unavailable) { try writer.append(intent: AuditFixture.intent()) }
        #expect(ContinuousClock.now - start < .milliseconds(100))
        #expect(!writer.isReady)
        #expect(writer.lag >= .milliseconds(300))
        var page = MetricsPage()
        writer.write(into: &page)
        #expect(page.text.contains("postern_ready 0\n"))
        #expect(page.text.contains("postern_audit_commit_seconds_bucket{result=\"failed\",le=\"+Inf\"}"))
        #expect(!page.text.contains("result=\"stored\""))
        #expect(!page.text.contains("postern_audit_lag_seconds 0\n"))
        writer.close(within: .zero)
        #expect(throws: AuditError.closed) { try writer.append(intent: AuditFixture.intent()) }
    }

    @Test("Intents are refused while other records pile up; what finds no room is counted")
    func refusesOverload() throws {
        var settings = AuditWriter.Settings(database: "host=/nonexistent", instance: "test")
        settings.queueLimit = 10
        settings.deadline = .seconds(60)
        let writer = AuditWriter(settings)
        for _ in 0..<5 { writer.append(outcome: OutcomeRecord(id: .make(), time: .now())) }
        #expect(throws: AuditError.overloaded) { try writer.append(intent: AuditFixture.intent()) }
        writer.close(within: .zero)
    }

    @Test("A record locked out for longer than the deadline is refused, and its row says it was never forwarded")
    func marksAbandoned() throws {
        let writer = fixture.writer { $0.deadline = .milliseconds(600) }
        _ = try writer.append(intent: AuditFixture.intent())
        var blocker = try fixture.connect()
        _ = try blocker.execute("BEGIN")
        _ = try blocker.execute("LOCK TABLE postern_audit.record IN ACCESS EXCLUSIVE MODE")
        let late = AuditFixture.intent()
        #expect(throws: AuditError.deadlineExceeded) { try writer.append(intent: late) }
        _ = try blocker.execute("ROLLBACK")
        // The batch is retried; whether it was dropped or stored late, no intent is left without an outcome.
        while (try? writer.append(intent: AuditFixture.intent())) == nil { usleep(20_000) }
        writer.close()
        #expect(
            try fixture.count(
                """
                SELECT count(*) FROM postern_audit.record AS i WHERE i.id = '\(late.id)' AND i.kind = 'intent'
                AND NOT EXISTS (SELECT FROM postern_audit.record AS o
                                WHERE o.id = i.id AND o.error_code = 'AuditDeadlineExceeded')
                """
            ) == 0
        )
        #expect(try fixture.brokenLinks() == 0)
    }

    @Test("Checkpoints are signed, also when idle, and written to a file")
    func signsCheckpoints() throws {
        let key = try Ed25519.PrivateKey.generate()
        let path = "/tmp/postern-checkpoints-\(getpid())"
        defer { unsafe unlink(path) }
        let writer = fixture.writer {
            $0.checkpointKey = key
            $0.checkpointInterval = .milliseconds(200)
            $0.checkpointSinks = [AuditSink(.file(path))]
        }
        _ = try writer.append(intent: AuditFixture.intent())
        usleep(900_000)
        writer.close()
        #expect(try fixture.count("SELECT count(*) FROM postern_audit.checkpoint") >= 3)
        #expect(try fixture.count("SELECT max(sequence) FROM postern_audit.checkpoint") == 3)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(Int64(lines.count) == (try fixture.count("SELECT count(*) FROM postern_audit.checkpoint")))
    }

    @Test("The worker's role cannot read, change, delete or forge a record")
    func hasLeastGrants() throws {
        let writer = fixture.writer()
        _ = try writer.append(intent: AuditFixture.intent())
        writer.close()
        var connection = try fixture.connect(as: "postern_worker")
        for sql in [
            "SELECT * FROM postern_audit.record", "UPDATE postern_audit.record SET subject = 'x'",
            "DELETE FROM postern_audit.record", "TRUNCATE postern_audit.record", "DROP TABLE postern_audit.record",
            "INSERT INTO postern_audit.record (stored_at) VALUES (now())", "SET ROLE postern_owner",
            "LOCK TABLE postern_audit.record", "SET session_replication_role = replica",
            "SELECT postern_audit.append_event('x', 'y')", "SELECT pg_advisory_lock(1)", "SELECT lo_create(1)",
            "UPDATE postern.approval SET state = 'approved'",
            "SELECT postern.decide_approval(gen_random_uuid(), 'approve', 'a', 'b', '{}', 'c', 'd')",
            "SELECT postern.approve(gen_random_uuid(), 'x')", "SELECT postern.announce(gen_random_uuid(), 'x')",
        ] {
            #expect(throws: PostgresError.self, "\(sql)") { _ = try connection.execute(sql).rowCount }
        }
    }

    @Test("Even the owner cannot change a row, in the table or in a partition, nor a superuser in replica mode")
    func isAppendOnly() throws {
        let writer = fixture.writer()
        _ = try writer.append(intent: AuditFixture.intent())
        writer.close()
        var connection = try fixture.connect()
        let name = try connection.execute("SELECT tableoid::regclass FROM postern_audit.record").text(0, 0) ?? ""
        #expect(name.hasPrefix("postern_audit.record_2"))
        _ = try connection.execute("SET session_replication_role = replica")
        for sql in [
            "UPDATE postern_audit.record SET subject = 'x'", "DELETE FROM \(name)", "TRUNCATE \(name)",
            "UPDATE \(name) SET subject = 'x'", "DELETE FROM postern_audit.checkpoint",
        ] {
            do {
                _ = try connection.execute(sql)
                Issue.record("\(sql) was not refused")
            } catch {
                #expect(error.sqlState == .insufficientPrivilege, "\(sql)")
            }
        }
    }

    @Test("The auditor reads what is in the audit's schema, and can do nothing else at all")
    func auditorReads() throws {
        var connection = try fixture.connect(as: "postern_auditor")
        for view in [
            "calls", "denials", "secrets_masked", "approvals", "by_principal_daily", "query_trail", "unknown_outcomes",
            "record", "checkpoint",
        ] {
            #expect(try connection.execute("SELECT count(*) FROM postern_audit.\(view)").integer(0, 0) != nil)
        }
        // By the catalogue, so that nothing that is added later is forgotten.
        #expect(
            try fixture.count(
                """
                SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
                       unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm')
                  AND has_table_privilege('postern_auditor', c.oid, p)
                """
            ) == 0
        )
        #expect(
            try fixture.count(
                """
                SELECT count(*) FROM pg_class AS c WHERE c.relnamespace = 'postern'::regnamespace
                  AND c.relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege('postern_auditor', c.oid, 'SELECT')
                  AND has_schema_privilege('postern_auditor', 'postern', 'USAGE')
                """
            ) == 0
        )
        // What may run reads or computes, and runs with the caller's own rights.
        #expect(
            try fixture.count(
                """
                SELECT count(*) FROM pg_proc AS p WHERE p.pronamespace = 'postern_audit'::regnamespace
                  AND has_function_privilege('postern_auditor', p.oid, 'EXECUTE')
                  AND (p.prosecdef OR p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype)
                """
            ) == 0
        )
        for statement in [
            "CREATE TABLE postern_audit.x ()", "CREATE SCHEMA x",
            "SELECT postern_audit.append_event('x', 'x')", "SELECT postern_audit.make_partitions(1)",
            "SELECT postern_audit.drop_partition('record_20200101', 0, '', '')",
            "SELECT postern.revoke('all', '', '', '')",
            "SELECT * FROM postern.approval",
        ] {
            #expect(throws: PostgresError.self, "\(statement)") { _ = try connection.execute(statement) }
        }
    }

    @Test("Every table, view, function and column is described")
    func isDescribed() throws {
        #expect(
            try fixture.count(
                """
                SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.relnamespace IN ('postern'::regnamespace, 'postern_audit'::regnamespace)
                  AND c.relkind IN ('r', 'p', 'v') AND a.attnum >= 0 AND NOT a.attisdropped
                  AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)
                """
            ) == 0
        )
        #expect(
            try fixture.count(
                """
                SELECT count(*) FROM pg_proc WHERE pronamespace IN ('postern'::regnamespace, 'postern_audit'::regnamespace)
                  AND obj_description(oid, 'pg_proc') IS NULL
                """
            ) == 0
        )
    }
}
