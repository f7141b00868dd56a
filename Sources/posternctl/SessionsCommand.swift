import ArgumentParser
import Postgres

/// `posternctl sessions`: who is active, and how to end it.
struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "List and revoke gateway sessions.",
        subcommands: [List.self, Revoke.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the sessions that called lately.",
            discussion: "Sessions are sealed tokens that nobody keeps: the list is of what audit has seen of them."
        )

        @OptionGroup var options: DatabaseOptions

        @Option(help: "How far back, as PostgreSQL writes intervals.")
        var since = "1 hour"

        func run() throws {
            var connection = try options.connect()
            let rows = try Failure.catching { () throws(PostgresError) in
                try connection.execute(
                    """
                    SELECT session_id, issuer || '#' || subject, role, count(*) FILTER (WHERE kind = 'intent'),
                           count(*) FILTER (WHERE kind = 'event'), to_char(max(ts), 'YYYY-MM-DD HH24:MI:SS TZ')
                    FROM postern_audit.record
                    WHERE ts > clock_timestamp() - $1::interval AND session_id IS NOT NULL AND kind <> 'outcome'
                    GROUP BY 1, 2, 3 ORDER BY max(ts) DESC LIMIT 500
                    """,
                    [.text(since)]
                )
            }
            var table = [["SESSION", "PRINCIPAL", "ROLE", "CALLS", "REFUSALS", "LAST"]]
            try Failure.catching { () throws(PostgresError) in
                for row in 0..<rows.rowCount {
                    var cells: [String] = []
                    for column in 0..<6 { cells.append(try rows.text(row, column) ?? "") }
                    table.append(cells)
                }
            }
            print(Terminal.table(table))
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End sessions now: one, a principal's, a role's, or all.",
            discussion: "Sessions that begin with a newer token afterwards are good again."
        )

        @OptionGroup var options: DatabaseOptions

        @Option(help: "A session's id.")
        var session: String?

        @Option(help: "A principal: ISSUER#SUBJECT.")
        var principal: String?

        @Option(help: "A role's ARN.")
        var role: String?

        @Flag(help: "Every session.")
        var all = false

        @Option(help: "Why; goes on record.")
        var reason: String

        func validate() throws {
            let count = [session, principal, role].count { $0 != nil } + (all ? 1 : 0)
            guard count == 1 else { throw ValidationError("Give one of --session, --principal, --role and --all.") }
        }

        func run() throws {
            let (kind, value) =
                if let session { ("session", session) } else if let principal {
                    ("principal", principal)
                } else if let role {
                    ("role", role)
                } else { ("all", "") }
            var connection = try options.connect()
            try Failure.catching { () throws(PostgresError) in
                _ = try connection.execute(
                    "SELECT postern.revoke($1, $2, $3, $4)",
                    [.text(kind), .text(value), .text(reason), .text(Environment.userName)]
                )
            }
            print("revoked; every process knows within a second")
        }
    }
}
