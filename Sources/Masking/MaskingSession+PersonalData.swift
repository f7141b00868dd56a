/// Personal data.
extension MaskingSession {
    /// An e-mail address around the `@` at `at`.
    func findEmail(at: Int, in text: Span<UInt8>, _ scan: inout TextScan) {
        let isLocal = { (byte: UInt8) in
            byte.isNamePart || byte == Byte.plus || byte == Byte.percent || byte == UInt8(ascii: "'")
        }
        var start = text.runStart(before: at, limit: 64, where: isLocal)
        while start < at, !text[start].isAlphanumeric || isEscape(text, at: start + 1) { start += 1 }
        let hostEnd = text.runEnd(from: at + 1, limit: 254) { $0.isAlphanumeric || $0 == Byte.dash || $0 == Byte.dot }
        if hostEnd == text.count { scan.cutOff(at: start) }
        var end = text.runStart(before: hostEnd, limit: hostEnd - at - 1) { $0 == Byte.dot || $0 == Byte.dash }
        guard start < at, end > at + 3, text.at(start - 1) != Byte.colon || !isUserinfo(start, in: text) else { return }
        let host = text.extracting(at + 1..<end)
        // The last label is a top-level domain: letters, two or more.
        let topStart = host.runStart(before: host.count) { $0.isLetter }
        guard host.count - topStart >= 2, topStart >= 2, host[topStart - 1] == Byte.dot else { return }
        let top = host.extracting(topStart..<host.count)
        for word in notDomains where top.count == word.utf8CodeUnitCount && top.hasIgnoringCase(word, at: 0) { return }
        // Service accounts and repositories are names of machines.
        for machine in ["amazonaws.com", "gserviceaccount.com", "github.com", "gitlab.com", "bitbucket.org"]
            as [StaticString]
        where host.hasIgnoringCase(machine, at: host.count - machine.utf8CodeUnitCount) { return }
        let local = text.extracting(start..<at)
        if local.count == 3, local.has("git", at: 0) { return }
        // The user of an address, and ids of messages, are no people.
        if text.at(start - 1) == Byte.slash, text.at(start - 2) == Byte.slash { return }
        if local.count >= 16, local.runEnd(from: 0, where: { $0.isAlphanumeric }) == local.count,
            SecretShape.looksRandom(local)
        {
            return
        }
        if text.at(end) == Byte.colon || text.at(end) == Byte.slash, local.count <= 3 { return }
        if text.at(end) == Byte.at { end = at }
        guard end > at else { return }
        found("email", start..<end, in: text, &scan)
    }

    /// Whether `start` follows `scheme://user:`.
    private func isUserinfo(_ start: Int, in text: Span<UInt8>) -> Bool {
        text.find("://", from: max(0, start - 80), to: start) != nil
    }

    private var notDomains: [StaticString] {
        [
            "js", "py", "sh", "json", "yaml", "yml", "xml", "txt", "md", "png", "jpg", "svg", "local", "internal",
            "tgz", "ts",
        ]
    }

    /// Card numbers, bank accounts, telephone and social security numbers.
    func findNumbers(in text: Span<UInt8>, _ scan: inout TextScan) {
        var index = 0
        while let block = NumberBlock.first(in: text, from: index) {
            let start = text.runStart(before: block, limit: 40) { $0.isNumberPart }
            var digits = 0
            var separators = 0
            var end = start
            let limit = min(text.count, block + 64)
            while end < limit, text[end].isNumberPart {
                if text[end].isDigit {
                    digits += 1
                } else if digits > 0 || text[end] == Byte.plus {
                    separators += 1
                }
                end += 1
            }
            if end == text.count { scan.cutOff(at: max(0, start - 8)) }
            // Ids of accounts and times in seconds are shorter than cards.
            let isLong = digits >= 13 || (digits >= 9 && separators > 0)
            if isLong || (digits >= 2 && mayBeAccount(at: start, in: text)) {
                judgeNumber(start..<end, in: text, &scan)
            }
            index = max(block + 4, (end + 3) & ~3)
        }
    }

    /// Whether letters stand before a run, as the country does before an account number.
    private func mayBeAccount(at start: Int, in text: Span<UInt8>) -> Bool {
        detectors.findsAccounts && text.at(start - 1)?.isUpper == true
    }

