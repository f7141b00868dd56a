import OpenSSL

/// One record as PostgreSQL's binary COPY sends it: the columns of the canonical form, then the hash.
///
/// `COPY (SELECT <columns>, hash ...) TO STDOUT (FORMAT binary)`; documentation of COPY, "Binary Format".
struct CopiedRecord {
    let writer: RecordID
    let sequence: Int64
    let time: AuditTime
    let hash: SHA256Digest
    /// Where the canonical form lies in the piece that was read.
    let canonical: Range<Int>

    static let selection = RecordKind.columnNames.joined(separator: ", ") + ", hash"

    /// Signature, flags and extension length before the first row.
    static let header: [UInt8] = [
        0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]

    /// Reads one piece of a COPY; nil at its end marker.
    init?(_ piece: Span<UInt8>) throws(MalformedCopy) {
        var start = 0
        if piece.count > Self.header.count, piece[0] == 0x50 {
            for index in Self.header.indices where piece[index] != Self.header[index] {
                throw MalformedCopy(what: "the header of COPY")
            }
            start = Self.header.count
        }
        guard piece.count - start >= 2 else { throw MalformedCopy(what: "a row of \(piece.count) bytes") }
        let columns = Int(piece[start]) << 8 | Int(piece[start + 1])
        if columns == 0xffff { return nil }
        // Count, then format, writer, sequence and ts, whose lengths are fixed, and the hash at the end.
        let first = start + 2
        guard columns == RecordKind.columnNames.count + 1, piece.count - first >= 50 + 36,
            piece.length(at: first) == 2, piece[first + 4] == 0, piece[first + 5] == 1,
            piece.length(at: first + 6) == 16, piece.length(at: first + 26) == 8, piece.length(at: first + 38) == 8,
            piece.length(at: piece.count - 36) == 32,
            let writer = RecordID(bytes: piece.extracting(first + 10..<first + 26)),
            let hash = SHA256Digest(bytes: piece.extracting(piece.count - 32..<piece.count))
        else { throw MalformedCopy(what: "a row of \(columns) columns and \(piece.count) bytes") }
        self.writer = writer
        self.hash = hash
        sequence = piece.integer(at: first + 30)
        time = AuditTime(postgres: piece.integer(at: first + 42))
        canonical = first..<piece.count - 36
    }
}

/// What PostgreSQL sent is not a row of the record table.
struct MalformedCopy: Error {
    let what: String
}

extension Span<UInt8> {
    fileprivate func length(at offset: Int) -> Int {
        Int(self[offset]) << 24 | Int(self[offset + 1]) << 16 | Int(self[offset + 2]) << 8 | Int(self[offset + 3])
    }

    fileprivate func integer(at offset: Int) -> Int64 {
        var value: UInt64 = 0
        for index in 0..<8 { value = value << 8 | UInt64(self[offset + index]) }
        return Int64(bitPattern: value)
    }
}
