/// Values whose name says that they are secret: in env files, JSON, YAML, XML, HCL, INI, code, SQL, URLs, command lines.
extension MaskingSession {
    /// The value of the name around `word`.
    func findValue(ofNameAt word: Range<Int>, in text: Span<UInt8>, _ scan: inout TextScan) throws(MaskingError) {
        guard word.upperBound > scan.nameEnd else { return }
        let wordEnd = text.runStart(before: word.upperBound, limit: 2) { !$0.isNamePart }
        let nameStart = text.runStart(before: wordEnd, limit: 80) { $0.isNamePart }
        let nameEnd = text.runEnd(from: wordEnd, limit: 64) { $0.isNamePart }
        scan.nameEnd = nameEnd
        if nameEnd == text.count {
            scan.cutOff(at: nameStart)
            return
        }
        let name = text.extracting(nameStart..<nameEnd)
        let strength = KeyName.strength(of: name)
        guard strength != .none, strength != .benign, strength != .identity else { return }
        try findColumn(named: nameStart..<nameEnd, strength, in: text, &scan)
        guard let place = valuePlace(nameStart..<nameEnd, in: text) ?? valueBefore(nameStart, in: text) else {
            if text.count - nameEnd < 64 { scan.cutOff(at: nameStart) }
            return
        }
        if place.range.upperBound == text.count { scan.cutOff(at: nameStart) }
        try judge(place, strength, in: text, &scan)
    }

    /// Where the value of a name stands.
    struct ValuePlace {
        var range: Range<Int>
        /// Whether quotes or tags bound it, so that nobody wrote it in a sentence.
        var isBounded: Bool
        /// Whether only a space is between name and value.
        var isLoose = false
        /// Whether blanks stand around the sign of the assignment, or a statement ends behind it, as in code.
        var isSpaced = false
    }

    private func judge(
        _ place: ValuePlace,
        _ strength: KeyName.Strength,
        in text: Span<UInt8>,
        _ scan: inout TextScan
    ) throws(MaskingError) {
        var range = place.range
        // `Authorization: Bearer x`: the scheme stays.
        for scheme in ["bearer ", "basic ", "token ", "apikey ", "digest "] as [StaticString]
        where text.hasIgnoringCase(scheme, at: range.lowerBound) && scheme.utf8CodeUnitCount < range.count {
            range = range.lowerBound + scheme.utf8CodeUnitCount..<range.upperBound
        }
        let value = text.extracting(range)
        if place.isLoose {
            let stop = value.runStart(before: value.count, limit: 3) {
                $0 == Byte.dot || $0 == Byte.comma || $0 == Byte.semicolon || $0 == UInt8(ascii: "!")
            }
            range = range.lowerBound..<range.lowerBound + stop
        }
        // Pass: 12, fail: 0
        if !place.isBounded, value.runEnd(from: 0, where: { $0.isDigit }) > 0,
            value.at(value.runEnd(from: 0, where: { $0.isDigit })).map(\.isBlank) == true
        {
            return
        }
        let isSecret =
            place.isLoose
            ? isSecret(loose: text.extracting(range), strength) : SecretShape.isSecret(value, under: strength)
        guard isSecret else { return }
        // Code: a call, a variable or an operator is no literal.
        if !place.isBounded, CodeShape.isExpression(value, isAssigned: place.isSpaced) { return }
        if let edit = try openedValue(range, in: text, depth: scan.depth) {
            scan.edits.append(contentsOf: edit)
            return
        }
        if isURL(value) {
            // A database URL under `DATABASE_URL`: its own detector masks the password in it.
            return
        }
        found(strength == .strong ? "secret" : "token", range, in: text, &scan)
        if !place.isBounded, value.runEnd(from: 0, where: { $0.isDigit }) == value.count, !scan.edits.isEmpty {
            scan.edits[scan.edits.count - 1].form = .number
        }
    }

