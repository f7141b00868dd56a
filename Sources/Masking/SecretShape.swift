/// What the look of a value says about it.
enum SecretShape {
    /// Shannon entropy of `value` in bits a byte, over at most its first 256 bytes.
    static func entropy(_ value: Span<UInt8>) -> Double {
        let length = min(value.count, 256)
        guard length > 0 else { return 0 }
        var counts = InlineArray<256, UInt16>(repeating: 0)
        for index in 0..<length { counts[Int(value[index])] += 1 }
        var sum = 0.0
        for index in 0..<256 where counts[index] > 0 { sum += logarithms[Int(counts[index])] }
        return logarithms[length] / Double(length) - sum / Double(length)
    }

    /// `n * log2(n)` for n up to 256.
    private static let logarithms: [Double] = (0...256).map { number in
        guard number > 1 else { return 0 }
        // log2 by the exponent and a series: the standard library has no logarithm without a C library.
        let value = Double(number)
        let fraction = value.significand
        let ratio = (fraction - 1) / (fraction + 1)
        var term = ratio
        var series = 0.0
        for odd in stride(from: 1.0, through: 41, by: 2) {
            series += term / odd
            term *= ratio * ratio
        }
        return value * (Double(value.exponent) + 2 * series / 0.693_147_180_559_945_3)
    }

    /// How many of the four classes lower, upper, digit and other occur, and whether all is hexadecimal.
    static func classes(_ value: Span<UInt8>) -> (lower: Bool, upper: Bool, digit: Bool, other: Bool, isHex: Bool) {
        var result = (lower: false, upper: false, digit: false, other: false, isHex: true)
        for index in value.indices {
            let byte = value[index]
            if byte.isLower {
                result.lower = true
            } else if byte.isUpper {
                result.upper = true
            } else if byte.isDigit {
                result.digit = true
            } else {
                result.other = true
            }
            if !byte.isHex { result.isHex = false }
        }
        return result
    }

    /// Whether `value` is what people write where a secret is to come, or a reference to one.
    static func isPlaceholder(_ value: Span<UInt8>) -> Bool {
        guard value.count >= 2 else { return true }
        let first = value[0]
        var isUniform = true
        for index in value.indices where value[index] != first { isUniform = false }
        if isUniform { return true }
        switch first {
        case Byte.dollar:
            return value[1] == Byte.openBrace || value[1] == Byte.openParenthesis
                || value.runEnd(from: 1, where: { $0.isUpper || $0.isDigit || $0 == Byte.underscore }) == value.count
        case Byte.less: return true
        case Byte.openBrace where value[1] == Byte.openBrace: return true
        case Byte.percent where value[1] == Byte.openParenthesis: return true
        case Byte.slash:
            // A path, unless it is one word as base64 may begin.
            return value.runEnd(from: 1, where: { $0 != Byte.slash }) < value.count && classes(value).other
                && entropy(value) < 4
        default: break
        }
        if Edit.replacementEnd(in: value, at: 0) == value.count || value.hasIgnoringCase("arn:", at: 0)
            || value.has("{{resolve:", at: 0)
        {
            return true
        }
        if value.hasIgnoringCase("process.env", at: 0) || value.hasIgnoringCase("os.environ", at: 0)
            || value.hasIgnoringCase("vault:", at: 0) || value.hasIgnoringCase("ref:", at: 0)
            || value.hasIgnoringCase("env:", at: 0) || value.hasIgnoringCase("secretsmanager:", at: 0)
        {
            return true
        }
        if value.has("!Ref", at: 0) || value.has("!Sub", at: 0) || value.has("!GetAtt", at: 0)
            || value.has("!vault", at: 0) || value.has("!ImportValue", at: 0) || value.has("!Join", at: 0)
            || value.has("Fn::", at: 0) || value.hasIgnoringCase("your", at: 0) && isWords(value)
        {
            return true
        }
        if isSentence(value) || isBracketed(value) { return true }
        guard value.count <= 20 else { return false }
        var word: [UInt8] = []
        for index in value.indices { word.append(value[index].lowercased) }
        return words.contains(word)
    }

