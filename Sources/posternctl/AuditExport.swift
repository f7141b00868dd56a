import ArgumentParser
import Audit
import Compression
import Glibc
import OpenSSL
import Postgres

/// `posternctl audit export`: records as JSON lines.
struct AuditExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write records as JSON lines, as they are or as OCSF API Activity."
    )

    @OptionGroup var options: DatabaseOptions

    @Option(help: "From when on, as PostgreSQL reads times.")
    var since = "yesterday"

    @Option(help: "Until when.")
    var until = "now"

    @Flag(help: "As OCSF 1.3 API Activity (class 6003): one event a call or refusal.")
    var ocsf = false

    @Option(help: "A file to write to, which must not exist, in place of standard output.")
    var file: String?

    func run() throws {
        var connection = try options.connect(timeout: .seconds(300))
        let bounds = try Failure.catching { () throws(PostgresError) in
            try connection.execute(
                "SELECT quote_literal($1::timestamptz), quote_literal($2::timestamptz)",
                [.text(since), .text(until)]
            )
        }
        let (from, to) = try Failure.catching { () throws(PostgresError) in
            (try bounds.text(0, 0) ?? "", try bounds.text(0, 1) ?? "")
        }
        let range = "r.ts >= \(from)::timestamptz AND r.ts < \(to)::timestamptz"
        let query =
            ocsf
            ? OCSF.query(range)
            : "SELECT row_to_json(r)::text FROM postern_audit.record AS r WHERE \(range) ORDER BY r.ts"
        var output = STDOUT_FILENO
        if let file {
            output = unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard output >= 0 else { throw Failure("\(file): \(unsafe String(cString: strerror(errno)))") }
        }
        // Standard output on a terminal shows by itself how far it is.
        var progress = Progress("records", isShown: file != nil || isatty(STDOUT_FILENO) == 0)
        defer { progress.end() }
        try JSONLines.read(query, &connection) { line in
            Terminal.write(String(decoding: line, as: UTF8.self) + "\n", to: output)
            progress.advance()
        }
        if file != nil, fsync(output) != 0 { throw Failure("\(unsafe String(cString: strerror(errno)))") }
    }
}

