internal import PatternMatch
internal import XMLStream

/// Masks one XML document as it comes; what it does not replace stays to the byte.
struct XMLMasker: BodyMasker {
    /// An open element.
    private struct Frame {
        var node: RuleNode
        var strength: KeyName.Strength
        var contexts: UInt64 = 0
        var isPairValue = false
        var isPairName = false
        /// What the text of a `Name` child says about the `Value` child.
        var pairStrength = KeyName.Strength.none
        var pending: [Text] = []
    }

    /// Decoded text of one element, and where each piece of it stands.
    struct Text {
        var bytes: [UInt8] = []
        var pieces: [Piece] = []
        var memberClass = MemberClass.none
        var strength = KeyName.Strength.none
        var contexts: UInt64 = 0
        /// Whether an anchor ends in it, or may.
        var hasAnchor = false

        mutating func clear() {
            bytes.removeAll(keepingCapacity: true)
            pieces.removeAll(keepingCapacity: true)
            memberClass = .none
            strength = .none
            contexts = 0
            hasAnchor = false
        }
    }

    /// A part of a text.
    struct Piece {
        var start: Int
        var end: Int
        var source: Range<Int>
    }

    /// A parser cannot be copied, so its holder is.
    private final class Parser {
        var stream: XMLStream

        init() throws(XMLStreamError) { stream = try XMLStream() }
    }

    private let parser: Parser
    private var raw: [UInt8] = []
    private var rawStart = 0
    private var frames: [Frame] = []
    private var text = Text()
    private var edits: [Edit] = []
    private let root: RuleNode
    private var strengths: [Int: KeyName.Strength] = [:]
    private var isEmpty = true

    init(root: RuleNode) throws(MaskingError) {
        self.root = root
        do { parser = try Parser() } catch { throw .scanFailed }
    }

    mutating func write(_ chunk: Span<UInt8>, to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        var chunk = chunk
        if isEmpty {
            // S3 sends white space while it works, so that nobody gives up.
            let start = chunk.runEnd(from: 0) { $0.isWhitespace }
            chunk.append(0..<start, to: &output)
            chunk = chunk.extracting(start..<chunk.count)
        }
        guard !chunk.isEmpty else { return }
        isEmpty = false
        chunk.append(0..<chunk.count, to: &raw)
        let end = try read(chunk, isFinal: false, session: session)
        emit(upTo: min(end, undecided), to: &output, session: session)
        guard raw.count <= session.profile.maximumValue else { throw .tooLarge }
    }

    mutating func finish(to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        guard !isEmpty else { return }
        _ = try read(Span<UInt8>(), isFinal: true, session: session)
        emit(upTo: rawStart + raw.count, to: &output, session: session)
    }

    /// Where the first text begins that is not judged yet.
    private var undecided: Int {
        var place = text.pieces.first?.source.lowerBound ?? .max
        for frame in frames {
            for pending in frame.pending { place = min(place, pending.pieces.first?.source.lowerBound ?? .max) }
        }
        return place
    }

    /// Parses; answers up to where the document was understood.
    private mutating func read(
        _ chunk: Span<UInt8>,
        isFinal: Bool,
        session: MaskingSession
    ) throws(MaskingError) -> Int {
        do {
            try parser.stream.write(chunk, isFinal: isFinal)
        } catch {
            switch error {
            case .tooDeep: throw .tooDeep
            case .tooLarge: throw .tooLarge
            case .malformed(_, let offset): throw .malformed(format: "xml", offset: offset)
            default: throw .malformed(format: "xml", offset: rawStart)
            }
        }
        let content = parser.stream.content
        let hits = try session.anchors(in: content.span, depth: 0)
        var hitIndex = 0
        // A text that began before has pieces that are not in this content.
        if !text.pieces.isEmpty { text.hasAnchor = true }
        var end = rawStart
        for event in parser.stream.events {
            while hitIndex < hits.count, hits[hitIndex].end <= event.content.lowerBound { hitIndex += 1 }
            end = max(end, event.source.upperBound)
            switch event.kind {
            case .start: try started(content.span.extracting(event.content), event.source, session: session)
            case .text:
                let start = text.bytes.count
                content.span.append(event.content, to: &text.bytes)
                text.pieces.append(Piece(start: start, end: text.bytes.count, source: event.source))
                if hitIndex < hits.count, hits[hitIndex].end <= event.content.upperBound { text.hasAnchor = true }
            case .end: try ended(session: session)
            case .comment:
                // Nobody needs comments, and a secret may be in one.
                edits.append(
                    Edit(
                        start: event.source.lowerBound,
                        end: event.source.upperBound,
                        type: "",
                        fingerprint: 0,
                        form: .exact([])
                    )
                )
            case .attributeName, .attributeValue: break
            }
        }
        return end
    }

