import PatternMatch
import Testing

@Suite("Pattern match")
struct PatternMatchTests {
    static func hits(_ literals: [(String, Bool)], in text: String) throws -> [PatternHit] {
        let patterns = literals.enumerated().map {
            LiteralPattern(identifier: UInt32($0.offset), bytes: Array($0.element.0.utf8), ignoresCase: $0.element.1)
        }
        let scratch = try PatternScratch(for: PatternDatabase(patterns))
        let bytes = Array(text.utf8)
        try scratch.scan(bytes.span)
        return scratch.hits
    }

    @Test("Finds every literal, by increasing end, and nothing else")
    func finds() throws {
        let hits = try Self.hits([("ghp_", false), ("secret", true), ("a", false)], in: "a SECRET ghp_ GHP_ Secret")
        #expect(hits.map(\.identifier) == [2, 1, 0, 1])
        #expect(hits.map(\.end) == [1, 8, 13, 25])
    }

    @Test("Takes bytes as bytes, not as an expression")
    func literal() throws {
        #expect(try Self.hits([("$2a$", false), (".*", false)], in: "x$2a$y.*").map(\.end) == [5, 8])
    }

    @Test("Forgets the hits of the scan before")
    func repeats() throws {
        let patterns = [LiteralPattern(identifier: 7, bytes: [0x00, 0xFF], ignoresCase: false)]
        let scratch = try PatternScratch(for: PatternDatabase(patterns))
        try scratch.scan(([1, 0, 255] as [UInt8]).span)
        #expect(scratch.hits.map(\.end) == [3])
        try scratch.scan([UInt8]().span)
        #expect(scratch.hits.isEmpty)
    }

    @Test("Refuses an empty literal, by its index")
    func empty() {
        #expect(throws: PatternMatchError.invalidPattern(index: 1, message: "empty literal")) {
            _ = try PatternDatabase([
                LiteralPattern(identifier: 0, bytes: [1], ignoresCase: false),
                LiteralPattern(identifier: 1, bytes: [], ignoresCase: false),
            ])
        }
    }

    @Test("Refuses to compile nothing")
    func none() {
        #expect(throws: PatternMatchError.self) { _ = try PatternDatabase([]) }
    }

    static func matches(_ expressions: [String], in text: String) throws -> [PatternHit] {
        let patterns = expressions.enumerated().map {
            RegularPattern(identifier: UInt32($0.offset), expression: $0.element)
        }
        let scratch = try PatternScratch(for: PatternDatabase(regular: patterns))
        try scratch.scan(Array(text.utf8).span)
        return scratch.hits
    }

    @Test("Tells where a match of an expression begins")
    func regular() throws {
        let hits = try Self.matches(["acme_[0-9]{2,3}", "xy"], in: "see acme_123 xy")
        #expect(hits.map(\.end) == [11, 12, 15])
        #expect(hits.map(\.length) == [7, 8, 2])
        #expect(hits.map(\.identifier) == [0, 0, 1])
    }

    @Test("Refuses an expression whose matches could be of any length, or empty", arguments: ["a+", "ab*", "a{1,600}"])
    func unbounded(_ expression: String) {
        #expect(throws: PatternMatchError.unboundedPattern(index: 1)) {
            _ = try Self.matches(["ok", expression], in: "")
        }
    }

    @Test("Refuses what is no expression, in the library's words", arguments: ["(", "a**", "(?=x)y", "(a)\\1"])
    func invalid(_ expression: String) {
        #expect {
            _ = try Self.matches(["ok", expression], in: "")
        } throws: { error in
            if case PatternMatchError.invalidPattern(index: 1, _) = error { true } else { false }
        }
    }
}
