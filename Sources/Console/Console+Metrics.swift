import Configuration
import FastCGI
import Glibc
import Logging
import Metrics
import Postgres

/// What postern-console counts, for Prometheus: docs/metrics.md has each of them.
struct ConsoleMetrics: Sendable {
    let requests = CounterFamily(
        "postern_console_requests_total",
        help: "Answers of the approvers' pages by HTTP status.",
        labels: ["status"]
    )
    let logins = CounterFamily(
        "postern_console_logins_total",
        help: "Logins of approvers: accepted, or the check that failed.",
        labels: ["result"],
        limit: 64
    )
    let votes = CounterFamily(
        "postern_votes_total",
        help: "Votes of approvers on the pages by verdict and what came of them.",
        labels: ["verdict", "result"]
    )
    fileprivate let started = time(nil)
}

/// What the database knows of approvals and approvers: the same on every node.
struct ConsoleGauges: Sendable {
    let pool: ConnectionPool

    /// Writes what is in the tables now.
    func write(into page: inout MetricsPage) throws(PostgresError) {
        let row = try pool.withConnection(isRepeatable: true) { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                SELECT (SELECT count(*) FROM postern.approval WHERE state = 'pending' AND expires_at > now()),
                       (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::bigint
                          FROM postern.approval WHERE state = 'pending' AND expires_at > now()),
                       (SELECT count(*) FROM postern.live_console_session),
                       (SELECT count(*) FROM postern.webhook WHERE delivered_at IS NULL),
                       (SELECT count(*) FROM postern.webhook WHERE delivered_at IS NULL AND attempts > 0)
                """
            )
            var values: [Int] = []
            for column in 0..<5 { values.append(Int(clamping: try rows.integer(0, column) ?? 0)) }
            return values
        }
        let names = [
            ("postern_approvals_pending", "Approvals that wait for a decision."),
            ("postern_approvals_oldest_pending_seconds", "How long the oldest of them has waited."),
            ("postern_console_sessions", "Approvers who are logged in."),
            ("postern_webhook_queue", "Messages that are not delivered."),
            ("postern_webhook_failing", "Messages that a receiver has refused at least once."),
        ]
        for ((name, help), value) in zip(names, row) { page.gauge(name, help: help, value) }
    }
}

extension Console {
    /// Answers `/_postern/metrics/console`; who may ask is nginx's to say.
    func answerMetrics(_ exchange: Exchange) {
        var page = MetricsPage()
        for family in [metrics.requests, metrics.logins, metrics.votes] as [any Family] { family.write(into: &page) }
        var isReady = true
        do throws(PostgresError) {
            try gauges.write(into: &page)
        } catch {
            isReady = false
            logger.error("database", metadata: ["error": "\(error)"])
        }
        page.gauge("postern_console_ready", help: "1 when the database answers.", isReady ? 1 : 0)
        page.threads(limit: exchange.occupancy.threads, exchange.occupancy.states)
        page.process("postern-console", version: Version.current, started: metrics.started)
        exchange.answer(contentType: MetricsPage.contentType, text: page.text)
    }
}
