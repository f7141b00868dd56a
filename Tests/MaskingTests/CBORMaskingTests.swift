import Masking
import Testing

@Suite("Masking CBOR")
struct CBORMaskingTests {
    static func text(_ value: String) -> [UInt8] { [0x78, UInt8(value.utf8.count)] + Array(value.utf8) }

    static func mask(_ body: [UInt8], step: Int = .max) throws -> [UInt8] {
        try masked(body, "x.Y", contentType: "application/cbor", step: step).body
    }

    @Test("Replaces a string under a telling name and gives it a new length")
    func byName() throws {
        let body = [0xA2] + Self.text("password") + Self.text("Tr0ub4dor99") + Self.text("n") + [0x18, 0x2A]
        let output = try Self.mask(body)
        let replaced = String(decoding: output, as: UTF8.self)
        #expect(replaced.contains("[masked:secret:"))
        #expect(output.count == body.count - 11 + 24)
        #expect(output.suffix(5) == [0x78, 1, 0x6E, 0x18, 0x2A])
    }

    @Test("Judges a pair by its name, in either order", arguments: [false, true])
    func pairs(isNameLast: Bool) throws {
        let name = Self.text("name") + Self.text("DB_PASSWORD")
        let value = Self.text("value") + Self.text("Tr0ub4dor99")
        let output = try Self.mask([0x81, 0xA2] + (isNameLast ? value + name : name + value))
        #expect(!String(decoding: output, as: UTF8.self).contains("Tr0ub4dor99"))
    }

    @Test("Reads a string in pieces, bytes, tags, floats and open containers")
    func shapes() throws {
        let pieces: [UInt8] =
            [0x7F, 0x63] + Array("pas".utf8) + [0x69] + Array("sword=kX9".utf8) + Self.text("dragon77Q") + [0xFF]
        let body =
            [0xBF] + Self.text("a") + [0x9F] + pieces + [0xC1, 0xFB, 1, 2, 3, 4, 5, 6, 7, 8, 0xF6, 0xFF]
            + Self.text("b")
            + [0x42, 1, 2, 0xFF]
        let output = try Self.mask(body)
        #expect(!String(decoding: output, as: UTF8.self).contains("dragon"))
        #expect(output.suffix(7) == [0x78, 1, 0x62, 0x42, 1, 2, 0xFF])
        for step in 1...body.count { #expect(try Self.mask(body, step: step) == output) }
    }

    @Test("Leaves a document without secrets to the byte")
    func benign() throws {
        let body = [0xA1] + Self.text("NextToken") + Self.text("AAMA-EFRSURBSGhN")
        #expect(try Self.mask(body) == body)
    }

    @Test(
        "Refuses what is no CBOR",
        arguments: [
            [0xA1], [0x62, 0x61], [0x1C], [0xFF], [0xA1, 0x01, 0x02], [0x01, 0x01], [0x5F, 0x61, 0x61, 0xFF],
        ] as [[UInt8]]
    )
    func malformed(_ body: [UInt8]) {
        let error = #expect(throws: MaskingError.self) { try Self.mask(body) }
        guard case .malformed("cbor", _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Refuses what nests too deep")
    func depth() {
        #expect(throws: MaskingError.tooDeep) { try Self.mask([UInt8](repeating: 0x81, count: 200) + [0x01]) }
    }
}
