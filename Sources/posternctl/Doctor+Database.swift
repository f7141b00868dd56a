import Configuration
import Glibc
import Identity
import Postgres

/// What the doctor asks PostgreSQL.
struct DatabaseExamination {
    let settings: Settings
    /// The connection string of the command line, if there is one.
    let given: String?
    let report: DoctorReport

    /// Seconds by which the clocks of a node and the database may differ.
    private static let clockTolerance: Int64 = 5
    private static let programs = ["postern_worker", "postern_auth", "postern_console"]

    func examine() {
        for role in Self.programs { examineLogin(role) }
        do throws(PostgresError) {
            var connection = try connect()
            examineClock(&connection)
            try examineSchema(&connection)
            try examineGrants(&connection)
            try examineAudit(&connection)
            try examineApprovals(&connection)
        } catch {
            report.fail(
                "database",
                Failure.words(for: error),
                mend: "run as root on the database's host, or give --database with a user that may read everything"
            )
        }
    }

    /// Each program logs in as the role of its name; peer authentication knows it by its user.
    private func examineLogin(_ role: String) {
        do throws(PostgresError) {
            _ = try OtherUser.acting(as: role) { () throws(PostgresError) in
                try Connection(settings.database, user: role, applicationName: "posternctl doctor")
            }
            report.ok("database", "\(role) can log in")
        } catch {
            report.fail(
                "database",
                "\(role) cannot log in: \(Failure.words(for: error))",
                mend: "posternctl db migrate makes the roles; pg_hba.conf must let \(role) in"
            )
        }
    }

    /// As whom the command line says; otherwise as the schemas' owner, otherwise as PostgreSQL's own user.
    private func connect() throws(PostgresError) -> Connection {
        let string = given ?? Environment.value(of: "POSTERN_DATABASE")
        if let string { return try Connection(string, applicationName: "posternctl doctor") }
        if let own = try? Connection(settings.database, applicationName: "posternctl doctor") { return own }
        return try OtherUser.acting(as: "postgres") { () throws(PostgresError) in
            try Connection(settings.database, user: "postgres", applicationName: "posternctl doctor")
        }
    }

    private func examineClock(_ connection: inout Connection) {
        let before = UnixTime.current()
        guard let answer = try? connection.execute("SELECT extract(epoch FROM clock_timestamp())::bigint"),
            let seconds = try? answer.integer(0, 0)
        else { return }
        Clocks.compare("PostgreSQL's", seconds, with: before, tolerance: Self.clockTolerance, report)
    }

    private func examineSchema(_ connection: inout Connection) throws(PostgresError) {
        let rows = try connection.execute("SELECT count(*), coalesce(max(number), 0) FROM postern.migration")
        let (applied, newest) = (try rows.integer(0, 0) ?? 0, try rows.integer(0, 1) ?? 0)
        let directory = Environment.value(of: "POSTERN_SQL") ?? DatabaseCommand.Migrate.installedDirectory ?? "sql"
        guard let known = try? Migrator(directory: directory).migrations.count else {
            report.warn(
                "migrations",
                "\(applied) applied; there are none in \(directory) to compare with",
                mend: "set $POSTERN_SQL"
            )
            return
        }
        if newest == known, applied == newest {
            report.ok("migrations", "all \(known) are applied")
        } else if newest > known {
            report.fail("migrations", "the database is newer than this program", mend: "upgrade this node")
        } else {
            report.fail("migrations", "\(applied) of \(known) are applied", mend: "posternctl db migrate")
        }
    }

    private func examineGrants(_ connection: inout Connection) throws(PostgresError) {
        let rows = try connection.execute(
            """
            SELECT r, has_any_column_privilege(r, 'postern_audit.record', 'INSERT'),
                   has_table_privilege(r, 'postern_audit.record', 'UPDATE, DELETE, TRUNCATE')
                       OR has_table_privilege(r, 'postern_audit.checkpoint', 'UPDATE, DELETE, TRUNCATE'),
                   (SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = r)
            FROM unnest(ARRAY['postern_worker', 'postern_auth', 'postern_console', 'postern_auditor']) AS r
            """
        )
        var isGood = true
        for row in 0..<rows.rowCount {
            let role = try rows.text(row, 0) ?? ""
            let (inserts, changes) = (try rows.bool(row, 1) ?? false, try rows.bool(row, 2) ?? true)
            let isPowerful = try rows.bool(row, 3) ?? true
            if changes || isPowerful {
                isGood = false
                let mend =
                    "REVOKE UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA postern_audit FROM \(role); NOSUPERUSER"
                report.fail("grants", "\(role) could change audit records", mend: mend)
            }
            if role == "postern_worker", !inserts {
                isGood = false
                report.fail("grants", "postern_worker cannot append audit records", mend: "posternctl db migrate")
            }
        }
        if isGood { report.ok("grants", "audit records are append-only for every program") }
    }