    private mutating func started(
        _ name: Span<UInt8>,
        _ source: Range<Int>,
        session: MaskingSession
    ) throws(MaskingError) {
        try judgeLooseText(session: session)
        // Prefixes say nothing: no answer of AWS uses two namespaces.
        let local = name.extracting((name.find(":", from: 0, to: name.count).map { $0 + 1 } ?? 0)..<name.count)
        let node = frames.last.map { session.rules.child($0.node, local) } ?? root
        var frame = Frame(node: node, strength: strength(of: local))
        if let own = session.detectors.own { frame.contexts = own.contexts(of: local) | (frames.last?.contexts ?? 0) }
        frame.isPairName = KeyName.isPairName(local)
        // The `Key` of a tag or an object is its name.
        if frame.isPairName, local.count == 3 { frame.strength = .none }
        frame.isPairValue = KeyName.isPairValue(local)
        if frame.isPairValue, frame.strength == .none, let above = frames.last { frame.strength = above.strength }
        frames.append(frame)
        // Attributes have no offsets of their own: the tag is looked at as text.
        guard source.count > name.count + 3, source.lowerBound >= rawStart else { return }
        let tag = Array(raw[source.lowerBound - rawStart..<source.upperBound - rawStart])
        var scan = TextScan()
        try session.scan(tag.span, &scan)
        for var edit in scan.edits {
            edit.start += source.lowerBound
            edit.end += source.lowerBound
            edits.append(edit)
        }
    }

    private mutating func strength(of name: Span<UInt8>) -> KeyName.Strength {
        var hash = 5381
        for index in name.indices { hash = hash &* 33 &+ Int(name[index]) }
        if let known = strengths[hash] { return known }
        let strength = KeyName.strength(of: name)
        if strengths.count < 4096 { strengths[hash] = strength }
        return strength
    }

    /// Text beside elements has no member.
    private mutating func judgeLooseText(session: MaskingSession) throws(MaskingError) {
        guard !text.pieces.isEmpty else { return }
        defer { text.clear() }
        guard text.hasAnchor || text.bytes.contains(where: { !$0.isWhitespace }) else { return }
        try judge(text, session: session)
    }

    private mutating func ended(session: MaskingSession) throws(MaskingError) {
        guard let frame = frames.popLast() else { return }
        for var pending in frame.pending {
            pending.strength = frame.pairStrength
            try judge(pending, session: session)
        }
        guard !text.pieces.isEmpty else { return }
        defer { text.clear() }
        text.memberClass = session.rules.memberClass(frame.node)
        text.strength = frame.strength
        text.contexts = frame.contexts
        if let last = frames.indices.last {
            if frame.isPairName { frames[last].pairStrength = KeyName.strength(of: text.bytes.span) }
            if frame.isPairValue, frame.strength == .none {
                text.strength = frames[last].pairStrength
                if text.strength == .none, text.memberClass == .none || text.memberClass == .parameter {
                    frames[last].pending.append(text)
                    return
                }
            }
        }
        try judge(text, session: session)
    }

    private mutating func judge(_ text: Text, session: MaskingSession) throws(MaskingError) {
        if !text.hasAnchor, text.memberClass == .none, text.strength == .none || text.strength == .benign,
            text.bytes.first != Byte.openBrace, text.bytes.first != Byte.openBracket,
            !Leaf.mayBeEncoded(text.bytes.span), EncodedBlock.first(in: text.bytes.span, from: 0) == nil,
            !(session.detectors.findsNumbers && Leaf.mayHoldNumber(text.bytes.span))
        {
            return
        }
        let leaf = Leaf(
            memberClass: text.memberClass,
            strength: text.strength,
            depth: 0,
            keepsLength: false,
            contexts: text.contexts
        )
        for edit in try session.edits(for: leaf, text.bytes.span, hits: nil, base: 0) {
            edits.append(contentsOf: text.placed(edit))
        }
    }

    private mutating func emit(upTo end: Int, to output: inout [UInt8], session: MaskingSession) {
        guard end > rawStart else { return }
        edits.settle()
        var position = rawStart
        var used = 0
        for edit in edits {
            guard edit.end <= end else { break }
            used += 1
            guard edit.start >= position else { continue }
            raw.span.append(position - rawStart..<edit.start - rawStart, to: &output)
            edit.write(to: &output, keepsLength: false)
            if !edit.type.isEmpty { session.count(edit.type) }
            position = edit.end
        }
        edits.removeFirst(used)
        raw.span.append(position - rawStart..<end - rawStart, to: &output)
        raw.removeFirst(end - rawStart)
        rawStart = end
    }
}

extension XMLMasker.Text {
    /// `edit` of the decoded text as edits of the document: the replacement at the first piece, nothing at the others.
    func placed(_ edit: Edit) -> [Edit] {
        var placed: [Edit] = []
        for piece in pieces where piece.start < edit.end && piece.end > edit.start {
            var part = edit
            let isPlain = piece.source.count == piece.end - piece.start
            part.start = piece.source.lowerBound + (isPlain ? max(0, edit.start - piece.start) : 0)
            part.end =
                isPlain ? piece.source.lowerBound + min(piece.end, edit.end) - piece.start : piece.source.upperBound
            if !placed.isEmpty {
                part.form = .exact([])
                part.type = ""
            } else if case .exact(let bytes) = edit.form {
                part.form = .exact(isInCDATA(piece) ? bytes : escaped(bytes))
            }
            placed.append(part)
        }
        return placed
    }

    /// Whether a piece that stands for itself has characters that markup would have to escape.
    private func isInCDATA(_ piece: XMLMasker.Piece) -> Bool {
        piece.source.count == piece.end - piece.start
            && bytes[piece.start..<piece.end].contains { $0 == Byte.less || $0 == Byte.ampersand }
    }

    private func escaped(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 32)
        for byte in bytes {
            switch byte {
            case Byte.less: output.append(contentsOf: "&lt;".utf8)
            case Byte.greater: output.append(contentsOf: "&gt;".utf8)
            case Byte.ampersand: output.append(contentsOf: "&amp;".utf8)
            default: output.append(byte)
            }
        }
        return output
    }
}
