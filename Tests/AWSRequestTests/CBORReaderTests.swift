import Testing

@testable import AWSRequest

@Suite("Strict CBOR")
struct CBORReaderTests {
    /// RFC 8949, appendix A: bytes and the value that they are.
    @Test(
        "Reads the RFC's examples",
        arguments: [
            ([0x00], Value.number("0")),
            ([0x18, 0x64], .number("100")),
            ([0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .number("18446744073709551615")),
            ([0x20], .number("-1")),
            ([0x3B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .number("-18446744073709551616")),
            ([0xF9, 0x3C, 0x00], .number("1")),
            ([0xF9, 0x3E, 0x00], .number("1.5")),
            ([0xFA, 0x47, 0xC3, 0x50, 0x00], .number("100000")),
            ([0xFB, 0x3F, 0xF1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A], .number("1.1")),
            ([0xF4], .bool(false)), ([0xF5], .bool(true)), ([0xF6], .null), ([0xF7], .null),
            ([0xC1, 0x1A, 0x51, 0x4B, 0x67, 0xB0], .number("1363896240")),
            ([0x44, 1, 2, 3, 4], .bytes([1, 2, 3, 4])),
            ([0x64, 0x49, 0x45, 0x54, 0x46], .string("IETF")),
            ([0x5F, 0x42, 1, 2, 0x43, 3, 4, 5, 0xFF], .bytes([1, 2, 3, 4, 5])),
            ([0x7F, 0x61, 0x61, 0x61, 0x62, 0xFF], .string("ab")),
            (
                [0x9F, 0x01, 0x82, 2, 3, 0x9F, 4, 5, 0xFF, 0xFF],
                .list([.number("1"), .list([.number("2"), .number("3")]), .list([.number("4"), .number("5")])])
            ),
            (
                [0xBF, 0x61, 0x61, 1, 0x61, 0x62, 0x80, 0xFF],
                .object([.init("a", .number("1")), .init("b", .list([]))])
            ),
            ([0xA0], .object([])),
        ] as [([UInt8], Value)]
    )
    func reads(_ bytes: [UInt8], _ value: Value) throws {
        #expect(try CBORReader.read(bytes) == value)
    }

    @Test(
        "Refuses what is broken, doubled or over",
        arguments: [
            ([], InputError.malformed(offset: 0)),
            ([0x00, 0x00], .trailingBytes(offset: 1)),
            ([0x18], .malformed(offset: 1)),
            ([0x1C], .malformed(offset: 0)),
            ([0x5A, 0xFF, 0xFF, 0xFF, 0xFF], .malformed(offset: 5)),
            ([0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .malformed(offset: 9)),
            ([0x5F, 0x61, 0x61, 0xFF], .malformed(offset: 1)),
            ([0x5F, 0x5F, 0xFF, 0xFF], .malformed(offset: 1)),
            ([0xFF], .malformed(offset: 0)),
            ([0xA1, 0x01, 0x02], .malformed(offset: 1)),
            ([0xA2, 0x61, 0x61, 1, 0x61, 0x61, 2], .duplicate("a")),
            ([0xBF, 0x61, 0x61, 1, 0x7F, 0x61, 0x61, 0xFF, 2, 0xFF], .duplicate("a")),
            ([0x61, 0xFF], .invalidText),
            ([0xF8, 0x20], .malformed(offset: 0)),
        ] as [([UInt8], InputError)]
    )
    func refuses(_ bytes: [UInt8], _ error: InputError) {
        #expect(throws: error) { try CBORReader.read(bytes) }
    }

    @Test("Nests to the limit and no deeper", arguments: [0x81, 0x9F, 0xC1] as [UInt8])
    func depth(_ head: UInt8) {
        let bytes = [UInt8](repeating: head, count: InputLimits.depth + 1) + [0x00]
        #expect(throws: InputError.tooDeep) { try CBORReader.read(bytes) }
    }

    @Test("Survives every pair of bytes in front of a map")
    func fuzz() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max { _ = try? CBORReader.read([first, second, 0xA1, 0x61, 0x61, 0x01]) }
        }
    }
}
