import HTTPTypes
import OpenSSL

/// A header behind a chunked body.
public struct Trailer: Hashable, Sendable {
    /// The name in lower case.
    public let name: String
    /// The value without white space at its ends.
    public let value: String

    /// Takes a name in lower case and a value.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Decodes an aws-chunked body as it arrives, and verifies each of its signatures.
///
/// The three forms of S3: signed chunks, signed chunks with a signed trailer, unsigned chunks with a trailer (S3 API
/// reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks" and
/// "Working with trailing headers"). A signed chunk comes out only after its signature was verified; a checksum in the
/// trailer is computed anew and compared. Once a call has thrown, what came out before is all that may be used, and not as
/// a whole body.
public struct ChunkedBodyDecoder {
    /// The least length of a chunk that is not the last one, in bytes: S3 refuses shorter ones.
    public static let minimumChunk = 8192
    /// The longest header line of a chunk, in bytes: 16 digits, extension and signature.
    private static let longestChunkLine = 128
    /// All trailers together, in bytes.
    private static let longestTrailer = 8192

    private enum State: Hashable {
        /// In the line that begins a chunk.
        case chunkLine
        /// In a chunk's bytes.
        case data
        /// In the line end behind a chunk.
        case dataEnd
        /// In a line of the trailer, or the empty line behind it.
        case trailerLine
        /// In the empty line that ends a body without trailer.
        case lastLine
        /// Behind everything.
        case done
    }

    /// The length of the decoded body in bytes, as x-amz-decoded-content-length declares it.
    public let decodedLength: Int64

    private let chain: ChunkSignatureChain?
    private let maximumChunk: Int
    private let declaredTrailers: [String]
    private var state = State.chunkLine
    private var line: [UInt8] = []
    private var chunkLeft: Int64 = 0
    private var bodyLeft: Int64
    private var sawShortChunk = false
    private var previousSignature: SHA256Digest
    private var claimedSignature: SHA256Digest?
    private var held: [UInt8] = []
    private let checksum: TrailingChecksum?
    private var trailers: [Trailer] = []
    private var trailerBytes = 0
    private var trailerIsVerified = false

    /// Begins to decode the body of a verified request whose `body` is `chunked`.
    ///
    /// - Parameters:
    ///   - verified: the request's signature, which the first chunk's is chained to.
    ///   - maximumChunk: the longest signed chunk that is held back until it is verified, in bytes.
    public init(_ verified: VerifiedSignature, maximumChunk: Int = 16 << 20) throws(SignatureError) {
        let fields = verified.claim.request.headerFields
        let hasTrailer: Bool
        switch verified.claim.payload {
        case .streamingSigned(let trailer):
            hasTrailer = trailer
            chain = ChunkSignatureChain(key: verified.signingKey, time: verified.claim.time)
        case .streamingUnsignedTrailer:
            hasTrailer = true
            chain = nil
        case .hash, .unsignedPayload, .absent:
            throw .malformedChunk("the body is not chunked")
        }
        let lengths = fields[values: .xAmzDecodedContentLength]
        guard lengths.count == 1, let text = lengths.first, (1...18).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int64(text)
        else { throw .malformedChunk("x-amz-decoded-content-length must be one number") }
        declaredTrailers = try ChunkedBodyDecoder.names(in: fields[values: .xAmzTrailer], needed: hasTrailer)
        checksum = declaredTrailers.first { $0.hasPrefix(TrailingChecksum.prefix) }
            .flatMap { TrailingChecksum(trailer: $0) }
        decodedLength = length
        bodyLeft = length
        self.maximumChunk = maximumChunk
        previousSignature = verified.claim.signature
    }

