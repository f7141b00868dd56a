import OpenSSL
import Postgres

/// The end of a chain.
struct ChainHead: Sendable {
    let writer: RecordID
    /// Number of records.
    var sequence: Int64
    /// Hash of the last one, or what stands for it before the first.
    var hash: SHA256Digest

    init(writer: RecordID, sequence: Int64, hash: SHA256Digest) {
        self.writer = writer
        self.sequence = sequence
        self.hash = hash
    }

    /// The head of an empty chain: SHA-256 over `postern audit chain 1` and the writer's 16 bytes.
    init(writer: RecordID) {
        self.init(writer: writer, sequence: 0, hash: SHA256.hash(Array("postern audit chain 1".utf8) + writer.bytes))
    }
}

/// A signed head.
public struct Checkpoint: Sendable {
    let head: ChainHead
    /// When it was signed.
    public let time: AuditTime
    /// First eight bytes of the SHA-256 of the raw public key.
    let keyID: [UInt8]
    let signature: [UInt8]

    /// Signs; nil where OpenSSL cannot.
    init?(of head: ChainHead, at time: AuditTime, key: Ed25519.PrivateKey) {
        self.head = head
        self.time = time
        keyID = Self.keyID(of: key.publicKey)
        guard let signature = try? key.sign(Self.message(of: head, at: time)) else { return nil }
        self.signature = signature
    }

    init(head: ChainHead, time: AuditTime, keyID: [UInt8], signature: [UInt8]) {
        self.head = head
        self.time = time
        self.keyID = keyID
        self.signature = signature
    }

    /// Whether the key signed this checkpoint.
    func isSigned(by key: Ed25519.PublicKey) -> Bool {
        (try? key.verify(signature, of: Self.message(of: head, at: time))) ?? false
    }

    static func keyID(of key: Ed25519.PublicKey) -> [UInt8] {
        Array(SHA256.hash(key.raw).bytes.prefix(8))
    }

    /// The text that is signed (docs/audit.md).
    private static func message(of head: ChainHead, at time: AuditTime) -> [UInt8] {
        Array(
            """
            postern checkpoint 1
            writer \(head.writer)
            sequence \(head.sequence)
            hash \(head.hash.hex)
            time \(time.microseconds)

            """.utf8
        )
    }

    static let insertion = """
        INSERT INTO postern_audit.checkpoint (writer, sequence, ts, hash, key_id, signature)
        VALUES ($1::uuid, $2::bigint, '2000-01-01 00:00:00+00'::timestamptz + $3::bigint * interval '1 microsecond',
                $4::bytea, $5::bytea, $6::bytea)
        """

    var parameters: Parameters {
        [
            .text(head.writer.description), .integer(head.sequence), .integer(time.postgres),
            .bytes(head.hash.bytes), .bytes(keyID), .bytes(signature),
        ]
    }

    /// The chain.
    public var writer: RecordID { head.writer }

    /// Number of records in the chain then.
    public var sequence: Int64 { head.sequence }

    /// The checkpoint as one JSON line.
    public var line: String {
        #"{"writer":"\#(head.writer)","sequence":\#(head.sequence),"hash":"\#(head.hash.hex)","#
            + #""time":\#(time.microseconds),"key_id":"\#(Hex.encode(keyID))","signature":"\#(Hex.encode(signature))"}"#
    }
}

/// When the next checkpoint is due.
struct CheckpointSchedule {
    private static let recordLimit: Int64 = 100_000
    private let interval: Duration
    private(set) var next: ContinuousClock.Instant
    private var lastSequence: Int64 = 0

    init(every interval: Duration) {
        self.interval = interval
        next = .now + interval
    }

    var isDue: Bool { ContinuousClock.now >= next }

    func isDue(at sequence: Int64) -> Bool { isDue || sequence - lastSequence >= Self.recordLimit }

    mutating func makeDue() { next = .now }

    mutating func done(at sequence: Int64) {
        next = .now + interval
        lastSequence = sequence
    }
}
