internal import PatternMatch

/// Masks one JSON document in windows; what it does not replace stays to the byte.
struct JSONMasker: BodyMasker {
    /// Bytes after which a document is worked on before its end is there.
    static let window = 64 << 10
    /// Bytes that values may wait for the end of their object.
    private static let longestWait = 256 << 10
    /// Bytes behind the place that must be known, for neighbours.
    private static let lookAhead = 512

    private var scanner: JSONScanner
    private var buffer: [UInt8] = []
    private var resume = 0
    /// Replacements of the text that was read but not written yet.
    private var waiting: [Edit] = []
    private var target = JSONMasker.window

    init(root: RuleNode, keepsLength: Bool = false) {
        scanner = JSONScanner(depth: 0, keepsLength: keepsLength, root: root)
    }

    mutating func write(_ chunk: Span<UInt8>, to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        var position = 0
        while position < chunk.count {
            let piece = min(chunk.count - position, max(1, target - buffer.count))
            chunk.append(position..<position + piece, to: &buffer)
            position += piece
            if buffer.count >= target { try advance(isFinal: false, to: &output, session: session) }
        }
    }

    mutating func finish(to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        // An empty body is a whole answer of many operations.
        guard !buffer.isEmpty || !scanner.isUntouched else { return }
        try advance(isFinal: true, to: &output, session: session)
    }

    private mutating func advance(
        isFinal: Bool,
        to output: inout [UInt8],
        session: MaskingSession
    ) throws(MaskingError) {
        var document: [UInt8] = []
        swap(&document, &buffer)
        let commit = try pass(document.span, isFinal: isFinal, to: &output, session: session)
        document.removeFirst(commit)
        guard document.count <= session.profile.maximumValue else { throw .tooLarge }
        target = document.count + max(Self.window, document.count)
        swap(&document, &buffer)
    }

    /// Masks what can be decided of `text`; answers how much that is.
    private mutating func pass(
        _ text: Span<UInt8>,
        isFinal: Bool,
        to output: inout [UInt8],
        session: MaskingSession
    ) throws(MaskingError) -> Int {
        let hits = try session.anchors(in: text, depth: 0)
        var edits = waiting
        waiting = []
        let place = try scanner.scan(text, from: resume, hits: hits, isFinal: isFinal, session: session, edits: &edits)
        var commit = place.commit
        if !isFinal, place.resume - commit > Self.longestWait {
            try scanner.judgePending(text, hits: hits, session: session, edits: &edits)
            commit = place.resume
        }
        session.findAcrossValues(text, hits: hits, edits: &edits)
        edits.settle()
        if isFinal {
            commit = text.count
        } else {
            commit = min(commit, max(0, text.count - Self.lookAhead))
            for edit in edits where edit.start < commit && edit.end > commit { commit = edit.start }
        }
        var position = 0
        for var edit in edits {
            guard edit.end <= commit else {
                edit.start -= commit
                edit.end -= commit
                waiting.append(edit)
                continue
            }
            guard edit.start >= position else { continue }
            text.append(position..<edit.start, to: &output)
            edit.write(to: &output, keepsLength: false)
            if !edit.type.isEmpty { session.count(edit.type) }
            position = edit.end
        }
        text.append(position..<commit, to: &output)
        scanner.shift(by: commit)
        resume = place.resume - commit
        return commit
    }

}

extension MaskingSession {
    /// What lies across the values of a JSON document: secret access keys near the ids of their keys, JSON web keys.
    func findAcrossValues(_ text: Span<UInt8>, hits: [PatternHit], edits: inout [Edit]) {
        var scan = TextScan()
        for hit in hits {
            switch detectors.anchor(hit.identifier)?.action {
            case .accessKeyID: findNeighbours(of: hit.end - 4, in: text, &scan)
            case .jsonWebKey: findJSONWebKey(at: hit.end - 3, in: text, &scan)
            default: break
            }
        }
        edits.append(contentsOf: scan.edits)
    }
}