    private func examineAudit(_ connection: inout Connection) throws(PostgresError) {
        let rows = try connection.execute(
            """
            SELECT (SELECT extract(epoch FROM clock_timestamp() - max(ts))::bigint FROM postern_audit.record),
                   (SELECT extract(epoch FROM clock_timestamp() - max(ts))::bigint FROM postern_audit.checkpoint),
                   to_regclass('postern_audit.record_'
                       || to_char((clock_timestamp() AT TIME ZONE 'UTC')::date + 1, 'YYYYMMDD')) IS NOT NULL,
                   (SELECT count(*) FROM postern_audit.unknown_outcomes),
                   pg_size_pretty(pg_database_size(current_database())),
                   (SELECT extract(epoch FROM clock_timestamp() - min(ts))::bigint FROM postern_audit.record
                    WHERE ts > (SELECT coalesce(max(ts), '-infinity') FROM postern_audit.checkpoint))
            """,
            within: .seconds(30)
        )
        let (newest, checkpoint) = (try rows.integer(0, 0), try rows.integer(0, 1))
        report.ok(
            "audit",
            "\(newest.map { "the newest record is \($0) s old" } ?? "no record yet"), "
                + "the database takes \(try rows.text(0, 4) ?? "?")"
        )
        // Records wait for a signature no longer than until the next checkpoint.
        if let unsigned = try rows.integer(0, 5), unsigned > Int64(settings.audit.checkpointEvery) * 3 {
            report.fail(
                "audit",
                "no checkpoint has signed the records of the last \(unsigned) s",
                mend: "see the workers' log; posternctl audit verify"
            )
        } else if let checkpoint {
            report.ok("audit", "the newest checkpoint is \(checkpoint) s old")
        }
        if try rows.bool(0, 2) != true {
            report.fail("audit", "there is no partition for tomorrow", mend: "SELECT postern_audit.make_partitions(7)")
        }
        if let unknown = try rows.integer(0, 3), unknown > 0 {
            report.warn(
                "audit",
                "\(unknown) calls have no outcome on record",
                mend: "SELECT * FROM postern_audit.unknown_outcomes: a worker died while they ran"
            )
        }
    }

    private func examineApprovals(_ connection: inout Connection) throws(PostgresError) {
        let rows = try connection.execute(
            """
            SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::bigint,
                   (SELECT count(*) FROM postern.webhook WHERE delivered_at IS NULL AND attempts >= 3)
            FROM postern.approval WHERE state = 'pending' AND expires_at > clock_timestamp()
            """
        )
        let (pending, age) = (try rows.integer(0, 0) ?? 0, try rows.integer(0, 1) ?? 0)
        report.ok("approvals", pending == 0 ? "nothing is pending" : "\(pending) pending, the oldest since \(age) s")
        if let stuck = try rows.integer(0, 2), stuck > 0 {
            report.warn("approvals", "\(stuck) webhooks are not delivered", mend: "SELECT * FROM postern.webhook")
        }
    }
}

/// Clocks that must agree.
enum Clocks {
    static func compare(
        _ whose: String,
        _ seconds: Int64,
        with now: UnixTime,
        tolerance: Int64,
        _ report: DoctorReport
    ) {
        let difference = seconds.subtractingReportingOverflow(now.seconds).partialValue
        if difference.magnitude > UInt64(clamping: tolerance) {
            let mend = "run an NTP client on both: timedatectl set-ntp true"
            report.fail("clock", "\(whose) clock differs by \(difference) s", mend: mend)
        } else {
            report.ok("clock", "\(whose) clock differs by \(difference) s")
        }
    }
}
