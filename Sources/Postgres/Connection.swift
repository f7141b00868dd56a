import CLibpq
import Glibc

/// One connection to PostgreSQL, with a client-side deadline on every wait.
///
/// A server that was stopped or became unreachable ends a call with `deadlineExceeded`, which `statement_timeout` would
/// not (it runs in the stopped server). After `deadlineExceeded` and `connectionLost` the connection is unusable: make
/// another one. Owns a libpq `PGconn` and finishes it exactly once.
@safe
public struct Connection: ~Copyable {
    let handle: OpaquePointer
    /// How long a statement may take, unless its call says otherwise.
    public let timeout: Duration
    /// Whether a broken connection or a missed deadline has made this connection unusable.
    public internal(set) var isBroken = false

    /// Connects.
    ///
    /// `connectionString` is a libpq conninfo or URI; `user`, where given, takes the place of the string's own.
    public init(
        _ connectionString: String,
        user: String? = nil,
        applicationName: String = "postern",
        timeout: Duration = .seconds(2)
    ) throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        guard Self.isWellFormed(connectionString) else { throw .malformedConnectionString }
        let pairs: [(String, String?)] = [
            ("dbname", connectionString), ("user", user), ("application_name", applicationName),
            ("client_encoding", "UTF8"),
        ]
        let handle = try unsafe Self.start(pairs)
        do {
            try unsafe Self.finishConnecting(handle, by: deadline)
        } catch {
            unsafe PQfinish(handle)
            throw error
        }
        // All sends go through `flush(by:)`, which waits with a deadline.
        unsafe PQsetnonblocking(handle, 1)
        // The default processor prints notices to standard error.
        unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
        unsafe self.handle = handle
        self.timeout = timeout
    }

    deinit { unsafe PQfinish(handle) }

    /// Runs one statement and returns its rows.
    public mutating func execute(
        _ sql: String,
        _ parameters: Parameters = [],
        within limit: Duration? = nil
    ) throws(PostgresError) -> QueryResult {
        let deadline = ContinuousClock.now + (limit ?? timeout)
        try unsafe send(parameters) { [handle] (count, values, lengths, formats) in
            unsafe PQsendQueryParams(handle, sql, count, nil, values, lengths, formats, 0)
        }
        return try finishStatement(by: deadline)
    }

    /// Prepares a statement under a name, for this connection.
    ///
    /// `types` are the parameters' type OIDs (0 lets the server infer one).
    public mutating func prepare(_ name: String, _ sql: String, types: [UInt32] = []) throws(PostgresError) {
        let deadline = ContinuousClock.now + timeout
        try checkUsable()
        let sent = unsafe types.withUnsafeBufferPointer { types in
            unsafe PQsendPrepare(handle, name, sql, Int32(truncatingIfNeeded: types.count), types.baseAddress)
        }
        guard sent == 1 else { throw broken(.connectionLost) }
        _ = try finishStatement(by: deadline)
    }

    /// Runs a prepared statement and returns its rows.
    public mutating func execute(
        prepared name: String,
        _ parameters: Parameters = [],
        within limit: Duration? = nil
    ) throws(PostgresError) -> QueryResult {
        let deadline = ContinuousClock.now + (limit ?? timeout)
        try unsafe send(parameters) { [handle] (count, values, lengths, formats) in
            unsafe PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0)
        }
        return try finishStatement(by: deadline)
    }

    /// Runs a script of any number of statements, which is one transaction unless it says otherwise.
    public mutating func run(_ script: String, within limit: Duration? = nil) throws(PostgresError) {
        let deadline = ContinuousClock.now + (limit ?? timeout)
        try checkUsable()
        guard unsafe PQsendQuery(handle, script) == 1 else { throw broken(.connectionLost) }
        _ = try finishStatement(by: deadline)
    }

    /// Does `body` in one transaction: committed where it returns, rolled back where it throws.
    public mutating func transaction<Value: ~Copyable>(
        _ body: (inout Connection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        _ = try execute("BEGIN")
        let value: Value
        do {
            value = try body(&self)
        } catch {
            if !isBroken { _ = try execute("ROLLBACK") }
            throw error
        }
        _ = try execute("COMMIT")
        return value
    }

    /// A handle by which another thread can ask the server to cancel this connection's statement.
    public func cancellation() throws(PostgresError) -> Cancellation {
        guard let cancel = unsafe PQgetCancel(handle) else { throw .outOfMemory }
        return unsafe Cancellation(owning: cancel)
    }

    /// The user this connection is logged in as.
    public var user: String { unsafe PQuser(handle).map { unsafe String(cString: $0) } ?? "" }

    private static func isWellFormed(_ connectionString: String) -> Bool {
        var message: UnsafeMutablePointer<CChar>?
        let options = unsafe PQconninfoParse(connectionString, &message)
        if let message = unsafe message { unsafe PQfreemem(message) }
        guard let options = unsafe options else { return false }
        unsafe PQconninfoFree(options)
        return true
    }

    private static func start(_ pairs: [(String, String?)]) throws(PostgresError) -> OpaquePointer {
        // libpq copies both lists.
        var keywords: [UnsafePointer<CChar>?] = unsafe []
        var values: [UnsafePointer<CChar>?] = unsafe []
        defer {
            for index in unsafe keywords.indices {
                unsafe free(UnsafeMutablePointer(mutating: keywords[index]))
                unsafe free(UnsafeMutablePointer(mutating: values[index]))
            }
        }
        for case (let keyword, let value?) in pairs {
            unsafe keywords.append(UnsafePointer(strdup(keyword)))
            unsafe values.append(UnsafePointer(strdup(value)))
        }
        unsafe keywords.append(nil)
        unsafe values.append(nil)
        guard let handle = unsafe PQconnectStartParams(keywords, values, 1) else { throw .outOfMemory }
        return unsafe handle
    }

    private static func finishConnecting(
        _ handle: OpaquePointer,
        by deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        guard unsafe PQstatus(handle) != CONNECTION_BAD else { throw unsafe failure(of: handle) }
        var awaited = PGRES_POLLING_WRITING
        while awaited != PGRES_POLLING_OK {
            let events = awaited == PGRES_POLLING_READING ? POLLIN : POLLOUT
            guard unsafe Readiness.wait(for: events, on: PQsocket(handle), by: deadline) else {
                throw .deadlineExceeded
            }
            awaited = unsafe PQconnectPoll(handle)
            guard awaited != PGRES_POLLING_FAILED else { throw unsafe failure(of: handle) }
        }
    }

    private static func failure(of handle: OpaquePointer) -> PostgresError {
        let text = unsafe PQerrorMessage(handle).map { unsafe String(cString: $0) } ?? ""
        let lines = text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == "\t" } }
        return .connectionFailed(lines.joined(separator: " "))
    }
}

// libpq's documentation, "Behavior in Threaded Programs": a PGconn may be used by any thread, but not by two at the same
// time. A value that cannot be copied and whose every method that touches the PGconn needs exclusive access keeps that.
extension Connection: @unchecked Sendable {}