    /// Whether `value` is a label or a message for people: three words or more, or two and a mark at the end.
    private static func isSentence(_ value: Span<UInt8>) -> Bool {
        var gaps = 0
        for index in value.indices {
            let byte = value[index]
            if byte == Byte.space {
                gaps += 1
            } else if !byte.isLetter, byte < 0x80, byte != Byte.apostrophe, byte != Byte.comma, byte != Byte.dot,
                byte != Byte.dash, byte != UInt8(ascii: "?"), byte != UInt8(ascii: "!")
            {
                return false
            }
        }
        guard let last = value.at(value.count - 1) else { return false }
        let isClosed = last == Byte.dot || last == UInt8(ascii: "?") || last == UInt8(ascii: "!")
        // People's pass phrases are words as well, but all small.
        return gaps >= 2 && (isClosed || value[0].isUpper) || gaps >= 1 && isClosed
    }

    /// `[REDACTED]`, `(none)`, `{secret}`: a word in brackets.
    private static func isBracketed(_ value: Span<UInt8>) -> Bool {
        guard value[0] == Byte.openBracket || value[0] == Byte.openParenthesis || value[0] == Byte.openBrace else {
            return false
        }
        let end = value.runEnd(from: 1) { $0.isLetter || $0 == Byte.space || $0 == Byte.underscore || $0 == Byte.dash }
        return end > 1 && end == value.count - 1 && !value[end].isAlphanumeric
    }

    private static let words: Set<[UInt8]> = Set(
        [
            "null", "none", "nil", "true", "false", "undefined", "string", "required", "optional", "enabled",
            "disabled", "default", "hidden", "sensitive", "redacted", "masked", "yes", "no", "on", "off", "text",
            "password", "secret", "token", "<nil>", "n/a", "number", "boolean", "object", "empty", "invalid", "valid",
            "expired", "missing", "incorrect", "wrong", "failed", "and", "or", "is", "was", "for", "the", "in", "not",
            "to", "of", "from", "must", "should", "cannot", "with", "has", "authentication", "policy", "reset",
            "str", "int", "bool", "bytes", "any", "secretstr", "varchar", "char", "base64", "md5", "utf8",
            "bcrypt", "email", "username", "forgot", "passwort", "kennwort", "mot de passe", "contraseña",
            "change", "changed", "file", "path", "name", "type", "hash", "field", "parameter", "value", "input",
            "basic", "bearer", "plaintext", "secretstring", "securestring", "active", "inactive", "manager", "rotation",
            "rotated", "access", "key", "vault", "provider", "store", "authorization", "unknown", "yourpassword",
            "your-password", "your_password", "kms", "aes256", "aws:kms", "hmac", "sha256", "rsa", "placeholder",
        ].map { Array($0.utf8) }
    )

    /// Whether `value`, found under a name that tells `strength`, is a secret.
    static func isSecret(_ value: Span<UInt8>, under strength: KeyName.Strength) -> Bool {
        switch strength {
        case .none, .benign: false
        case .strong: value.count >= 3 && !isPlaceholder(value)
        case .weak: looksRandom(value)
        case .identity: PersonalNumber(value).isDocument
        case .medium: looksRandom(value) || isUUID(value)
        case .provider:
            value.count >= 16 && value.runEnd(from: 0, where: { $0.isAlphanumeric }) == value.count
                && looksRandom(value)
        }
    }

    /// Whether `value` looks like made by a machine to be unguessable: no name, number, path or word.
    static func looksRandom(_ value: Span<UInt8>) -> Bool {
        guard value.count >= 8, !isPlaceholder(value) else { return false }
        let end = value.runEnd(from: 0) { $0 > 0x20 && $0 < 0x7F }
        guard end == value.count else { return false }
        let classes = classes(value)
        guard classes.digit || (classes.lower && classes.upper && value.count >= 20) else { return false }
        guard classes.lower || classes.upper else { return false }
        if isStructured(value) { return false }
        let bits = entropy(value)
        if value.count < 16 { return classes.lower && classes.upper || classes.other ? bits >= 2.8 : bits >= 2.9 }
        return classes.isHex ? bits >= 3 : bits >= 3.2
    }

