import Testing

@testable import Gateway

@Suite("AWS's error code in CBOR")
struct ErrorCodeTests {
    /// A CBOR text string of up to 255 bytes.
    private func text(_ text: String) -> [UInt8] {
        let count = UInt8(clamping: text.utf8.count)
        return (count < 24 ? [0x60 | count] : [0x78, count]) + Array(text.utf8)
    }

    @Test(
        "Is found wherever the member stands, without its namespace",
        arguments: ["ExpiredTokenException", "com.amazonaws.cloudwatch#ExpiredTokenException"]
    )
    func found(_ name: String) {
        let before = [0xBF] + text("message") + text("The security token is expired")
        #expect(ErrorCode.code(inCBOR: before + text("__type") + text(name) + [0xFF]) == "ExpiredTokenException")
        #expect(ErrorCode.code(inCBOR: [0xA1] + text("__type") + text(name)) == "ExpiredTokenException")
    }

    @Test("Is not made up from what is no text, or cut off")
    func refused() {
        let whole = [0xA1] + text("__type") + text("ExpiredTokenException")
        for count in 0..<whole.count { #expect(ErrorCode.code(inCBOR: Array(whole.prefix(count))) == nil) }
        #expect(ErrorCode.code(inCBOR: [0xA1] + text("__type") + [0x05]) == nil)
        #expect(ErrorCode.code(inCBOR: [0xA1] + text("__type") + [0x79, 0x00, 0x01, 0x41]) == nil)
        #expect(ErrorCode.code(inCBOR: [0xA1] + text("__type") + [0x60]) == nil)
        #expect(ErrorCode.code(inCBOR: [0xA1] + text("type") + text("ExpiredToken")) == nil)
    }
}
