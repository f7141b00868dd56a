/// Secrets in addresses and headers.
extension MaskingSession {
    /// The password in `scheme://user:password@host`.
    func findURLPassword(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        guard start > scan.addressEnd else { return }
        let end = text.runEnd(from: start, limit: 1024) { byte in
            byte > 0x20 && byte != Byte.slash && byte != Byte.quote && byte != Byte.less && byte != Byte.greater
                && byte != Byte.backslash && byte != Byte.apostrophe && byte != UInt8(ascii: "?") && byte < 0x7F
        }
        if end == text.count { scan.cutOff(at: max(0, start - 16)) }
        scan.addressEnd = end
        var at = end - 1
        while at > start, text[at] != Byte.at { at -= 1 }
        guard at > start else { return }
        guard let colon = text.find(":", from: start, to: at) else {
            // A token alone before the @, as in https://ghp_...@github.com.
            if !takesPublicKey(text.extracting(at + 1..<end)), SecretShape.looksRandom(text.extracting(start..<at)),
                at - start >= 20
            {
                found("url-password", start..<at, in: text, &scan)
            }
            return
        }
        let password = text.extracting(colon + 1..<at)
        guard !password.isEmpty, !isReference(password) else { return }
        found("url-password", colon + 1..<at, in: text, &scan)
    }

    /// `https%3A%2F%2Fuser%3Apassword%40host`.
    func findEscapedURLPassword(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let isMember = { (byte: UInt8) in byte.isNamePart || byte == UInt8(ascii: "~") }
        let user = text.runEnd(from: start, limit: 128, where: isMember)
        guard text.hasIgnoringCase("%3a", at: user) else { return }
        let end = text.runEnd(from: user + 3, limit: 256) { isMember($0) || $0 == Byte.percent }
        guard let at = text.find("%40", from: user + 3, to: end) else {
            if end == text.count { scan.cutOff(at: start) }
            return
        }
        let password = text.extracting(user + 3..<at)
        guard password.count >= 3, !isReference(password) else { return }
        found("url-password", user + 3..<at, in: text, &scan)
    }

    /// Whether the host of an address takes a key that anybody may have before its `@` (Sentry's data source names).
    private func takesPublicKey(_ host: Span<UInt8>) -> Bool {
        host.hasIgnoringCase("sentry.io", at: host.count - 9)
    }

    /// Whether a template is to fill in the value.
    func isReference(_ value: Span<UInt8>) -> Bool {
        guard let first = value.at(0) else { return true }
        if Edit.replacementEnd(in: value, at: 0) == value.count { return true }
        return first == Byte.less || first == Byte.openBrace
            || (first == Byte.dollar && (value.at(1) == Byte.openBrace || value.at(1)?.isUpper == true))
            || value.runEnd(from: 0, where: { $0 == Byte.star || $0 == UInt8(ascii: "x") }) == value.count
    }

    /// A signature or token in the query of a presigned address.
    func findSignature(_ name: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        guard let before = text.at(name.lowerBound - 1),
            !before.isLetter || before == UInt8(ascii: "-") || text.hasIgnoringCase("x-", at: name.lowerBound)
        else { return }
        let end = text.runEnd(from: name.upperBound) {
            $0.isBase64URL || $0.isBase64 || $0 == Byte.percent || $0 == Byte.equals || $0 == Byte.dot
                || $0 == UInt8(ascii: "~")
        }
        if end == text.count { scan.cutOff(at: name.lowerBound) }
        guard end - name.upperBound >= 20 else { return }
        found("presigned-url", name.upperBound..<end, in: text, &scan)
    }

    /// `Basic` and base64 of `user:password`.
    func findBasicAuthorization(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let end = text.runEnd(from: start) { $0.isBase64 || $0 == Byte.equals }
        if end == text.count { scan.cutOff(at: start) }
        guard end - start >= 8 else { return }
        let decoded = Base64Text.decode(text.extracting(start..<end), limit: 256)
        let span = decoded.span
        guard Base64Text.looksLikeText(span), let colon = span.find(":", from: 0, to: span.count),
            colon < span.count - 1, Edit.replacementEnd(in: span, at: 0) != span.count
        else { return }
        found("basic-authorization", start..<end, in: text, &scan)
    }

    /// `Bearer` and its token.
    func findBearerToken(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        var end = text.runEnd(from: start) {
            $0.isBase64URL || $0.isBase64 || $0 == Byte.dot || $0 == UInt8(ascii: "~")
        }
        // `token_type=Bearer name=value`: a name, unless it is padding that follows.
        let padded = text.runEnd(from: end, limit: 2) { $0 == Byte.equals }
        if padded > end {
            guard text.at(padded).map({ !$0.isAlphanumeric }) ?? true else { return }
            end = padded
        }
        if end == text.count { scan.cutOff(at: start) }
        let token = text.extracting(start..<end)
        guard token.count >= 16, SecretShape.looksRandom(token) else { return }
        found("bearer-token", start..<end, in: text, &scan)
    }

    /// The values of `Cookie: a=b; c=d` and `Set-Cookie: a=b; Path=/` that look random.
    func findCookies(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        var index = start
        while true {
            index = text.runEnd(from: index) { $0.isBlank || $0 == Byte.semicolon }
            let nameEnd = text.runEnd(from: index, limit: 80) { $0.isNamePart }
            guard nameEnd > index, text.at(nameEnd) == Byte.equals else { break }
            let end = text.runEnd(from: nameEnd + 1) {
                $0 > 0x20 && $0 != Byte.semicolon && $0 != Byte.quote && $0 != Byte.apostrophe && $0 != Byte.backslash
                    && $0 < 0x7F
            }
            if end == text.count { scan.cutOff(at: start) }
            let value = text.extracting(nameEnd + 1..<end)
            if value.count >= 12, SecretShape.looksRandom(value) || SecretShape.isUUID(value) {
                found("cookie", nameEnd + 1..<end, in: text, &scan)
            }
            guard text.at(end) == Byte.semicolon else { break }
            index = end
        }
    }
}
