/// Frames a body as aws-chunked with an unsigned trailer (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`).
///
/// All chunks but the last have one fixed length, so that the framed length is known beforehand.
public struct ChunkedBodyEncoder: Sendable {
    /// Length of a chunk's bytes: more than S3's minimum of 8 KiB.
    public static let chunkLength = 65_536

    private var pending: [UInt8] = []

    /// Begins a body.
    public init() {
        pending.reserveCapacity(ChunkedBodyEncoder.chunkLength)
    }

    /// Takes the next bytes of the body and appends the chunks that are complete.
    public mutating func encode(_ input: Span<UInt8>, into output: inout [UInt8]) {
        var index = 0
        while index < input.count {
            let count = min(ChunkedBodyEncoder.chunkLength - pending.count, input.count - index)
            pending.append(span: input.extracting(index..<(index + count)))
            index += count
            if pending.count == ChunkedBodyEncoder.chunkLength { flush(into: &output) }
        }
    }

    /// Appends the last chunk and the trailers.
    public mutating func finish(trailers: [Trailer], into output: inout [UInt8]) {
        if !pending.isEmpty { flush(into: &output) }
        output.append(contentsOf: "0\r\n".utf8)
        for trailer in trailers { output.append(contentsOf: "\(trailer.name):\(trailer.value)\r\n".utf8) }
        output.append(contentsOf: "\r\n".utf8)
    }

    /// Length in bytes of a framed body of `decodedLength` bytes with these trailers, or nil if the value of one has
    /// no fixed length or the sum does not fit.
    public static func encodedLength(decodedLength: Int64, trailers: [String]) -> Int64? {
        let chunk = Int64(chunkLength)
        guard decodedLength >= 0, decodedLength <= Int64.max / 2 else { return nil }
        let rest = decodedLength % chunk
        var length = decodedLength + decodedLength / chunk * frameLength(of: chunk) + 3 + 2
        if rest > 0 { length += frameLength(of: rest) }
        for name in trailers {
            guard let valueLength = valueLength(of: name) else { return nil }
            length += Int64(name.utf8.count) + 1 + valueLength + 2
        }
        return length
    }

    /// A Content-Encoding without its `aws-chunked` token, for a body that is sent on decoded; nil if nothing is left.
    public static func contentEncodingWhenDecoded(_ value: String) -> String? {
        let kept = value.split(separator: ",").map { token in
            String(token.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" })
        }.filter { !$0.isEmpty && $0.lowercased() != "aws-chunked" }
        return kept.isEmpty ? nil : kept.joined(separator: ", ")
    }

    /// Length of the base64 of a checksum whose trailer is `name` in lower case, nil for any other.
    static func valueLength(of name: String) -> Int64? {
        switch name {
        case "x-amz-checksum-crc32", "x-amz-checksum-crc32c": 8
        case "x-amz-checksum-crc64nvme": 12
        case "x-amz-checksum-sha1": 28
        case "x-amz-checksum-sha256": 44
        default: nil
        }
    }

    private mutating func flush(into output: inout [UInt8]) {
        output.append(contentsOf: String(pending.count, radix: 16).utf8)
        output.append(contentsOf: "\r\n".utf8)
        output.append(contentsOf: pending)
        output.append(contentsOf: "\r\n".utf8)
        pending.removeAll(keepingCapacity: true)
    }

    /// Bytes around a chunk: its length's digits and two line ends.
    private static func frameLength(of size: Int64) -> Int64 {
        Int64((64 - size.leadingZeroBitCount + 3) / 4) + 4
    }
}
