internal import PatternMatch

/// Walks JSON (RFC 8259) strictly and finds what is to be replaced.
///
/// Keeps its place between pieces of a document: `scan` answers up to where the text was understood; the caller passes
/// the rest again with more behind it.
struct JSONScanner {
    /// An open object or array.
    struct Frame {
        var isObject: Bool
        /// The rules of the members, or of the elements.
        var node: RuleNode
        /// What the name of this value says, for values below it.
        var strength: KeyName.Strength
        /// Which of the profile's own detectors the names around this value speak for.
        var contexts: UInt64
        /// What the value of a `name` member says about the `value` member.
        var pairStrength = KeyName.Strength.none
        /// Whether the `name` member was seen.
        var hasPairName = false
        /// The `Type` of a Systems Manager parameter: nil if not seen yet.
        var isPlainParameter: Bool?
        /// How many values wait for the end of this object.
        var pending = 0
    }

    /// What may come next.
    private enum Expectation {
        case value, valueOrEnd, keyOrEnd, key, commaOrEnd, nothing
    }

    /// A string that is judged when its object ends.
    private struct Pending {
        var range: Range<Int>
        var hasEscapes: Bool
        var memberClass: MemberClass
        var contexts: UInt64
        /// Its anchors among those of the text, or nil if the text has been passed on since.
        var hits: Range<Int>?
    }

    static let maximumDepth = 256

    let depth: Int
    let keepsLength: Bool
    private var frames: [Frame] = []
    private var pendings: [Pending] = []
    private var expectation = Expectation.value
    private var root: RuleNode

    init(depth: Int, keepsLength: Bool, root: RuleNode = .none) {
        self.depth = depth
        self.keepsLength = keepsLength
        self.root = root
    }

    /// Whether nothing but white space was read.
    var isUntouched: Bool { expectation == .value && frames.isEmpty }

    /// Whether a whole document was read.
    var isComplete: Bool { expectation == .nothing && frames.isEmpty }

    /// Reads `text` from `start`; answers where to go on, and lowers it to where waiting values begin.
    ///
    /// - Returns: `resume`, where the next token begins; `commit`, up to where nothing will change any more.
    mutating func scan(
        _ text: Span<UInt8>,
        from start: Int,
        hits: [PatternHit],
        isFinal: Bool,
        session: MaskingSession,
        edits: inout [Edit]
    ) throws(MaskingError) -> (resume: Int, commit: Int) {
        var index = start
        var hitIndex = 0
        var token = start
        while true {
            while index < text.count, text[index].isWhitespace { index += 1 }
            token = index
            guard index < text.count else { break }
            let byte = text[index]
            switch expectation {
            case .nothing: throw .malformed(format: "json", offset: index)
            case .commaOrEnd:
                guard let frame = frames.last else { throw .malformed(format: "json", offset: index) }
                index += 1
                if byte == Byte.comma {
                    expectation = frame.isObject ? .key : .value
                } else {
                    guard byte == (frame.isObject ? Byte.closeBrace : Byte.closeBracket) else {
                        throw .malformed(format: "json", offset: token)
                    }
                    try close(text, hits: hits, session: session, edits: &edits)
                }
            case .key, .keyOrEnd:
                if byte == Byte.closeBrace, expectation == .keyOrEnd {
                    index += 1
                    try close(text, hits: hits, session: session, edits: &edits)
                    continue
                }
                guard byte == Byte.quote else { throw .malformed(format: "json", offset: index) }
                guard
                    let end = try member(
                        text,
                        at: index,
                        hits: hits,
                        &hitIndex,
                        isFinal: isFinal,
                        session: session,
                        edits: &edits
                    )
                else { return try suspend(at: token, isFinal: isFinal) }
                index = end
            case .value, .valueOrEnd:
                if byte == Byte.closeBracket, expectation == .valueOrEnd {
                    index += 1
                    try close(text, hits: hits, session: session, edits: &edits)
                    continue
                }
                let node = frames.last?.node ?? root
                let context = ValueContext(
                    node: node,
                    strength: frames.last?.strength ?? .none,
                    contexts: frames.last?.contexts ?? 0
                )
                guard
                    let end = try value(
                        text,
                        at: index,
                        context,
                        hits: hits,
                        &hitIndex,
                        isFinal: isFinal,
                        session: session,
                        edits: &edits
                    )
                else { return try suspend(at: token, isFinal: isFinal) }
                index = end
            }
        }
        return try suspend(at: token, isFinal: isFinal)
    }

