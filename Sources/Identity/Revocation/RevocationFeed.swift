internal import Glibc
internal import Postgres
internal import Locking

/// Keeps a `Revocations` up to date from the table `postern.revocation`, on a thread of its own.
///
/// The thread listens to the channel `postern_revocation`, and reads the table anew on each notification and once a
/// second besides, so that a notification that was lost costs a second.
public final class RevocationFeed: Sendable {
    /// What happened to the feed, for logs; told once for each change.
    public enum Event: Sendable, Hashable {
        /// The list is known.
        case known(entries: Int)
        /// The database cannot be read: why, in short.
        case lost(String)
    }

    /// The most entries that are taken; a longer list counts as unknown.
    static let maximumEntries = 100_000

    private let isStopped = Lock(false)

    /// Starts the thread; `user` takes the place of the connection string's own.
    public init(
        database: String,
        user: String?,
        into revocations: Revocations,
        clock: @escaping @Sendable () -> UnixTime = UnixTime.current,
        report: @escaping @Sendable (Event) -> Void
    ) {
        let isStopped: @Sendable () -> Bool = { [weak self] in self?.isStopped.withLock { $0 } ?? true }
        _ = DatabaseThread.start {
            var isKnown: Bool?
            while !isStopped() {
                do throws(PostgresError) {
                    var connection = try Connection(database, user: user, applicationName: "postern revocations")
                    try connection.listen(to: "postern_revocation")
                    while !isStopped() {
                        // The moment before reading: what is revoked meanwhile is not in this list.
                        let now = clock()
                        let entries = try Self.read(&connection)
                        revocations.replace(with: RevocationList(entries), at: now)
                        if isKnown != true { report(.known(entries: entries.count)) }
                        isKnown = true
                        _ = try connection.waitForNotification(within: .seconds(1))
                    }
                } catch {
                    if isKnown != false { report(.lost("\(error)")) }
                    isKnown = false
                    usleep(500_000)
                }
            }
        }
    }

    /// Ends the thread within some seconds.
    public func stop() {
        isStopped.withLock { $0 = true }
    }

    private static func read(_ connection: inout Connection) throws(PostgresError) -> [Revocation] {
        // Rounded up: what began within the second of the revocation is revoked.
        let rows = try connection.execute(
            """
            SELECT kind, value, ceil(extract(epoch FROM max(revoked_at)))::bigint
            FROM postern.revocation GROUP BY kind, value LIMIT \(maximumEntries + 1)
            """
        )
        guard rows.rowCount <= maximumEntries else {
            throw .unexpectedResult("postern.revocation has more than \(maximumEntries) entries")
        }
        var entries: [Revocation] = []
        entries.reserveCapacity(rows.rowCount)
        for row in 0..<rows.rowCount {
            guard let name = try rows.text(row, 0), let kind = Revocation.Kind(rawValue: name),
                let seconds = try rows.integer(row, 2)
            else { throw .unexpectedResult("postern.revocation has a row of an unknown kind") }
            let value = try rows.text(row, 1) ?? ""
            entries.append(Revocation(kind: kind, value: value, revoked: UnixTime(seconds: seconds)))
        }
        return entries
    }
}
