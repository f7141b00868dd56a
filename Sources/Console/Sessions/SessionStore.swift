import Foundation
import Identity
import Postgres

/// The sessions in PostgreSQL, where ending one takes effect at once and on every node.
struct SessionStore: Sendable {
    /// The longest session, in seconds.
    static let lifetime: Int64 = 8 * 3600
    private let pool: ConnectionPool

    init(pool: ConnectionPool) {
        self.pool = pool
    }

    /// Begins a session for whom the provider vouched, and records that.
    func begin(_ login: LoginFlow.Login, _ token: SessionToken, from address: String) throws(PostgresError) {
        let principal = login.principal
        guard let claims = try? JSONEncoder().encode(principal.conditionValues),
            let text = String(validating: claims, as: UTF8.self)
        else { throw .unexpectedResult("claims that are no JSON") }
        try pool.withConnection { (connection) throws(PostgresError) in
            _ = try connection.execute(
                """
                SELECT postern.begin_console_session(
                    $1, $2, $3, $4::text[], $5::json, $6, to_timestamp($7::bigint), $8::interval, $9)
                """,
                [
                    .bytes(token.hash), .text(principal.issuer as String), .text(principal.subject as String),
                    .texts(principal.groups), .text(text as String), .text(Self.displayName(principal) as String),
                    .integer(login.authenticated.seconds), .text("\(Self.lifetime) seconds" as String),
                    .text(address as String),
                ]
            )
        }
    }

    /// The session of a token; nil where there is none that holds.
    func find(_ token: SessionToken) throws(PostgresError) -> ConsoleSession? {
        try pool.withConnection(isRepeatable: true) { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                SELECT issuer, subject, name, groups, claims, extract(epoch FROM authenticated_at)::bigint
                FROM postern.live_console_session WHERE token_hash = $1
                """,
                [.bytes(token.hash)]
            )
            guard rows.rowCount == 1 else { return nil }
            guard let issuer = try rows.text(0, 0), let subject = try rows.text(0, 1), let name = try rows.text(0, 2),
                let groups = try rows.texts(0, 3), let claims = try rows.text(0, 4),
                let values = try? JSONDecoder().decode([String: [String]].self, from: Data(claims.utf8)),
                let seconds = try rows.integer(0, 5)
            else { throw .unexpectedResult("not a session") }
            return ConsoleSession(
                issuer: issuer,
                subject: subject,
                name: name,
                groups: groups,
                conditionValues: values,
                authenticated: UnixTime(seconds: seconds),
                token: token
            )
        }
    }

    /// Ends a session, and records that.
    func end(_ token: SessionToken) throws(PostgresError) {
        try pool.withConnection(isRepeatable: true) { (connection) throws(PostgresError) in
            _ = try connection.execute("SELECT postern.end_console_session($1)", [.bytes(token.hash)])
        }
    }

    private static func displayName(_ principal: Principal) -> String {
        let claims = ["name", "preferred_username"].compactMap { principal.claims[$0]?.first }
        return String((claims.first ?? principal.email ?? principal.subject).prefix(80))
    }
}