    /// Forgets how far back values wait, because they are too far back: judges them by what is known.
    mutating func judgePending(
        _ text: Span<UInt8>,
        hits: [PatternHit],
        session: MaskingSession,
        edits: inout [Edit]
    ) throws(MaskingError) {
        for frame in frames.indices { frames[frame].pending = 0 }
        let waiting = pendings
        pendings = []
        for pending in waiting {
            try judge(text, pending, hits: hits, pair: .none, isPlainParameter: nil, session: session, edits: &edits)
        }
    }

    /// Tells that the text now begins `count` bytes later.
    mutating func shift(by count: Int) {
        for index in pendings.indices {
            let range = pendings[index].range
            pendings[index].range = range.lowerBound - count..<range.upperBound - count
            pendings[index].hits = nil
        }
    }

    private func suspend(at token: Int, isFinal: Bool) throws(MaskingError) -> (resume: Int, commit: Int) {
        if isFinal, !isComplete { throw .malformed(format: "json", offset: token) }
        return (token, min(token, pendings.first?.range.lowerBound ?? token))
    }

    private struct ValueContext {
        var node: RuleNode
        var strength: KeyName.Strength
        var contexts: UInt64
        var isPairValue = false
        var isPairName = false
        var isType = false
    }

    /// Reads a name, a colon and the value; nil if the text ends before the value does.
    private mutating func member(
        _ text: Span<UInt8>,
        at start: Int,
        hits: [PatternHit],
        _ hitIndex: inout Int,
        isFinal: Bool,
        session: MaskingSession,
        edits: inout [Edit]
    ) throws(MaskingError) -> Int? {
        guard let key = try JSONString(in: text, at: start) else { return nil }
        var index = text.runEnd(from: key.end + 1) { $0.isWhitespace }
        guard index < text.count else { return nil }
        guard text[index] == Byte.colon else { throw .malformed(format: "json", offset: index) }
        index = text.runEnd(from: index + 1) { $0.isWhitespace }
        guard index < text.count else { return nil }
        let frame = frames[frames.count - 1]
        var context = ValueContext(node: .none, strength: frame.strength, contexts: frame.contexts)
        let name = text.extracting(start + 1..<key.end)
        if key.hasEscapes {
            let decoded = JSONString.decode(name)
            describe(decoded.span, hasAnchor: true, frame, &context, session)
        } else {
            while hitIndex < hits.count, hits[hitIndex].end <= start { hitIndex += 1 }
            let hasAnchor = hitIndex < hits.count && hits[hitIndex].end <= key.end + 1
            describe(name, hasAnchor: hasAnchor, frame, &context, session)
        }
        // A name may itself be or hold a secret.
        if hitIndex < hits.count, hits[hitIndex].end <= key.end, name.count >= 16 {
            let mine = hits[hitIndex...].prefix { $0.end <= key.end }
            var scan = TextScan()
            scan.depth = depth
            try session.scan(name, hits: mine, base: start + 1, &scan)
            for var edit in scan.edits {
                edit.start += start + 1
                edit.end += start + 1
                edits.append(edit)
            }
        }
        return try value(
            text,
            at: index,
            context,
            hits: hits,
            &hitIndex,
            isFinal: isFinal,
            session: session,
            edits: &edits
        )
    }

