internal import Compression

/// Masks the body of one answer as it comes.
///
/// Used by one thread. What comes out does not depend on how the input is cut. After an error nothing more may be passed
/// on: the rest is unmasked.
public final class ResponseMasker {
    /// Whether the body keeps its length, so that Content-Length and ranges stay true.
    ///
    /// Certain once the first four bytes were written: only then a gzip object shows itself, which is packed anew.
    public private(set) var preservesLength: Bool
    /// The first bytes of an opaque body, until they tell its encoding; nil once they did.
    private var opening: [UInt8]?
    private let engine: MaskingEngine
    private let session: MaskingSession
    private var inflater: Inflater?
    private var inflated: [UInt8] = []
    private var body: any BodyMasker

    init(engine: MaskingEngine, context: MaskingContext) throws(MaskingError) {
        self.engine = engine
        session = engine.session(fingerprintKey: context.fingerprintKey)
        let rules = engine.rules(for: context.operation)
        let encoding = context.contentEncoding?.lowercased() ?? ""
        var format = BodyFormat(contentType: context.contentType)
        if rules.isEventStream, format == .opaque { format = .eventStream }
        // A payload is the user's, whatever its type says; only frames are AWS's.
        if context.isOpaqueObject || rules.isPayload, format != .eventStream { format = .opaque }
        switch encoding {
        case "", "identity", "aws-chunked": inflater = nil
        case "gzip", "x-gzip":
            do {
                inflater = try Inflater(maximumOutput: .max, maximumRatio: 1_100)
            } catch {
                throw .compression
            }
        default:
            guard engine.profile.unreadable == .pass else { throw .unreadable(reason: encoding) }
            inflater = nil
            session.count("unreadable")
        }
        let keepsLength = format == .opaque && encoding != "gzip" && encoding != "x-gzip"
        let isArchive = ["application/gzip", "application/x-gzip"].contains(context.contentType?.lowercased() ?? "")
        preservesLength = keepsLength && !isArchive
        opening = format == .opaque ? [] : nil
        switch format {
        case .json: body = JSONMasker(root: rules.json)
        case .xml: body = try XMLMasker(root: rules.xml)
        case .cbor: body = CBORMasker(root: rules.cbor)
        case .eventStream: body = EventStreamMasker(root: .none)
        case .opaque: body = OpaqueMasker(keepsLength: keepsLength)
        }
    }

    deinit { engine.end(session) }

    /// How often each type was replaced so far.
    public var findings: [String: Int] { session.findings }

    /// Takes the next piece of the body; appends to `output` what may be passed on.
    public func write(_ chunk: Span<UInt8>, to output: inout [UInt8]) throws(MaskingError) {
        guard inflater != nil else { return try writePlain(chunk, to: &output) }
        // Slices bound what a piece may expand to.
        var position = 0
        while position < chunk.count {
            let end = min(chunk.count, position + 4096)
            var plain: [UInt8] = []
            swap(&plain, &inflated)
            plain.removeAll(keepingCapacity: true)
            do {
                try inflater?.write(chunk.extracting(position..<end), to: &plain)
            } catch {
                throw .compression
            }
            try writePlain(plain.span, to: &output)
            swap(&plain, &inflated)
            position = end
        }
    }

    /// States that the body is complete; appends the rest to `output`.
    public func finish(to output: inout [UInt8]) throws(MaskingError) {
        do { try inflater?.finish() } catch { throw .compression }
        try settleOpening(to: &output)
        try body.finish(to: &output, session: session)
    }

    private func writePlain(_ chunk: Span<UInt8>, to output: inout [UInt8]) throws(MaskingError) {
        guard var first = opening else { return try body.write(chunk, to: &output, session: session) }
        chunk.append(0..<chunk.count, to: &first)
        opening = first
        if first.count >= 4 { try settleOpening(to: &output) }
    }

    /// Chooses how an opaque body is read by how it begins.
    private func settleOpening(to output: inout [UInt8]) throws(MaskingError) {
        guard let first = opening else { return }
        opening = nil
        if first.starts(with: [0x1F, 0x8B, 8]) {
            preservesLength = false
            body = try GzipMasker()
        } else if first.starts(with: [0xFF, 0xFE]) || first.starts(with: [0xFE, 0xFF]) {
            body = UTF16Masker(isLittleEndian: first[0] == 0xFF)
        }
        try body.write(first.span, to: &output, session: session)
    }
}

/// A rewriter of one grammar.
protocol BodyMasker {
    /// Takes the next piece; appends what is decided to `output`.
    mutating func write(_ chunk: Span<UInt8>, to output: inout [UInt8], session: MaskingSession) throws(MaskingError)
    /// Takes the end; appends the rest to `output`.
    mutating func finish(to output: inout [UInt8], session: MaskingSession) throws(MaskingError)
}

/// What grammar a body has.
enum BodyFormat {
    case json, xml, cbor, eventStream, opaque

    /// The format that a content type names; what is not known is opaque.
    init(contentType: String?) {
        let bare = (contentType ?? "").split(whereSeparator: { $0 == ";" || $0 == " " }).first?.lowercased() ?? ""
        if bare.hasSuffix("+json") || bare == "application/json" || bare.hasPrefix("application/x-amz-json-") {
            self = .json
        } else if bare.hasSuffix("+xml") || bare == "application/xml" || bare == "text/xml" {
            self = .xml
        } else if bare.hasSuffix("cbor") || bare.hasPrefix("application/x-amz-cbor") {
            self = .cbor
        } else if bare == "application/vnd.amazon.eventstream" {
            self = .eventStream
        } else {
            self = .opaque
        }
    }
}
