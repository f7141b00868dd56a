import Foundation
import OpenSSL
import Postgres
import PrivateCluster
import Testing

@testable import Audit

/// One way of tampering, as the SQL that a superuser would use, and what must be noticed.
struct Tampering: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let sql: String
    /// What is noticed in the chain `w` of 21 records (sequence 1 is the start, 21 the stop).
    let defects: @Sendable (RecordID) -> [String]

    static let all: [Tampering] = [
        .init(testDescription: "nothing", sql: "SELECT 1") { _ in [] },
        .init(testDescription: "edit a text", sql: "UPDATE PARTITION SET subject = 'x' WHERE sequence = 5") {
            ["altered 5 \($0)"]
        },
        .init(
            testDescription: "edit a time by a microsecond",
            sql: "UPDATE PARTITION SET ts = ts + interval '1 us' WHERE sequence = 5"
        ) {
            ["altered 5 \($0)"]
        },
        .init(
            testDescription: "white space in JSON",
            sql: "UPDATE PARTITION SET parameters = '{\"Name\":\"/app/db\"}' WHERE sequence = 5"
        ) {
            ["altered 5 \($0)"]
        },
        .init(testDescription: "NULL to empty", sql: "UPDATE PARTITION SET error_code = '' WHERE sequence = 5") {
            ["altered 5 \($0)"]
        },
        .init(
            testDescription: "edit and hash again",
            sql: """
                UPDATE PARTITION SET subject = 'x' WHERE sequence = 5;
                UPDATE PARTITION AS r SET hash = sha256((SELECT p.hash FROM postern_audit.record p WHERE p.writer = r.writer
                    AND p.sequence = r.sequence - 1) || postern_audit.canonical(r::postern_audit.record)) WHERE sequence = 5
                """
        ) { ["altered 6 \($0)"] },
        .init(testDescription: "delete the first", sql: "DELETE FROM PARTITION WHERE sequence = 1") {
            ["missing 1-1 \($0)"]
        },
        .init(testDescription: "delete from the middle", sql: "DELETE FROM PARTITION WHERE sequence IN (7, 8)") {
            ["missing 7-8 \($0)"]
        },
        .init(testDescription: "delete the last", sql: "DELETE FROM PARTITION WHERE sequence = 21") {
            ["truncated 20<21 \($0)"]
        },
        .init(testDescription: "cut the tail", sql: "DELETE FROM PARTITION WHERE sequence > 9") {
            ["truncated 9<21 \($0)"]
        },
        .init(testDescription: "delete all", sql: "DELETE FROM PARTITION") { ["truncated 0<21 \($0)"] },
        .init(testDescription: "truncate", sql: "TRUNCATE PARTITION") { ["truncated 0<21 \($0)"] },
        .init(
            testDescription: "swap two",
            sql:
                "UPDATE PARTITION SET sequence = CASE sequence WHEN 5 THEN 1006 ELSE 1005 END WHERE sequence IN (5, 6); UPDATE PARTITION SET sequence = sequence - 1000 WHERE sequence > 1000"
        ) { ["altered 5 \($0)", "altered 6 \($0)", "altered 7 \($0)"] },
        .init(
            testDescription: "insert one more at the end",
            sql:
                "CREATE TABLE copy AS SELECT * FROM PARTITION WHERE sequence = 21; UPDATE copy SET sequence = 22; INSERT INTO PARTITION SELECT * FROM copy"
        ) { ["altered 22 \($0)"] },
        .init(
            testDescription: "insert a second one in its place",
            sql:
                "CREATE TABLE copy AS SELECT * FROM PARTITION WHERE sequence = 5; UPDATE copy SET ts = ts + interval '1 ms'; INSERT INTO PARTITION SELECT * FROM copy"
        ) { ["repeated 5 \($0)"] },
        .init(
            testDescription: "write a tail of one's own",
            sql: """
                UPDATE PARTITION SET subject = 'x' WHERE sequence = 20;
                UPDATE PARTITION AS r SET hash = sha256((SELECT p.hash FROM postern_audit.record p WHERE p.writer = r.writer
                    AND p.sequence = 19) || postern_audit.canonical(r::postern_audit.record)) WHERE sequence = 20;
                UPDATE PARTITION AS r SET hash = sha256((SELECT p.hash FROM postern_audit.record p WHERE p.writer = r.writer
                    AND p.sequence = 20) || postern_audit.canonical(r::postern_audit.record)) WHERE sequence = 21
                """
        ) { ["rewritten 21 \($0)"] },
        .init(testDescription: "forge a signature", sql: "UPDATE postern_audit.checkpoint SET sequence = 20") {
            ["bad signature 20 \($0)"]
        },
    ]
}

@Suite("Audit verifier", .needsPostgres)
struct AuditVerifierTests {
    let fixture: AuditFixture
    let key: Ed25519.PrivateKey

    init() throws {
        fixture = try AuditFixture()
        key = try Ed25519.PrivateKey.generate()
    }

    /// Writes a chain of 21 records, signed at its end, and returns its id.
    func write(file: String? = nil) throws -> RecordID {
        let writer = fixture.writer {
            $0.checkpointKey = key
            if let file { $0.checkpointSinks = [AuditSink(.file(file))] }
        }
        for _ in 0..<19 { _ = try writer.append(intent: AuditFixture.intent()) }
        writer.close()
        return writer.id
    }

