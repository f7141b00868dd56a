import Testing

@testable import Gateway

@Suite("Document type")
struct DocumentTypeTests {
    @Test(
        "A content type that names a grammar is believed",
        arguments: [
            "application/x-amz-json-1.1", "application/json; charset=utf-8", "text/xml", "application/cbor",
            "application/vnd.amazon.eventstream", "application/hal+json",
        ]
    )
    func believes(_ declared: String) {
        #expect(DocumentType.effective(declared: declared, opening: Array("<x/>".utf8).span) == declared)
    }

    @Test(
        "Otherwise the first byte tells",
        arguments: [
            ("text/html", " \n{\"a\":1}", "application/json"), ("text/plain", "[1]", "application/json"),
            ("", "<?xml version=\"1.0\"?>", "application/xml"), ("text/html", "<!DOCTYPE html><p>", "text/html"),
            ("text/html", "<HTML>", "text/html"), ("text/plain", "hello", "text/plain"),
            ("text/plain", "", "text/plain"),
        ]
    )
    func looks(_ declared: String, _ body: String, _ expected: String) {
        #expect(DocumentType.effective(declared: declared, opening: Array(body.utf8).span) == expected)
    }
}