    /// Takes the next bytes of the body, however split, and appends what they decode to.
    public mutating func decode(_ input: Span<UInt8>, into output: inout [UInt8]) throws(SignatureError) {
        var index = 0
        while index < input.count {
            if state == .data {
                let count = Int(min(chunkLeft, Int64(input.count - index)))
                let piece = input.extracting(index..<(index + count))
                if chain == nil {
                    checksum?.update(piece)
                    output.append(span: piece)
                } else {
                    held.append(span: piece)
                }
                index += count
                chunkLeft -= Int64(count)
                if chunkLeft == 0 { try finishChunk(&output) }
            } else {
                try take(input[index], &output)
                index += 1
            }
        }
    }

    /// Confirms that the body is complete, and returns its trailers in the order of their arrival.
    public func finish() throws(SignatureError) -> [Trailer] {
        guard state == .done else { throw .malformedChunk("it ends too early") }
        return trailers
    }

    /// Takes one byte of a line.
    private mutating func take(_ byte: UInt8, _ output: inout [UInt8]) throws(SignatureError) {
        guard state != .done else { throw .malformedChunk("bytes follow its end") }
        line.append(byte)
        guard line.count >= 2, line.hasSuffix(0x0d, 0x0a) else {
            let limit = state == .trailerLine ? ChunkedBodyDecoder.longestTrailer : ChunkedBodyDecoder.longestChunkLine
            guard line.count < limit else { throw .malformedChunk("a line is too long") }
            if state == .dataEnd || state == .lastLine, line != [0x0d] {
                throw .malformedChunk("a line end is missing")
            }
            return
        }
        let text = line.dropLast(2)
        defer { line.removeAll(keepingCapacity: true) }
        switch state {
        case .chunkLine: try beginChunk(text)
        case .dataEnd:
            guard text.isEmpty else { throw .malformedChunk("a line end is missing") }
            state = .chunkLine
        case .trailerLine: try takeTrailer(text)
        case .lastLine:
            guard text.isEmpty else { throw .malformedChunk("a line end is missing") }
            state = .done
        case .data, .done: break
        }
    }

    /// Reads `size` or `size;chunk-signature=digits`.
    private mutating func beginChunk(_ text: ArraySlice<UInt8>) throws(SignatureError) {
        let digits = text.prefix { $0 != UInt8(ascii: ";") }
        guard (1...16).contains(digits.count) else { throw .malformedChunk("a chunk has no length") }
        var size: UInt64 = 0
        for digit in digits {
            guard let value = Hex.value(digit) else { throw .malformedChunk("a chunk's length is not hexadecimal") }
            size = size << 4 | UInt64(value)
        }
        let rest = text.dropFirst(digits.count)
        if chain == nil {
            guard rest.isEmpty else { throw .malformedChunk("a chunk of this form has no extension") }
        } else {
            let mark = ";chunk-signature="
            guard rest.starts(with: mark.utf8),
                let signature = SHA256Digest(lowerCaseHex: rest.dropFirst(mark.utf8.count))
            else { throw .malformedChunk("a chunk is not signed") }
            claimedSignature = signature
        }
        guard size <= UInt64(bodyLeft) else { throw .decodedLengthMismatch(declared: decodedLength) }
        if size == 0 {
            guard bodyLeft == 0 else { throw .decodedLengthMismatch(declared: decodedLength) }
            try verifyChunk()
            state = declaredTrailers.isEmpty ? .lastLine : .trailerLine
            return
        }
        guard !sawShortChunk else { throw .chunkTooSmall(minimum: ChunkedBodyDecoder.minimumChunk) }
        sawShortChunk = size < UInt64(ChunkedBodyDecoder.minimumChunk)
        guard chain == nil || size <= UInt64(maximumChunk) else { throw .chunkTooLarge(limit: maximumChunk) }
        chunkLeft = Int64(size)
        bodyLeft -= chunkLeft
        state = .data
    }

    private mutating func finishChunk(_ output: inout [UInt8]) throws(SignatureError) {
        try verifyChunk()
        if chain != nil {
            checksum?.update(held.span)
            output.append(contentsOf: held)
            held.removeAll(keepingCapacity: true)
        }
        state = .dataEnd
    }