    /// Whether `value` is one random word that no digest, id or host looks like.
    static func looksMadeForSecrecy(_ value: Span<UInt8>) -> Bool {
        guard value.count >= 12, value.count <= 200, looksRandom(value), !isIdentifier(value) else { return false }
        let classes = classes(value)
        guard !classes.isHex, classes.lower, classes.upper, classes.digit else { return false }
        return value.runEnd(from: 0) { $0 != Byte.dot && $0 != Byte.comma && $0 != Byte.colon && $0 != Byte.slash }
            == value.count
    }

    /// Whether `value` is a digest in base64 or an id with a prefix that AWS gives.
    private static func isIdentifier(_ value: Span<UInt8>) -> Bool {
        if value.at(value.count - 1) == Byte.equals, value.count == 44 || value.count == 28 || value.count == 24 {
            return true
        }
        return value.count == 20 || value.count == 21
            ? value.runEnd(from: 0) { $0.isUpper || $0.isDigit } == value.count : false
    }

    /// Whether `value` has the look of names that AWS and people give: ARN, URL, UUID, date, path, resource id.
    static func isStructured(_ value: Span<UInt8>) -> Bool {
        if value.hasIgnoringCase("http://", at: 0) || value.hasIgnoringCase("https://", at: 0)
            || value.hasIgnoringCase("s3://", at: 0) || value.hasIgnoringCase("arn:", at: 0)
        {
            return true
        }
        if isUUID(value) || isDate(value) || isFile(value) { return true }
        // i-0123456789abcdef0, vpc-..., sg-...: short lower-case word, dash, hexadecimal.
        let word = value.runEnd(from: 0) { $0.isLower || $0 == Byte.dash }
        if word >= 2, word <= 12, value.at(word - 1) == Byte.dash {
            let digits = value.runEnd(from: word) { $0.isHex }
            if digits == value.count, digits - word >= 8, digits - word <= 17 { return true }
        }
        return isWords(value)
    }

    /// Whether `value` is the path of a file: slashes, and letters behind its last dot.
    private static func isFile(_ value: Span<UInt8>) -> Bool {
        let ending = value.runStart(before: value.count, limit: 5) { $0.isLower }
        return ending < value.count && value.at(ending - 1) == Byte.dot
            && value.find("/", from: 1, to: ending) != nil
    }

    /// Whether `value` is words, numbers and separators, as in `my-app-2024/v1.2`.
    static func isWords(_ value: Span<UInt8>) -> Bool {
        var switches = 0
        var digits = 0
        var separators = 0
        var vowels = 0
        for index in value.indices {
            let byte = value[index]
            if byte.isDigit {
                digits += 1
            } else if !byte.isLetter {
                separators += 1
            } else if isVowel(byte | 0x20) {
                vowels += 1
            }
            if index > 0, byte.isAlphanumeric, value[index - 1].isAlphanumeric {
                let before = value[index - 1]
                // Words begin upper and go on lower; numbers stand by themselves.
                if before.isDigit != byte.isDigit || (before.isLower && byte.isUpper) { switches += 1 }
            }
        }
        // A third of the letters of words are vowels, a fifth of random ones.
        let letters = value.count - digits - separators
        if letters >= 20, vowels * 4 < letters { return false }
        // A secret changes class about every second byte, a name about every sixth.
        return switches * 6 <= value.count && digits * 3 <= value.count + separators
    }

    private static func isVowel(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "a") || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "i") || byte == UInt8(ascii: "o")
            || byte == UInt8(ascii: "u") || byte == UInt8(ascii: "y")
    }

    static func isUUID(_ value: Span<UInt8>) -> Bool {
        guard value.count == 36 else { return false }
        for index in value.indices {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            guard isDash ? value[index] == Byte.dash : value[index].isHex else { return false }
        }
        return true
    }

    static func isDate(_ value: Span<UInt8>) -> Bool {
        guard value.count >= 10, value.count <= 35, value[4] == Byte.dash, value[7] == Byte.dash else { return false }
        return value.runEnd(from: 0) {
            $0.isDigit || $0 == Byte.dash || $0 == Byte.colon || $0 == Byte.dot || $0 == Byte.plus
                || $0 == UInt8(ascii: "T")
                || $0 == UInt8(ascii: "Z")
        } == value.count
    }
}
