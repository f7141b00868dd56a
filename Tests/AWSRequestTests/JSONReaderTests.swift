import Testing

@testable import AWSRequest

@Suite("Strict JSON")
struct JSONReaderTests {
    @Test("Keeps order, digits and escapes")
    func reads() throws {
        let value = try JSONReader.read(
            Array(#" {"b":[1.50e+3,-0,true,null],"a":"x\u00e9\ud83d\ude00\n","":{}} "#.utf8)
        )
        #expect(
            value
                == .object([
                    .init("b", .list([.number("1.50e+3"), .number("-0"), .bool(true), .null])),
                    .init("a", .string("xé😀\n")), .init("", .object([])),
                ])
        )
    }

    @Test(
        "Refuses what is not strictly JSON",
        arguments: [
            ("", InputError.malformed(offset: 0)),
            ("{", .malformed(offset: 1)),
            ("{\"a\":1,}", .malformed(offset: 7)),
            ("[1,]", .malformed(offset: 3)),
            ("{a:1}", .malformed(offset: 1)),
            ("{\"a\" 1}", .malformed(offset: 5)),
            ("[1 2]", .malformed(offset: 3)),
            ("01", .trailingBytes(offset: 1)),
            ("1.", .malformed(offset: 2)),
            (".5", .malformed(offset: 0)),
            ("+1", .malformed(offset: 0)),
            ("1e", .malformed(offset: 2)),
            ("NaN", .malformed(offset: 0)),
            ("tru", .malformed(offset: 3)),
            ("'a'", .malformed(offset: 0)),
            ("\"a", .malformed(offset: 2)),
            ("\"\t\"", .malformed(offset: 1)),
            ("\"\\x\"", .malformed(offset: 2)),
            ("\"\\u12g4\"", .malformed(offset: 5)),
            ("\"\\ud800\"", .invalidText),
            ("\"\\ud800\\u0041\"", .invalidText),
            ("\"\\udc00\"", .invalidText),
            ("{} {}", .trailingBytes(offset: 3)),
            ("{}\u{0}", .trailingBytes(offset: 2)),
            ("\u{FEFF}{}", .malformed(offset: 0)),
            ("{\"a\":1,\"a\":2}", .duplicate("a")),
            ("{\"a\":1,\"\\u0061\":2}", .duplicate("a")),
            ("{\"x\":{\"a\":1,\"a\":1}}", .duplicate("a")),
        ]
    )
    func refuses(_ text: String, _ error: InputError) {
        #expect(throws: error) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test("Refuses bytes that are not UTF-8")
    func refusesInvalidText() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: InputError.invalidText) { try JSONReader.read(bytes) }
        }
    }

    @Test("Nests to the limit and no deeper")
    func depth() throws {
        let text = { (count: Int) in
            Array((String(repeating: "[", count: count) + String(repeating: "]", count: count)).utf8)
        }
        _ = try JSONReader.read(text(InputLimits.depth))
        #expect(throws: InputError.tooDeep) { try JSONReader.read(text(InputLimits.depth + 1)) }
        #expect(throws: InputError.tooDeep) {
            try JSONReader.read(Array(String(repeating: "{\"a\":", count: 65).utf8))
        }
    }

    @Test("Finds a duplicate among many keys")
    func manyKeys() {
        let keys = (0..<100).map { "\"k\($0)\":0" } + ["\"k57\":0"]
        #expect(throws: InputError.duplicate("k57")) {
            try JSONReader.read(Array("{\(keys.joined(separator: ","))}".utf8))
        }
    }

    @Test("Survives every cut and every changed byte of a text")
    func fuzz() {
        let text = Array(#"{"a":[1,2.5e3,{"b":"\u00e9x"}],"c":null,"d":{"e":false}}"#.utf8)
        for end in 0..<text.count { #expect(throws: InputError.self) { try JSONReader.read(Array(text[..<end])) } }
        for index in text.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = text
                changed[index] = byte
                _ = try? JSONReader.read(changed)
            }
        }
    }
}