    /// What the name of a member says about its value.
    private func describe(
        _ name: Span<UInt8>,
        hasAnchor: Bool,
        _ frame: Frame,
        _ context: inout ValueContext,
        _ session: MaskingSession
    ) {
        if let own = session.detectors.own { context.contexts |= own.contexts(of: name) }
        if !frame.node.isNone { context.node = session.rules.child(frame.node, name) }
        if hasAnchor {
            let strength = KeyName.strength(of: name)
            if strength != .none { context.strength = strength }
        }
        // Types of DynamoDB's and others' values: the name outside tells.
        if name.count > 2, !hasAnchor { context.strength = KeyName.isPairValue(name) ? frame.strength : .none }
        guard name.count <= 22 else { return }
        switch name.at(name.count - 1).map({ $0 | 0x20 }) {
        case UInt8(ascii: "e"):
            context.isPairValue = KeyName.isPairValue(name)
            context.isPairName = KeyName.isPairName(name)
            context.isType = name.count == 4 && name.has("Type", at: 0)
        case UInt8(ascii: "y"), UInt8(ascii: "k"), UInt8(ascii: "d"):
            context.isPairName = KeyName.isPairName(name)
            // The `Key` of a tag or an object is its name.
            if context.isPairName, name.count == 3 { context.strength = .none }
        case UInt8(ascii: "v"), UInt8(ascii: "t"): context.isPairValue = KeyName.isPairValue(name)
        default: break
        }
    }

    /// Reads the beginning of a container, or a whole scalar; nil if the text ends before it does.
    private mutating func value(
        _ text: Span<UInt8>,
        at start: Int,
        _ context: ValueContext,
        hits: [PatternHit],
        _ hitIndex: inout Int,
        isFinal: Bool,
        session: MaskingSession,
        edits: inout [Edit]
    ) throws(MaskingError) -> Int? {
        switch text[start] {
        case Byte.openBrace, Byte.openBracket:
            guard frames.count < Self.maximumDepth else { throw .tooDeep }
            let isObject = text[start] == Byte.openBrace
            frames.append(
                Frame(
                    isObject: isObject,
                    node: context.node,
                    strength: context.strength,
                    contexts: context.contexts
                )
            )
            expectation = isObject ? .keyOrEnd : .valueOrEnd
            return start + 1
        case Byte.quote:
            guard let string = try JSONString(in: text, at: start) else { return nil }
            expectation = frames.isEmpty ? .nothing : .commaOrEnd
            try judgeString(
                text,
                start + 1..<string.end,
                string.hasEscapes,
                context,
                hits: hits,
                &hitIndex,
                session: session,
                edits: &edits
            )
            return string.end + 1
        default:
            guard let end = try JSONNumber.end(of: text, at: start, isFinal: isFinal) else { return nil }
            expectation = frames.isEmpty ? .nothing : .commaOrEnd
            try judgeNumber(text, start..<end, context, session: session, edits: &edits)
            return end
        }
    }

    private mutating func judgeString(
        _ text: Span<UInt8>,
        _ range: Range<Int>,
        _ hasEscapes: Bool,
        _ context: ValueContext,
        hits: [PatternHit],
        _ hitIndex: inout Int,
        session: MaskingSession,
        edits: inout [Edit]
    ) throws(MaskingError) {
        while hitIndex < hits.count, hits[hitIndex].end <= range.lowerBound { hitIndex += 1 }
        let firstHit = hitIndex
        while hitIndex < hits.count, hits[hitIndex].end <= range.upperBound { hitIndex += 1 }
        let memberClass = session.rules.memberClass(context.node)
        let pending = Pending(
            range: range,
            hasEscapes: hasEscapes,
            memberClass: memberClass,
            contexts: context.contexts,
            hits: firstHit..<hitIndex
        )
        if let last = frames.indices.last, frames[last].isObject {
            let value = text.extracting(range)
            if context.isPairName {
                frames[last].hasPairName = true
                if firstHit < hitIndex || hasEscapes { frames[last].pairStrength = KeyName.strength(of: value) }
            }
            if context.isType, frames[last].isPlainParameter == nil {
                frames[last].isPlainParameter = value.has("String", at: 0)
            }
            let waits =
                memberClass == .systemsManagerValue
                || (context.isPairValue && context.strength == .none && !frames[last].hasPairName)
            if waits, !range.isEmpty {
                frames[last].pending += 1
                pendings.append(pending)
                return
            }
        }
        var pair = context.strength
        if context.isPairValue, let frame = frames.last, frame.pairStrength != .none { pair = frame.pairStrength }
        try judge(text, pending, hits: hits, pair: pair, isPlainParameter: nil, session: session, edits: &edits)
    }