    private func judgeNumber(_ run: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        let start = text.runEnd(from: run.lowerBound) { !$0.isDigit && $0 != Byte.plus && $0 != Byte.openParenthesis }
        let end = text.runStart(before: run.upperBound, limit: run.count) { !$0.isDigit }
        guard end - start >= 9 else { return }
        let before = text.at(start - 1)
        let after = text.at(end)
        let isApart =
            before.map { !$0.isNamePart && $0 != Byte.plus || isEscape(text, at: start) } ?? true
            && after.map { !$0.isAlphanumeric && $0 != Byte.underscore || isExtension(end, in: text) } ?? true
        let number = PersonalNumber(text.extracting(start..<end))
        if detectors.findsAccounts, before?.isLetter == true || text.at(run.lowerBound - 1)?.isLetter == true,
            let range = ibanRange(around: start..<end, in: text)
        {
            found("iban", range, in: text, &scan)
            return
        }
        guard isApart else { return }
        if detectors.findsCards, number.isCard {
            found("card", start..<end, in: text, &scan)
        } else if detectors.findsSocialSecurity, number.isSocialSecurity {
            found("ssn", start..<end, in: text, &scan)
        } else if detectors.findsPhones, number.isPhone, !isTime(before: start, in: text) {
            found("phone", start..<end, in: text, &scan)
        } else {
            return
        }
        // A bare number in JSON stays one.
        if number.isDigitsOnly, before == Byte.colon || before == Byte.space && after == Byte.comma,
            !scan.edits.isEmpty, before != Byte.quote, after != Byte.quote, text.at(0) == Byte.openBrace
        {
            scan.edits[scan.edits.count - 1].form = .number
        }
    }

    /// Whether a time of day goes on at `start`: `10:00:00 2025 +0000`.
    private func isTime(before start: Int, in text: Span<UInt8>) -> Bool {
        text.at(start - 1) == Byte.colon && text.at(start - 2)?.isDigit == true
    }

    /// Whether `x` and digits follow, as after telephone numbers.
    private func isExtension(_ place: Int, in text: Span<UInt8>) -> Bool {
        text.at(place) == UInt8(ascii: "x") && text.at(place + 1)?.isDigit == true
    }

    /// The account number whose digits are at `digits`: two letters, two digits, up to 30 letters and digits.
    private func ibanRange(around digits: Range<Int>, in text: Span<UInt8>) -> Range<Int>? {
        var start = text.runStart(before: digits.lowerBound, limit: 40) { $0.isUpper || $0.isDigit || $0 == Byte.space }
        let limit = text.runEnd(from: digits.lowerBound, limit: 44) { $0.isUpper || $0.isDigit || $0 == Byte.space }
        while start + 15 <= limit {
            if text[start].isUpper, text[start + 1].isUpper, text[start + 2].isDigit, text[start + 3].isDigit,
                text.at(start - 1).map({ !$0.isAlphanumeric }) ?? true
            {
                // The longest end that fits.
                var end = limit
                while end - start >= 15 {
                    if text[end - 1] != Byte.space, text.at(end).map({ !$0.isAlphanumeric }) ?? true,
                        PersonalNumber.isIBAN(text.extracting(start..<end))
                    {
                        return start..<end
                    }
                    end -= 1
                }
            }
            start += 1
        }
        return nil
    }

    /// A number of a document or a date of birth after the word for it.
    func findIdentity(_ word: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) {
        let wordEnd = word.upperBound
        // Short words also stand inside others, and in base64.
        if let before = text.at(word.lowerBound - 1), before.isAlphanumeric, !isEscape(text, at: word.lowerBound) {
            return
        }
        if word.count <= 4, let after = text.at(wordEnd), after.isLetter { return }
        let limit = min(text.count, wordEnd + 40)
        var index = wordEnd
        if limit == text.count { scan.cutOff(at: max(0, wordEnd - 32)) }
        while index < limit {
            guard text[index].isDigit || text[index].isUpper else {
                guard text[index] != Byte.newline, text[index] != Byte.closeBrace,
                    text[index] != Byte.less || text.at(index + 1) != Byte.slash
                else { return }
                index += 1
                continue
            }
            let end = text.runEnd(from: index, limit: 24) {
                $0.isAlphanumeric || $0 == Byte.dash || $0 == Byte.slash || $0 == Byte.dot
            }
            var stop = text.runStart(before: end, limit: end - index) { !$0.isAlphanumeric }
            // 943 476 5919: groups of digits.
            while stop - index < 16, text.at(stop) == Byte.space, text.at(stop + 1)?.isDigit == true,
                text.at(stop - 1)?.isDigit == true
            {
                stop = text.runEnd(from: stop + 1, limit: 6) { $0.isDigit }
            }
            let value = text.extracting(index..<stop)
            let number = PersonalNumber(value)
            if number.isSocialSecurity, detectors.findsSocialSecurity { return }
            if number.isDocument {
                found("identity", index..<stop, in: text, &scan)
                return
            }
            index = text.runEnd(from: index) { $0.isAlphanumeric }
        }
    }
}

extension UInt8 {
    /// A byte of written numbers.
    @inline(__always) var isNumberPart: Bool {
        isDigit || self == Byte.space || self == Byte.dash || self == Byte.dot || self == Byte.plus
            || self == Byte.openParenthesis || self == Byte.closeParenthesis
    }
}