    /// Whether a word that only a space parts from its name is a secret: no other word has letters, digits and signs.
    private func isSecret(loose value: Span<UInt8>, _ strength: KeyName.Strength) -> Bool {
        guard strength != .provider else { return false }
        if strength == .medium, SecretShape.isUUID(value) { return true }
        if value.count >= (strength == .strong ? 8 : 16), SecretShape.looksRandom(value) { return true }
        guard strength == .strong, value.count >= 6, value.count <= 64, !SecretShape.isPlaceholder(value),
            !SecretShape.isStructured(value) || value.find("@", from: 1, to: value.count - 1) != nil
                || SecretShape.classes(value).upper
        else { return false }
        var digits = 0
        var signs = 0
        for index in value.indices {
            let byte = value[index]
            if byte.isDigit { digits += 1 }
            if !byte.isAlphanumeric, byte != Byte.dash, byte != Byte.dot, byte != Byte.slash, byte != Byte.colon,
                byte != Byte.apostrophe, byte != Byte.openParenthesis, byte != Byte.closeParenthesis,
                byte != Byte.underscore, byte != Byte.comma, byte != Byte.equals
            {
                signs += 1
            }
        }
        let classes = SecretShape.classes(value)
        return (classes.lower || classes.upper) && (digits > 0 && (signs > 0 || classes.lower && classes.upper))
    }

    private func isURL(_ value: Span<UInt8>) -> Bool { value.find("://", from: 0, to: min(value.count, 24)) != nil }

    /// The place of the value that belongs to the name at `name`, or nil.
    private func valuePlace(_ name: Range<Int>, in text: Span<UInt8>) -> ValuePlace? {
        var index = skipQuotes(name.upperBound, in: text)
        let isQuotedName = index > name.upperBound
        if text.at(index) == Byte.closeBracket { index += 1 }
        let gap = index
        index = text.runEnd(from: index, limit: 16) { $0.isBlank }
        guard let separator = text.at(index) else { return nil }
        switch separator {
        case Byte.equals:
            guard text.at(index + 1) != Byte.equals else { return nil }
            let isSpaced = text.at(index - 1)?.isBlank == true
            index += text.at(index + 1) == Byte.greater || text.at(index + 1) == UInt8(ascii: "~") ? 2 : 1
            var place = value(from: index, name: name, isColon: false, in: text)
            if let found = place {
                let after = text.at(found.range.upperBound)
                place?.isSpaced = isSpaced || after == Byte.semicolon || after == Byte.closeParenthesis
            }
            return place
        case Byte.colon:
            // In `arn:aws:secretsmanager:...:secret:name` a word stands between colons.
            guard !text.has("://", at: index), isQuotedName || text.at(name.lowerBound - 1) != Byte.colon else {
                return nil
            }
            let isPath =
                text.at(name.lowerBound - 1) == Byte.slash && !isAfterUserName(name.lowerBound - 1, in: text)
            // `Login/Password: x`, but not the path in `prod/db/password:x`.
            guard !isPath || text.at(index + 1)?.isBlank == true && !isInARN(name.lowerBound, text) else { return nil }
            index += text.at(index + 1) == Byte.equals ? 2 : 1
            if let typed = typedValue(from: index, name: name, in: text) { return typed }
            if let nested = nestedValue(from: index, name: name, in: text) { return nested }
            var place = value(from: index, name: name, isColon: true, in: text)
            if isPath { place?.isLoose = true }
            place?.isSpaced = true
            return place
        case Byte.ampersand where text.hasIgnoringCase("&#61;", at: index) || text.hasIgnoringCase("&#x3d;", at: index):
            return value(
                from: text.runEnd(from: index) { $0 != Byte.semicolon } + 1,
                name: name,
                isColon: false,
                in: text
            )
        case UInt8(ascii: "|") where text.at(index + 1) == separator,
            UInt8(ascii: "?") where text.at(index + 1) == separator:
            // process.env.KEY || "x"
            let place = value(from: index + 2, name: name, isColon: false, in: text)
            return place?.isBounded == true ? place : nil
        case UInt8(ascii: "?") where text.at(index + 1) == Byte.colon:
            return typedValue(from: index + 2, name: name, in: text)
        case UInt8(ascii: "|"):
            return value(from: index + 1, name: name, isColon: false, in: text)
        case Byte.comma where !isQuotedName && isLineStart(name.lowerBound, in: text):
            // A line of a table of names and values.
            var place = value(from: index + 1, name: name, isColon: false, in: text)
            if place?.isBounded == false { place?.isLoose = true }
            return place
        case Byte.openParenthesis:
            // setPassword("x"), PW(x)
            guard index == name.upperBound else { return nil }
            var place = value(from: index + 1, name: name, isColon: false, in: text)
            if place?.isBounded == false { place?.isLoose = true }
            return place
        case Byte.percent where text.hasIgnoringCase("%3d", at: index) || text.hasIgnoringCase("%3a", at: index):
            return value(from: index + 3, name: name, isColon: false, in: text)
        case Byte.greater where text.at(name.lowerBound - 1) == Byte.less || text.at(name.lowerBound - 1) == Byte.colon:
            let end = text.runEnd(from: index + 1) { $0 != Byte.less }
            guard text.at(end + 1) == Byte.slash || text.at(end + 1) == UInt8(ascii: "!") else { return nil }
            return ValuePlace(range: index + 1..<end, isBounded: true)
        case Byte.comma where isQuotedName, Byte.less where text.at(index + 1) == Byte.slash,
            Byte.newline, Byte.carriageReturn, Byte.backslash:
            return pairValue(from: index, name: name, isQuoted: isQuotedName, in: text)
        default:
            guard index > gap else { return nil }
            let isOption = text.at(name.lowerBound) == Byte.dash
            if text.has("ENV ", at: name.lowerBound - 4) || isOption || separator == Byte.apostrophe
                || isNetrc(name, in: text)
            {
                return value(from: index, name: name, isColon: false, in: text)
            }
            // <password type="x">value</password>
            if text.at(name.lowerBound - 1) == Byte.less {
                let close = text.runEnd(from: index, limit: 120) { $0 != Byte.greater && $0 != Byte.less }
                guard text.at(close) == Byte.greater, text.at(close - 1) != Byte.slash else { return nil }
                return ValuePlace(range: close + 1..<text.runEnd(from: close + 1) { $0 != Byte.less }, isBounded: true)
            }
            if isQuotedName { return pairValue(from: index, name: name, isQuoted: true, in: text) }
            // var password string = "x"
            let type = text.runEnd(from: index, limit: 24) {
                $0.isNamePart || $0 == Byte.star || $0 == Byte.openBracket || $0 == Byte.closeBracket
            }
            let assignment = text.runEnd(from: type, limit: 4) { $0.isBlank }
            if assignment > type, text.at(assignment) == Byte.equals, text.at(assignment + 1) != Byte.equals,
                let place = value(from: assignment + 1, name: name, isColon: false, in: text), place.isBounded
            {
                return place
            }
            // In a sentence any word may follow "token"; only a compound name, or "is", says more.
            let isSentence = text.hasIgnoringCase("is ", at: index) || text.hasIgnoringCase("is: ", at: index)
            let isCompound =
                text.extracting(name).runEnd(from: 0) { $0 != Byte.underscore && $0 != Byte.dash } < name.count
            guard
                isSentence || isCompound || isPasswordName(text.extracting(name)) && isMixed(at: index, in: text)
                    || name.count == 6 && text.hasIgnoringCase("apikey", at: name.lowerBound)
                    || text[gap] == Byte.tab
            else { return nil }
            var place = value(from: isSentence ? index + 3 : index, name: name, isColon: false, in: text)
            place?.isLoose = true
            // `secret next=x`: another name.
            if let found = place {
                let word = text.runEnd(from: found.range.lowerBound) { $0.isLetter || $0 == Byte.underscore }
                if text.at(word) == Byte.equals, word < found.range.upperBound - 1 { return nil }
            }
            return place
        }
    }

