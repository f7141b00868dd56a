internal import PatternMatch

/// Masks text or bytes without a grammar, in windows.
///
/// A window is filled to a size that does not depend on how the input is cut, so the output does not either. Its last
/// bytes stay for the next one, and so does what its end cuts off.
struct OpaqueMasker: BodyMasker {
    /// Bytes of a window.
    static let window = 64 << 10
    /// Bytes before the place that stay visible for names and neighbours.
    private static let lookBehind = 512
    /// Bytes behind the place that must be known.
    private static let lookAhead = 1024
    /// Bytes before a secret that must be text where only its context tells what it is.
    private static let textBefore = 16
    /// Bytes that are held for one secret; a longer one is masked in pieces.
    private static let longest = 64 << 10

    private var buffer: [UInt8] = []
    /// How much at the beginning of the buffer was written already.
    private var written = 0
    /// Whether the last secret goes on.
    private var continues = false
    private let keepsLength: Bool
    private let isKnownText: Bool
    private var isFirst = true
    private var target = OpaqueMasker.window

    /// - Parameter isKnownText: whether the bytes are characters for certain, such as units of UTF-16 made narrow.
    init(keepsLength: Bool, isKnownText: Bool = false) {
        self.keepsLength = keepsLength
        self.isKnownText = isKnownText
    }

    mutating func write(_ chunk: Span<UInt8>, to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        var position = 0
        while position < chunk.count {
            let piece = min(chunk.count - position, max(1, target - buffer.count))
            chunk.append(position..<position + piece, to: &buffer)
            position += piece
            if buffer.count >= target { try flush(isFinal: false, to: &output, session: session) }
        }
    }

    mutating func finish(to output: inout [UInt8], session: MaskingSession) throws(MaskingError) {
        try flush(isFinal: true, to: &output, session: session)
    }

    private mutating func flush(
        isFinal: Bool,
        to output: inout [UInt8],
        session: MaskingSession
    ) throws(MaskingError) {
        if isFirst {
            isFirst = false
            try session.inspect(head: buffer.span)
        }
        if continues { continueSecret(to: &output) }
        let (edits, commit) = try findings(isFinal: isFinal, session: session)
        if commit == buffer.count, !isFinal { continues = true }
        var position = written
        for edit in edits where edit.start >= position && edit.end <= commit {
            buffer.span.append(position..<edit.start, to: &output)
            edit.write(to: &output, keepsLength: keepsLength)
            if !edit.type.isEmpty { session.count(edit.type) }
            position = edit.end
        }
        buffer.span.append(position..<commit, to: &output)
        let keep = max(0, commit - Self.lookBehind)
        buffer.removeFirst(keep)
        written = commit - keep
        target = buffer.count + Self.window
    }

    /// What is to be replaced in the buffer, and up to where that is certain.
    private func findings(isFinal: Bool, session: MaskingSession) throws(MaskingError) -> (edits: [Edit], commit: Int) {
        let text = buffer.span
        var scan = TextScan()
        scan.isFinal = isFinal
        scan.keepsLength = keepsLength
        try session.scan(text, &scan)
        scan.edits.settle()
        // Among random bytes a telling name turns up by chance, a whole line of text does not.
        scan.edits.removeAll { edit in
            guard !isKnownText, Self.isTold(byContext: edit.type) else { return false }
            return !Self.isText(text, max(0, edit.start - Self.textBefore), edit.end)
        }
        guard !isFinal else { return (scan.edits, text.count) }
        var commit = text.count - Self.lookAhead
        if scan.unfinished < commit {
            // What is cut off waits, unless it is too long: then its beginning is masked and the rest follows.
            if text.count - scan.unfinished < Self.longest + Self.lookAhead || scan.unfinished > written {
                commit = max(written, scan.unfinished)
            }
        }
        for edit in scan.edits where edit.start < commit && edit.end > commit { commit = edit.end }
        return (scan.edits, max(commit, written))
    }

