import OpenSSL

/// What does not fit in a chain.
public enum ChainDefect: Equatable, Sendable, CustomStringConvertible {
    /// The record is not what was hashed: it, or the hash before it, was changed, or it was put in another's place.
    case alteredRecord(writer: RecordID, sequence: Int64, time: AuditTime)
    /// Records are missing, first and last included.
    case missingRecords(writer: RecordID, from: Int64, to: Int64)
    /// Two records claim the same place.
    case repeatedSequence(writer: RecordID, sequence: Int64)
    /// A signed checkpoint knows more records than there are.
    case truncated(writer: RecordID, last: Int64, signed: Int64)
    /// The chain is not the one that was signed: it was written anew from somewhere before this record.
    case rewritten(writer: RecordID, sequence: Int64)
    /// A checkpoint's signature is none of the known keys'.
    case badSignature(writer: RecordID, sequence: Int64)
    /// What PostgreSQL sent is not a record of a known form.
    case malformedRecord(String)

    /// What happened and where, in words.
    public var description: String {
        switch self {
        case .alteredRecord(let writer, let sequence, let time):
            "record \(sequence) of chain \(writer), of \(time), is not what was recorded"
        case .missingRecords(let writer, let from, let to):
            from == to
                ? "record \(from) of chain \(writer) is missing"
                : "records \(from) to \(to) of chain \(writer) are missing"
        case .repeatedSequence(let writer, let sequence):
            "there are several records \(sequence) of chain \(writer)"
        case .truncated(let writer, let last, let signed):
            "chain \(writer) ends at record \(last), but \(signed) records were signed for"
        case .rewritten(let writer, let sequence):
            "chain \(writer) was written anew: up to record \(sequence) it is not what was signed"
        case .badSignature(let writer, let sequence):
            "the checkpoint of chain \(writer) at record \(sequence) was signed by none of the known keys"
        case .malformedRecord(let what):
            "not a record of a known form: \(what)"
        }
    }
}

/// Follows one chain, record by record: pure, so that every way of reading the records can use it.
struct ChainFollower {
    let writer: RecordID
    private(set) var head: ChainHead
    /// Checkpoints of this chain that are still ahead, in order of their sequence.
    private var checkpoints: ArraySlice<Checkpoint>
    /// Hashes of records that retention has dropped, by sequence.
    private let anchors: [Int64: SHA256Digest]
    /// Whether the predecessor of the first record is out of the range that is read.
    private var startsAnywhere: Bool
    private(set) var checkedCheckpoints = 0

    init(
        writer: RecordID,
        checkpoints: [Checkpoint],
        anchors: [Int64: SHA256Digest],
        startsAnywhere: Bool
    ) {
        self.writer = writer
        self.checkpoints = checkpoints.sorted { $0.head.sequence < $1.head.sequence }[...]
        self.anchors = anchors
        self.startsAnywhere = startsAnywhere
        head = ChainHead(writer: writer)
    }

    /// The next record: `hash` as stored, `computed` from what `previous` was when this returns nil.
    ///
    /// - Returns: what does not fit.
    mutating func follow(
        sequence: Int64,
        time: AuditTime,
        hash: SHA256Digest,
        compute: (SHA256Digest) -> SHA256Digest
    ) -> [ChainDefect] {
        var defects: [ChainDefect] = []
        var isLinkKnown = true
        if sequence <= head.sequence, !startsAnywhere {
            return [.repeatedSequence(writer: writer, sequence: sequence)]
        }
        if sequence != head.sequence + 1 {
            if let anchor = anchors[sequence - 1] {
                head = ChainHead(writer: writer, sequence: sequence - 1, hash: anchor)
                checkpoints = checkpoints.drop { $0.head.sequence < sequence - 1 }
            } else {
                if startsAnywhere {
                    checkpoints = checkpoints.drop { $0.head.sequence < sequence }
                } else {
                    defects.append(.missingRecords(writer: writer, from: head.sequence + 1, to: sequence - 1))
                }
                isLinkKnown = false
            }
        }
        startsAnywhere = false
        if isLinkKnown, compute(head.hash) != hash {
            defects.append(.alteredRecord(writer: writer, sequence: sequence, time: time))
        }
        // From here on by the stored hash, so that one altered record is one defect.
        checkpoints = checkpoints.drop { $0.head.sequence < sequence }
        head = ChainHead(writer: writer, sequence: sequence, hash: hash)
        while let checkpoint = checkpoints.first, checkpoint.head.sequence == sequence {
            checkpoints = checkpoints.dropFirst()
            checkedCheckpoints += 1
            if checkpoint.head.hash != hash { defects.append(.rewritten(writer: writer, sequence: sequence)) }
        }
        return defects
    }

    /// The records have ended.
    func finish() -> [ChainDefect] {
        guard let last = checkpoints.last, last.head.sequence > head.sequence else { return [] }
        // All of the chain may have left by retention.
        if let kept = anchors.keys.max(), kept >= last.head.sequence { return [] }
        return [.truncated(writer: writer, last: head.sequence, signed: last.head.sequence)]
    }
}
