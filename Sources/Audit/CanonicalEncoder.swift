import OpenSSL
import Postgres

/// A record in its canonical form, but for its place in a chain.
///
/// The canonical form (docs/audit.md) is that of PostgreSQL's binary COPY: for each column a big-endian length in four
/// bytes (-1 for NULL) and the value in the type's binary form. So the bytes that are hashed are those that are sent to
/// the server as parameters, and a verifier hashes what COPY gives it.
struct EncodedRecord: Sendable {
    /// 32 bytes of room for the previous hash, the canonical form, and 32 bytes of room for the hash.
    var bytes: [UInt8]
    /// The values of the columns that this kind of record has.
    var fields: [Parameters.Field]
    /// Which statement inserts it.
    let kind: RecordKind
    /// The record's id.
    let id: RecordID

    /// Where the canonical form lies in `bytes`.
    var canonical: Range<Int> { 32..<max(32, bytes.count - 32) }

    /// The hash, once the record is in its chain.
    var hash: SHA256Digest {
        SHA256Digest(bytes: bytes.span.extracting(last: 32)) ?? SHA256.ofNothing
    }

    /// Puts the record into its chain; returns its hash.
    mutating func chain(writer: RecordID, sequence: Int64, after previous: SHA256Digest) -> SHA256Digest {
        for index in 0..<32 { bytes[index] = previous.octets[index] }
        let writerBytes = writer.bytes
        for index in 0..<16 { bytes[Layout.writer + index] = writerBytes[index] }
        for index in 0..<8 {
            bytes[Layout.sequence + index] = UInt8(truncatingIfNeeded: sequence >> Int64(56 - 8 * index))
        }
        let end = bytes.count - 32
        let hash = SHA256.hash(bytes.span.extracting(0..<end))
        for index in 0..<32 { bytes[end + index] = hash.octets[index] }
        return hash
    }
}

/// Fixed offsets in `EncodedRecord.bytes`.
private enum Layout {
    static let format = 32 + 4
    static let writer = format + 2 + 4
    static let sequence = writer + 16 + 4
    static let head = sequence + 8
}

/// Appends columns in the order of the canonical form.
///
/// Text is cut at its bound and loses U+0000, which PostgreSQL cannot store: it becomes U+2400.
struct CanonicalEncoder {
    /// Longest text, in bytes.
    static let textLimit = 4096
    /// Most elements of an array.
    static let elementLimit = 128
    /// Longest JSON text, in bytes.
    static let jsonLimit = 65_536

    private var bytes: [UInt8]
    private var fields: [Parameters.Field] = []
    private let kind: RecordKind
    private let id: RecordID
    private var column = 0

    /// Starts with the columns format, writer, sequence, ts, kind and id.
    init(_ kind: RecordKind, id: RecordID, time: AuditTime) {
        self.kind = kind
        self.id = id
        bytes = []
        bytes.reserveCapacity(1536)
        fields.reserveCapacity(kind.columns.count + 1)
        bytes.append(contentsOf: repeatElement(0, count: 32))
        value { bytes in bytes.append(contentsOf: [0, 1]) }
        value { bytes in bytes.append(contentsOf: repeatElement(0, count: 16)) }
        value { bytes in bytes.append(contentsOf: repeatElement(0, count: 8)) }
        value { bytes in bytes.append(bigEndian: time.postgres) }
        value { bytes in bytes.append(contentsOf: kind.rawValue.utf8) }
        value { bytes in id.append(to: &bytes) }
    }

    mutating func uuid(_ id: RecordID?) {
        guard let id else { return null() }
        value { bytes in id.append(to: &bytes) }
    }

    mutating func text(_ text: String?) {
        guard let text, !text.isEmpty else { return null() }
        value { bytes in bytes.append(text: text, limit: Self.textLimit) }
    }

