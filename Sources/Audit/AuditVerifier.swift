public import OpenSSL
public import Postgres

/// Proves that the records are what was recorded, or names what is not.
///
/// Reads every record once, in the order of the chains, in constant memory; goes on after damage.
public struct AuditVerifier: Sendable {
    /// What was checked.
    public struct Summary: Equatable, Sendable {
        /// Records read.
        public var records: Int64 = 0
        /// Chains that have records.
        public var chains = 0
        /// Checkpoints whose record was found to have the signed hash.
        public var checkpoints = 0
        /// Defects reported.
        public var defects = 0
    }

    private let database: String
    private let user: String?
    private let keys: [Ed25519.PublicKey]
    private let exported: [Checkpoint]

    /// A verifier.
    ///
    /// - Parameters:
    ///   - database: libpq connection string of a role that may read `postern_audit`.
    ///   - user: the role, in place of the string's.
    ///   - keys: the public keys that sign checkpoints; without any, signatures are not checked.
    ///   - exported: checkpoints that were kept outside of the database.
    public init(_ database: String, user: String? = nil, keys: [Ed25519.PublicKey], exported: [Checkpoint] = []) {
        self.database = database
        self.user = user
        self.keys = keys
        self.exported = exported
    }

    /// Reads and checks the records.
    ///
    /// - Parameters:
    ///   - since: a time as PostgreSQL reads it: only records from then on; nil is all.
    ///   - progress: is told the number of records now and then.
    ///   - report: is told each defect.
    public func verify(
        since: String? = nil,
        progress: (Int64) -> Void = { _ in },
        report: (ChainDefect) -> Void
    ) throws(PostgresError) -> Summary {
        var rows = try Connection(database, user: user, applicationName: "postern verify", timeout: .seconds(60))
        var other = try Connection(database, user: user, applicationName: "postern verify", timeout: .seconds(60))
        // Both read the same moment, or a checkpoint could be newer than the records.
        _ = try rows.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        let snapshot = try rows.execute("SELECT pg_export_snapshot()").text(0, 0) ?? ""
        _ = try other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _ = try other.execute("SET TRANSACTION SNAPSHOT '\(snapshot)'")
        // The primary keys have the order that is wanted; sorting would write all records to temporary files.
        _ = try rows.execute("SET LOCAL enable_sort = off")
        let bound = try Self.bound(since, &other)
        let signed = SignedCheckpoints(keys: keys, exported: exported)
        var summary = Summary()
        func note(_ defect: ChainDefect) {
            summary.defects += 1
            report(defect)
        }
        let anchors = try Self.anchors(&other)
        var follower: ChainFollower?
        var seen: Set<RecordID> = []
        var buffer: [UInt8] = []
        var failure: PostgresError?
        func begin(_ writer: RecordID, _ connection: inout Connection) -> ChainFollower? {
            do throws(PostgresError) {
                return ChainFollower(
                    writer: writer,
                    checkpoints: try signed.checkpoints(of: writer, &connection, report: note),
                    anchors: anchors[writer] ?? [:],
                    startsAnywhere: bound != nil
                )
            } catch {
                failure = error
                return nil
            }
        }
        // The order of the primary key, so that no partition is sorted.
        try rows.copyOut(
            """
            COPY (SELECT \(CopiedRecord.selection) FROM postern_audit.record \(bound.map { "WHERE ts >= '\($0)'" } ?? "")
                  ORDER BY writer, sequence, ts) TO STDOUT (FORMAT binary)
            """
        ) { piece in
            let record: CopiedRecord
            do throws(MalformedCopy) {
                guard let copied = try CopiedRecord(piece) else { return true }
                record = copied
            } catch {
                note(.malformedRecord(error.what))
                return true
            }
            if follower?.writer != record.writer {
                for defect in follower?.finish() ?? [] { note(defect) }
                summary.checkpoints += follower?.checkedCheckpoints ?? 0
                follower = begin(record.writer, &other)
                seen.insert(record.writer)
                summary.chains += 1
            }
            guard failure == nil else { return false }
            let defects = follower?.follow(sequence: record.sequence, time: record.time, hash: record.hash) {
                previous in
                buffer.removeAll(keepingCapacity: true)
                for index in 0..<32 { buffer.append(previous.octets[index]) }
                unsafe piece.extracting(record.canonical).withUnsafeBufferPointer {
                    unsafe buffer.append(contentsOf: $0)
                }
                return SHA256.hash(buffer)
            }
            for defect in defects ?? [] { note(defect) }
            summary.records += 1
            if summary.records & 0xffff == 0 { progress(summary.records) }
            return true
        }
        if let failure { throw failure }
        for defect in follower?.finish() ?? [] { note(defect) }
        summary.checkpoints += follower?.checkedCheckpoints ?? 0
        if bound == nil {
            for writer in try signed.writers(&other) where !seen.contains(writer) {
                for defect in begin(writer, &other)?.finish() ?? [] { note(defect) }
                if let failure { throw failure }
            }
        }
        return summary
    }

    /// The time as PostgreSQL writes it, which can stand in a statement.
    private static func bound(_ since: String?, _ connection: inout Connection) throws(PostgresError) -> String? {
        guard let since else { return nil }
        return try connection.execute(
            "SELECT to_char($1::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00')",
            [.text(since)]
        ).text(0, 0)
    }

    /// The last records of what retention dropped, by its own records in the chain.
    private static func anchors(
        _ connection: inout Connection
    ) throws(PostgresError) -> [RecordID: [Int64: SHA256Digest]] {
        let rows = try connection.execute(
            """
            SELECT head->>'writer', head->>'sequence', head->>'hash'
            FROM postern_audit.record, json_array_elements(detail->'heads') AS head
            WHERE kind = 'event' AND event = 'retention' AND writer = '00000000-0000-0000-0000-000000000001'
            """
        )
        var anchors: [RecordID: [Int64: SHA256Digest]] = [:]
        for row in 0..<rows.rowCount {
            guard let writer = RecordID(parsing: try rows.text(row, 0) ?? ""),
                let sequence = try rows.integer(row, 1), let hash = SHA256Digest(hex: try rows.text(row, 2) ?? "")
            else { continue }
            anchors[writer, default: [:]][sequence] = hash
        }
        return anchors
    }
}
