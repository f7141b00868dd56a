/// A compiled wildcard pattern: `*` is any run of characters, `?` is one character.
///
/// Matching never takes more than pattern length × text length steps, whatever the pattern.
struct Glob: Sendable, Hashable {
    /// A byte to match literally (below 256) or one of the two wildcards.
    typealias Token = UInt16

    static let anyCharacter: Token = 256
    static let anyRun: Token = 257

    private enum Form: Hashable {
        case everything
        case literal([UInt8])
        case prefix([UInt8])
        case tokens([Token])
    }

    private let form: Form

    /// Compiles tokens, runs of `*` counting as one.
    init(_ tokens: [Token]) {
        var compact: [Token] = []
        compact.reserveCapacity(tokens.count)
        for token in tokens where !(token == Self.anyRun && compact.last == Self.anyRun) {
            compact.append(token)
        }
        let leading = compact.prefix { $0 < Self.anyCharacter }.map { UInt8(truncatingIfNeeded: $0) }
        if leading.count == compact.count {
            form = .literal(leading)
        } else if leading.count + 1 == compact.count, compact.last == Self.anyRun {
            form = leading.isEmpty ? .everything : .prefix(leading)
        } else {
            form = .tokens(compact)
        }
    }

    /// Compiles text in which `*` and `?` are the wildcards.
    init(wildcards text: String) {
        self.init(Self.tokens(text))
    }

