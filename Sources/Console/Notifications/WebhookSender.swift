public import Configuration
import Foundation
public import Identity
public import Logging
import OpenSSL
import Postgres

/// Sends what happens to approvals to the configured webhook, from the queue in PostgreSQL.
///
/// One thread. A delivery that fails is tried again with growing pauses, up to an hour, for two days; several nodes share
/// the queue. A receiver may be told twice, never not at all.
public final class WebhookSender: Sendable {
    private static let mostAttempts = 60
    private static let batch = 10

    private let webhook: Settings.Webhook
    private let secret: SecretBytes?
    private let console: String
    private let fetch: Fetch
    private let logger: Logger

    /// Reads the secret's file.
    ///
    /// - Throws: `ConfigurationErrors` where it cannot be read.
    public init(
        _ webhook: Settings.Webhook,
        console: String,
        fetch: @escaping Fetch,
        logger: Logger
    ) throws(ConfigurationErrors) {
        self.webhook = webhook
        self.console = console
        self.fetch = fetch
        self.logger = logger
        secret =
            if let file = webhook.secretFile {
                SecretBytes(Array(try Settings.text(ofFile: file).utf8.filter { $0 > 0x20 }))
            } else {
                nil
            }
    }

    /// Starts the thread, which looks into the queue every second and ends with the process.
    public func start(database: String) {
        Thread.detachNewThread { [self] in
            while true {
                do throws(PostgresError) {
                    var connection = try Connection(
                        database,
                        user: "postern_console",
                        applicationName: "postern webhooks",
                        timeout: .seconds(30)
                    )
                    while true {
                        let sent = try deliver(&connection)
                        if sent < Self.batch { Thread.sleep(forTimeInterval: 1) }
                    }
                } catch {
                    logger.warning("webhooks wait for the database", metadata: ["error": "\(error)"])
                    Thread.sleep(forTimeInterval: 5)
                }
            }
        }
    }

    /// Delivers what is due, and returns how much that was.
    private func deliver(_ connection: inout Connection) throws(PostgresError) -> Int {
        try connection.transaction { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                SELECT w.id, w.event, w.approval_id::text, a.operation, a.subject, a.summary,
                       to_char(a.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), w.attempts
                FROM postern.webhook AS w JOIN postern.approval AS a ON a.id = w.approval_id
                WHERE w.delivered_at IS NULL AND w.next_attempt_at <= clock_timestamp() AND w.attempts < $1
                ORDER BY w.id LIMIT $2 FOR UPDATE OF w SKIP LOCKED
                """,
                [.integer(Int64(Self.mostAttempts)), .integer(Int64(Self.batch))]
            )
            for row in 0..<rows.rowCount {
                func text(_ column: Int) throws(PostgresError) -> String { try rows.text(row, column) ?? "" }
                let id = try rows.integer(row, 0) ?? 0
                let approval = try text(2)
                let message = WebhookMessage(
                    event: try text(1),
                    approval: approval,
                    operation: try text(3),
                    requester: try text(4),
                    summary: try text(5),
                    expires: try text(6),
                    link: "\(console)approvals/\(approval)"
                )
                let attempts = try rows.integer(row, 7) ?? 0
                try record(send(message), id: id, attempts: attempts, &connection)
            }
            return rows.rowCount
        }
    }

    private func record(
        _ failure: String?,
        id: Int64,
        attempts: Int64,
        _ connection: inout Connection
    ) throws(PostgresError) {
        guard let failure else {
            _ = try connection.execute(
                """
                UPDATE postern.webhook SET delivered_at = clock_timestamp(), attempts = attempts + 1, last_error = NULL
                WHERE id = $1
                """,
                [.integer(id)]
            )
            return
        }
        let pause = min(3600, Int64(1) << min(attempts, 12))
        _ = try connection.execute(
            """
            UPDATE postern.webhook SET attempts = attempts + 1, last_error = $2,
                   next_attempt_at = clock_timestamp() + make_interval(secs => $3::integer)
            WHERE id = $1
            """,
            [.integer(id), .text(failure), .integer(pause)]
        )
        logger.warning("webhook not delivered", metadata: ["webhook": "\(id)", "error": "\(failure)"])
    }

    /// Posts one message; nil where the receiver took it.
    private func send(_ message: WebhookMessage) -> String? {
        let body = message.body(webhook.form)
        let timestamp = String(UnixTime.current().seconds)
        var headers = [
            FetchRequest.Header("Content-Type", "application/json"),
            FetchRequest.Header("X-Postern-Timestamp", timestamp),
        ]
        if let secret {
            let signature = WebhookMessage.signature(secret: secret, timestamp: timestamp, body: body)
            headers.append(FetchRequest.Header("X-Postern-Signature", signature))
        }
        do throws(FetchError) {
            let answer = try fetch(
                FetchRequest(
                    method: "POST",
                    url: webhook.url,
                    headers: headers,
                    body: Array(body.utf8),
                    maximumBytes: 65_536,
                    timeoutMilliseconds: 5_000
                )
            )
            return (200..<300).contains(answer.status) ? nil : "status \(answer.status)"
        } catch {
            return "\(error)"
        }
    }
}
