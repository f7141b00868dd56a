internal import Compression

/// Masks an event stream (`application/vnd.amazon.eventstream`) message by message, and rebuilds its checksums.
///
/// Payloads that name a grammar are masked by it. Raw payloads of one kind of event, as S3 Select's records and Lambda's
/// chunks are, are one text: what is held back of it leaves in a later message of its kind.
struct EventStreamMasker: BodyMasker {
    private static let preludeCount = 12
    private static let overhead = 16

    private var buffer: [UInt8] = []
    private let root: RuleNode
    /// The text of raw payloads, and the headers of the message that last carried it.
    private var raw: (masker: OpaqueMasker, headers: [UInt8])?

    init(root: RuleNode) { self.root = root }

    mutating func write(_ chunk: Span<UInt8>, to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        chunk.append(0..<chunk.count, to: &buffer)
        var pending: [UInt8] = []
        swap(&pending, &buffer)
        var position = 0
        while pending.count - position >= Self.preludeCount {
            let message = pending.span.extracting(position..<pending.count)
            let total = Int(word(message, at: 0))
            guard total >= Self.overhead, total <= session.profile.maximumValue,
                Int(word(message, at: 4)) <= total - Self.overhead
            else { throw .malformed(format: "event stream", offset: position) }
            guard word(message, at: 8) == CRC32.of(message.extracting(0..<8)) else {
                throw .malformed(format: "event stream", offset: position)
            }
            guard message.count >= total else { break }
            try mask(message.extracting(0..<total), to: &output, session: session)
            position += total
        }
        pending.removeFirst(position)
        swap(&pending, &buffer)
    }

    mutating func finish(to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        guard buffer.isEmpty else { throw .malformed(format: "event stream", offset: 0) }
        try flushRaw(to: &output, session: session)
    }

    private mutating func mask(
        _ message: Span<UInt8>,
        to output: inout [UInt8],
        session: MaskingSession
    ) throws(MaskingError) {
        let end = message.count - 4
        guard word(message, at: end) == CRC32.of(message.extracting(0..<end)) else {
            throw .malformed(format: "event stream", offset: 0)
        }
        let payloadStart = Self.preludeCount + Int(word(message, at: 4))
        let payload = message.extracting(payloadStart..<end)
        let headers = message.extracting(Self.preludeCount..<payloadStart)
        let (masked, contentType) = try maskedHeaders(headers, session: session)
        let format = BodyFormat(contentType: contentType)
        if format == .opaque, !payload.isEmpty {
            if let current = raw, current.headers != masked { try flushRaw(to: &output, session: session) }
            var masker = raw?.masker ?? OpaqueMasker(keepsLength: true)
            var piece: [UInt8] = []
            try masker.write(payload, to: &piece, session: session)
            raw = (masker, masked)
            if !piece.isEmpty { append(masked, piece, to: &output) }
            return
        }
        try flushRaw(to: &output, session: session)
        var body: any BodyMasker =
            switch format {
            case .json: JSONMasker(root: root)
            case .xml: try XMLMasker(root: root)
            default: OpaqueMasker(keepsLength: false)
            }
        var piece: [UInt8] = []
        try body.write(payload, to: &piece, session: session)
        try body.finish(to: &piece, session: session)
        append(masked, piece, to: &output)
    }

    /// Lets go what is held back of raw payloads, in a message like the last one.
    private mutating func flushRaw(to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        guard var last = raw else { return }
        raw = nil
        var piece: [UInt8] = []
        try last.masker.finish(to: &piece, session: session)
        if !piece.isEmpty { append(last.headers, piece, to: &output) }
    }

    /// The headers with secrets in their strings masked at equal length, and `:content-type`.
    private func maskedHeaders(
        _ headers: Span<UInt8>,
        session: MaskingSession
    ) throws(MaskingError) -> ([UInt8], contentType: String?) {
        var masked: [UInt8] = []
        var contentType: String?
        var index = 0
        while index < headers.count {
            let nameEnd = index + 1 + Int(headers[index])
            guard let type = headers.at(nameEnd) else { throw .malformed(format: "event stream", offset: index) }
            let isString = type == 6 || type == 7
            let valueStart = nameEnd + (isString ? 3 : 1)
            let count: Int
            switch type {
            case 0, 1: count = 0
            case 2: count = 1
            case 3: count = 2
            case 4: count = 4
            case 5, 8: count = 8
            case 9: count = 16
            case 6, 7:
                guard let high = headers.at(nameEnd + 1), let low = headers.at(nameEnd + 2) else {
                    throw .malformed(format: "event stream", offset: index)
                }
                count = Int(high) << 8 | Int(low)
            default: throw .malformed(format: "event stream", offset: index)
            }
            guard valueStart + count <= headers.count else { throw .malformed(format: "event stream", offset: index) }
            headers.append(index..<valueStart, to: &masked)
            let value = headers.extracting(valueStart..<valueStart + count)
            if type == 7, headers.extracting(index + 1..<nameEnd).has(":content-type", at: 0) {
                contentType = String(decoding: value.bytes(0..<value.count), as: UTF8.self)
            }
            if isString {
                let edits = try session.editsInside(value, depth: 1, keepsLength: true)
                session.write(value, edits: edits, to: &masked, keepsLength: true)
            } else {
                value.append(0..<count, to: &masked)
            }
            index = valueStart + count
        }
        return (masked, contentType)
    }

    private func append(_ headers: [UInt8], _ payload: [UInt8], to output: inout [UInt8]) {
        let start = output.count
        appendWord(UInt32(truncatingIfNeeded: Self.overhead + headers.count + payload.count), to: &output)
        appendWord(UInt32(truncatingIfNeeded: headers.count), to: &output)
        appendWord(CRC32.of(output.span.extracting(start..<start + 8)), to: &output)
        output.append(contentsOf: headers)
        output.append(contentsOf: payload)
        appendWord(CRC32.of(output.span.extracting(start..<output.count)), to: &output)
    }

    private func appendWord(_ value: UInt32, to output: inout [UInt8]) {
        for shift in stride(from: 24, through: 0, by: -8) {
            output.append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }

    private func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in offset..<offset + 4 { value = value << 8 | UInt32(bytes.at(index) ?? 0) }
        return value
    }
}
