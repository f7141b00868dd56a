/// Values that stand apart from their names: behind a type, below, before, or in a column.
extension MaskingSession {
    /// `password: string = "x"`, `const KEY: &str = "x"`: the value behind a type.
    func typedValue(from start: Int, name: Range<Int>, in text: Span<UInt8>) -> ValuePlace? {
        let open = text.runEnd(from: start, limit: 4) { $0.isBlank || $0 == Byte.ampersand }
        let end = text.runEnd(from: open, limit: 40) {
            $0.isNamePart || $0 == Byte.openBracket || $0 == Byte.closeBracket || $0 == UInt8(ascii: "?")
        }
        let assignment = text.runEnd(from: end, limit: 3) { $0.isBlank }
        guard end > open, text.at(open)?.isLetter == true, text.at(assignment) == Byte.equals,
            text.at(assignment + 1) != Byte.equals,
            let place = value(from: assignment + 1, name: name, isColon: false, in: text), place.isBounded
        else { return nil }
        return place
    }

    /// A value on lines below its name: a block of YAML, or the `Default` of a parameter.
    func nestedValue(from start: Int, name: Range<Int>, in text: Span<UInt8>) -> ValuePlace? {
        var index = text.runEnd(from: start, limit: 8) { $0.isBlank }
        let isBlock = text.at(index) == UInt8(ascii: "|") || text.at(index) == Byte.greater
        if isBlock {
            index = text.runEnd(from: index + 1, limit: 3) { $0 == Byte.dash || $0 == Byte.plus || $0.isDigit }
        }
        guard var line = nextLine(index, in: text) else { return nil }
        let lineStart = lineStart(before: name.lowerBound + 1, limit: 200, in: text)
        let margin = text.runEnd(from: lineStart, limit: 100) { $0.isBlank || $0 == Byte.dash } - lineStart
        for _ in 0..<6 {
            let content = text.runEnd(from: line, limit: 200) { $0.isBlank }
            guard content - line > margin, content < text.count else { return nil }
            let end = lineEnd(from: content, in: text)
            if isBlock {
                // The whole block is the value.
                var last = end
                while let next = nextLine(last, in: text) {
                    let inner = text.runEnd(from: next, limit: 200) { $0.isBlank }
                    guard inner - next > margin else { break }
                    last = lineEnd(from: inner, in: text)
                }
                return ValuePlace(range: content..<last, isBounded: true)
            }
            let word = text.runEnd(from: content, limit: 20) { $0.isNamePart }
            if text.at(word) == Byte.colon, KeyName.isPairValue(text.extracting(content..<word)) {
                return value(from: word + 1, name: content..<word, isColon: true, in: text)
            }
            guard text.at(word) == Byte.colon, let next = nextLine(end, in: text) else { return nil }
            line = next
        }
        return nil
    }

    /// Where the line behind a line break at `end`, written out or escaped, begins.
    private func nextLine(_ end: Int, in text: Span<UInt8>) -> Int? {
        var start = text.at(end) == Byte.carriageReturn ? end + 1 : end
        if text.at(start) == Byte.newline { return start + 1 }
        for _ in 0..<2 {
            let letter = text.runEnd(from: start, limit: 8) { $0 == Byte.backslash }
            guard letter > start, let byte = text.at(letter) else { return nil }
            if byte == UInt8(ascii: "n") { return letter + 1 }
            guard byte == UInt8(ascii: "r") else { return nil }
            start = letter + 1
        }
        return nil
    }

    /// Whether a line ends at `index`, by a break or by the escape of one.
    func isBreak(at index: Int, in text: Span<UInt8>) -> Bool {
        let byte = text[index]
        if byte == Byte.newline || byte == Byte.carriageReturn { return true }
        guard byte == Byte.backslash else { return false }
        let letter = text.runEnd(from: index, limit: 8) { $0 == Byte.backslash }
        return text.at(letter) == UInt8(ascii: "n") || text.at(letter) == UInt8(ascii: "r")
    }

    /// Where the line of `index` ends.
    private func lineEnd(from index: Int, in text: Span<UInt8>) -> Int {
        var end = index
        while end < text.count, !isBreak(at: end, in: text) { end += 1 }
        return end
    }

    /// Where the line of `index` begins, at most `limit` bytes before.
    private func lineStart(before index: Int, limit: Int, in text: Span<UInt8>) -> Int {
        var start = index
        while start > 0, index - start < limit, text[start - 1] != Byte.newline, !isEscape(text, at: start) {
            start -= 1
        }
        return start
    }

