/// A reflected cyclic redundancy check of at most 64 bits that starts and ends with all bits inverted.
///
/// Eight bytes at a time, by a table for each ("slicing by 8"). zlib has CRC-32; no library of Debian's has these two.
struct CyclicRedundancyCheck {
    /// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
    static let crc32c = CyclicRedundancyCheck(polynomial: 0x82F6_3B78, width: 32)
    /// CRC-64/NVME (NVM Command Set Specification, 64b CRC).
    static let crc64NVME = CyclicRedundancyCheck(polynomial: 0x9A6C_9329_AC4B_C9B5, width: 64)

    /// Eight tables of 256 entries, one behind the other: the remainders of each byte, followed by 0 to 7 zero bytes.
    private let tables: [UInt64]
    private let width: Int
    private var register: UInt64

    /// - Parameter polynomial: with the coefficient of the highest power in the lowest bit.
    private init(polynomial: UInt64, width: Int) {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt64(byte)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ polynomial : remainder >> 1 }
            tables[byte] = remainder
        }
        for index in 256..<(8 * 256) {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        self.tables = tables
        self.width = width
        register = UInt64.max >> UInt64(64 - width)
    }

    mutating func update(_ bytes: Span<UInt8>) {
        var register = self.register
        let tables = self.tables
        var index = 0
        while bytes.count - index >= 8 {
            var word: UInt64 = 0
            for place in 0..<8 { word |= UInt64(bytes[index + place]) << UInt64(8 * place) }
            word ^= register
            register = 0
            for place in 0..<8 {
                let byte = Int(truncatingIfNeeded: word >> UInt64(8 * place) & 0xFF)
                register ^= tables[(7 - place) * 256 + byte]
            }
            index += 8
        }
        while index < bytes.count {
            register = register >> 8 ^ tables[Int(truncatingIfNeeded: (register ^ UInt64(bytes[index])) & 0xFF)]
            index += 1
        }
        self.register = register
    }

    /// The check of all bytes so far, highest byte first.
    var bytes: [UInt8] {
        let value = ~register
        return stride(from: width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) }
    }
}