    /// The tokens of text in which `*` and `?` are the wildcards.
    static func tokens(_ text: some StringProtocol) -> [Token] {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "*"): anyRun
            case UInt8(ascii: "?"): anyCharacter
            default: Token(byte)
            }
        }
    }

    /// Whether it matches every text.
    var matchesEverything: Bool { form == .everything }

    /// The text, when there is no wildcard in it.
    var literal: [UInt8]? {
        guard case .literal(let bytes) = form else { return nil }
        return bytes
    }

    /// The literal bytes before the first wildcard.
    var leading: [UInt8] {
        switch form {
        case .everything: []
        case .literal(let bytes), .prefix(let bytes): bytes
        case .tokens(let tokens): tokens.prefix { $0 < Self.anyCharacter }.map { UInt8(truncatingIfNeeded: $0) }
        }
    }

    /// The same literal text in lower case, for comparisons without regard to case.
    var folded: Glob {
        guard let literal else { return self }
        return Glob(String(decoding: literal, as: UTF8.self).lowercased().utf8.map(Token.init))
    }

    /// Whether the whole of `text` matches.
    func matches(_ text: Span<UInt8>) -> Bool {
        switch form {
        case .everything: true
        case .literal(let bytes): text.count == bytes.count && Self.starts(text, with: bytes)
        case .prefix(let bytes): Self.starts(text, with: bytes)
        case .tokens(let tokens): Self.matches(tokens, text)
        }
    }

    /// Whether it matches a text of which the parts written `*` are not known.
    func matches(partlyKnown text: Span<UInt8>) -> Match {
        if matchesEverything { return .yes }
        var known: [Token] = []
        known.reserveCapacity(text.count)
        for index in text.indices {
            known.append(text[index] == UInt8(ascii: "*") ? Self.anyRun : Token(text[index]))
        }
        let tokens = tokens
        if Self.covers(tokens, known) { return .yes }
        return Self.intersects(tokens, known) ? .maybe : .no
    }

    /// Whether every text that `other` matches is matched by this too; false when that cannot be told.
    func covers(_ other: Glob) -> Bool {
        Self.covers(tokens, other.tokens)
    }

    /// Whether there is a text that both match.
    func intersects(_ other: Glob) -> Bool {
        Self.intersects(tokens, other.tokens)
    }

    /// The pattern as tokens.
    var tokens: [Token] {
        switch form {
        case .everything: [Self.anyRun]
        case .literal(let bytes): bytes.map(Token.init)
        case .prefix(let bytes): bytes.map(Token.init) + [Self.anyRun]
        case .tokens(let tokens): tokens
        }
    }

    static func starts(_ text: Span<UInt8>, with bytes: [UInt8]) -> Bool {
        guard text.count >= bytes.count else { return false }
        for index in bytes.indices where text[index] != bytes[index] {
            return false
        }
        return true
    }

    /// Greedy match that on failure goes back to the last `*` only: the earlier ones never need to give way.
    private static func matches(_ pattern: [Token], _ text: Span<UInt8>) -> Bool {
        var (patternIndex, textIndex) = (0, 0)
        var retry: (pattern: Int, text: Int)?
        while textIndex < text.count {
            if patternIndex < pattern.count {
                let token = pattern[patternIndex]
                if token == anyRun {
                    patternIndex += 1
                    guard let start = next(of: pattern, at: patternIndex, in: text, from: textIndex) else {
                        return false
                    }
                    textIndex = start
                    retry = (patternIndex, textIndex)
                    continue
                }
                if token == anyCharacter {
                    textIndex = endOfCharacter(text, from: textIndex)
                    patternIndex += 1
                    continue
                }
                if token == Token(text[textIndex]) {
                    textIndex += 1
                    patternIndex += 1
                    continue
                }
            }
            guard let last = retry,
                let start = next(of: pattern, at: last.pattern, in: text, from: endOfCharacter(text, from: last.text))
            else { return false }
            patternIndex = last.pattern
            textIndex = start
            retry = (patternIndex, textIndex)
        }
        return pattern[patternIndex...].allSatisfy { $0 == anyRun }
    }

    /// Where what follows a `*` can begin: the next place of its first byte; nil when it has none in the rest of the text.
    private static func next(of pattern: [Token], at index: Int, in text: Span<UInt8>, from start: Int) -> Int? {
        guard index < pattern.count, pattern[index] < anyCharacter else { return start }
        let byte = UInt8(truncatingIfNeeded: pattern[index])
        var position = start
        while position < text.count {
            if text[position] == byte { return position }
            position += 1
        }
        return nil
    }

    /// The index after the UTF-8 character at `index`.
    private static func endOfCharacter(_ text: Span<UInt8>, from index: Int) -> Int {
        var end = index + 1
        while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    /// Sufficient test of containment: a wildcard of `other` is only taken by one at least as wide.
    private static func covers(_ pattern: [Token], _ other: [Token]) -> Bool {
        var (patternIndex, otherIndex) = (0, 0)
        var retry: (pattern: Int, other: Int)?
        while otherIndex < other.count {
            if patternIndex < pattern.count {
                let token = pattern[patternIndex]
                if token == anyRun {
                    retry = (patternIndex + 1, otherIndex)
                    patternIndex += 1
                    continue
                }
                // `?` is a whole character: a byte above ASCII may be only part of one.
                let single = token == anyCharacter && (other[otherIndex] < 0x80 || other[otherIndex] == anyCharacter)
                if single || (token == other[otherIndex] && token != anyRun) {
                    patternIndex += 1
                    otherIndex += 1
                    continue
                }
            }
            guard let last = retry else { return false }
            patternIndex = last.pattern
            otherIndex = last.other + 1
            retry = (last.pattern, otherIndex)
        }
        return pattern[patternIndex...].allSatisfy { $0 == anyRun }
    }

    /// Whether two patterns have a text in common; one row of reachable positions at a time.
    private static func intersects(_ first: [Token], _ second: [Token]) -> Bool {
        // A `?` may stand for several bytes, so it is taken as a run here: that errs towards "in common".
        let first = first.map { $0 == anyCharacter ? anyRun : $0 }
        let second = second.map { $0 == anyCharacter ? anyRun : $0 }
        var row = [Bool](repeating: false, count: second.count + 1)
        row[0] = true
        for column in second.indices where row[column] && second[column] == anyRun { row[column + 1] = true }
        for token in first {
            var next = [Bool](repeating: false, count: second.count + 1)
            next[0] = token == anyRun && row[0]
            for column in second.indices {
                let run = token == anyRun || second[column] == anyRun
                next[column + 1] =
                    run ? row[column + 1] || next[column] : token == second[column] && row[column]
            }
            row = next
        }
        return row[second.count]
    }
}
