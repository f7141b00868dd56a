import Testing

@testable import Console

@Suite("Form fields")
struct FormFieldsTests {
    @Test("Reads names and values, escapes decoded")
    func reads() throws {
        let fields = try FormFields(parsing: "reason=looks+fine%21%0D%0Aok&verdict=approve&empty=".utf8)
        #expect(fields["reason"] == "looks fine!\r\nok")
        #expect(fields["verdict"] == "approve")
        #expect(fields["empty"] == "")
        #expect(fields.filled("empty") == nil)
        #expect(fields["missing"] == nil)
    }

    @Test(
        "Refuses what could be read in two ways",
        arguments: [
            "a=1&a=2", "a=%", "a=%4", "a=%zz", "a=%ff", "a=%00", "%61=1&a=2",
            (0...32).map { "f\($0)=" }.joined(separator: "&"),
        ]
    )
    func refuses(_ text: String) {
        #expect(throws: RequestError.malformed) { try FormFields(parsing: text.utf8) }
    }

    @Test("Encodes everything that is not unreserved")
    func encodes() {
        #expect(FormFields.encode("a b/ü&=+~-._Z9") == "a%20b%2F%C3%BC%26%3D%2B~-._Z9")
    }
}
