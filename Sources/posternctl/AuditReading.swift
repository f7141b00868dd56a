import ArgumentParser
import Glibc
import Postgres

/// `posternctl audit tail`: what happens, as it happens.
struct AuditTail: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Print records as they are stored, until interrupted."
    )

    @OptionGroup var options: DatabaseOptions

    @Flag(help: "Print each record as one line of JSON.")
    var json = false

    @Option(help: "Begin so far back, as PostgreSQL writes intervals.")
    var since = "1 minute"

    @Flag(help: "End when what there is has been printed.")
    var once = false

    func run() throws {
        var connection = try options.connect()
        var bound = try Failure.catching { () throws(PostgresError) in
            try connection.execute("SELECT clock_timestamp() - $1::interval", [.text(since)]).text(0, 0) ?? ""
        }
        // How far each chain has been printed: a chain is stored in its order, but one transaction may end after another
        // that began later, so that a time alone would lose records.
        var printed: [String: Int64] = [:]
        while true {
            let rows = try Failure.catching { () throws(PostgresError) in
                // A record is stored within a minute of its time, or belongs to a gateway whose clock is off.
                try connection.execute(
                    """
                    SELECT \(json ? "row_to_json(r)::text" : AuditLine.columns), r.writer, r.sequence,
                           greatest($1::timestamptz, r.stored_at - interval '10 s')
                    FROM postern_audit.record AS r
                    LEFT JOIN unnest($2::uuid[], $3::bigint[]) AS p (writer, sequence) ON p.writer = r.writer
                    WHERE r.stored_at > $1::timestamptz AND r.ts > $1::timestamptz - interval '1 hour'
                      AND r.sequence > coalesce(p.sequence, 0)
                    ORDER BY r.stored_at, r.writer, r.sequence LIMIT 1000
                    """,
                    [.text(bound), .texts(Array(printed.keys)), .texts(printed.values.map { "\($0)" })]
                )
            }
            try Failure.catching { () throws(PostgresError) in
                let first = rows.columnCount - 3
                for row in 0..<rows.rowCount {
                    Terminal.say(json ? try rows.text(row, 0) ?? "" : try AuditLine.text(of: rows, row: row))
                    printed[try rows.text(row, first) ?? ""] = try rows.integer(row, first + 1) ?? 0
                    bound = try rows.text(row, first + 2) ?? bound
                }
            }
            if rows.rowCount == 1000 { continue }
            if once { return }
            usleep(500_000)
        }
    }
}

/// `posternctl audit search`: which records, by who, what and when.
struct AuditSearch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find calls and refusals, the newest first."
    )

    @OptionGroup var options: DatabaseOptions
    @OptionGroup var filter: AuditFilter

    @Flag(help: "Print each record as one line of JSON.")
    var json = false

    @Option(help: "How many at most.")
    var limit = 100

    func run() throws {
        var connection = try options.connect(timeout: .seconds(300))
        let (condition, parameters) = filter.condition
        let rows = try Failure.catching { () throws(PostgresError) in
            try connection.execute(
                """
                SELECT \(json ? "row_to_json(r)::text" : AuditLine.columns) FROM postern_audit.record AS r
                WHERE r.kind <> 'outcome' AND \(condition) ORDER BY r.ts DESC LIMIT \(max(1, min(limit, 100_000)))
                """,
                parameters
            )
        }
        try Failure.catching { () throws(PostgresError) in
            for row in 0..<rows.rowCount {
                Terminal.say(json ? try rows.text(row, 0) ?? "" : try AuditLine.text(of: rows, row: row))
            }
        }
    }
}

/// What `search` and `export` narrow down by.
struct AuditFilter: ParsableArguments {
    @Option(help: "Subject of the principal.")
    var principal: String?

    @Option(help: "service.Operation, as in ssm.GetParameter.")
    var operation: String?

    @Option(help: "A resource's ARN.")
    var resource: String?

    @Option(help: "A model query.")
    var query: String?

    @Option(help: "allow, approved, deny or require_approval.")
    var decision: String?

    @Option(help: "From when on, as PostgreSQL reads times; 1 day ago where nothing is given.")
    var since: String?

    @Option(help: "Until when.")
    var until: String?

    /// A condition on a row `r`, and its parameters.
    var condition: (String, Parameters) {
        var parameters = Parameters()
        var terms: [String] = []
        func add(_ term: String, _ value: String?) {
            guard let value else { return }
            parameters.append(.text(value))
            terms.append(term.replacing("?", with: "$\(parameters.fields.count)"))
        }
        add("r.subject = ?", principal)
        add("r.operation = ?", operation)
        add("? = ANY (r.resources)", resource)
        add("r.query_id = ?", query)
        add("r.decision = ?", decision)
        add("r.ts >= ?::timestamptz", since)
        add("r.ts < ?::timestamptz", until)
        if since == nil { terms.append("r.ts >= clock_timestamp() - interval '1 day'") }
        return (terms.joined(separator: " AND "), parameters)
    }
}

/// Finds records by what people have at hand: the record's id, nginx's request id, or AWS's.
enum RecordLookup {
    /// A query for the ids of the records; the id that is looked for is `$1`.
    static func query(for id: String) -> String {
        let isUUID = id.utf8.count { $0 != UInt8(ascii: "-") } == 32 && id.utf8.allSatisfy { $0 < 128 }
        let byAWS = "SELECT id FROM postern_audit.record WHERE aws_request_id = $1"
        guard isUUID else { return byAWS }
        // nginx's request id is the record's own.
        return byAWS + " UNION SELECT id FROM postern_audit.record WHERE id = $1::uuid"
    }
}

/// `posternctl audit show`: everything about one call or event.
struct AuditShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about one call: what was asked, decided, answered, and its place in the chain.",
        discussion: "Takes the id of the record, nginx's request id, or AWS's."
    )

    @OptionGroup var options: DatabaseOptions
    @Argument(help: "The id.") var id: String
    @Flag(help: "Print each record as one line of JSON.") var json = false

    func run() throws {
        var connection = try options.connect()
        let rows = try Failure.catching { () throws(PostgresError) in
            try connection.execute(
                """
                WITH found AS (\(RecordLookup.query(for: id)))
                SELECT row_to_json(r)::text, f.key, f.value
                FROM postern_audit.record AS r, json_each_text(row_to_json(r)) AS f
                WHERE r.id IN (SELECT id FROM found) AND f.value IS NOT NULL
                ORDER BY r.ts, r.writer, r.sequence
                """,
                [.text(id)]
            )
        }
        guard rows.rowCount > 0 else { throw Failure("there is no record of \(Terminal.inert(id))") }
        try Failure.catching { () throws(PostgresError) in
            var current: String?
            var table: [[String]] = []
            for row in 0..<rows.rowCount {
                let record = try rows.text(row, 0)
                if record != current {
                    if !table.isEmpty { Terminal.say(Terminal.table(table) + "\n") }
                    if json { Terminal.say(record ?? "") }
                    table = []
                    current = record
                }
                if !json { table.append([try rows.text(row, 1) ?? "", try rows.text(row, 2) ?? ""]) }
            }
            if !table.isEmpty { Terminal.say(Terminal.table(table)) }
        }
    }
}
