internal import Compression
internal import OpenSSL

/// The checksum that a trailer states, over a body's bytes as they pass ("Checking object integrity", S3 User Guide).
final class TrailingChecksum {
    /// What every trailer's name begins with that holds a checksum.
    static let prefix = "x-amz-checksum-"

    /// The trailer's name, in lower case.
    let name: String
    private enum Algorithm: String {
        case crc32, crc32c, crc64nvme, md5, sha1, sha256, sha512
    }

    // Exactly one of these is there.
    private var crc32: CRC32?
    private var check: CyclicRedundancyCheck?
    private var digest: MessageDigest?

    /// Nil for what is no checksum, or one of an algorithm that Postern leaves to AWS (XXH64, XXH3, XXH128).
    init?(trailer name: String) {
        guard name.hasPrefix(Self.prefix),
            let algorithm = Algorithm(rawValue: String(name.dropFirst(Self.prefix.count)))
        else { return nil }
        let wanted: MessageDigest.Algorithm? =
            switch algorithm {
            case .crc32, .crc32c, .crc64nvme: nil
            case .md5: .md5
            case .sha1: .sha1
            case .sha256: .sha256
            case .sha512: .sha512
            }
        var digest: MessageDigest?
        if let wanted {
            digest = MessageDigest(wanted)
            if digest == nil { return nil }
        }
        self.digest = digest.take()
        crc32 = algorithm == .crc32 ? CRC32() : nil
        check =
            switch algorithm {
            case .crc32c: .crc32c
            case .crc64nvme: .crc64NVME
            default: nil
            }
        self.name = name
    }

    func update(_ bytes: Span<UInt8>) {
        crc32?.update(bytes)
        check?.update(bytes)
        digest?.update(bytes)
    }

    /// The value of the trailer, to be asked once: the checksum, highest byte first, in base64.
    func finish() -> String {
        if let crc32 {
            let bytes = stride(from: 24, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: crc32.value >> UInt32($0))
            }
            return Base64.encode(bytes)
        }
        if let check { return Base64.encode(check.bytes) }
        return Base64.encode(digest.take()?.finish() ?? [])
    }
}
