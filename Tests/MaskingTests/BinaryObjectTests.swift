import Testing

@testable import Masking

@Suite("Binary objects")
struct BinaryObjectTests {
    private static func masked(_ body: [UInt8]) throws -> [UInt8] {
        let engine = try MaskingEngine(profile: MaskingProfile())
        let context = MaskingContext(
            operation: "s3.GetObject",
            contentType: "binary/octet-stream",
            fingerprintKey: Array("key".utf8),
            isOpaqueObject: true
        )
        let masker = try engine.responseMasker(context)
        var output: [UInt8] = []
        try masker.write(body.span, to: &output)
        try masker.finish(to: &output)
        return output
    }

    @Test("Random bytes pass to the byte, whatever anchors they hold", arguments: 1...4 as ClosedRange<UInt64>)
    func passesRandomBytes(_ seed: UInt64) throws {
        var state = seed
        var body = (0..<(1 << 20)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        // The anchors that random bytes hold now and then.
        for (place, anchor) in ["pw=", "PW=", "Pw:", "a@b.co ", "key:"].enumerated() {
            for copy in 0..<200 {
                body.replaceSubrange(
                    (1 + place + copy * 5) * 997..<(1 + place + copy * 5) * 997 + anchor.utf8.count,
                    with: anchor.utf8
                )
            }
        }
        #expect(try Self.masked(body) == body)
    }

    @Test("Text in the same object is masked all the same, and keeps its length")
    func masksText() throws {
        let body = Array("some configuration\npassword=hunter2hunter2\nend\n".utf8)
        let output = try Self.masked(body)
        #expect(output.count == body.count)
        #expect(!String(decoding: output, as: UTF8.self).contains("hunter2"))
    }
}
