import Compression
import Testing

@Suite("Compression")
struct CompressionTests {
    static let text = Array(String(repeating: "user=alice action=login result=ok\n", count: 500).utf8)

    static func gzip(_ bytes: [UInt8], format: CompressionFormat = .gzip) throws -> [UInt8] {
        var deflater = try Deflater(format: format)
        var output: [UInt8] = []
        try deflater.write(bytes.span, to: &output)
        try deflater.finish(to: &output)
        return output
    }

    @Test("Inflates what it deflated, whatever the split", arguments: [1, 2, 7, 100, 100_000])
    func roundTrip(step: Int) throws {
        let packed = try Self.gzip(Self.text)
        #expect(packed.count < Self.text.count / 10)
        var inflater = try Inflater(maximumOutput: 1 << 20)
        var output: [UInt8] = []
        for start in stride(from: 0, to: packed.count, by: step) {
            let piece = Array(packed[start..<min(start + step, packed.count)])
            try inflater.write(piece.span, to: &output)
        }
        try inflater.finish()
        #expect(output == Self.text)
    }

    @Test("Reads every format", arguments: [CompressionFormat.gzip, .zlib, .raw])
    func formats(format: CompressionFormat) throws {
        let packed = try Self.gzip(Self.text, format: format)
        var inflater = try Inflater(format: format, maximumOutput: 1 << 20)
        var output: [UInt8] = []
        try inflater.write(packed.span, to: &output)
        try inflater.finish()
        #expect(output == Self.text)
    }

    @Test("Reads several gzip members as one body")
    func members() throws {
        let packed = try Self.gzip(Array("one".utf8)) + Self.gzip(Array("two".utf8))
        var inflater = try Inflater(maximumOutput: 6)
        var output: [UInt8] = []
        try inflater.write(packed.span, to: &output)
        try inflater.finish()
        #expect(output == Array("onetwo".utf8))
    }

    @Test("Refuses a cut body")
    func truncated() throws {
        let packed = try Self.gzip(Self.text)
        for count in [1, 10, packed.count - 1] {
            var inflater = try Inflater(maximumOutput: 1 << 20)
            var output: [UInt8] = []
            try inflater.write(Array(packed[..<count]).span, to: &output)
            #expect(throws: CompressionError.truncated) { try inflater.finish() }
        }
    }

    @Test("Refuses an empty body")
    func empty() throws {
        let inflater = try Inflater(maximumOutput: 1)
        #expect(throws: CompressionError.truncated) { try inflater.finish() }
    }

    @Test("Refuses a changed byte, and bytes after the end")
    func damaged() throws {
        let packed = try Self.gzip(Self.text)
        var flipped = packed
        flipped[packed.count - 6] ^= 1
        for bytes in [flipped, packed + [1, 2, 3], Array("plain text".utf8)] {
            #expect(throws: CompressionError.malformed) {
                var inflater = try Inflater(maximumOutput: 1 << 20)
                var output: [UInt8] = []
                try inflater.write(bytes.span, to: &output)
                try inflater.finish()
            }
        }
    }

    @Test("Stops at the output limit, not one byte before")
    func outputLimit() throws {
        let packed = try Self.gzip(Self.text)
        var exact = try Inflater(maximumOutput: Self.text.count)
        var output: [UInt8] = []
        try exact.write(packed.span, to: &output)
        try exact.finish()
        #expect(throws: CompressionError.outputTooLarge) {
            var small = try Inflater(maximumOutput: Self.text.count - 1)
            try small.write(packed.span, to: &output)
        }
    }

    @Test("Stops a bomb by its ratio")
    func bomb() throws {
        let packed = try Self.gzip([UInt8](repeating: 0, count: 4 << 20))
        var output: [UInt8] = []
        #expect(throws: CompressionError.ratioTooHigh) {
            var inflater = try Inflater(maximumOutput: 1 << 30, maximumRatio: 100)
            try inflater.write(packed.span, to: &output)
        }
        #expect(output.count < 2 << 20)
    }

    @Test("Computes the published check value of CRC-32, in one piece or several")
    func checksum() {
        let check = Array("123456789".utf8)
        #expect(CRC32.of(check.span) == 0xCBF4_3926)
        var checksum = CRC32()
        checksum.update(Array("1234".utf8).span)
        checksum.update([UInt8]().span)
        checksum.update(Array("56789".utf8).span)
        #expect(checksum.value == 0xCBF4_3926)
    }
}