    /// Whether a name says password rather than secret or token, after which a sentence may go on with anything.
    private func isPasswordName(_ name: Span<UInt8>) -> Bool {
        for word in ["password", "passwd", "pwd", "pw", "passphrase"] as [StaticString]
        where name.count == word.utf8CodeUnitCount && name.hasIgnoringCase(word, at: 0) { return true }
        return false
    }

    /// Whether the word at `start` has lower, upper and digits as no other word has: `password IhqSb1Gg`.
    private func isMixed(at start: Int, in text: Span<UInt8>) -> Bool {
        let end = text.runEnd(from: start, limit: 65) { !$0.isWhitespace && $0 < 0x7F }
        let classes = SecretShape.classes(text.extracting(start..<end))
        return (8...64).contains(end - start) && classes.lower && classes.upper && classes.digit
    }

    /// Whether the word that goes on at `index` is an ARN.
    private func isInARN(_ index: Int, _ text: Span<UInt8>) -> Bool {
        let start = text.runStart(before: index, limit: 512) {
            $0.isNamePart || $0 == Byte.colon || $0 == Byte.slash || $0 == Byte.star
        }
        return text.has("arn:", at: start)
    }

    /// Whether `user`, `id` or `login` stands before the slash: `ID/PW: name/secret`.
    private func isAfterUserName(_ slash: Int, in text: Span<UInt8>) -> Bool {
        let start = text.runStart(before: slash, limit: 12) { $0.isLetter }
        let word = text.extracting(start..<slash)
        for name in ["id", "user", "username", "login", "account"] as [StaticString]
        where word.count == name.utf8CodeUnitCount && word.hasIgnoringCase(name, at: 0) { return true }
        return false
    }