    mutating func texts(_ texts: [String]) {
        guard !texts.isEmpty else { return null() }
        value { bytes in
            // array_send: dimensions, whether there are NULLs, element type (text), length, lower bound, elements.
            for number in [1, 0, 25, min(texts.count, Self.elementLimit), 1] {
                bytes.append(bigEndian: Int32(truncatingIfNeeded: number))
            }
            for text in texts.prefix(Self.elementLimit) {
                let start = bytes.count
                bytes.append(contentsOf: [0, 0, 0, 0])
                bytes.append(text: text, limit: Self.textLimit)
                bytes.setLength(at: start)
            }
        }
    }

    mutating func digest(_ digest: SHA256Digest?) {
        guard let digest else { return null() }
        value { bytes in
            for index in 0..<32 { bytes.append(digest.octets[index]) }
        }
    }

    mutating func bool(_ flag: Bool?) {
        guard let flag else { return null() }
        value { bytes in bytes.append(flag ? 1 : 0) }
    }

    mutating func int4(_ number: Int?) {
        guard let number else { return null() }
        value { bytes in bytes.append(bigEndian: Int32(clamping: number)) }
    }

    mutating func int8(_ number: Int64?) {
        guard let number else { return null() }
        value { bytes in bytes.append(bigEndian: number) }
    }

    mutating func json(_ json: [UInt8]?) {
        guard let json, !json.isEmpty else { return null() }
        value { bytes in
            if json.count <= Self.jsonLimit {
                bytes.append(contentsOf: json)
            } else {
                bytes.append(contentsOf: #"{"postern:omitted":"too large","bytes":\#(json.count)}"#.utf8)
            }
        }
    }

    mutating func json(numbers: some Sequence<(String, Int64)>) {
        var json = JSONObject()
        for (key, number) in numbers { json.append(key, .number(number)) }
        self.json(json.isEmpty ? nil : json.finish())
    }

    mutating func null() {
        if kind.has(column) { fields.append(Parameters.Field(start: 0, count: -1, isBinary: true)) }
        column += 1
        bytes.append(contentsOf: [255, 255, 255, 255])
    }

    mutating func nulls(_ count: Int) {
        for _ in 0..<count { null() }
    }

    consuming func finish() -> EncodedRecord {
        precondition(column == RecordKind.columnNames.count, "the canonical form has a fixed number of columns")
        fields.append(Parameters.Field(start: bytes.count, count: 32, isBinary: true))
        bytes.append(contentsOf: repeatElement(0, count: 32))
        return EncodedRecord(bytes: bytes, fields: fields, kind: kind, id: id)
    }

    private mutating func value(_ append: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: [0, 0, 0, 0])
        append(&bytes)
        bytes.setLength(at: start)
        if kind.has(column) {
            fields.append(Parameters.Field(start: start + 4, count: bytes.count - start - 4, isBinary: true))
        }
        column += 1
    }
}

extension [UInt8] {
    mutating func append(bigEndian number: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: number.bigEndian) { unsafe append(contentsOf: $0) }
    }

    /// Writes into the four bytes at `start` how many bytes follow them.
    fileprivate mutating func setLength(at start: Int) {
        let length = UInt32(truncatingIfNeeded: count - start - 4)
        self[start] = UInt8(truncatingIfNeeded: length >> 24)
        self[start + 1] = UInt8(truncatingIfNeeded: length >> 16)
        self[start + 2] = UInt8(truncatingIfNeeded: length >> 8)
        self[start + 3] = UInt8(truncatingIfNeeded: length)
    }

    fileprivate mutating func append(text: String, limit: Int) {
        let start = count
        append(contentsOf: text.utf8)
        if count - start > limit {
            // Back to the start of a scalar.
            var end = start + limit
            while end > start, self[end] & 0xc0 == 0x80 { end -= 1 }
            removeSubrange(end...)
        }
        guard self[start...].contains(0) else { return }
        var cleaned: [UInt8] = []
        for byte in self[start...] {
            if byte == 0 { cleaned.append(contentsOf: [0xe2, 0x90, 0x80]) } else { cleaned.append(byte) }
        }
        replaceSubrange(start..., with: cleaned)
    }
}
