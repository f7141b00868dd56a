internal import PatternMatch

/// What is known about one value of a document.
struct Leaf {
    var memberClass: MemberClass
    /// What its name, or the name of its pair, says.
    var strength: KeyName.Strength
    var depth: Int
    var keepsLength: Bool
    /// Which of the profile's own detectors a name around it speaks for.
    var contexts: UInt64 = 0

    /// Whether a value without anchors may hold base64 of text, JSON or gzip.
    static func mayBeEncoded(_ value: Span<UInt8>) -> Bool {
        guard value.count >= 16 else { return false }
        let first = value[0]
        guard first != Byte.openBrace, first != Byte.openBracket else { return false }
        guard first.isAlphanumeric, let a = Base64Text.value(first), let b = Base64Text.value(value[1]),
            let c = Base64Text.value(value[2]), let d = Base64Text.value(value[3])
        else { return false }
        let group = UInt32(a) << 18 | UInt32(b) << 12 | UInt32(c) << 6 | UInt32(d)
        let one = UInt8(truncatingIfNeeded: group >> 16)
        let two = UInt8(truncatingIfNeeded: group >> 8)
        if one == 0x1F, two == 0x8B { return true }
        let three = UInt8(truncatingIfNeeded: group)
        return isPlain(one) && isPlain(two) && isPlain(three)
    }

    private static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte.isWhitespace }

    /// Whether a value is long enough and has digits enough for a number of a person.
    static func mayHoldNumber(_ value: Span<UInt8>) -> Bool {
        value.count >= 9 && NumberBlock.first(in: value, from: 0) != nil
    }
}

/// Four bytes at a multiple of four with three digits or more and nothing but digits and separators.
///
/// Every card, account, telephone and social security number covers one.
enum NumberBlock {
    /// The first block at or behind `start`, a multiple of four.
    @inline(__always)
    static func first(in text: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        let bytes = unsafe text.bytes
        while index + 8 <= text.count {
            // In bounds by the condition above. Digits and separators all are 0x20 to 0x3F.
            let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self).littleEndian
            let outside = (word & 0xE0E0_E0E0_E0E0_E0E0) ^ 0x2020_2020_2020_2020
            if outside & 0xFFFF_FFFF == 0, isBlock(text, index) { return index }
            if outside >> 32 == 0, isBlock(text, index + 4) { return index + 4 }
            index += 8
        }
        if index + 4 <= text.count, isBlock(text, index) { return index }
        return nil
    }

    private static func isBlock(_ text: Span<UInt8>, _ index: Int) -> Bool {
        var digits = 0
        for offset in 0..<4 {
            let byte = text[index + offset]
            if byte.isDigit { digits += 1 } else if !byte.isNumberPart { return false }
        }
        return digits >= 3
    }
}

extension MaskingSession {
    /// What is to be replaced in one value, settled; `hits` are its anchors relative to `base`, or nil to look for them.
    func edits(
        for leaf: Leaf,
        _ text: Span<UInt8>,
        hits: ArraySlice<PatternHit>?,
        base: Int
    ) throws(MaskingError) -> [Edit] {
        guard !text.isEmpty else { return [] }
        switch leaf.memberClass {
        case .credential, .systemsManagerValue: return whole("secret", text, leaf)
        case .environment, .bearerURL:
            let type = leaf.memberClass == .environment ? "environment" : "bearer-url"
            if !profile.exceptedTypes.contains(type) { return whole(type, text, leaf) }
        case .benign: return []
        case .parameter where leaf.strength != .benign && SecretShape.looksMadeForSecrecy(text):
            return whole("secret", text, leaf)
        case .none, .text, .parameter: break
        }
        let isWanted = leaf.strength == .identity ? detectors.findsIdentity : profile.masksCredentials
        if isWanted, !profile.exceptedTypes.contains(typeName(of: leaf.strength)),
            SecretShape.isSecret(text, under: leaf.strength),
            text.find("://", from: 0, to: min(text.count, 24)) == nil
        {
            var type: String?
            if let hits { type = try specialType(text, hits: hits, base: base, leaf) }
            return whole(type ?? typeName(of: leaf.strength), text, leaf)
        }
        if Leaf.mayBeEncoded(text),
            let form = try openBase64Leaf(text, depth: leaf.depth, keepsLength: leaf.keepsLength)
        {
            return [Edit(start: 0, end: text.count, type: Self.nestedType, fingerprint: 0, form: form)]
        }
        let first = text.runEnd(from: 0, limit: 64) { $0.isWhitespace }
        if let open = text.at(first), open == Byte.openBrace || open == Byte.openBracket,
            leaf.depth < profile.maximumNesting
        {
            return try editsInside(text, depth: leaf.depth + 1, keepsLength: leaf.keepsLength)
        }
        var scan = TextScan()
        scan.depth = leaf.depth
        scan.keepsLength = leaf.keepsLength
        scan.contexts = leaf.contexts
        if let hits {
            try self.scan(text, hits: hits, base: base, &scan)
        } else {
            scan.depth += 1
            try self.scan(text, &scan)
        }
        scan.edits.settle()
        return scan.edits
    }

    /// What a value is by its own look, where an anchor speaks for one that takes all of it.
    private func specialType(
        _ text: Span<UInt8>,
        hits: ArraySlice<PatternHit>,
        base: Int,
        _ leaf: Leaf
    ) throws(MaskingError) -> String? {
        guard !hits.isEmpty, Edit.replacementEnd(in: text, at: 0) != text.count else { return nil }
        var scan = TextScan()
        scan.depth = leaf.depth
        try self.scan(text, hits: hits, base: base, &scan)
        return scan.edits.first { $0.start == 0 && $0.end == text.count && !$0.isGeneral && !$0.type.isEmpty }?.type
    }

    /// The type of a value that its name tells.
    private func typeName(of strength: KeyName.Strength) -> String {
        switch strength {
        case .strong: "secret"
        case .identity: "identity"
        default: "token"
        }
    }

    /// The replacement of a value as a whole: base64 of text stays base64.
    private func whole(_ type: String, _ text: Span<UInt8>, _ leaf: Leaf) -> [Edit] {
        guard Edit.replacementEnd(in: text, at: 0) != text.count else { return [] }
        // Members that hold bytes come as base64; clients decode it before anybody looks.
        if hasPadding(text) {
            let decoded = Base64Text.decode(text, limit: 128)
            if Edit.replacementEnd(in: decoded.span, at: 0) == decoded.count { return [] }
        }
        let isBytes = text.count >= 8 && text.count.isMultiple(of: 4) && isBase64(text) && text.count >= 24
        return [
            Edit(
                start: 0,
                end: text.count,
                type: type,
                fingerprint: fingerprint(text),
                form: isBytes && leaf.memberClass == .credential && hasPadding(text) ? .base64 : .text
            )
        ]
    }

    private func hasPadding(_ text: Span<UInt8>) -> Bool { text.at(text.count - 1) == Byte.equals }
}
