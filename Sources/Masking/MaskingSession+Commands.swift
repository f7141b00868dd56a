/// Secrets in command lines and statements, where their place tells them.
extension MaskingSession {
    /// `IDENTIFIED BY 'password'`, `IDENTIFIED WITH plugin BY 'password'`.
    func findSQLPassword(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let open = text.runEnd(from: start, limit: 48) {
            $0.isBlank || $0 == Byte.backslash || $0.isLetter || $0.isDigit || $0 == Byte.underscore
        }
        guard let quote = text.at(open), quote == Byte.apostrophe || quote == Byte.quote else {
            // Without quotes: one word that is no keyword.
            let word = argument(at: start, in: text, &scan)
            let stop = text.runStart(before: word.upperBound, limit: word.count) {
                $0 == Byte.semicolon || $0 == Byte.closeParenthesis
            }
            return judgeArgument(word.lowerBound..<stop, in: text, &scan)
        }
        let end = text.runEnd(from: open + 1, limit: 256) { $0 != quote && $0 != Byte.backslash }
        if end == text.count { scan.cutOff(at: start) }
        guard end - open > 3, !isReference(text.extracting(open + 1..<end)) else { return }
        found("secret", open + 1..<end, in: text, &scan)
    }

    /// `curl -u user:password`, `smbclient -U user%password`.
    func findCommandLineUser(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let word = argument(at: start, in: text, &scan)
        let separator =
            text.find(":", from: word.lowerBound, to: word.upperBound)
            ?? text.find("%", from: word.lowerBound, to: word.upperBound)
        guard let separator, word.upperBound - separator > 4, separator > word.lowerBound,
            text.runEnd(from: word.lowerBound, where: { $0.isNamePart || $0 == Byte.at || $0 == Byte.backslash })
                == separator
        else { return }
        judgeArgument(separator + 1..<word.upperBound, in: text, &scan)
    }

    /// `az login -p password`, `docker login -p`, `redis-cli -a`: an option that means a password for some commands alone.
    func findLoginPassword(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let lineStart = text.runStart(before: start, limit: 300) { $0 != Byte.newline && $0 != Byte.semicolon }
        let isKnown = [" login", "mongo", "redis-cli", "sshpass", "snowsql", "pass:", "ldapsearch"].contains {
            command in
            text.find(command, from: lineStart, to: start) != nil
        }
        guard isKnown || text.has("login", at: lineStart) else { return }
        judgeArgument(argument(at: start, in: text, &scan), in: text, &scan)
    }

    /// Oracle's `user/password@host`.
    func findUserSlashPassword(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let slash = text.runEnd(from: start, limit: 64) { $0.isNamePart }
        guard slash > start, text.at(slash) == Byte.slash else { return }
        let end = text.runEnd(from: slash + 1, limit: 128) {
            $0 > 0x20 && $0 < 0x7F && $0 != Byte.at && $0 != Byte.quote && $0 != Byte.slash
        }
        if end == text.count { scan.cutOff(at: start) }
        guard text.at(end) == Byte.at, end > slash + 3, !isReference(text.extracting(slash + 1..<end)) else { return }
        found("secret", slash + 1..<end, in: text, &scan)
    }

    /// `SET PASSWORD FOR 'user'@'%' = 'password'`.
    func findPasswordFor(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let equals = text.runEnd(from: start, limit: 100) { $0 != Byte.equals && $0 != Byte.newline }
        guard text.at(equals) == Byte.equals else { return }
        let quote = text.runEnd(from: equals + 1, limit: 12) { $0.isBlank || $0.isLetter || $0 == Byte.openParenthesis }
        guard text.at(quote) == Byte.apostrophe || text.at(quote) == Byte.quote else { return }
        let end = text.runEnd(from: quote + 1, limit: 128) { $0 != text[quote] && $0 != Byte.newline }
        if end == text.count { scan.cutOff(at: start) }
        guard end > quote + 3, !isReference(text.extracting(quote + 1..<end)) else { return }
        found("secret", quote + 1..<end, in: text, &scan)
    }

    /// A line of a .pgpass: `host:port:database:user:password`.
    func findPasswordFileEntry(_ port: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        var index = port.upperBound
        for _ in 0..<2 {
            index = text.runEnd(from: index, limit: 64) { $0.isNamePart || $0 == Byte.star }
            guard text.at(index) == Byte.colon else { return }
            index += 1
        }
        let end = text.runEnd(from: index, limit: 128) {
            $0 > 0x20 && $0 < 0x7F && $0 != Byte.quote && $0 != Byte.less
        }
        if end == text.count { scan.cutOff(at: port.lowerBound) }
        let stop = text.runStart(before: end, limit: end - index) { $0 == Byte.backslash || $0 == Byte.apostrophe }
        // A record of numbers is another file's.
        let value = text.extracting(index..<stop)
        guard value.count >= 4, value.runEnd(from: 0, where: { $0.isDigit }) < value.count, !isReference(value) else {
            return
        }
        found("secret", index..<stop, in: text, &scan)
    }

    /// The word right behind `requirepass` and its like.
    func findFollowingSecret(after start: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let word = argument(at: start, in: text, &scan)
        judgeArgument(word, in: text, &scan)
    }

