import Compression
import Masking
import Testing

@Suite("Masking encoded objects")
struct EncodedMaskingTests {
    static let text = String(repeating: "2024-05-01 INFO ok\n", count: 6000) + "password=Tr0ub4dor99 x\nend\n"

    @Test("Opens a gzip object that its header does not tell, and packs it again", arguments: [1, 5, 4096, .max])
    func gzip(step: Int) throws {
        let packed = try MaskingEngineTests.gzip(Self.text)
        let engine = try #require(defaultEngine)
        let masker = try engine.responseMasker(
            MaskingContext(
                operation: "s3.GetObject",
                contentType: "binary/octet-stream",
                fingerprintKey: testKey,
                isOpaqueObject: true
            )
        )
        #expect(masker.preservesLength)
        var output: [UInt8] = []
        for start in stride(from: 0, to: packed.count, by: min(step, packed.count)) {
            let piece = Array(packed[start..<min(packed.count, start + min(step, packed.count))])
            try masker.write(piece.span, to: &output)
        }
        #expect(!masker.preservesLength)
        try masker.finish(to: &output)
        #expect(masker.findings == ["secret": 1])
        var inflater = try Inflater(maximumOutput: 1 << 20)
        var plain: [UInt8] = []
        try inflater.write(output.span, to: &plain)
        try inflater.finish()
        #expect(
            withoutFingerprints(String(decoding: plain, as: UTF8.self)).hasSuffix(
                "ok\npassword=[masked:secret:#] x\nend\n"
            )
        )
    }

    @Test("Refuses a damaged gzip object")
    func damaged() throws {
        let packed = try MaskingEngineTests.gzip(Self.text)
        for bad in [Array(packed.dropLast(3)), packed + [1]] {
            #expect(throws: MaskingError.compression) {
                try masked(bad, "s3.GetObject", contentType: nil, isOpaqueObject: true)
            }
        }
    }

    @Test("Masks UTF-16 of either order at equal length", arguments: [true, false])
    func utf16(isLittleEndian: Bool) throws {
        let text = "\u{FEFF}naïve password=Tr0ub4dor99xyzzy end\u{1F600}"
        let body = text.utf16.flatMap { unit in
            let parts = [UInt8(unit & 255), UInt8(unit >> 8)]
            return isLittleEndian ? parts : parts.reversed()
        }
        let whole = try masked(body, "s3.GetObject", contentType: "text/plain", isOpaqueObject: true)
        #expect(whole.body.count == body.count)
        let units = stride(from: 0, to: whole.body.count, by: 2).map { index in
            let pair = (UInt16(whole.body[index]), UInt16(whole.body[index + 1]))
            return isLittleEndian ? pair.0 | pair.1 << 8 : pair.0 << 8 | pair.1
        }
        let output = String(decoding: units, as: UTF16.self)
        #expect(output == "\u{FEFF}naïve password=\(String(repeating: "*", count: 16)) end\u{1F600}")
        for step in 1...body.count {
            #expect(
                try masked(body, "s3.GetObject", contentType: "text/plain", isOpaqueObject: true, step: step).body
                    == whole.body
            )
        }
    }

    @Test("Counts what a request would send away")
    func requests() throws {
        let engine = try #require(defaultEngine)
        let body = Array(#"{"Message":"key \#("ghp" + "_" + nonsense(36))"}"#.utf8)
        #expect(try engine.findings(in: body) == ["github-token": 1])
        #expect(try engine.findings(in: Array("nothing here".utf8)).isEmpty)
    }
}