    /// Ends the innermost container and judges what waited for it.
    private mutating func close(
        _ text: Span<UInt8>,
        hits: [PatternHit],
        session: MaskingSession,
        edits: inout [Edit]
    ) throws(MaskingError) {
        guard let frame = frames.popLast() else { return }
        expectation = frames.isEmpty ? .nothing : .commaOrEnd
        guard frame.pending > 0 else { return }
        let first = pendings.count - frame.pending
        for index in first..<pendings.count {
            try judge(
                text,
                pendings[index],
                hits: hits,
                pair: frame.pairStrength,
                isPlainParameter: frame.isPlainParameter,
                session: session,
                edits: &edits
            )
        }
        pendings.removeLast(frame.pending)
    }

    private func judge(
        _ text: Span<UInt8>,
        _ pending: Pending,
        hits: [PatternHit],
        pair: KeyName.Strength,
        isPlainParameter: Bool?,
        session: MaskingSession,
        edits: inout [Edit]
    ) throws(MaskingError) {
        var memberClass = pending.memberClass
        if memberClass == .systemsManagerValue { memberClass = isPlainParameter == true ? .parameter : .credential }
        let leaf = Leaf(
            memberClass: memberClass,
            strength: pair,
            depth: depth,
            keepsLength: keepsLength,
            contexts: pending.contexts
        )
        let raw = text.extracting(pending.range)
        let isQuiet = pending.hits?.isEmpty == true && !pending.hasEscapes
        if isQuiet, memberClass == .none, pair == .none || pair == .benign {
            guard
                Leaf.mayBeEncoded(raw) || raw.count >= 32 && EncodedBlock.first(in: raw, from: 0) != nil
                    || session.detectors.findsNumbers && Leaf.mayHoldNumber(raw)
            else { return }
        }
        if !pending.hasEscapes {
            let mine = pending.hits.map { hits[$0] }
            let found = try session.edits(for: leaf, raw, hits: mine, base: pending.range.lowerBound)
            for var edit in found {
                edit.start += pending.range.lowerBound
                edit.end += pending.range.lowerBound
                edits.append(edit)
            }
            return
        }
        let decoded = JSONString.decode(raw)
        let inner = try session.edits(for: leaf, decoded.span, hits: nil, base: 0)
        guard !inner.isEmpty else { return }
        edits.append(contentsOf: JSONString.placed(inner, in: raw, at: pending.range.lowerBound))
    }

    /// A number, true, false or null that stands where a secret stands.
    private func judgeNumber(
        _ text: Span<UInt8>,
        _ range: Range<Int>,
        _ context: ValueContext,
        session: MaskingSession,
        edits: inout [Edit]
    ) throws(MaskingError) {
        guard let first = text.at(range.lowerBound), first.isDigit || first == Byte.dash else { return }
        let memberClass = session.rules.memberClass(context.node)
        let isSecret = memberClass == .credential || memberClass == .environment || context.strength == .strong
        let number = text.extracting(range)
        let type: String
        if isSecret {
            type = "secret"
        } else if session.detectors.findsCards, range.count >= 13, PersonalNumber(number).isCard {
            type = "card"
        } else {
            var scan = TextScan()
            scan.depth = depth + 1
            scan.contexts = context.contexts
            try session.findOwn(in: number, &scan)
            guard let own = scan.edits.first(where: { $0.start == 0 && $0.end == number.count }) else { return }
            type = own.type
        }
        guard !session.profile.exceptedTypes.contains(type) else { return }
        edits.append(Edit(start: range.lowerBound, end: range.upperBound, type: type, fingerprint: 0, form: .number))
    }
}
