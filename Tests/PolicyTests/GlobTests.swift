@testable import Policy
import Testing

@Suite("Wildcards")
struct GlobTests {
    @Test(
        "Match whole texts",
        arguments: [
            ("", "", true), ("", "a", false), ("*", "", true), ("*", "äöü", true), ("?", "", false), ("?", "a", true),
            ("?", "ä", true), ("??", "ä", false), ("?", "🚪", true), ("a*", "a", true), ("a*", "ba", false),
            ("*a", "ba", true),
            ("*a*", "bab", true), ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false), ("*aab", "aaab", true),
            ("a?c*", "abcdef", true), ("**", "x", true), ("a**b", "ab", true), ("*?*", "", false), ("*?", "ab", true),
            ("arn:*:x", "arn:a:b:x", true), ("abc", "abcd", false), ("abcd", "abc", false), ("*ä", "aä", true),
            ("*b?", "abü", true),
        ]
    )
    func matches(_ pattern: String, _ text: String, _ expected: Bool) {
        #expect(Glob(wildcards: pattern).matches(text) == expected)
    }

    @Test("Take time in proportion to pattern and text, however they are made")
    func hostile() {
        let text = String(repeating: "a", count: 20_000)
        let pattern = Glob(wildcards: String(repeating: "*a", count: 50) + "*b")
        #expect(!pattern.matches(text))
        #expect(!Glob(wildcards: String(repeating: "a*", count: 50) + "b").matches(text))
        #expect(!Glob(wildcards: String(repeating: "?*", count: 50) + "b").matches(text))
        let partly = String(repeating: "a*", count: 200)
        #expect(pattern.matches(partlyKnown: partly) == .maybe)
    }

    @Test(
        "A text that is only partly known matches surely, possibly or not",
        arguments: [
            ("*", "*", Match.yes), ("a*", "a*", .yes), ("a*", "ab*", .yes), ("a*", "*", .maybe), ("a*", "b*", .no),
            ("ab", "a*", .maybe), ("ab", "*b", .maybe), ("ab", "*c", .no), ("?", "*", .maybe), ("*x*", "a*b", .maybe),
            ("a*b", "a*b", .yes), ("a*b", "*", .maybe), ("a?b", "a*c", .no), ("ab*", "a*", .maybe),
        ]
    )
    func partlyKnown(_ pattern: String, _ text: String, _ expected: Match) {
        #expect(Glob(wildcards: pattern).matches(partlyKnown: text) == expected)
    }

    @Test("Agrees with a matcher that tries everything", arguments: 0..<20)
    func agrees(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<500 {
            let pattern = Self.text("ab*?", 0...7, &random)
            let text = Self.text("ab", 0...8, &random)
            let expected = Self.triesEverything(Array(pattern), Array(text))
            #expect(Glob(wildcards: pattern).matches(text) == expected, "\(pattern) on \(text)")
            let other = Self.text("ab*?", 0...6, &random)
            if Glob(wildcards: pattern).covers(Glob(wildcards: other)), Self.triesEverything(Array(other), Array(text))
            {
                #expect(expected, "\(pattern) covers \(other)")
            }
            if expected, Self.triesEverything(Array(other), Array(text)) {
                #expect(Glob(wildcards: pattern).intersects(Glob(wildcards: other)))
            }
        }
    }

    private static func text(_ alphabet: String, _ length: ClosedRange<Int>, _ random: inout SeededGenerator) -> String
    {
        let letters = Array(alphabet)
        return String(
            (0..<Int.random(in: length, using: &random)).compactMap { _ in letters.randomElement(using: &random) }
        )
    }

    private static func triesEverything(_ pattern: [Character], _ text: [Character]) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = Array(pattern.dropFirst())
        switch first {
        case "*": return (0...text.count).contains { triesEverything(rest, Array(text.dropFirst($0))) }
        case "?": return !text.isEmpty && triesEverything(rest, Array(text.dropFirst()))
        default: return text.first == first && triesEverything(rest, Array(text.dropFirst()))
        }
    }
}

/// SplitMix64, so that a failure can be repeated by its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension Glob {
    func matches(_ text: String) -> Bool { matches(text.utf8Span.span) }
    func matches(partlyKnown text: String) -> Match { matches(partlyKnown: text.utf8Span.span) }
}