    func verify(exported: [Checkpoint] = [], since: String? = nil) throws -> ([String], AuditVerifier.Summary) {
        let verifier = AuditVerifier(
            fixture.conninfo,
            user: "postern_auditor",
            keys: [key.publicKey],
            exported: exported
        )
        var defects: [String] = []
        let summary = try verifier.verify(since: since) { defect in
            switch defect {
            case .alteredRecord(let writer, let sequence, _): defects.append("altered \(sequence) \(writer)")
            case .missingRecords(let writer, let from, let to): defects.append("missing \(from)-\(to) \(writer)")
            case .repeatedSequence(let writer, let sequence): defects.append("repeated \(sequence) \(writer)")
            case .truncated(let writer, let last, let signed): defects.append("truncated \(last)<\(signed) \(writer)")
            case .rewritten(let writer, let sequence): defects.append("rewritten \(sequence) \(writer)")
            case .badSignature(let writer, let sequence): defects.append("bad signature \(sequence) \(writer)")
            case .malformedRecord(let what): defects.append("malformed \(what)")
            }
            #expect(!defect.description.isEmpty)
        }
        return (defects, summary)
    }

    /// As a superuser who first switches the triggers off.
    func tamper(_ sql: String) throws {
        var connection = try fixture.connect()
        let table =
            try connection.execute("SELECT DISTINCT tableoid::regclass FROM postern_audit.record").text(0, 0) ?? ""
        try connection.run(
            "ALTER TABLE \(table) DISABLE TRIGGER ALL; ALTER TABLE postern_audit.checkpoint DISABLE TRIGGER ALL"
        )
        // PARTITION stands for the partition's name.
        try connection.run(sql.replacing("PARTITION", with: table))
    }

    @Test("Notices and locates", arguments: Tampering.all)
    func notices(_ tampering: Tampering) throws {
        let writer = try write()
        try tamper(tampering.sql)
        let (defects, summary) = try verify()
        // The database's chain is empty here and signed as such.
        #expect(defects.filter { !$0.hasSuffix("\(RecordID.databaseChain)") } == tampering.defects(writer))
        #expect(summary.defects == defects.count)
        if tampering.testDescription == "nothing" {
            #expect(summary == AuditVerifier.Summary(records: 21, chains: 1, checkpoints: 1, defects: 0))
        }
    }

    @Test("A database that lost a whole chain and its checkpoints is noticed by what was exported")
    func noticesRollback() throws {
        let path = "/tmp/postern-verify-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unsafe unlink(path) }
        let writer = try write(file: path)
        try tamper("DELETE FROM PARTITION; DELETE FROM postern_audit.checkpoint")
        #expect(try verify().0 == [])
        let exported = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .compactMap { Checkpoint(line: $0) }
        #expect(exported.count == 2)
        #expect(try verify(exported: exported).0 == ["truncated 0<21 \(writer)"])
    }

    @Test("A range that begins in the middle of a chain is not a defect")
    func verifiesRange() throws {
        _ = try write()
        var connection = try fixture.connect()
        let time = try connection.execute("SELECT ts FROM postern_audit.record WHERE sequence = 10").text(0, 0)
        let (defects, summary) = try verify(since: time)
        #expect(defects == [])
        #expect(summary.records == 12)
        #expect(summary.checkpoints == 1)
    }

    @Test("Follows the database's own chain, and several chains at once")
    func followsAll() throws {
        _ = try write()
        _ = try write()
        var connection = try fixture.connect()
        for _ in 0..<3 { _ = try connection.execute("SELECT postern_audit.append_event('x', 'é', '{\"a\":1}')") }
        let (defects, summary) = try verify()
        #expect(defects == [])
        #expect(summary.chains == 3)
        #expect(summary.records == 45)
        try tamper("UPDATE PARTITION SET message = 'e' WHERE event = 'x' AND sequence = 2")
        #expect(try verify().0 == ["altered 2 \(RecordID.databaseChain)"])
    }

    /// A signature needs more than Python's standard library, so it does not judge those.
    @Test(
        "Another program, written from the description alone, agrees",
        arguments: Tampering.all.filter { $0.testDescription != "forge a signature" }
    )
    func agreesWithPython(_ tampering: Tampering) throws {
        let writer = try write()
        try tamper(tampering.sql)
        let answer = try runPython()
        let named = answer.split(separator: "\n").filter { $0.hasPrefix("\(writer): ") }
        let expected = tampering.defects(writer).map { defect -> String in
            let words = defect.split(separator: " ")
            return switch words[0] {
            case "altered": "\(writer): record \(words[1]) is not what was recorded"
            case "missing": "\(writer): records \(words[1].replacing("-", with: " to ")) are missing"
            case "repeated": "\(writer): there are several records \(words[1])"
            case "truncated":
                "\(writer): ends at record \(words[1].replacing("<21", with: "")), but 21 were signed for"
            case "rewritten": "\(writer): record \(words[1]) has not the signed hash"
            default: "?"
            }
        }
        #expect(named.count == expected.count, "\(answer)")
        for (line, words) in zip(named, expected) { #expect(line.hasPrefix(words), "\(answer)") }
        #expect(answer.contains("\(expected.count) defects"))
    }

    private func runPython() throws -> String {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "scripts/verify-audit.py").path()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script, "\(fixture.conninfo) user=postern_auditor"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test(
        "Writes times as everybody does",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_732_456_799_123_456, "2024-11-24T13:59:59.123456Z"),
        ]
    )
    func writesTime(microseconds: Int64, text: String) {
        #expect(AuditTime(microseconds: microseconds).description == text)
    }
}
