import ArgumentParser
import Postgres

/// `posternctl audit`: read, prove, export and retain the audit records.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read and prove the audit records.",
        subcommands: [
            AuditBench.self, AuditExport.self, AuditRetain.self, AuditSearch.self, AuditShow.self, AuditTail.self,
            AuditVerify.self,
        ]
    )
}

/// One line of what happened, as `tail` and `search` print it.
enum AuditLine {
    /// The columns that `text(of:row:)` reads, of a row `r` of the record table.
    static let columns = """
        to_char(r.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), r.id::text,
        coalesce(CASE r.kind WHEN 'outcome' THEN coalesce(r.status::text, '-') ELSE coalesce(r.decision, r.event) END, '-'),
        coalesce(r.subject, '-'), coalesce(r.operation, r.event, ''),
        concat_ws(' ', array_to_string(r.resources, ' '), r.error_code, r.message,
                  CASE WHEN r.masked > 0 THEN r.masked || ' masked' END,
                  CASE WHEN r.repeated > 1 THEN '(' || r.repeated || ' times)' END),
        r.kind
        """

    static func text(of rows: borrowing QueryResult, row: Int) throws(PostgresError) -> String {
        let verdict = try rows.text(row, 2) ?? ""
        let colour: Terminal.Colour =
            switch verdict.first {
            case "a", "2": .green
            case "3", "r": .yellow
            case "-": .dim
            default: .red
            }
        let kind = try rows.text(row, 6) ?? ""
        let subject = Terminal.inert(try rows.text(row, 3) ?? "")
        let rest = Terminal.inert("\(try rows.text(row, 4) ?? "")  \(try rows.text(row, 5) ?? "")")
        return Terminal.coloured(try rows.text(row, 0) ?? "", .dim) + "  " + (try rows.text(row, 1) ?? "") + "  "
            + kind.padded(to: 7) + "  " + Terminal.coloured(Terminal.inert(verdict).padded(to: 16), colour) + "  "
            + subject.padded(to: 16) + "  " + rest
    }
}