    /// The value of a pair that stands before its name: `"value": "x", "name": "DB_PASSWORD"`.
    func valueBefore(_ name: Int, in text: Span<UInt8>) -> ValuePlace? {
        let isGlue = { (byte: UInt8) in
            byte.isWhitespace || byte == Byte.quote || byte == Byte.backslash || byte == Byte.colon
        }
        let keyEnd = text.runStart(before: name, limit: 24, where: isGlue)
        let key = text.runStart(before: keyEnd, limit: 32) { $0.isNamePart }
        guard keyEnd < name, key < keyEnd, KeyName.isPairName(text.extracting(key..<keyEnd)) else { return nil }
        let comma = text.runStart(before: key, limit: 32) {
            $0.isWhitespace || $0 == Byte.quote || $0 == Byte.backslash
        }
        guard text.at(comma - 1) == Byte.comma, text.at(comma - 2) == Byte.quote else { return nil }
        let end = text.runStart(before: comma - 2, limit: 16) { $0 == Byte.backslash }
        let start = text.runStart(before: end, limit: 2_048) { $0 != Byte.quote && $0 != Byte.newline }
        let open = text.runStart(before: start, limit: 24, where: isGlue)
        let word = text.runStart(before: open, limit: 32) { $0.isNamePart }
        guard start < end, open < start, KeyName.isPairValue(text.extracting(word..<open)) else { return nil }
        return ValuePlace(range: start..<end, isBounded: true)
    }

    /// The cells below a telling name in the first line of a table with commas, semicolons or tabs.
    func findColumn(
        named name: Range<Int>,
        _ strength: KeyName.Strength,
        in text: Span<UInt8>,
        _ scan: inout TextScan
    ) throws(MaskingError) {
        guard strength != .provider else { return }
        let start = lineStart(before: name.lowerBound + 1, limit: 1_024, in: text)
        guard let header = TableHeader(line: start..<lineEnd(from: name.upperBound, in: text), name, in: text) else {
            return
        }
        var line = header.end
        while let start = nextLine(line, in: text), start < text.count {
            line = lineEnd(from: start, in: text)
            guard let cell = header.cell(in: start..<line, of: text) else { return }
            if line == text.count { scan.cutOff(at: cell.lowerBound) }
            let value = text.extracting(cell)
            if strength == .weak ? SecretShape.looksRandom(value) : SecretShape.isSecret(value, under: strength) {
                found(strength == .strong ? "secret" : "token", cell, in: text, &scan)
            }
        }
    }
}

/// The first line of a table, in which one name is of interest.
private struct TableHeader {
    let delimiter: UInt8
    let column: Int
    let columns: Int
    /// Where the line ends.
    let end: Int

    /// The line of `name` if it is nothing but names, three or more, that one delimiter parts.
    init?(line: Range<Int>, _ name: Range<Int>, in text: Span<UInt8>) {
        let isQuoted = text.at(name.lowerBound - 1) == Byte.quote
        let before = text.at(name.lowerBound - (isQuoted ? 2 : 1))
        let after = text.at(name.upperBound + (isQuoted ? 1 : 0))
        guard let sign = [before, after].compactMap({ $0 }).first(where: Self.isDelimiter) else { return nil }
        let start = line.lowerBound
        end = line.upperBound
        guard end < text.count, line.count < 2_048 else { return nil }
        var count = 1
        var own = 0
        for index in start..<end {
            let byte = text[index]
            if byte == sign {
                if index < name.lowerBound { own += 1 }
                count += 1
            } else if count > 1, !byte.isNamePart, byte != Byte.space, byte != Byte.quote {
                return nil
            }
        }
        guard count >= 3 else { return nil }
        delimiter = sign
        column = own
        columns = count
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        byte == Byte.comma || byte == Byte.semicolon || byte == Byte.tab
    }

    /// The cell of the column in a line, without its quotes; nil if the line has another form.
    func cell(in line: Range<Int>, of text: Span<UInt8>) -> Range<Int>? {
        var start = line.lowerBound
        var place = 0
        var found: Range<Int>?
        var isQuoted = false
        for index in line.lowerBound...line.upperBound {
            let isEnd = index == line.upperBound
            if !isEnd, text[index] == Byte.quote { isQuoted.toggle() }
            guard isEnd || text[index] == delimiter && !isQuoted else { continue }
            if place == column {
                let isWrapped = index - start >= 2 && text[start] == Byte.quote && text[index - 1] == Byte.quote
                found = isWrapped ? start + 1..<index - 1 : start..<index
            }
            place += 1
            start = index + 1
        }
        return place == columns ? found : nil
    }
}
