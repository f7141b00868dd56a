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
        let hasHyphens = text.utf8.count == 36
        guard hasHyphens || text.utf8.count == 32 else { return nil }
        var parts: (UInt64, UInt64) = (0, 0)
        var index = 0
        for byte in text.utf8 {
            defer { index += 1 }
            if hasHyphens, index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Hex.value(byte) else { return nil }
            parts.0 = parts.0 << 4 | parts.1 >> 60
            parts.1 = parts.1 << 4 | UInt64(digit)
        }
        (high, low) = parts
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
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            text.append(Hex.digit(byte >> 4))
            text.append(Hex.digit(byte & 0x0f))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