/// `posternctl audit retain`: old days leave the database.
struct AuditRetain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retain",
        abstract: "Export the days that are older than what you keep, then drop them.",
        discussion: """
            What leaves is proven first: nothing is dropped where the records are not what was recorded. Each day becomes \
            record_YYYYMMDD.jsonl.gz; its SHA-256 and the ends of the chains go on record, so that what remains can \
            still be proven. Run it as the owner.
            """
    )

    @OptionGroup var options: DatabaseOptions

    @Option(help: "How long to keep records: days, as in 400d.")
    var keep: String

    @Option(help: "Directory of the exports.")
    var export: String

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    func run() throws {
        guard keep.hasSuffix("d"), let days = Int(keep.dropLast()), days >= 2, days < 36_500 else {
            throw ValidationError("--keep takes days, at least 2d")
        }
        var connection = try options.connect(timeout: .seconds(300))
        let rows = try Failure.catching { () throws(PostgresError) in
            try connection.execute(
                """
                SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'postern_audit.record'::regclass AND c.relname ~ '^record_[0-9]{8}$'
                  AND to_date(right(c.relname, 8), 'YYYYMMDD') < (clock_timestamp() AT TIME ZONE 'UTC')::date - $1::integer
                ORDER BY 1
                """,
                [.integer(Int64(days))]
            )
        }
        if rows.rowCount > 0, !dryRun { try prove() }
        for row in 0..<rows.rowCount {
            let name = try Failure.catching { () throws(PostgresError) in try rows.text(row, 0) ?? "" }
            if dryRun {
                print("would export and drop \(name)")
                continue
            }
            let path = "\(export)/\(name).jsonl.gz"
            let (count, hash) = try Self.write(name, to: path, &connection)
            try Failure.catching { () throws(PostgresError) in
                _ = try connection.execute(
                    "SELECT postern_audit.drop_partition($1, $2, $3, $4)",
                    [.text(name), .integer(count), .text(path), .text(hash)]
                )
            }
            print("\(name): \(count) records in \(path), dropped")
        }
        if rows.rowCount == 0 { print("nothing is older than \(days) days") }
    }

    /// Reads all records once; what is damaged must be looked into before a part of it leaves.
    private func prove() throws {
        let verifier = AuditVerifier(try options.connectionString(), keys: [])
        var progress = Progress("records verified")
        defer { progress.end() }
        let summary = try Failure.catching { () throws(PostgresError) in
            try verifier.verify(
                progress: { progress.reach($0) },
                report: { Terminal.complain("DEFECT  \($0)") }
            )
        }
        guard summary.defects == 0 else { throw Failure("nothing was dropped: the records are not what was recorded") }
    }

    /// Writes one partition; returns how many records there were and the file's SHA-256.
    private static func write(
        _ name: String,
        to path: String,
        _ connection: inout Connection
    ) throws -> (Int64, String) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("\(path): \(unsafe String(cString: strerror(errno)))") }
        defer { close(file) }
        var deflater = try Deflater(format: .gzip, level: 6)
        var hasher = SHA256Hasher()
        var output: [UInt8] = []
        var count: Int64 = 0
        var failure: (any Error)?
        var progress = Progress("records of \(name)")
        defer { progress.end() }
        func flush(_ output: inout [UInt8], _ hasher: inout SHA256Hasher) throws {
            hasher.update(output)
            var rest = output[...]
            while !rest.isEmpty {
                let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
                guard written > 0 else { throw Failure("\(path): \(unsafe String(cString: strerror(errno)))") }
                rest = rest.dropFirst(written)
            }
            output.removeAll(keepingCapacity: true)
        }
        try JSONLines.read(
            "SELECT row_to_json(r)::text FROM postern_audit.\(name) AS r ORDER BY r.writer, r.sequence",
            &connection
        ) { line in
            guard failure == nil else { return }
            count += 1
            progress.advance()
            do {
                try deflater.write((line + [UInt8(ascii: "\n")]).span, to: &output)
                if output.count > 1 << 16 { try flush(&output, &hasher) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        try deflater.finish(to: &output)
        try flush(&output, &hasher)
        guard fsync(file) == 0 else { throw Failure("\(path): \(unsafe String(cString: strerror(errno)))") }
        return (count, hasher.finish().hex)
    }
}

/// Queries of one text column, streamed.
enum JSONLines {
    static func read(_ query: String, _ connection: inout Connection, _ receive: ([UInt8]) -> Void) throws {
        try Failure.catching { () throws(PostgresError) in
            try connection.copyOut("COPY (\(query)) TO STDOUT (FORMAT binary)") { piece in
                // The header of 19 bytes comes with the first row; a row is a count, a length and the text.
                let start = piece.count > 19 && piece[0] == 0x50 ? 19 : 0
                guard piece.count >= start + 6, piece[start] == 0 else { return true }
                receive((start + 6..<piece.count).map { piece[$0] })
                return true
            }
        }
    }
}

/// Records in the Open Cybersecurity Schema Framework 1.3, class API Activity (6003).
enum OCSF {
    static func query(_ range: String) -> String {
        """
        SELECT json_strip_nulls(json_build_object(
            'metadata', json_build_object('version', '1.3.0', 'uid', r.id,
                'product', json_build_object('name', 'Postern', 'vendor_name', 'Postern'),
                'correlation_uid', r.query_id, 'sequence', r.sequence),
            'class_uid', 6003, 'class_name', 'API Activity', 'category_uid', 6, 'category_name', 'Application Activity',
            'activity_id', a.activity, 'type_uid', 600300 + a.activity,
            'time', (extract(epoch FROM r.ts) * 1000)::bigint,
            'severity_id', CASE WHEN r.kind = 'event' THEN 3 ELSE 1 END,
            'status_id', CASE WHEN r.kind = 'event' OR o.status >= 400 THEN 2 WHEN o.status IS NULL THEN 0 ELSE 1 END,
            'status_code', coalesce(r.error_code, o.error_code, o.status::text, r.status::text),
            'status_detail', coalesce(r.explanation, r.message),
            'action_id', CASE WHEN r.kind = 'intent' THEN 1 ELSE 2 END,
            'disposition', coalesce(r.decision, r.event),
            'actor', json_build_object(
                'user', json_build_object('uid', r.subject, 'name', r.subject, 'domain', r.issuer,
                    'groups', (SELECT json_agg(json_build_object('name', g)) FROM unnest(r.groups) AS g)),
                'session', json_build_object('uid', r.session_id, 'issuer', r.issuer),
                'app_name', r.app),
            'api', json_build_object('operation', split_part(r.operation, '.', 2),
                'service', json_build_object('name', split_part(r.operation, '.', 1)),
                'request', json_build_object('uid', coalesce(o.aws_request_id, r.request_id::text)),
                'response', json_build_object('code', o.status, 'error', o.error_code)),
            'cloud', json_build_object('provider', 'AWS', 'region', r.region,
                'account', json_build_object('uid', r.account)),
            'resources', (SELECT json_agg(json_build_object('uid', x)) FROM unnest(r.resources) AS x),
            'src_endpoint', json_build_object('ip', r.source_ip),
            'http_request', json_build_object('user_agent', r.user_agent),
            'policy', json_build_object('name', r.statement, 'uid', encode(r.policy_hash, 'hex')),
            'unmapped', json_build_object('masked', o.masked, 'approval_id', r.approval_id, 'count', r.repeated)
        ))::text
        FROM postern_audit.record AS r
        CROSS JOIN LATERAL (SELECT CASE r.access_level WHEN 'List' THEN 2 WHEN 'Read' THEN 2 WHEN 'Write' THEN 3
            WHEN 'Tagging' THEN 3 WHEN 'Permissions management' THEN 3 ELSE 99 END AS activity) AS a
        LEFT JOIN postern_audit.record AS o
            ON o.id = r.id AND o.kind = 'outcome' AND o.ts >= r.ts - interval '1 hour' AND o.ts < r.ts + interval '2 days'
        WHERE \(range) AND (r.kind = 'intent' OR r.event IN ('denied', 'authentication_failed', 'approval_pending', 'summarised'))
        ORDER BY r.ts
        """
    }
}
