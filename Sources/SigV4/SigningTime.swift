/// A moment in whole seconds, UTC, from 1970 to 9999: what signatures state.
public struct SigningTime: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z.
    public let secondsSince1970: Int64

    /// The last second of 9999.
    private static let last: Int64 = 253_402_300_799

    /// Takes seconds since 1970; what lies outside of 1970 to 9999 becomes the nearest second inside.
    public init(secondsSince1970 seconds: Int64) {
        secondsSince1970 = min(max(seconds, 0), SigningTime.last)
    }

    /// Reads exactly `yyyyMMdd'T'HHmmss'Z'`, else nil.
    public init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = SigningTime.number(bytes[0..<4]), let month = SigningTime.number(bytes[4..<6]),
            let day = SigningTime.number(bytes[6..<8]), let hour = SigningTime.number(bytes[9..<11]),
            let minute = SigningTime.number(bytes[11..<13]), let second = SigningTime.number(bytes[13..<15])
        else { return nil }
        self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    /// Reads the preferred form of RFC 9110 section 5.6.7 (`Sun, 06 Nov 1994 08:49:37 GMT`), else nil.
    ///
    /// botocore writes ` -0000` for ` GMT`.
    init?(parsingHTTPDate text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 29 || bytes.count == 31, bytes[3] == UInt8(ascii: ","), bytes[4] == 0x20,
            bytes[7] == 0x20, bytes[11] == 0x20, bytes[16] == 0x20, bytes[19] == UInt8(ascii: ":"),
            bytes[22] == UInt8(ascii: ":"),
            bytes[25...].elementsEqual(" GMT".utf8) || bytes[25...].elementsEqual(" -0000".utf8),
            let month = SigningTime.months.firstIndex(where: { bytes[8..<11].elementsEqual($0.utf8) }),
            let day = SigningTime.number(bytes[5..<7]), let year = SigningTime.number(bytes[12..<16]),
            let hour = SigningTime.number(bytes[17..<19]), let minute = SigningTime.number(bytes[20..<22]),
            let second = SigningTime.number(bytes[23..<25])
        else { return nil }
        self.init(year: year, month: Int64(month) + 1, day: day, hour: hour, minute: minute, second: second)
    }

    private init?(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) {
        guard year >= 1970, (1...12).contains(month), hour < 24, minute < 60, second < 60,
            day >= 1, day <= SigningTime.days(in: month, of: year)
        else { return nil }
        let days = SigningTime.days(before: year, month) + day - 1
        secondsSince1970 = ((days * 24 + hour) * 60 + minute) * 60 + second
    }

    /// `yyyyMMdd`, as in a credential scope.
    public var day: String {
        var text: [UInt8] = []
        appendDay(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends `yyyyMMdd'T'HHmmss'Z'`.
    func append(to buffer: inout [UInt8]) {
        appendDay(to: &buffer)
        buffer.append(UInt8(ascii: "T"))
        SigningTime.append(secondsSince1970 / 3600 % 24, digits: 2, to: &buffer)
        SigningTime.append(secondsSince1970 / 60 % 60, digits: 2, to: &buffer)
        SigningTime.append(secondsSince1970 % 60, digits: 2, to: &buffer)
        buffer.append(UInt8(ascii: "Z"))
    }

    /// Appends `yyyyMMdd`.
    func appendDay(to buffer: inout [UInt8]) {
        // Civil date from days, by eras of 400 years that begin in March (Howard Hinnant, "chrono-Compatible
        // Low-Level Date Algorithms"); the input is never negative.
        let days = secondsSince1970 / 86_400 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        SigningTime.append(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), digits: 4, to: &buffer)
        SigningTime.append(month, digits: 2, to: &buffer)
        SigningTime.append(dayOfYear - (153 * shifted + 2) / 5 + 1, digits: 2, to: &buffer)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    private static func append(_ value: Int64, digits: Int, to buffer: inout [UInt8]) {
        var divisor: Int64 = digits == 4 ? 1000 : 10
        while divisor > 0 {
            buffer.append(UInt8(truncatingIfNeeded: 0x30 + value / divisor % 10))
            divisor /= 10
        }
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to the first of a month.
    private static func days(before year: Int64, _ month: Int64) -> Int64 {
        let past = year - 1
        var days = 365 * (year - 1970) + past / 4 - past / 100 + past / 400 - 477
        for earlier in 1..<max(month, 1) where earlier < month { days += SigningTime.days(in: earlier, of: year) }
        return days
    }
}

extension SigningTime: Comparable, CustomStringConvertible {
    /// Orders by time.
    public static func < (left: SigningTime, right: SigningTime) -> Bool {
        left.secondsSince1970 < right.secondsSince1970
    }

    /// `yyyyMMdd'T'HHmmss'Z'`.
    public var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The moment `seconds` later, within the range of the type.
    public func advanced(by seconds: Int64) -> SigningTime {
        let (sum, overflow) = secondsSince1970.addingReportingOverflow(seconds)
        return SigningTime(secondsSince1970: overflow ? (seconds < 0 ? 0 : .max) : sum)
    }
}
