internal import CZlib

/// Decompresses one body, piece by piece, within bounds.
///
/// Owns a zlib `z_stream`; belongs to one thread at a time.
@safe
public struct Inflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private let format: CompressionFormat
    private let maximumOutput: Int
    private let maximumRatio: Int
    private var isAtMemberEnd = false
    /// Bytes read so far.
    public private(set) var inputCount = 0
    /// Bytes written so far.
    public private(set) var outputCount = 0

    /// Output below this many bytes is never held to the ratio.
    public static let ratioFreeOutput = 1 << 20

    /// Prepares to decompress.
    ///
    /// - Parameters:
    ///   - maximumOutput: bytes that may come out in all.
    ///   - maximumRatio: output bytes an input byte, counted once more than `ratioFreeOutput` came out.
    ///     (Deflate reaches 1,032 at most.)
    public init(
        format: CompressionFormat = .gzip,
        maximumOutput: Int,
        maximumRatio: Int = 250
    ) throws(CompressionError) {
        unsafe stream = allocateStream()
        self.format = format
        self.maximumOutput = maximumOutput
        self.maximumRatio = maximumRatio
        let code = unsafe inflateInit2_(
            stream,
            format.windowBits,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard code == Z_OK else { throw code == Z_MEM_ERROR ? .outOfMemory : .failed(code: code) }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Decompresses `input` and appends what comes out to `output`.
    ///
    /// One call appends at most `maximumRatio` times `input.count` bytes beyond the first MiB.
    public mutating func write(_ input: Span<UInt8>, to output: inout [UInt8]) throws(CompressionError) {
        var consumed = 0
        while consumed < input.count {
            if isAtMemberEnd {
                guard case .gzip = format else { throw .malformed }
                guard unsafe inflateReset(stream) == Z_OK else { throw .malformed }
                isAtMemberEnd = false
            }
            try step(input.extracting(consumed..<input.count), consumed: &consumed, to: &output)
        }
    }

    /// States that the input is complete.
    ///
    /// - Throws: `truncated` if the last member has not ended.
    public func finish() throws(CompressionError) {
        guard isAtMemberEnd else { throw .truncated }
    }

    private mutating func step(
        _ input: borrowing Span<UInt8>,
        consumed: inout Int,
        to output: inout [UInt8]
    ) throws(CompressionError) {
        let stream = unsafe self.stream
        let offered = min(input.count, 1 << 30)
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: compressionStep))
        let code: Int32 = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return Z_BUF_ERROR }
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: from)
                unsafe stream.pointee.avail_in = UInt32(offered)
                unsafe stream.pointee.next_out = to + start
                unsafe stream.pointee.avail_out = UInt32(compressionStep)
                return unsafe inflate(stream, Z_NO_FLUSH)
            }
        }
        let read = unsafe offered - Int(stream.pointee.avail_in)
        let written = unsafe compressionStep - Int(stream.pointee.avail_out)
        output.removeLast(compressionStep - written)
        consumed += read
        inputCount += read
        outputCount += written
        guard outputCount <= maximumOutput else { throw .outputTooLarge }
        if outputCount > Self.ratioFreeOutput, outputCount / max(inputCount, 1) >= maximumRatio { throw .ratioTooHigh }
        switch code {
        case Z_OK: return
        case Z_STREAM_END: isAtMemberEnd = true
        case Z_BUF_ERROR where read > 0 || written > 0: return
        case Z_MEM_ERROR: throw .outOfMemory
        case Z_DATA_ERROR, Z_NEED_DICT, Z_BUF_ERROR: throw .malformed
        default: throw .failed(code: code)
        }
    }
}
