import Foundation
import Glibc

/// A number in a condition: an integer is compared exactly, a decimal as a double.
enum NumberValue: Sendable, Hashable, Comparable {
    case integer(Int64)
    case decimal(Double)

    /// Reads `-12`, `3.5`; nil for all else, exponents too.
    init?(_ text: String) {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard digits.first?.isASCIIDigit == true, digits.last?.isASCIIDigit == true, digits.count <= 40,
            digits.allSatisfy({ $0.isASCIIDigit || $0 == UInt8(ascii: ".") })
        else { return nil }
        if let integer = Int64(text) {
            self = .integer(integer)
        } else if let decimal = Double(text) {
            self = .decimal(decimal)
        } else {
            return nil
        }
    }

    private var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .decimal(let value): value
        }
    }

    static func == (first: Self, second: Self) -> Bool {
        if case .integer(let first) = first, case .integer(let second) = second { return first == second }
        return first.double == second.double
    }

    static func < (first: Self, second: Self) -> Bool {
        if case .integer(let first) = first, case .integer(let second) = second { return first < second }
        return first.double < second.double
    }

    func hash(into hasher: inout Hasher) { hasher.combine(double) }
}

/// A point in time in a condition, in milliseconds since 1970 (UTC).
struct DateValue: Sendable, Hashable, Comparable {
    let milliseconds: Int64

    /// Reads seconds since 1970, or ISO 8601 as W3C profiles it (`2026-11-24`, `2026-11-24T13:30Z`,
    /// `2026-11-24T13:30:00.250+01:00`); without an offset the time is UTC.
    init?(_ text: String) {
        var scanner = ByteScanner(text)
        if text.utf8.count <= 12, text.utf8.allSatisfy(\.isASCIIDigit), let seconds = Int64(text) {
            milliseconds = seconds * 1000
            return
        }
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), (1...12).contains(month)
        else { return nil }
        var day: Int64 = 1
        if scanner.take("-") {
            guard let value = scanner.digits(2), (1...Self.days(year, month)).contains(value) else { return nil }
            day = value
        }
        var time: Int64 = 0
        if scanner.take("T") {
            guard let value = Self.time(&scanner) else { return nil }
            time = value
        }
        guard scanner.atEnd else { return nil }
        milliseconds = Self.daysSince1970(year, month, day) * 86_400_000 + time
    }

    /// Reads `hh:mm[:ss[.fff]]` and the offset: milliseconds from the day's start in UTC.
    private static func time(_ scanner: inout ByteScanner) -> Int64? {
        guard let hour = scanner.digits(2), hour < 24, scanner.take(":"), let minute = scanner.digits(2), minute < 60
        else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        if scanner.take(":") {
            guard let second = scanner.digits(2), second < 60 else { return nil }
            milliseconds += second * 1000
            if scanner.take(".") {
                guard let fraction = scanner.fraction() else { return nil }
                milliseconds += fraction
            }
        }
        if scanner.take("Z") || scanner.atEnd { return milliseconds }
        let east = scanner.take("+")
        guard east || scanner.take("-"), let hours = scanner.digits(2), hours < 24, scanner.take(":"),
            let minutes = scanner.digits(2), minutes < 60
        else { return nil }
        let offset = (hours * 60 + minutes) * 60_000
        return east ? milliseconds - offset : milliseconds + offset
    }

    private static func days(_ year: Int64, _ month: Int64) -> Int64 {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        switch month {
        case 2: return leap ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    /// Days of the proleptic Gregorian calendar; years start in March so that the leap day comes last.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let leaps = shifted / 4 - shifted / 100 + shifted / 400
        return shifted * 365 + leaps + dayOfYear - 719_468
    }

    static func < (first: Self, second: Self) -> Bool { first.milliseconds < second.milliseconds }
}

/// Reads fixed-width digits from ASCII text.
private struct ByteScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    var atEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(\.isASCIIDigit) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1 & 0x0F) }
    }

    /// One to nine digits of a second, cut to milliseconds.
    mutating func fraction() -> Int64? {
        let digits = Array(rest.prefix(while: \.isASCIIDigit))
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        let padded = digits.prefix(3) + Array(repeating: 0x30, count: max(0, 3 - digits.count))
        return padded.reduce(0) { $0 * 10 + Int64($1 & 0x0F) }
    }
}

/// An address range such as `10.0.0.0/8` or `2001:db8::/32`; one address is a range of its own.
struct AddressRange: Sendable, Hashable {
    private let address: [UInt8]
    private let bits: Int

    /// Reads a range in CIDR notation; an IPv4-mapped IPv6 range becomes the IPv4 range.
    init?(_ text: String) {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = Self.address(String(halves[0])) else { return nil }
        let width = address.count * 8
        var bits = width
        if halves.count == 2 {
            let digits = halves[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy(\.isASCIIDigit), let value = Int(halves[1]),
                value <= width
            else { return nil }
            bits = value
        }
        if bits >= 96, let mapped = Self.mapped(address) {
            (self.address, self.bits) = (mapped, bits - 96)
        } else {
            (self.address, self.bits) = (address, bits)
        }
    }

    /// Whether an address, as `address(_:)` reads it, lies in the range.
    func contains(_ candidate: [UInt8]) -> Bool {
        guard candidate.count == address.count else { return false }
        let whole = bits / 8
        guard candidate.prefix(whole) == address.prefix(whole) else { return false }
        guard bits % 8 != 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (bits % 8))
        return candidate[whole] & mask == address[whole] & mask
    }

    /// Reads an address of the call: 4 or 16 bytes, IPv4-mapped ones as IPv4.
    static func callerAddress(_ text: String) -> [UInt8]? {
        address(text).map { mapped($0) ?? $0 }
    }

    private static func address(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        return unsafe inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, &bytes) == 1 ? bytes : nil
    }

    private static func mapped(_ address: [UInt8]) -> [UInt8]? {
        let prefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        guard address.count == 16, address.starts(with: prefix) else { return nil }
        return Array(address.dropFirst(12))
    }
}

/// An ARN with wildcards: each of the six parts is matched on its own, only the last may hold colons.
struct ArnPattern: Sendable, Hashable {
    private let parts: [Glob]

    /// Splits the tokens of a pattern; `*` alone stands for all ARNs, nil when there are not six parts.
    init?(_ tokens: [Glob.Token]) {
        if tokens == [Glob.anyRun] {
            parts = Array(repeating: Glob(tokens), count: 6)
            return
        }
        let parts = tokens.split(
            separator: Glob.Token(UInt8(ascii: ":")),
            maxSplits: 5,
            omittingEmptySubsequences: false
        )
        guard parts.count == 6 else { return nil }
        self.parts = parts.map { Glob(Array($0)) }
    }

    /// Whether an ARN matches; nil when `text` is not one.
    func matches(_ text: Span<UInt8>) -> Bool? {
        var start = 0
        var index = 0
        var result = true
        for part in parts.dropLast() {
            while index < text.count, text[index] != UInt8(ascii: ":") { index += 1 }
            guard index < text.count else { return nil }
            result = result && part.matches(text.extracting(start..<index))
            index += 1
            start = index
        }
        return result && parts[5].matches(text.extracting(start..<text.count))
    }
}
