import Testing

@testable import Audit

@Suite("Record id")
struct RecordIDTests {
    @Test("Is a UUID of version 7, ordered by time")
    func isVersion7() {
        let earlier = RecordID.make(at: AuditTime(microseconds: 1_645_557_742_000_000)).description
        let later = RecordID.make(at: AuditTime(microseconds: 1_645_557_742_001_000)).description
        // RFC 9562, appendix A.6: the same time gives the same first twelve digits.
        #expect(earlier.hasPrefix("017f22e2-79b0-7"))
        #expect(later.hasPrefix("017f22e2-79b1-7"))
        #expect("89ab".contains(earlier.dropFirst(19).prefix(1)))
    }

    @Test("Reads both forms back")
    func reads() throws {
        let text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        #expect(RecordID(parsing: text)?.description == text)
        #expect(RecordID(parsing: "017F22E279B07CC398C4DC0C0C07398F")?.description == text)
    }

    @Test(
        "Refuses anything else",
        arguments: [
            "", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398fa",
            "017f22e279b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
            "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}", "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
        ]
    )
    func refuses(_ text: String) {
        #expect(RecordID(parsing: text) == nil)
    }
}
