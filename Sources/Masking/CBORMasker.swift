/// Masks one CBOR document (RFC 8949), as Smithy's RPC v2 and Kinesis send it.
///
/// The document is read as a whole: lengths stand before what they count, so nothing of a string can be passed on before
/// all of it was judged, and answers of these protocols are small.
struct CBORMasker: BodyMasker {
    private var buffer: [UInt8] = []
    private let root: RuleNode

    init(root: RuleNode) { self.root = root }

    mutating func write(_ chunk: Span<UInt8>, to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        guard buffer.count + chunk.count <= session.profile.maximumValue else { throw .tooLarge }
        chunk.append(0..<chunk.count, to: &buffer)
    }

    mutating func finish(to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        guard !buffer.isEmpty else { return }
        var reader = CBORReader(root: root)
        let end = try reader.item(buffer.span, at: 0, .init(node: root), depth: 0, session: session)
        guard end == buffer.count else { throw .malformed(format: "cbor", offset: end) }
        reader.edits.settle()
        session.write(buffer.span, edits: reader.edits, to: &output, keepsLength: false)
        buffer = []
    }
}

/// Walks CBOR and finds what is to be replaced.
private struct CBORReader {
    /// What the place of a value says about it.
    struct Context {
        var node: RuleNode
        var strength = KeyName.Strength.none
        var contexts: UInt64 = 0
    }

    static let maximumDepth = 128

    let root: RuleNode
    var edits: [Edit] = []

    init(root: RuleNode) { self.root = root }

    /// Reads the item at `start`; answers where it ends.
    mutating func item(
        _ text: Span<UInt8>,
        at start: Int,
        _ context: Context,
        depth: Int,
        session: MaskingSession
    ) throws(MaskingError) -> Int {
        guard depth < Self.maximumDepth else { throw .tooDeep }
        let head = try self.head(text, at: start)
        switch head.major {
        case 0, 1:
            if context.strength == .strong || session.rules.memberClass(context.node) == .credential {
                edits.append(Edit(start: start, end: head.end, type: "secret", fingerprint: 0, form: .exact([0])))
            }
            return head.end
        case 2, 3:
            let string = try self.string(text, start, head)
            try judge(string.bytes, start..<string.end, isText: head.major == 3, context, session: session)
            return string.end
        case 4: return try array(text, head, context, depth: depth, session: session)
        case 5: return try map(text, head, context, depth: depth, session: session)
        case 6: return try item(text, at: head.end, context, depth: depth + 1, session: session)
        default:
            guard !head.isIndefinite else { throw .malformed(format: "cbor", offset: start) }
            return head.end
        }
    }

    /// The initial byte and its argument.
    private struct Head {
        var major: UInt8
        var value: UInt64
        var end: Int
        var isIndefinite: Bool
    }

    private func head(_ text: Span<UInt8>, at start: Int) throws(MaskingError) -> Head {
        guard let first = text.at(start) else { throw .malformed(format: "cbor", offset: start) }
        let low = first & 31
        let major = first >> 5
        guard low >= 24 else { return Head(major: major, value: UInt64(low), end: start + 1, isIndefinite: false) }
        if low == 31 {
            guard major >= 2, major != 6 else { throw .malformed(format: "cbor", offset: start) }
            return Head(major: major, value: 0, end: start + 1, isIndefinite: true)
        }
        guard low <= 27 else { throw .malformed(format: "cbor", offset: start) }
        let count = 1 << Int(low - 24)
        var value: UInt64 = 0
        for offset in 1...count {
            guard let byte = text.at(start + offset) else { throw .malformed(format: "cbor", offset: start) }
            value = value << 8 | UInt64(byte)
        }
        return Head(major: major, value: value, end: start + 1 + count, isIndefinite: false)
    }

    private func string(_ text: Span<UInt8>, _ start: Int, _ head: Head) throws(MaskingError) -> (
        bytes: [UInt8], end: Int
    ) {
        guard head.isIndefinite else {
            guard head.value <= UInt64(text.count - head.end) else { throw .malformed(format: "cbor", offset: start) }
            let end = head.end + Int(head.value)
            return (text.bytes(head.end..<end), end)
        }
        var bytes: [UInt8] = []
        var index = head.end
        while text.at(index) != 0xFF {
            let piece = try self.head(text, at: index)
            guard piece.major == head.major, !piece.isIndefinite, piece.value <= UInt64(text.count - piece.end) else {
                throw .malformed(format: "cbor", offset: index)
            }
            index = piece.end + Int(piece.value)
            text.append(piece.end..<index, to: &bytes)
        }
        return (bytes, index + 1)
    }

