/// Why something asked of PostgreSQL was not done.
///
/// No case carries the connection string or a parameter's value.
public enum PostgresError: Error, Equatable, Sendable {
    /// The connection string is not one; libpq's text is withheld because it repeats parts of the string.
    case malformedConnectionString
    /// No connection came about: the server's or libpq's words.
    case connectionFailed(String)
    /// The connection broke; whether the statement took effect is unknown.
    case connectionLost
    /// The answer did not come in time; the connection is closed, whether the statement took effect is unknown.
    case deadlineExceeded
    /// The server refused the statement.
    case statementFailed(ServerMessage)
    /// The statement was skipped because an earlier one of its pipeline failed.
    case pipelineAborted
    /// The answer is not of the shape that the caller asked for.
    case unexpectedResult(String)
    /// A text parameter contains U+0000, which PostgreSQL cannot store.
    case textContainsNUL
    /// libpq could not allocate.
    case outOfMemory

    /// The SQLSTATE, where the server gave one.
    public var sqlState: SQLState? {
        guard case .statementFailed(let message) = self else { return nil }
        return message.sqlState
    }
}

/// An error as the server reported it.
public struct ServerMessage: Equatable, Sendable, CustomStringConvertible {
    /// The error's SQLSTATE.
    public let sqlState: SQLState
    /// The primary message, one line.
    public let message: String
    /// The name of the constraint that was violated.
    public let constraint: String?

    /// Makes a message.
    public init(sqlState: SQLState, message: String, constraint: String? = nil) {
        self.sqlState = sqlState
        self.message = message
        self.constraint = constraint
    }

    /// The message and its code.
    public var description: String { "\(message) (\(sqlState.code))" }
}

/// A five-character SQLSTATE (PostgreSQL documentation, Appendix A).
public struct SQLState: Hashable, Sendable {
    /// The five characters.
    public let code: String

    /// Wraps a code.
    public init(_ code: String) {
        self.code = code
    }

    /// The first two characters, which name the class.
    public var errorClass: Substring { code.prefix(2) }

    /// A raised exception (`RAISE EXCEPTION` without a code).
    public static let raisedException = SQLState("P0001")
    /// `unique_violation`.
    public static let uniqueViolation = SQLState("23505")
    /// `insufficient_privilege`.
    public static let insufficientPrivilege = SQLState("42501")
    /// `lock_not_available`.
    public static let lockNotAvailable = SQLState("55P03")
    /// `query_canceled`.
    public static let queryCanceled = SQLState("57014")
    /// `disk_full`.
    public static let diskFull = SQLState("53100")
}
