import COpenSSL

/// The 32 bytes of a SHA-256 or HMAC-SHA256 value, without heap storage.
public struct SHA256Digest: Sendable {
    /// The bytes; `octets.span` lends them.
    public let octets: InlineArray<32, UInt8>

    /// Takes the bytes as they are.
    public init(octets: InlineArray<32, UInt8>) {
        self.octets = octets
    }

    /// Copies exactly 32 bytes, else nil.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == 32 else { return nil }
        octets = InlineArray { bytes[$0] }
    }

    /// Copies exactly 32 bytes, else nil.
    public init?(bytes: [UInt8]) {
        self.init(bytes: bytes.span)
    }

    /// Reads 64 hexadecimal digits, of either case, else nil.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// A copy of the bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for index in 0..<32 { bytes.append(octets[index]) }
        return bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        Hex.encode(octets.span)
    }

    /// Appends the 64 lower-case hexadecimal digits.
    public func appendHex(to buffer: inout [UInt8]) {
        Hex.append(octets.span, to: &buffer)
    }
}

extension SHA256Digest: Hashable {
    /// Compares in constant time.
    public static func == (left: SHA256Digest, right: SHA256Digest) -> Bool {
        constantTimeEqual(left.octets.span, right.octets.span)
    }

    /// Feeds all 32 bytes.
    public func hash(into hasher: inout Hasher) {
        for index in 0..<32 { hasher.combine(octets[index]) }
    }
}

extension SHA256Digest: CustomStringConvertible {
    /// The hexadecimal form.
    public var description: String { hex }
}

/// SHA-256 (FIPS 180-4).
///
/// A digest that cannot be computed (no memory, no provider) ends the process: there is no value to go on with.
public enum SHA256 {
    /// Digest of no bytes.
    public static let ofNothing = hash([])

    /// Hashes `bytes` in one call.
    public static func hash(_ bytes: Span<UInt8>) -> SHA256Digest {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        let done = unsafe withPointer(to: bytes) { pointer, count in
            var output = digest.mutableSpan
            return unsafe output.withUnsafeMutableBufferPointer { buffer in
                unsafe EVP_Digest(pointer, count, buffer.baseAddress, nil, Algorithms.shared.sha256, nil)
            }
        }
        guard done == 1 else { fatalError("SHA-256 failed: \(drainErrorQueue())") }
        return SHA256Digest(octets: digest)
    }

    /// Hashes `bytes` in one call.
    public static func hash(_ bytes: [UInt8]) -> SHA256Digest {
        hash(bytes.span)
    }
}

/// SHA-256 over bytes that arrive piece by piece.
public struct SHA256Hasher: ~Copyable {
    private var context: DigestContext

    /// Starts with no bytes.
    public init() {
        context = unsafe DigestContext(Algorithms.shared.sha256)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        context.update(bytes)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) {
        update(bytes.span)
    }

    /// Digest of all bytes added.
    public consuming func finish() -> SHA256Digest {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var output = digest.mutableSpan
        context.finish(into: &output)
        return SHA256Digest(octets: digest)
    }
}