    /// The password among the arguments of a command.
    func findArgument(_ command: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        let lineEnd = text.runEnd(from: command.upperBound, limit: 200) { $0 != Byte.newline && $0 != Byte.semicolon }
        if lineEnd == text.count { scan.cutOff(at: command.lowerBound) }
        if text.has("mysql", at: command.lowerBound) {
            // -pSecret, without a space.
            guard let option = text.find(" -p", from: command.upperBound, to: lineEnd),
                text.at(option + 3)?.isBlank == false
            else { return }
            judgeArgument(argument(at: option + 3, in: text, &scan), in: text, &scan)
        } else if text.has("openssl", at: command.lowerBound) {
            guard let option = text.find(" -k ", from: command.upperBound - 1, to: lineEnd) else { return }
            judgeArgument(argument(at: option + 4, in: text, &scan), in: text, &scan)
        } else {
            // htpasswd -b file user password, rabbitmqctl add_user user password, net use x: share /user:name password
            var words =
                text.has("htpasswd", at: command.lowerBound) ? 3 : text.has("net", at: command.lowerBound) ? 4 : 2
            var word = command.upperBound..<command.upperBound
            while words > 0 {
                word = argument(at: word.upperBound, in: text, &scan)
                words -= 1
            }
            guard word.upperBound <= lineEnd else { return }
            judgeArgument(word, in: text, &scan)
        }
    }

    /// `echo "password" | docker login --password-stdin`.
    func findEchoedSecret(before end: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let lineStart = text.runStart(before: end, limit: 300) { $0 != Byte.newline }
        guard let echo = text.find("echo ", from: lineStart, to: end) else { return }
        judgeArgument(argument(at: echo + 5, in: text, &scan), in: text, &scan)
    }

    /// The word at or behind `start`, without its quotes.
    private func argument(at start: Int, in text: Span<UInt8>, _ scan: inout TextScan) -> Range<Int> {
        let open = text.runEnd(from: start, limit: 8) {
            $0.isBlank || $0 == Byte.quote || $0 == Byte.apostrophe || $0 == Byte.backslash
        }
        let end = text.runEnd(from: open, limit: 256) {
            $0 > 0x20 && $0 != Byte.quote && $0 != Byte.apostrophe && $0 < 0x7F
        }
        if end == text.count { scan.cutOff(at: start) }
        let stop = text.runStart(before: end, limit: end - open) { $0 == Byte.backslash }
        return open..<stop
    }

    private func judgeArgument(_ word: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        let value = text.extracting(word)
        guard value.count >= 4, value.at(0) != Byte.dash, value.at(0) != Byte.slash, !isReference(value),
            !SecretShape.isPlaceholder(value),
            value.runEnd(from: 0, where: { $0.isDigit || $0 == Byte.colon || $0 == Byte.dot }) < value.count,
            // Words that people use in sentences have neither digits nor signs.
            value.runEnd(from: 0, where: { $0.isLetter || $0 == Byte.dot || $0 == Byte.comma }) < value.count
        else { return }
        found("secret", word, in: text, &scan)
    }

    /// A bot token of Telegram: digits, a colon, 35 characters that begin with `AA`.
    func findTelegramToken(_ marker: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        let start = text.runStart(before: marker.lowerBound, limit: 11) { $0.isDigit }
        let end = text.runEnd(from: marker.lowerBound + 1, limit: 40) { $0.isBase64URL }
        if end == text.count { scan.cutOff(at: start) }
        guard (8...10).contains(marker.lowerBound - start), (33...36).contains(end - marker.lowerBound - 1) else {
            return
        }
        found("telegram-token", start..<end, in: text, &scan)
    }

    /// The private members of a JSON web key (RFC 7518 section 6) around `kty`.
    func findJSONWebKey(at marker: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        var start = marker
        while start > 0, marker - start < 4096, text[start] != Byte.openBrace { start -= 1 }
        let end = text.runEnd(from: marker, limit: 8192) { $0 != Byte.closeBrace }
        if end == text.count { scan.cutOff(at: start) }
        var index = start
        while index < end {
            let nameEnd = text.runEnd(from: index, limit: 3) { $0.isLower }
            defer { index = max(index + 1, nameEnd) }
            guard nameEnd > index, nameEnd - index <= 2, text.at(index - 1) == Byte.quote,
                isPrivateMember(text.extracting(index..<nameEnd))
            else { continue }
            let valueStart = text.runEnd(from: nameEnd, limit: 12) {
                $0 == Byte.quote || $0 == Byte.backslash || $0 == Byte.colon || $0.isWhitespace
            }
            guard text.find(":", from: nameEnd, to: valueStart) != nil else { continue }
            let valueEnd = text.runEnd(from: valueStart) { $0.isBase64URL }
            if valueEnd - valueStart >= 16 { found("private-key", valueStart..<valueEnd, in: text, &scan) }
        }
    }

    private func isPrivateMember(_ name: Span<UInt8>) -> Bool {
        for member in ["d", "p", "q", "dp", "dq", "qi", "k"] as [StaticString]
        where name.count == member.utf8CodeUnitCount && name.has(member, at: 0) { return true }
        return false
    }
}
