import OpenSSL
import Postgres

/// The checkpoints of the database and those that were kept elsewhere.
struct SignedCheckpoints {
    let keys: [Ed25519.PublicKey]
    let exported: [RecordID: [Checkpoint]]

    init(keys: [Ed25519.PublicKey], exported: [Checkpoint]) {
        self.keys = keys
        self.exported = Dictionary(grouping: exported, by: \.head.writer)
    }

    /// The checkpoints of one chain that are signed by a known key; the others are reported.
    func checkpoints(
        of writer: RecordID,
        _ connection: inout Connection,
        report: (ChainDefect) -> Void
    ) throws(PostgresError) -> [Checkpoint] {
        let rows = try connection.execute(
            """
            SELECT sequence, (extract(epoch FROM ts) * 1000000)::bigint, hash, key_id, signature
            FROM postern_audit.checkpoint WHERE writer = $1::uuid ORDER BY sequence
            """,
            [.text(writer.description)],
            within: .seconds(60)
        )
        var checkpoints = exported[writer] ?? []
        for row in 0..<rows.rowCount {
            guard let sequence = try rows.integer(row, 0), let time = try rows.integer(row, 1),
                let hash = SHA256Digest(bytes: try rows.bytes(row, 2) ?? []), let keyID = try rows.bytes(row, 3),
                let signature = try rows.bytes(row, 4)
            else { throw .unexpectedResult("not a checkpoint") }
            checkpoints.append(
                Checkpoint(
                    head: ChainHead(writer: writer, sequence: sequence, hash: hash),
                    time: AuditTime(microseconds: time),
                    keyID: keyID,
                    signature: signature
                )
            )
        }
        guard !keys.isEmpty else { return checkpoints }
        return checkpoints.filter { checkpoint in
            let isSigned = keys.contains {
                Checkpoint.keyID(of: $0) == checkpoint.keyID && checkpoint.isSigned(by: $0)
            }
            if !isSigned { report(.badSignature(writer: writer, sequence: checkpoint.head.sequence)) }
            return isSigned
        }
    }

    /// Every chain that a checkpoint knows.
    func writers(_ connection: inout Connection) throws(PostgresError) -> Set<RecordID> {
        var writers = Set(exported.keys)
        let rows = try connection.execute("SELECT DISTINCT writer FROM postern_audit.checkpoint", within: .seconds(60))
        for row in 0..<rows.rowCount {
            if let writer = RecordID(parsing: try rows.text(row, 0) ?? "") { writers.insert(writer) }
        }
        return writers
    }
}

extension Checkpoint {
    /// Reads a line of an exported file (see `line`); nil where it is none.
    public init?(line: some StringProtocol) {
        func text(_ key: String) -> Substring? {
            guard let start = line.firstRange(of: "\"\(key)\":")?.upperBound else { return nil }
            let rest = line[start...].drop { $0 == "\"" }
            return Substring(rest.prefix { $0 != "\"" && $0 != "," && $0 != "}" })
        }
        guard let writer = text("writer").flatMap({ RecordID(parsing: $0) }),
            let sequence = text("sequence").flatMap({ Int64($0) }), let time = text("time").flatMap({ Int64($0) }),
            let hash = text("hash").flatMap({ SHA256Digest(hex: $0) }),
            let keyID = text("key_id").flatMap({ Hex.decode($0) }),
            let signature = text("signature").flatMap({ Hex.decode($0) })
        else { return nil }
        self.init(
            head: ChainHead(writer: writer, sequence: sequence, hash: hash),
            time: AuditTime(microseconds: time),
            keyID: keyID,
            signature: signature
        )
    }
}

extension AuditTime: CustomStringConvertible {
    /// ISO 8601 in UTC, to the microsecond.
    public var description: String {
        let day = Int64((Double(microseconds) / 86_400_000_000).rounded(.down))
        let rest = microseconds &- day &* 86_400_000_000
        // Days to a date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let shifted = day &+ 719_468
        let era = (shifted >= 0 ? shifted : shifted &- 146_096) / 146_097
        let dayOfEra = shifted &- era &* 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let month = (5 &* dayOfYear &+ 2) / 153
        let dayOfMonth = dayOfYear &- (153 &* month &+ 2) / 5 &+ 1
        let civilMonth = month < 10 ? month &+ 3 : month &- 9
        let year = yearOfEra &+ era &* 400 &+ (civilMonth <= 2 ? 1 : 0)
        func digits(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let seconds = rest / 1_000_000
        return digits(year, 4) + "-" + digits(civilMonth, 2) + "-" + digits(dayOfMonth, 2) + "T"
            + digits(seconds / 3600, 2) + ":" + digits(seconds / 60 % 60, 2) + ":" + digits(seconds % 60, 2) + "."
            + digits(rest % 1_000_000, 6) + "Z"
    }
}
