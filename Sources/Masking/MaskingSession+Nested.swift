internal import Compression

/// Secrets inside encodings: opened, masked inside, encoded again.
extension MaskingSession {
    /// A base64 or hexadecimal run in which an anchor shows a secret.
    func openEncodedRun(_ anchor: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) throws(MaskingError) {
        guard scan.depth < profile.maximumNesting else { return }
        if let last = scan.edits.last, last.start <= anchor.lowerBound, last.end >= anchor.upperBound { return }
        let hexStart = text.runStart(before: anchor.lowerBound) { $0.isHex }
        let hexEnd = text.runEnd(from: anchor.lowerBound) { $0.isHex }
        let isHex = hexEnd >= anchor.upperBound && hexEnd - hexStart >= 16
        let isMember = { (byte: UInt8) in isHex ? byte.isHex : byte.isBase64 || byte.isBase64URL }
        let start = text.runStart(before: anchor.lowerBound, where: isMember)
        var end = text.runEnd(from: anchor.lowerBound, where: isMember)
        if !isHex { end = text.runEnd(from: end, limit: 2) { $0 == Byte.equals } }
        if !isHex, end - start >= 60, let last = linesEnd(start..<end, in: text) {
            if last == text.count { scan.cutOff(at: start) }
            let lines = text.bytes(start..<last).filter { !$0.isWhitespace }
            let decoded = Base64Text.decode(lines.span)
            guard Base64Text.looksLikeText(decoded.span),
                try maskedInside(decoded, depth: scan.depth + 1, keepsLength: false) != nil
            else { return }
            found("encoded-secret", start..<last, in: text, &scan)
            return
        }
        if end == text.count { scan.cutOff(at: start) }
        for shift in 0..<(isHex ? 2 : 4) where end - start - shift >= 16 {
            let run = text.extracting(start + shift..<end)
            let decoded = isHex ? HexText.decode(run) : Base64Text.decode(run)
            guard Base64Text.looksLikeText(decoded.span) else { continue }
            guard let masked = try maskedInside(decoded, depth: scan.depth + 1, keepsLength: scan.keepsLength) else {
                return
            }
            let encoded = isHex ? HexText.encode(masked.span) : Base64Text.encode(masked.span, like: run)
            scan.edits.append(
                Edit(start: start + shift, end: end, type: Self.nestedType, fingerprint: 0, form: .exact(encoded))
            )
            return
        }
    }

    /// Long runs of base64 or hexadecimal that hold text, whatever stands in it.
    func findEncodedRuns(in text: Span<UInt8>, _ scan: inout TextScan) throws(MaskingError) {
        var index = 0
        while let block = EncodedBlock.first(in: text, from: index) {
            let start = text.runStart(before: block) { $0.isBase64 || $0.isBase64URL }
            let end = text.runEnd(from: block) { $0.isBase64 || $0.isBase64URL }
            index = max(block + EncodedBlock.stride, end)
            guard let place = EncodedBlock.textPlace(start..<end, in: text) else {
                if end == text.count, end - start < 1_024 { scan.cutOff(at: start) }
                continue
            }
            try openEncodedRun(place, in: text, &scan)
        }
    }

    /// Where base64 ends that goes on over lines as long as the first one, or nil if it is one line.
    private func linesEnd(_ first: Range<Int>, in text: Span<UInt8>) -> Int? {
        var end = first.upperBound
        var lines = 1
        while true {
            let next = text.runEnd(from: end, limit: 2) { $0 == Byte.newline || $0 == Byte.carriageReturn }
            guard next > end else { break }
            let lineEnd = text.runEnd(from: next, limit: first.count + 1) { $0.isBase64 || $0 == Byte.equals }
            guard lineEnd > next, lineEnd - next <= first.count else { break }
            end = lineEnd
            lines += 1
            guard lineEnd - next == first.count else { break }
        }
        return lines > 1 ? end : nil
    }

    /// What a replacement inside an encoding is counted as, besides what was found inside.
    static let nestedType = ""

    /// A value with a telling name that is base64 of text: it stays base64.
    func openedValue(_ range: Range<Int>, in text: Span<UInt8>, depth: Int) throws(MaskingError) -> [Edit]? {
        let value = text.extracting(range)
        guard value.count >= 12, value.count.isMultiple(of: 4), isBase64(value) else { return nil }
        let decoded = Base64Text.decode(value)
        guard decoded.count >= 8, Base64Text.looksLikeText(decoded.span) else { return nil }
        // A second pass over a masked text changes nothing.
        if Edit.replacementEnd(in: decoded.span, at: 0) == decoded.count { return [] }
        return [
            Edit(
                start: range.lowerBound,
                end: range.upperBound,
                type: "secret",
                fingerprint: fingerprint(decoded.span),
                form: .base64
            )
        ]
    }

