/// Private keys in their text forms.
extension MaskingSession {
    /// PEM, OpenSSH, PGP and SSH2: from `-----BEGIN` to the end line, or as far as the key's alphabet goes.
    func findPrivateKey(_ words: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        let lineStart = text.runStart(before: words.lowerBound, limit: 40) {
            $0.isUpper || $0.isDigit || $0 == Byte.space || $0 == Byte.dash
        }
        guard let begin = text.find("BEGIN", from: lineStart, to: words.lowerBound) else { return }
        var start = begin
        while start > lineStart, text[start - 1] == Byte.dash || text[start - 1] == Byte.space { start -= 1 }
        guard begin - start >= 4 else { return }
        while start < begin, text[start] == Byte.space { start += 1 }
        var index = text.runEnd(from: words.upperBound) {
            $0 == Byte.dash || $0 == Byte.space || $0.isUpper
        }
        // Armour headers, white space in any spelling, base64, then the end line.
        var dashes = 0
        while index < text.count {
            let byte = text[index]
            if byte == Byte.dash {
                dashes += 1
                if dashes >= 4, text.has("END", at: index + 1) || text.has(" END", at: index + 1) {
                    index = endOfLine(text, from: index)
                    break
                }
            } else {
                dashes = 0
                guard isKeyByte(byte) else { break }
            }
            index += 1
        }
        if index == text.count { scan.cutOff(at: start) }
        guard index - words.upperBound >= 20 else { return }
        found("private-key", start..<index, in: text, &scan)
    }

    /// Past `END RSA PRIVATE KEY-----`.
    private func endOfLine(_ text: Span<UInt8>, from start: Int) -> Int {
        let words = text.runEnd(from: start + 1, limit: 60) { $0.isUpper || $0.isDigit || $0 == Byte.space }
        return text.runEnd(from: words, limit: 5) { $0 == Byte.dash }
    }

    private func isKeyByte(_ byte: UInt8) -> Bool {
        byte.isBase64 || byte.isWhitespace || byte == Byte.equals || byte == Byte.backslash || byte == Byte.colon
            || byte == Byte.comma || byte == Byte.dot || byte == Byte.openParenthesis || byte == Byte.closeParenthesis
            || byte == Byte.quote || byte == Byte.underscore
    }

    /// A PEM key in a query or form, with `%0A` for its lines.
    func findEscapedPrivateKey(at words: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let isMember = { (byte: UInt8) in byte.isBase64 || byte.isBase64URL || byte == Byte.percent || byte == Byte.dot
        }
        let start = text.runStart(before: words, limit: 60, where: isMember)
        let end = text.runEnd(from: words, where: isMember)
        if end == text.count { scan.cutOff(at: start) }
        guard let begin = text.find("-----BEGIN", from: start, to: words), end - words >= 40 else { return }
        found("private-key", begin..<end, in: text, &scan)
    }

    /// A PuTTY private key, to its checksum.
    func findPuTTYKey(at start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        guard let mac = text.find("Private-MAC:", from: start, to: min(text.count, start + 16_384)) else {
            scan.cutOff(at: start)
            guard let lines = text.find("Private-Lines:", from: start, to: text.count) else { return }
            let end = text.runEnd(from: lines) { isKeyByte($0) || $0 == Byte.dash }
            found("private-key", start..<end, in: text, &scan)
            return
        }
        let digest = text.runEnd(from: mac + 12) { $0 == Byte.space }
        let end = text.runEnd(from: digest) { $0.isHex }
        if end == text.count { scan.cutOff(at: start) }
        found("private-key", start..<end, in: text, &scan)
    }
}
