import Glibc
import OpenSSL

/// Microseconds since 1970-01-01T00:00:00Z, which is as fine as PostgreSQL keeps time.
public struct AuditTime: Hashable, Comparable, Sendable {
    /// The number.
    public let microseconds: Int64

    /// Wraps a number.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The system's wall clock.
    public static func now() -> AuditTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return AuditTime(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000)
    }

    /// Earlier first.
    public static func < (left: AuditTime, right: AuditTime) -> Bool {
        left.microseconds < right.microseconds
    }

    /// PostgreSQL's own count: microseconds since 2000-01-01T00:00:00Z.
    var postgres: Int64 { microseconds &- 946_684_800_000_000 }

    /// Takes PostgreSQL's count.
    init(postgres: Int64) {
        microseconds = postgres &+ 946_684_800_000_000
    }
}

/// The id of a call, an event or a chain: a UUID.
public struct RecordID: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Makes a UUID of version 7 (RFC 9562 section 5.7), ordered by time to the millisecond.
    public static func make(
        at time: AuditTime,
        using generator: inout some RandomNumberGenerator
    ) -> RecordID {
        let milliseconds = UInt64(clamping: time.microseconds / 1000)
        return RecordID(
            high: milliseconds << 16 | 0x7000 | UInt64.random(in: 0...0xfff, using: &generator),
            low: 1 << 63 | UInt64.random(in: 0..<(1 << 62), using: &generator)
        )
    }

    /// Makes a UUID of version 7 from the system's generator.
    public static func make(at time: AuditTime = .now()) -> RecordID {
        var generator = SystemRandomNumberGenerator()
        return make(at: time, using: &generator)
    }

    /// The chain of what happens inside the database.
    public static let databaseChain = RecordID(high: 0, low: 1)

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Takes 16 bytes, else nil.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var parts: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            parts.0 = parts.0 << 8 | UInt64(bytes[index])
            parts.1 = parts.1 << 8 | UInt64(bytes[index + 8])
        }
        (high, low) = parts
    }

    /// Reads 32 hexadecimal digits, with or without the four hyphens of the usual form, else nil.
    public init?(parsing text: some StringProtocol) {
        var digits: [UInt8] = []
        for (index, byte) in text.utf8.enumerated() {
            if byte == UInt8(ascii: "-"), text.utf8.count == 36, [8, 13, 18, 23].contains(index) { continue }
            digits.append(byte)
        }
        guard text.utf8.count == digits.count || text.utf8.count == digits.count + 4 else { return nil }
        guard digits.count == 32, let bytes = Hex.decode(digits.span) else { return nil }
        self.init(bytes: bytes.span)
    }

    /// The 16 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        append(to: &bytes)
        return bytes
    }

    func append(to bytes: inout [UInt8]) {
        bytes.append(bigEndian: high)
        bytes.append(bigEndian: low)
    }

    /// The usual form: 8-4-4-4-12 lower-case hexadecimal digits.
    public var description: String {
        let digits = Array(Hex.encode(bytes).utf8)
        var text: [UInt8] = []
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