    private mutating func array(
        _ text: Span<UInt8>,
        _ head: Head,
        _ context: Context,
        depth: Int,
        session: MaskingSession
    ) throws(MaskingError) -> Int {
        var index = head.end
        var count: UInt64 = 0
        while head.isIndefinite ? text.at(index) != 0xFF : count < head.value {
            index = try item(text, at: index, context, depth: depth + 1, session: session)
            count += 1
        }
        return head.isIndefinite ? index + 1 : index
    }

    private mutating func map(
        _ text: Span<UInt8>,
        _ head: Head,
        _ context: Context,
        depth: Int,
        session: MaskingSession
    ) throws(MaskingError) -> Int {
        var index = head.end
        var count: UInt64 = 0
        var pairStrength = KeyName.Strength.none
        // A value that comes before its name is read again, when the name is known.
        var waiting: Int?
        while head.isIndefinite ? text.at(index) != 0xFF : count < head.value {
            let keyHead = try self.head(text, at: index)
            guard keyHead.major == 3 || keyHead.major == 2 else { throw .malformed(format: "cbor", offset: index) }
            let key = try string(text, index, keyHead)
            var inner = Context(node: session.rules.child(context.node, key.bytes.span))
            inner.strength = KeyName.strength(of: key.bytes.span)
            inner.contexts = context.contexts | (session.detectors.own?.contexts(of: key.bytes.span) ?? 0)
            let isPairValue = KeyName.isPairValue(key.bytes.span)
            if isPairValue { inner.strength = pairStrength }
            if key.bytes.count <= 2, inner.strength == .none { inner.strength = context.strength }
            if KeyName.isPairName(key.bytes.span), let value = text.at(key.end), value >> 5 == 3 {
                let name = try string(text, key.end, try self.head(text, at: key.end))
                pairStrength = KeyName.strength(of: name.bytes.span)
            }
            if isPairValue, pairStrength == .none { waiting = key.end }
            index = try item(text, at: key.end, inner, depth: depth + 1, session: session)
            count += 1
        }
        if let place = waiting, pairStrength != .none, pairStrength != .benign {
            _ = try item(
                text,
                at: place,
                Context(node: .none, strength: pairStrength, contexts: context.contexts),
                depth: depth + 1,
                session: session
            )
        }
        return head.isIndefinite ? index + 1 : index
    }

    private mutating func judge(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        isText: Bool,
        _ context: Context,
        session: MaskingSession
    ) throws(MaskingError) {
        let memberClass = session.rules.memberClass(context.node)
        if !isText, memberClass == .none || memberClass == .text, !Base64Text.looksLikeText(bytes.span),
            bytes.prefix(2) != [0x1F, 0x8B]
        {
            return
        }
        let masked: [UInt8]
        if !isText, memberClass == .none || memberClass == .text {
            guard let inside = try session.maskedInside(bytes, depth: 1, keepsLength: false) else { return }
            masked = inside
        } else {
            let leaf = Leaf(
                memberClass: memberClass,
                strength: context.strength,
                depth: 0,
                keepsLength: false,
                contexts: context.contexts
            )
            let found = try session.edits(for: leaf, bytes.span, hits: nil, base: 0)
            guard !found.isEmpty else { return }
            var output: [UInt8] = []
            session.write(bytes.span, edits: found, to: &output, keepsLength: false)
            masked = output
        }
        edits.append(
            Edit(
                start: range.lowerBound,
                end: range.upperBound,
                type: MaskingSession.nestedType,
                fingerprint: 0,
                form: .exact(encoded(masked, isText: isText))
            )
        )
    }

    /// A definite string.
    private func encoded(_ bytes: [UInt8], isText: Bool) -> [UInt8] {
        let major: UInt8 = isText ? 0x60 : 0x40
        let count = bytes.count
        switch count {
        case ..<24: return [major | UInt8(count)] + bytes
        case ..<256: return [major | 24, UInt8(count)] + bytes
        case ..<65_536: return [major | 25, UInt8(count >> 8), UInt8(count & 255)] + bytes
        default:
            let parts = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> $0) }
            return [major | 26] + parts + bytes
        }
    }
}
