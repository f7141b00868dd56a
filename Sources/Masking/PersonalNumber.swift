/// What a written number is.
struct PersonalNumber {
    private var digits = InlineArray<24, UInt8>(repeating: 0)
    private var digitCount = 0
    private var length: Int
    private var isInternational = false
    private var dashes = 0
    private var dots = 0
    private var spaces = 0
    private var parentheses = 0
    private var letters = 0
    /// Lengths of the groups between separators, as decimal digits of one number.
    private var groups = 0

    init(_ text: Span<UInt8>) {
        length = text.count
        var group = 0
        for index in text.indices {
            let byte = text[index]
            if byte.isDigit {
                if digitCount < 24 { digits[digitCount] = byte - Byte.zero }
                digitCount += 1
                group += 1
                continue
            }
            if group > 0 {
                groups = (groups % 1_000_000) * 10 + min(group, 9)
                group = 0
            }
            switch byte {
            case Byte.plus: isInternational = index == 0
            case Byte.dash: dashes += 1
            case Byte.dot: dots += 1
            case Byte.space: spaces += 1
            case Byte.openParenthesis, Byte.closeParenthesis: parentheses += 1
            default: letters += 1
            }
        }
        if group > 0 { groups = (groups % 1_000_000) * 10 + min(group, 9) }
    }

    /// Whether nothing but digits is in it.
    var isDigitsOnly: Bool { digitCount == length }

    /// A payment card: known prefix and length, right groups, Luhn (ISO/IEC 7812-1).
    var isCard: Bool {
        guard !isInternational, dots == 0, parentheses == 0, digitCount >= 13, digitCount <= 19 else { return false }
        guard isDigitsOnly || groups == 4444 || groups == 465 || groups == 4443 || groups == 44443 else { return false }
        guard spaces == 0 || dashes == 0, hasCardPrefix, passesLuhn else { return false }
        // 4000000000000000 and its like are round numbers.
        var seen = 0
        for index in 0..<digitCount { seen |= 1 << Int(digits[index]) }
        return seen.nonzeroBitCount >= 3 || groups == 4444 || digitCount == 16 && seen.nonzeroBitCount == 2
    }

    /// Whether the last of its digits, at most 24, is their check digit (ISO/IEC 7812-1, annex B).
    var passesLuhn: Bool {
        guard digitCount >= 2, digitCount <= 24 else { return false }
        var sum = 0
        for index in 0..<digitCount {
            var digit = Int(digits[digitCount - 1 - index])
            if index % 2 == 1 {
                digit *= 2
                if digit > 9 { digit -= 9 }
            }
            sum += digit
        }
        return sum % 10 == 0
    }

    private func prefix(_ count: Int) -> Int {
        var value = 0
        for index in 0..<min(count, digitCount) { value = value * 10 + Int(digits[index]) }
        return value
    }

    private var hasCardPrefix: Bool {
        switch digitCount {
        case 13: prefix(1) == 4
        case 14: prefix(2) == 36 || prefix(2) == 38 || (300...305).contains(prefix(3))
        case 15: prefix(2) == 34 || prefix(2) == 37
        case 16:
            prefix(1) == 4 || (51...55).contains(prefix(2)) || (2221...2720).contains(prefix(4)) || prefix(4) == 6011
                || (644...659).contains(prefix(3)) || (3528...3589).contains(prefix(4)) || prefix(2) == 62
        default: prefix(1) == 4 && digitCount == 19 || prefix(2) == 62 || prefix(4) == 6304
        }
    }

    /// A US social security or taxpayer number, `123-45-6789`, in a range that is given out.
    var isSocialSecurity: Bool {
        guard digitCount == 9, groups == 324, length == 11, dashes == 2 || spaces == 2 else { return false }
        let area = prefix(3)
        return area != 0 && area != 666 && area != 900 && prefix(5) % 100 != 0 && prefix(9) % 10_000 != 0
    }

    /// A telephone number in international form (E.164) or separated as in North America.
    var isPhone: Bool {
        if isInternational {
            return (9...15).contains(digitCount) && digits[0] != 0 && dots <= 4 && groups != 4444
                && length <= digitCount + 7
        }
        // National forms in groups, with the zero before an area: 020 7946 0958, 0412 345 678, 01 23 45 67 89.
        if digits[0] == 0, digitCount >= 10, digitCount <= 11, dots == 0 {
            return groups == 344 || groups == 244 || groups == 56 || groups == 433 || groups == 22222 || groups == 443
                || groups == 434
        }
        guard parentheses == 2 || dashes >= 1 || spaces >= 1 || dots == 2, dots == 0 || dots == 2 else { return false }
        // 415-555-0100, (415) 555-0100, 415.555.0100, 1-415-555-0100
        guard groups == 334 || groups == 1334, dashes <= 3, length <= digitCount + 5 else { return false }
        let area = digitCount == 11 ? 1 : 0
        guard digitCount == 10 || digitCount == 11 && digits[0] == 1 else { return false }
        return digits[area] >= 2 && digits[area + 3] >= 2 && (spaces < 2 || parentheses == 2 || dashes > 0)
    }

    /// A number of a passport, licence or card, or a date of birth.
    var isDocument: Bool { digitCount >= 6 && digitCount <= 14 && letters <= 5 && length <= 20 }

    /// An international bank account number: ISO 13616, mod 97.
    static func isIBAN(_ text: Span<UInt8>) -> Bool {
        var characters = InlineArray<34, UInt8>(repeating: 0)
        var count = 0
        for index in text.indices where text[index] != Byte.space {
            guard count < 34 else { return false }
            characters[count] = text[index]
            count += 1
        }
        guard count >= 15 else { return false }
        var remainder = 0
        for index in 0..<count {
            let byte = characters[(index + 4) % count]
            if byte.isDigit {
                remainder = (remainder * 10 + Int(byte - Byte.zero)) % 97
            } else if byte.isUpper {
                remainder = (remainder * 100 + Int(byte - UInt8(ascii: "A")) + 10) % 97
            } else {
                return false
            }
        }
        return remainder == 1
    }
}
