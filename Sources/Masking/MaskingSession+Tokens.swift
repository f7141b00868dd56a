/// Credentials with a look of their own.
extension MaskingSession {
    /// A provider's token whose prefix stands at `prefix`.
    func findToken(_ format: TokenFormat, _ prefix: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        var start = prefix.lowerBound
        if let before = text.at(start - 1) {
            let isPrefixOfWord = format.prefix.utf8.first.map { $0.isAlphanumeric } ?? false
            if isPrefixOfWord, before.isAlphanumeric || before == Byte.underscore, !isEscape(text, at: start) { return }
        }
        // Text before the marker belongs to Terraform's tokens.
        if format.prefix == ".atlasv1." {
            start = text.runStart(before: start, limit: 20) { $0.isAlphanumeric }
            guard prefix.lowerBound - start >= 10 else { return }
        }
        let limit = format.length.upperBound + 1
        let end = text.runEnd(from: prefix.upperBound, limit: limit) { format.alphabet.contains($0) }
        if end == text.count { scan.cutOff(at: start) }
        let length = end - prefix.upperBound
        guard format.length.contains(length) else { return }
        let body = text.extracting(prefix.upperBound..<end)
        switch format.check {
        case .none:
            // Documentation writes xxxx and ....
            guard !SecretShape.isPlaceholder(body) else { return }
        case .random:
            guard SecretShape.looksRandom(body) else { return }
        }
        found(format.type, start..<trimmed(text, start..<end), in: text, &scan)
    }

    /// Whether the byte before `index` ends an escape like `\n`, so that it is no part of a word.
    func isEscape(_ text: Span<UInt8>, at index: Int) -> Bool {
        guard index >= 2, text[index - 2] == Byte.backslash else { return false }
        let letter = text[index - 1]
        return letter == UInt8(ascii: "n") || letter == UInt8(ascii: "t") || letter == UInt8(ascii: "r")
    }

    /// The end of `range` without the full stop of a sentence.
    private func trimmed(_ text: Span<UInt8>, _ range: Range<Int>) -> Int {
        text.runStart(before: range.upperBound, limit: range.count) { $0 == Byte.dot || $0 == Byte.comma }
    }

    /// A JSON web token or web encryption (RFC 7515, 7516), whose header names an algorithm.
    func findJSONWebToken(at start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        if let before = text.at(start - 1), before.isBase64URL || before == Byte.dot, !isEscape(text, at: start) {
            return
        }
        let headerEnd = text.runEnd(from: start) { $0.isBase64URL }
        guard text.at(headerEnd) == Byte.dot else {
            if headerEnd == text.count { scan.cutOff(at: start) }
            return
        }
        let end = text.runEnd(from: headerEnd) { $0.isBase64URL || $0 == Byte.dot || $0 == Byte.equals }
        if end == text.count { scan.cutOff(at: start) }
        guard end - headerEnd >= 12 else { return }
        let header = Base64Text.decode(text.extracting(start..<headerEnd), limit: 512)
        guard
            header.span.find("\"alg\"", from: 0, to: header.count) != nil
                || header.span.find("\"typ\"", from: 0, to: header.count) != nil
        else { return }
        found("jwt", start..<trimmed(text, start..<end), in: text, &scan)
    }

    /// A secret access key near the id of its key, where no name tells it.
    func findNeighbours(of start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let end = text.runEnd(from: start) { $0.isAlphanumeric }
        guard end - start == 20 else { return }
        if let before = text.at(start - 1), before.isAlphanumeric, !isEscape(text, at: start) { return }
        if text.count - end < 300 { scan.cutOff(at: start) }
        var index = text.runStart(before: max(0, start - 300), limit: 64) { $0.isBase64 }
        let limit = min(text.count, end + 300)
        while index < limit {
            guard text[index].isBase64 else {
                index += 1
                continue
            }
            let runEnd = text.runEnd(from: index, limit: 4096) { $0.isBase64 }
            var from = index
            // `\n` before the key adds its letter.
            if isEscape(text, at: index + 1), runEnd - index == 41 { from += 1 }
            if runEnd - from == 40, text.at(runEnd).map({ $0 != Byte.equals && !$0.isBase64URL }) ?? true,
                text.at(from - 1).map({ !$0.isBase64URL || from > index }) ?? true,
                isSecretAccessKey(text.extracting(from..<runEnd))
            {
                found("aws-secret-access-key", from..<runEnd, in: text, &scan)
            }
            index = runEnd
        }
    }

    /// Whether 40 base64 characters are a secret access key rather than a digest or a path.
    func isSecretAccessKey(_ value: Span<UInt8>) -> Bool {
        guard value.count == 40 else { return false }
        let classes = SecretShape.classes(value)
        return classes.lower && classes.upper && classes.digit && SecretShape.entropy(value) > 4.1
            && !SecretShape.isWords(value)
    }

    /// A session token of AWS STS, which begins with what all of them begin with.
    func findSessionToken(at start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let end = text.runEnd(from: start) {
            $0.isBase64URL || $0.isBase64 || $0 == Byte.equals || $0 == Byte.percent
        }
        if end == text.count { scan.cutOff(at: start) }
        guard end - start >= 80 else { return }
        found("aws-session-token", start..<end, in: text, &scan)
    }

    /// A client secret of Entra ID: `Q~` in its middle.
    func findAzureSecret(_ marker: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        let isMember = { (byte: UInt8) in byte.isBase64URL || byte == Byte.dot || byte == UInt8(ascii: "~") }
        let start = text.runStart(before: marker.lowerBound, limit: 40, where: isMember)
        let end = text.runEnd(from: marker.upperBound, limit: 40, where: isMember)
        if end == text.count { scan.cutOff(at: start) }
        guard (4...6).contains(marker.lowerBound - start), (31...35).contains(end - marker.upperBound) else { return }
        found("azure-client-secret", start..<end, in: text, &scan)
    }

    /// A key of OpenAI: their name in base64 in its middle.
    func findOpenAIKey(at marker: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let start = text.runStart(before: marker, limit: 120) { $0.isBase64URL }
        let end = text.runEnd(from: marker, limit: 160) { $0.isBase64URL }
        if end == text.count { scan.cutOff(at: start) }
        guard text.has("sk-", at: start), end - start >= 40 else { return }
        found("openai-key", start..<end, in: text, &scan)
    }

    /// A password hash in the formats of crypt(3), PHC, Django, LDAP and PostgreSQL.
    func findCryptHash(at start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let end = text.runEnd(from: start, limit: 512) {
            $0.isBase64 || $0 == Byte.dollar || $0 == Byte.dot || $0 == Byte.comma || $0 == Byte.equals
                || $0 == Byte.underscore || $0 == Byte.dash || $0 == Byte.openBrace || $0 == Byte.closeBrace
                || $0 == Byte.colon
        }
        if end == text.count { scan.cutOff(at: start) }
        var stop = end
        // A colon is a part of SCRAM alone; elsewhere the next field follows.
        if !text.has("SCRAM", at: start), let colon = text.find(":", from: start, to: end) { stop = colon }
        stop = trimmed(text, start..<stop)
        guard stop - start >= 28 else { return }
        let body = text.extracting(start..<stop)
        guard SecretShape.entropy(body) > 3.5 else { return }
        found("password-hash", start..<stop, in: text, &scan)
    }
}
