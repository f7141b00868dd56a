internal import CZlib

/// Why compressed bytes were refused.
public enum CompressionError: Error, Equatable, Sendable {
    /// zlib could not allocate its state.
    case outOfMemory
    /// The input is not of the stated format, or its checksum does not fit.
    case malformed
    /// The input ended inside a member.
    case truncated
    /// More than the stated number of bytes would come out.
    case outputTooLarge
    /// The input expands more than the stated ratio allows.
    case ratioTooHigh
    /// zlib answered with a code that its manual does not give for this call.
    case failed(code: Int32)
}

/// A container around a deflate stream (RFC 1951).
public enum CompressionFormat: Sendable {
    /// RFC 1952, also several members in a row.
    case gzip
    /// RFC 1950.
    case zlib
    /// RFC 1951 alone.
    case raw

    /// `windowBits` as zlib's manual encodes the format.
    var windowBits: Int32 {
        switch self {
        case .gzip: MAX_WBITS + 16
        case .zlib: MAX_WBITS
        case .raw: -MAX_WBITS
        }
    }
}

/// How many bytes zlib may write in one call.
let compressionStep = 16 * 1024

/// A z_stream on the heap, because zlib's state keeps the address of it.
func allocateStream() -> UnsafeMutablePointer<z_stream> {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    return unsafe stream
}