    /// Past quotes of any escaping: `"`, `\"`, `\\\"`, `'`, `&quot;`, `&#34;`.
    private func skipQuotes(_ start: Int, in text: Span<UInt8>) -> Int {
        let escapes = text.runEnd(from: start, limit: 8) { $0 == Byte.backslash }
        if let quote = text.at(escapes), quote == Byte.quote || quote == Byte.apostrophe || quote == Byte.backtick {
            return escapes + 1
        }
        for entity in ["&quot;", "&#34;", "&#x22;", "%22"] as [StaticString]
        where text.hasIgnoringCase(entity, at: start) { return start + entity.utf8CodeUnitCount }
        return start
    }

    /// `machine h login u password p`.
    private func isNetrc(_ name: Range<Int>, in text: Span<UInt8>) -> Bool {
        guard text.hasIgnoringCase("password", at: name.lowerBound), name.count == 8 else { return false }
        return text.find("login ", from: max(0, name.lowerBound - 100), to: name.lowerBound) != nil
    }

    /// The value that begins at `start`, past blanks and an opening quote.
    func value(from start: Int, name: Range<Int>, isColon: Bool, in text: Span<UInt8>) -> ValuePlace? {
        var begin = text.runEnd(from: start, limit: 32) { $0.isBlank }
        guard begin < text.count else { return nil }
        // `Authorization: token x`: the scheme is no value.
        for scheme in ["bearer ", "basic ", "token ", "apikey ", "digest "] as [StaticString]
        where text.hasIgnoringCase(scheme, at: begin) { begin += scheme.utf8CodeUnitCount }
        // {"password": {"Value": "x"}}
        if text.at(begin) == Byte.openBrace, isColon {
            let open = text.runEnd(from: begin + 1, limit: 64) {
                $0.isWhitespace || $0 == Byte.quote || $0 == Byte.backslash
            }
            let end = text.runEnd(from: open, limit: 16) { $0.isNamePart }
            guard open > begin + 1, end - open <= 2 || KeyName.isPairValue(text.extracting(open..<end)) else {
                return nil
            }
            return end > open ? valuePlace(open..<end, in: text) : nil
        }
        // b"x", r'x', N'x', @"x"
        let prefix = text.runEnd(from: begin, limit: 2) {
            $0 == UInt8(ascii: "b") || $0 == UInt8(ascii: "r") || $0 == UInt8(ascii: "f") || $0 == UInt8(ascii: "u")
                || $0 == UInt8(ascii: "N") || $0 == Byte.at || $0 == Byte.dollar
        }
        if prefix > begin, text.at(prefix) == Byte.quote || text.at(prefix) == Byte.apostrophe { begin = prefix }
        let inside = skipQuotes(begin, in: text)
        if inside > begin {
            return ValuePlace(range: inside..<closing(from: inside, opening: begin, in: text), isBounded: true)
        }
        let isLine = isLineStart(name.lowerBound, in: text)
        let end: Int
        if isLine {
            // Env files, INI, properties and YAML: up to the end of the line, or its comment.
            var index = begin
            while index < text.count, !isBreak(at: index, in: text) {
                if text[index].isBlank, !isColon || text.at(index + 1) == UInt8(ascii: "#") { break }
                index += 1
            }
            end = text.runStart(before: index, limit: index - begin) { $0.isBlank || $0 == Byte.comma }
        } else {
            end = unquotedEnd(from: begin, in: text)
        }
        return end > begin ? ValuePlace(range: begin..<end, isBounded: false) : nil
    }

