import COpenSSL

/// A digest by name, over bytes that arrive piece by piece: for checksums that others chose, such as S3's.
///
/// What Postern itself relies on is SHA-256, which has types of its own.
public struct MessageDigest: ~Copyable {
    /// The digests on offer.
    public enum Algorithm: Hashable, Sendable, CaseIterable {
        /// MD5 (RFC 1321), against accidents only; a FIPS provider has none.
        case md5
        /// SHA-1 (FIPS 180-4), against accidents only.
        case sha1
        /// SHA-256 (FIPS 180-4).
        case sha256
        /// SHA-512 (FIPS 180-4).
        case sha512
    }

    private var context: DigestContext
    private let length: Int

    /// Starts with no bytes; nil where OpenSSL's providers lack the algorithm.
    public init?(_ algorithm: Algorithm) {
        let algorithms = Algorithms.shared
        let (found, length) =
            switch algorithm {
            case .md5: unsafe (algorithms.md5, 16)
            case .sha1: unsafe (algorithms.sha1, 20)
            case .sha256: unsafe (algorithms.sha256, 32)
            case .sha512: unsafe (algorithms.sha512, 64)
            }
        guard let found = unsafe found else { return nil }
        context = unsafe DigestContext(found)
        self.length = length
    }

    /// Adds bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        context.update(bytes)
    }

    /// Digest of all bytes added.
    public consuming func finish() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: length)
        var output = bytes.mutableSpan
        context.finish(into: &output)
        return bytes
    }
}

/// A digest in progress.
///
/// One that cannot be computed (no memory) ends the process: there is no value to go on with.
@safe
struct DigestContext: ~Copyable {
    private let context: OpaquePointer

    init(_ algorithm: OpaquePointer) {
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1 else {
            fatalError("a digest failed: \(drainErrorQueue())")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: Span<UInt8>) {
        let done = unsafe withPointer(to: bytes) { pointer, count in
            unsafe EVP_DigestUpdate(context, pointer, count)
        }
        guard done == 1 else { fatalError("a digest failed: \(drainErrorQueue())") }
    }

    /// - Parameter output: as long as the algorithm's digest.
    consuming func finish(into output: inout MutableSpan<UInt8>) {
        let done = unsafe output.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
        }
        guard done == 1 else { fatalError("a digest failed: \(drainErrorQueue())") }
    }
}
