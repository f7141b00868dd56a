internal import CZlib

/// The checksum of gzip, zip and AWS event streams (ISO 3309, polynomial 0xEDB88320 reflected).
public struct CRC32: Sendable {
    /// The checksum of all bytes so far.
    public private(set) var value: UInt32 = 0

    /// Starts with no bytes.
    public init() {}

    /// Takes in more bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        let before = UInt(value)
        let after = unsafe bytes.withUnsafeBufferPointer { unsafe crc32_z(before, $0.baseAddress, $0.count) }
        // zlib answers a nil buffer with the initial value, so an empty piece must not count.
        if !bytes.isEmpty { value = UInt32(truncatingIfNeeded: after) }
    }

    /// The checksum of `bytes`.
    public static func of(_ bytes: Span<UInt8>) -> UInt32 {
        var checksum = CRC32()
        checksum.update(bytes)
        return checksum.value
    }
}