    /// Where a value without quotes ends in code, sentences and addresses.
    private func unquotedEnd(from start: Int, in text: Span<UInt8>) -> Int {
        var end = start
        while true {
            end = text.runEnd(from: end) { byte in
                !byte.isWhitespace && byte != Byte.comma && byte != Byte.semicolon && byte != Byte.ampersand
                    && byte != Byte.quote && byte != Byte.apostrophe && byte != Byte.backtick && byte != Byte.less
                    && byte != Byte.greater && byte != Byte.closeParenthesis && byte != Byte.closeBrace
                    && byte != Byte.closeBracket && byte != Byte.backslash && byte != UInt8(ascii: "|")
            }
            // A bracket with more of the word behind it is a part of the word.
            let isBracket = { (byte: UInt8) in
                byte == Byte.closeParenthesis || byte == Byte.closeBrace || byte == Byte.closeBracket
            }
            let behind = text.runEnd(from: end, limit: 4, where: isBracket)
            guard behind > end, let next = text.at(behind), next > 0x20, next < 0x7F, next != Byte.comma,
                next != Byte.semicolon, next != Byte.dot, next != Byte.quote, next != Byte.apostrophe,
                next != Byte.backslash, next != Byte.less, next != Byte.colon, !isBracket(next),
                next != UInt8(ascii: "|"), next != Byte.backtick,
                next != Byte.ampersand
            else { return end }
            end = behind
        }
    }

    /// Where a quoted value ends: before a quote with no more escapes than the opening one has.
    private func closing(from start: Int, opening: Int, in text: Span<UInt8>) -> Int {
        let quote = text[start - 1]
        guard quote == Byte.quote || quote == Byte.apostrophe || quote == Byte.backtick else {
            // An entity or %22 closes what such a one opened.
            var index = start
            while index < text.count, text[index] != Byte.ampersand, !text.has("%22", at: index),
                text[index] != Byte.less
            {
                index += 1
            }
            return index
        }
        let escapes = start - 1 - opening
        var index = start
        while index < text.count {
            if text[index] == quote {
                let before = index - text.runStart(before: index, limit: 16) { $0 == Byte.backslash }
                if before <= escapes { return index - before }
            }
            index += 1
        }
        return index
    }

    /// Whether a name at `start` begins its line, after indentation, a list dash or `export`.
    private func isLineStart(_ start: Int, in text: Span<UInt8>) -> Bool {
        var index = text.runStart(before: start, limit: 64) {
            $0.isBlank || $0 == Byte.dash || $0 == Byte.greater || $0 == Byte.plus
        }
        if index >= 6, text.has("export", at: index - 6) || text.has("set", at: index - 3) {
            index = text.runStart(before: index, limit: 6) { $0.isLetter }
        }
        guard let before = text.at(index - 1) else { return true }
        return before == Byte.newline || before == Byte.carriageReturn || isEscape(text, at: index)
            || before == Byte.backslash && text.at(index).map { $0 == UInt8(ascii: "n") } == true
    }

    /// The value of a pair whose name was given as a value: `"name": "X", "value": "..."` and its like.
    private func pairValue(from start: Int, name: Range<Int>, isQuoted: Bool, in text: Span<UInt8>) -> ValuePlace? {
        let limit = min(text.count, start + 96)
        var index = start
        // A call: ("name", "value").
        let open = text.runStart(before: name.lowerBound, limit: 8) {
            $0 == Byte.quote || $0 == Byte.backslash || $0 == Byte.apostrophe
        }
        if isQuoted, text.at(start) == Byte.comma, text.at(open - 1) == Byte.openParenthesis {
            let place = value(from: start + 1, name: name, isColon: false, in: text)
            return place?.isBounded == true ? place : nil
        }
        // Only white space, punctuation, closing tags and escapes may stand between.
        while index < limit {
            let byte = text[index]
            if byte == Byte.less, text.at(index + 1) == Byte.slash {
                index = text.runEnd(from: index + 2, limit: 64) { $0.isNamePart } + 1
                continue
            }
            if byte.isNamePart, byte != Byte.dash {
                let end = text.runEnd(from: index, limit: 64) { $0.isNamePart }
                if byte == UInt8(ascii: "n") || byte == UInt8(ascii: "t"), text[index - 1] == Byte.backslash,
                    end == index + 1
                {
                    index = end
                    continue
                }
                // <key>name</key><string>value</string>
                if text[index - 1] == Byte.less, text.at(end) == Byte.greater, text.has("string", at: index) {
                    return ValuePlace(range: end + 1..<text.runEnd(from: end + 1) { $0 != Byte.less }, isBounded: true)
                }
                guard KeyName.isPairValue(text.extracting(index..<end)) else { return nil }
                return valuePlace(index..<end, in: text)
            }
            guard
                byte.isWhitespace || byte == Byte.comma || byte == Byte.quote || byte == Byte.backslash
                    || byte == Byte.apostrophe || byte == Byte.less || byte == Byte.dash
            else { return nil }
            index += 1
        }
        return nil
    }
}
