import OpenSSL
import Postgres
import PrivateCluster
import Testing

@testable import Audit

@Suite("Retention", .needsPostgres)
struct RetentionTests {
    let fixture: AuditFixture

    init() throws {
        fixture = try AuditFixture()
        var connection = try fixture.connect()
        _ = try connection.execute(
            """
            CREATE TABLE postern_audit.record_20200101 PARTITION OF postern_audit.record
            FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-01-02 00:00+00')
            """
        )
        // A chain that begins today, has ten records of that day, and goes on today.
        let writer = fixture.writer()
        for index in 0..<20 {
            var intent = AuditFixture.intent()
            if index < 10 { intent.time = AuditTime(microseconds: 1_577_880_000_000_000 + Int64(index)) }
            _ = try writer.append(intent: intent)
        }
        writer.close()
    }

    func defects() throws -> [ChainDefect] {
        var defects: [ChainDefect] = []
        _ = try AuditVerifier(fixture.conninfo, user: "postern_auditor", keys: []).verify { defects.append($0) }
        return defects
    }

    func drop(_ partition: String, rows: Int64) throws -> SQLState? {
        var connection = try fixture.connect()
        do {
            _ = try connection.execute(
                "SELECT postern_audit.drop_partition($1, $2, 'f', 'h')",
                [.text(partition), .integer(rows)]
            )
            return nil
        } catch {
            return error.sqlState
        }
    }

    @Test("What remains can be proven, because the chain says what left")
    func dropsDay() throws {
        #expect(try defects() == [])
        #expect(try drop("record_20200101", rows: 10) == nil)
        #expect(try defects() == [])
        #expect(try fixture.count("SELECT count(*) FROM postern_audit.record WHERE event = 'retention'") == 1)
    }

    @Test("A day that was dropped by hand is missing")
    func noticesDrop() throws {
        var connection = try fixture.connect()
        _ = try connection.execute("DROP TABLE postern_audit.record_20200101")
        guard case .missingRecords(_, 2, 11) = try defects().first else {
            Issue.record("not noticed")
            return
        }
    }

    @Test("Refuses a day that has not ended, an export that is not whole, and what is no day")
    func refuses() throws {
        var connection = try fixture.connect()
        let today =
            try connection.execute(
                "SELECT 'record_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD')"
            ).text(0, 0) ?? ""
        #expect(try drop(today, rows: 12) == SQLState("22023"))
        #expect(try drop("record_20200101", rows: 9) == SQLState("22000"))
        #expect(try drop("checkpoint", rows: 0) == SQLState("22023"))
        #expect(try fixture.count("SELECT count(*) FROM postern_audit.record_20200101") == 10)
    }
}