    /// Whether a type is known by a name or a shape beside it rather than by a format of its own.
    private static func isTold(byContext type: String) -> Bool {
        switch type {
        case "secret", "password", "email", "phone", "card", "iban", "ssn", "identity", "passport": true
        default: false
        }
    }

    /// Whether bytes are text: UTF-8 without control characters but white space; characters cut at the start count.
    private static func isText(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var index = start
        while index < end, index < start + 3, bytes[index] & 0xC0 == 0x80 { index += 1 }
        while index < end {
            let byte = bytes[index]
            let following: Int
            switch byte {
            case 0x20...0x7E, 0x09, 0x0A, 0x0D: following = 0
            case 0xC2...0xDF: following = 1
            case 0xE0...0xEF: following = 2
            case 0xF0...0xF4: following = 3
            default: return false
            }
            index += 1
            for _ in 0..<following where index < end {
                guard bytes[index] & 0xC0 == 0x80 else { return false }
                index += 1
            }
        }
        return true
    }

    /// Writes stars as long as the secret may go on: to white space or a quote.
    private mutating func continueSecret(to output: inout [UInt8]) {
        let end = buffer.span.runEnd(from: written) {
            !$0.isWhitespace && $0 != Byte.quote && $0 != Byte.apostrophe && $0 != Byte.less
        }
        if keepsLength { output.append(contentsOf: repeatElement(Byte.star, count: end - written)) }
        continues = end == buffer.count
        written = end
    }
}

extension MaskingSession {
    /// Refuses, or counts, what cannot be read, by how it begins.
    func inspect(head: Span<UInt8>) throws(MaskingError) {
        guard let format = BinaryFormat.named(by: head) else { return }
        guard profile.unreadable == .pass else { throw .unreadable(reason: format) }
        count("unreadable")
    }
}

/// Formats that hide text, by their first bytes.
enum BinaryFormat {
    /// The name of the format, or nil for text and for what is not known.
    static func named(by head: Span<UInt8>) -> String? {
        for (name, magic) in magics where starts(head, with: magic) { return name }
        var zeros = 0
        let length = min(head.count, 512)
        for index in 0..<length where head[index] == 0 { zeros += 1 }
        return zeros * 10 > length && length >= 8 ? "binary" : nil
    }

    private static func starts(_ head: Span<UInt8>, with magic: [UInt8]) -> Bool {
        guard head.count >= magic.count else { return false }
        for index in magic.indices where head[index] != magic[index] { return false }
        return true
    }

    private static let magics: [(String, [UInt8])] = [
        ("gzip", [0x1F, 0x8B]), ("zip", [0x50, 0x4B, 0x03, 0x04]), ("zip", [0x50, 0x4B, 0x05, 0x06]),
        ("zstd", [0x28, 0xB5, 0x2F, 0xFD]), ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]), ("bzip2", Array("BZh".utf8)),
        ("lz4", [0x04, 0x22, 0x4D, 0x18]), ("7z", [0x37, 0x7A, 0xBC, 0xAF]), ("parquet", Array("PAR1".utf8)),
        ("orc", Array("ORC".utf8)), ("avro", [0x4F, 0x62, 0x6A, 0x01]), ("sqlite", Array("SQLite format 3\0".utf8)),
        ("png", [0x89, 0x50, 0x4E, 0x47]), ("jpeg", [0xFF, 0xD8, 0xFF]), ("gif", Array("GIF8".utf8)),
        ("webp", Array("RIFF".utf8)), ("pdf", Array("%PDF-".utf8)), ("elf", [0x7F, 0x45, 0x4C, 0x46]),
        ("class", [0xCA, 0xFE, 0xBA, 0xBE]),
        ("pgp", [0x85, 0x01]), ("snappy", [0xFF, 0x06, 0x00, 0x00, 0x73, 0x4E]),
        ("mp4", [0, 0, 0, 0x18, 0x66, 0x74, 0x79, 0x70]),
    ]
}
