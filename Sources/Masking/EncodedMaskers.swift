internal import Compression

/// Masks a gzip object.
///
/// Unpacks it, masks the text, packs it again; its length changes.
struct GzipMasker: BodyMasker {
    /// zlib's streams cannot be copied, so their holder is.
    private final class Streams {
        var inflater: Inflater
        var deflater: Deflater

        init() throws(CompressionError) {
            inflater = try Inflater(maximumOutput: .max, maximumRatio: 1_100)
            deflater = try Deflater(level: 6)
        }
    }

    private let streams: Streams
    private var text = OpaqueMasker(keepsLength: false)

    init() throws(MaskingError) {
        do { streams = try Streams() } catch { throw .compression }
    }

    mutating func write(_ chunk: Span<UInt8>, to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        var position = 0
        while position < chunk.count {
            // Slices bound what a piece may expand to.
            let end = min(chunk.count, position + 4096)
            var plain: [UInt8] = []
            var masked: [UInt8] = []
            do { try streams.inflater.write(chunk.extracting(position..<end), to: &plain) } catch { throw .compression }
            try text.write(plain.span, to: &masked, session: session)
            do { try streams.deflater.write(masked.span, to: &output) } catch { throw .compression }
            position = end
        }
    }

    mutating func finish(to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        do { try streams.inflater.finish() } catch { throw .compression }
        var masked: [UInt8] = []
        try text.finish(to: &masked, session: session)
        do {
            try streams.deflater.write(masked.span, to: &output)
            try streams.deflater.finish(to: &output)
        } catch {
            throw .compression
        }
    }
}

/// Masks UTF-16 text with a byte order mark at equal length.
///
/// What it detects is ASCII: each unit is looked at as one byte, and units that no replacement touched go out as they
/// came.
struct UTF16Masker: BodyMasker {
    private let isLittleEndian: Bool
    private var text = OpaqueMasker(keepsLength: true, isKnownText: true)
    /// Units that went in and did not come out yet, as bytes.
    private var units: [UInt8] = []
    private var odd: UInt8?

    init(isLittleEndian: Bool) { self.isLittleEndian = isLittleEndian }

    mutating func write(_ chunk: Span<UInt8>, to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        var narrow: [UInt8] = []
        narrow.reserveCapacity(chunk.count / 2 + 1)
        for index in chunk.indices {
            guard let first = odd else {
                odd = chunk[index]
                continue
            }
            odd = nil
            units.append(first)
            units.append(chunk[index])
            narrow.append(byte(first, chunk[index]))
        }
        var masked: [UInt8] = []
        try text.write(narrow.span, to: &masked, session: session)
        widen(masked, to: &output)
    }

    mutating func finish(to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        var masked: [UInt8] = []
        try text.finish(to: &masked, session: session)
        widen(masked, to: &output)
        if let odd { output.append(odd) }
    }

    /// The unit as one byte; what is not ASCII is a byte that no detector takes.
    private func byte(_ first: UInt8, _ second: UInt8) -> UInt8 {
        let (low, high) = isLittleEndian ? (first, second) : (second, first)
        return high == 0 && low < 0x80 ? low : 0xFF
    }

    private mutating func widen(_ masked: [UInt8], to output: inout [UInt8]) {
        for (index, value) in masked.enumerated() where index * 2 + 1 < units.count {
            let first = units[index * 2]
            let second = units[index * 2 + 1]
            if byte(first, second) == value {
                output.append(first)
                output.append(second)
            } else {
                output.append(isLittleEndian ? value : 0)
                output.append(isLittleEndian ? 0 : value)
            }
        }
        units.removeFirst(min(units.count, masked.count * 2))
    }
}
