internal import CZlib

/// Compresses one body, piece by piece.
///
/// Owns a zlib `z_stream`; belongs to one thread at a time.
@safe
public struct Deflater: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Prepares to compress at `level` (0 to 9; 1 is the fastest that compresses).
    public init(format: CompressionFormat = .gzip, level: Int32 = 1) throws(CompressionError) {
        unsafe stream = allocateStream()
        let code = unsafe deflateInit2_(
            stream,
            level,
            Z_DEFLATED,
            format.windowBits,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard code == Z_OK else { throw code == Z_MEM_ERROR ? .outOfMemory : .failed(code: code) }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Compresses `input` and appends what is ready to `output`.
    public mutating func write(_ input: Span<UInt8>, to output: inout [UInt8]) throws(CompressionError) {
        var consumed = 0
        while consumed < input.count {
            let piece = min(input.count - consumed, 1 << 30)
            try run(input.extracting(consumed..<consumed + piece), flush: Z_NO_FLUSH, to: &output)
            consumed += piece
        }
    }

    /// Appends the rest and the trailer to `output`; nothing may be written afterwards.
    public mutating func finish(to output: inout [UInt8]) throws(CompressionError) {
        try run(Span<UInt8>(), flush: Z_FINISH, to: &output)
    }

    private func run(
        _ input: borrowing Span<UInt8>,
        flush: Int32,
        to output: inout [UInt8]
    ) throws(CompressionError) {
        let stream = unsafe self.stream
        let code: Int32 = unsafe input.withUnsafeBufferPointer { source in
            unsafe stream.pointee.next_in = source.baseAddress.map { unsafe UnsafeMutablePointer(mutating: $0) }
            unsafe stream.pointee.avail_in = UInt32(source.count)
            while true {
                let start = output.count
                output.append(contentsOf: repeatElement(0, count: compressionStep))
                let code: Int32 = unsafe output.withUnsafeMutableBufferPointer { target in
                    guard let to = target.baseAddress else { return Z_BUF_ERROR }
                    unsafe stream.pointee.next_out = to + start
                    unsafe stream.pointee.avail_out = UInt32(compressionStep)
                    return unsafe deflate(stream, flush)
                }
                let room = unsafe Int(stream.pointee.avail_out)
                output.removeLast(room)
                guard code == Z_OK, room == 0 else { return code }
            }
        }
        switch code {
        case Z_OK, Z_STREAM_END, Z_BUF_ERROR: return
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .failed(code: code)
        }
    }
}
