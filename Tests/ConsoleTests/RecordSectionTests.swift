import Identity
import Testing

@testable import Console

@Suite("Facts of a record")
struct RecordSectionTests {
    private func fact(_ column: String, _ value: String) -> String? {
        let record = AuditReader.RecordDetail(
            columns: [(column, value)],
            kind: "intent",
            writer: "w",
            sequence: 1,
            hash: "00",
            checkpoint: nil
        )
        return RecordSection(record, now: UnixTime(seconds: 0)).recordFacts.first?.detail
    }

    @Test(
        "Are written for people where that loses nothing",
        arguments: [
            ("body_sha256", "\\xe3b0", "e3b0"), ("policy_hash", "\\x2c1f", "2c1f"),
            ("ts", "2026-11-24T18:26:12.346651+00:00", "2026-11-24 18:26:12.346651 UTC"),
            (
                "timings", #"{"verify":12204,"approve":6,"record":7645}"#,
                "verify 12.2 ms, record 7.6 ms, approve 0.0 ms"
            ),
            ("actions", #"["s3:GetObject","s3:ListBucket"]"#, "s3:GetObject, s3:ListBucket"),
        ]
    )
    func written(_ column: String, _ value: String, _ expected: String) {
        #expect(fact(column, value) == expected)
    }

    @Test(
        "Are left alone where an agent may have written them",
        arguments: [
            ("user_agent", "\\xe3b0"), ("subject", "2026-11-24T18:26:12+00:00"), ("timings", "[1]"),
            ("resources", "[not json"), ("ts", "2026-11-24T18:26:12+01:00"),
        ]
    )
    func leftAlone(_ column: String, _ value: String) {
        #expect(fact(column, value) == value)
    }
}