    /// Whether all of `value` is base64 with at most its padding behind.
    func isBase64(_ value: Span<UInt8>) -> Bool {
        let end = value.runEnd(from: 0) { $0.isBase64 || $0.isBase64URL }
        return value.count - end <= 2 && value.runEnd(from: end) { $0 == Byte.equals } == value.count
    }

    /// The replacement of a whole leaf that is base64 of a text or of gzip with a secret inside, or nil.
    func openBase64Leaf(
        _ leaf: Span<UInt8>,
        depth: Int,
        keepsLength: Bool
    ) throws(MaskingError) -> Edit.Form? {
        guard leaf.count >= 16, depth < profile.maximumNesting else { return nil }
        let head = Base64Text.decode(leaf.extracting(0..<min(leaf.count, 8)), limit: 4)
        guard head.count == 4 else { return nil }
        let isGzip = head[0] == 0x1F && head[1] == 0x8B
        guard isGzip || Base64Text.looksLikeText(head.span), isBase64(leaf) else { return nil }
        let decoded = Base64Text.decode(leaf)
        guard isGzip || Base64Text.looksLikeText(decoded.span) else { return nil }
        guard let masked = try maskedInside(decoded, depth: depth + 1, keepsLength: keepsLength) else { return nil }
        return .exact(Base64Text.encode(masked.span, like: leaf))
    }

    /// `content` with what is secret in it replaced, or nil if nothing is.
    func maskedInside(_ content: [UInt8], depth: Int, keepsLength: Bool) throws(MaskingError) -> [UInt8]? {
        guard depth <= profile.maximumNesting else { return nil }
        if content.count > 18, content[0] == 0x1F, content[1] == 0x8B, !keepsLength {
            guard let plain = inflated(content) else { return nil }
            guard let masked = try maskedInside(plain, depth: depth + 1, keepsLength: false) else { return nil }
            return deflated(masked)
        }
        let edits = try editsInside(content.span, depth: depth, keepsLength: keepsLength)
        guard !edits.isEmpty else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(content.count + 64)
        write(content.span, edits: edits, to: &output, keepsLength: keepsLength)
        return output
    }

    /// What is to be replaced in a text inside another: as JSON if it is, else as text.
    func editsInside(_ text: Span<UInt8>, depth: Int, keepsLength: Bool) throws(MaskingError) -> [Edit] {
        let hits = try anchors(in: text, depth: depth)
        let first = text.runEnd(from: 0) { $0.isWhitespace }
        if depth < profile.maximumNesting, let open = text.at(first), open == Byte.openBrace || open == Byte.openBracket
        {
            var json = JSONScanner(depth: depth, keepsLength: keepsLength)
            var edits: [Edit] = []
            do {
                _ = try json.scan(text, from: 0, hits: hits, isFinal: true, session: self, edits: &edits)
                findAcrossValues(text, hits: hits, edits: &edits)
                edits.settle()
                return edits
            } catch .malformed, .tooDeep {
                // Text that begins like JSON and is none.
            }
        }
        var scan = TextScan()
        scan.depth = depth
        scan.keepsLength = keepsLength
        try self.scan(text, hits: hits[...], base: 0, &scan)
        scan.edits.settle()
        return scan.edits
    }

    /// Appends `text` with `edits`, settled, applied.
    func write(_ text: Span<UInt8>, edits: [Edit], to output: inout [UInt8], keepsLength: Bool) {
        var position = 0
        for edit in edits where edit.start >= position {
            text.append(position..<edit.start, to: &output)
            edit.write(to: &output, keepsLength: keepsLength)
            if !edit.type.isEmpty { count(edit.type) }
            position = edit.end
        }
        text.append(position..<text.count, to: &output)
    }

    private func inflated(_ content: [UInt8]) -> [UInt8]? {
        do {
            var inflater = try Inflater(maximumOutput: profile.maximumValue)
            var output: [UInt8] = []
            try inflater.write(content.span, to: &output)
            try inflater.finish()
            return output
        } catch {
            return nil
        }
    }

    private func deflated(_ content: [UInt8]) -> [UInt8]? {
        do {
            var deflater = try Deflater()
            var output: [UInt8] = []
            try deflater.write(content.span, to: &output)
            try deflater.finish(to: &output)
            return output
        } catch {
            return nil
        }
    }
}

/// Hexadecimal text of either case.
enum HexText {
    static func decode(_ text: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var index = 0
        while index + 1 < text.count {
            bytes.append(value(text[index]) << 4 | value(text[index + 1]))
            index += 2
        }
        return bytes
    }

    static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for index in bytes.indices {
            text.append(digit(bytes[index] >> 4))
            text.append(digit(bytes[index] & 15))
        }
        return text
    }

    static func value(_ byte: UInt8) -> UInt8 {
        byte.isDigit ? byte - Byte.zero : byte.isHex ? (byte | 0x20) - UInt8(ascii: "a") + 10 : 0
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? Byte.zero + value : UInt8(ascii: "a") + value - 10
    }
}