    /// Checks the signature of the chunk that is held back.
    private mutating func verifyChunk() throws(SignatureError) {
        guard let chain else { return }
        let signature = chain.signature(ofChunk: held, after: previousSignature)
        guard signature == claimedSignature else { throw .chunkSignatureMismatch }
        previousSignature = signature
        claimedSignature = nil
    }

    /// Reads `name:value`, or the empty line behind the trailer.
    private mutating func takeTrailer(_ text: ArraySlice<UInt8>) throws(SignatureError) {
        // AWS's own description ends the last trailer before a trailer signature by LF and CR LF.
        let text = text.last == 0x0a ? text.dropLast() : text
        if text.isEmpty { return try finishTrailer() }
        trailerBytes += text.count
        guard trailerBytes <= ChunkedBodyDecoder.longestTrailer else {
            throw .malformedChunk("the trailer is too long")
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")),
            let rawName = String(validating: text[..<colon], as: UTF8.self),
            let name = HTTPField.Name(rawName)?.canonicalName,
            let rawValue = String(validating: text[(colon + 1)...], as: UTF8.self)
        else { throw .malformedChunk("a trailer is no header") }
        let value = HTTPField(name: .xAmzTrailer, value: rawValue).value
        guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !trailerIsVerified else {
            throw .trailerMismatch(name)
        }
        if name == "x-amz-trailer-signature", let chain {
            guard trailers.count == declaredTrailers.count else { return try finishTrailer() }
            guard let claimed = SHA256Digest(lowerCaseHex: Array(value.utf8)[...]),
                claimed == chain.signature(ofTrailers: trailers, after: previousSignature)
            else { throw .chunkSignatureMismatch }
            trailerIsVerified = true
            return
        }
        guard declaredTrailers.contains(name), !trailers.contains(where: { $0.name == name }) else {
            throw .trailerMismatch(name)
        }
        trailers.append(Trailer(name: name, value: value))
    }

    private mutating func finishTrailer() throws(SignatureError) {
        for name in declaredTrailers where !trailers.contains(where: { $0.name == name }) {
            throw .trailerMismatch(name)
        }
        guard chain == nil || trailerIsVerified else { throw .trailerMismatch("x-amz-trailer-signature") }
        if let checksum, trailers.first(where: { $0.name == checksum.name })?.value != checksum.finish() {
            throw .trailingChecksumMismatch(checksum.name)
        }
        state = .done
    }

    /// The names that x-amz-trailer declares, in lower case; none if the form has no trailer.
    private static func names(in values: [String], needed: Bool) throws(SignatureError) -> [String] {
        guard needed else {
            guard values.isEmpty else { throw .trailerMismatch("x-amz-trailer") }
            return []
        }
        var names: [String] = []
        for part in values.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: false) {
            let text = part.drop { $0 == " " }
            guard let name = HTTPField.Name(String(text.prefix { $0 != " " }))?.canonicalName,
                name.hasPrefix("x-amz-"), name != "x-amz-trailer-signature", !names.contains(name), names.count < 8
            else { throw .trailerMismatch("x-amz-trailer") }
            names.append(name)
        }
        // S3: "Expecting a single x-amz-checksum- header."
        guard names.count(where: { $0.hasPrefix(TrailingChecksum.prefix) }) <= 1 else {
            throw .trailerMismatch("x-amz-trailer")
        }
        return names
    }
}

extension SHA256Digest {
    /// Reads exactly 64 lower-case hexadecimal digits, else nil.
    init?(lowerCaseHex digits: ArraySlice<UInt8>) {
        guard digits.count == 64, !digits.contains(where: { (0x41...0x5a).contains($0) }) else { return nil }
        self.init(hex: String(decoding: digits, as: UTF8.self))
    }
}

extension [UInt8] {
    /// Appends lent bytes in one copy.
    mutating func append(span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Whether the two last bytes are these.
    fileprivate func hasSuffix(_ first: UInt8, _ second: UInt8) -> Bool {
        count >= 2 && self[count - 2] == first && self[count - 1] == second
    }
}
