public import Postgres

/// Why a record is not known to be durable: whatever it was to precede must not happen.
public enum AuditError: Error, Equatable, Sendable {
    /// More records wait than the queue holds.
    case overloaded
    /// PostgreSQL has been out of reach for longer than the deadline; nothing was queued.
    case unavailable
    /// The commit was not confirmed in time; the record may be stored all the same, then with an outcome that says so.
    case deadlineExceeded
    /// The approval's grant was used up, is expired, or is for another call.
    case grantRefused
    /// PostgreSQL refused this record.
    case recordRefused(SQLState)
    /// The writer is closed.
    case closed
}
