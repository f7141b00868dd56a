import CLibpq
import Glibc

/// A message of `NOTIFY`.
public struct Notification: Equatable, Sendable {
    /// The channel's name.
    public let channel: String
    /// The text that was sent along.
    public let payload: String
}

extension Connection {
    /// Subscribes to a channel.
    public mutating func listen(to channel: String) throws(PostgresError) {
        let quoted = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        _ = try execute("LISTEN \"\(quoted)\"")
    }

    /// Waits for a notification; nil where none came in time, which leaves the connection usable.
    public mutating func waitForNotification(within limit: Duration) throws(PostgresError) -> Notification? {
        try checkUsable()
        let deadline = ContinuousClock.now + limit
        while true {
            if let notification = takeNotification() { return notification }
            guard unsafe Readiness.wait(for: POLLIN, on: PQsocket(handle), by: deadline) else { return nil }
            guard unsafe PQconsumeInput(handle) == 1 else { throw broken(.connectionLost) }
        }
    }

    private mutating func takeNotification() -> Notification? {
        guard let notify = unsafe PQnotifies(handle) else { return nil }
        defer { unsafe PQfreemem(notify) }
        guard let channel = unsafe notify.pointee.relname, let payload = unsafe notify.pointee.extra else { return nil }
        return unsafe Notification(channel: String(cString: channel), payload: String(cString: payload))
    }
}

/// Asks the server to cancel what a connection is doing.
///
/// Owns a libpq `PGcancel` and frees it exactly once.
@safe
public final class Cancellation {
    private let handle: OpaquePointer

    init(owning handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit { unsafe PQfreeCancel(handle) }

    /// Sends the request; the statement then fails with SQLSTATE 57014, unless it is done already.
    ///
    /// Blocks while it connects to the server.
    public func cancel() throws(PostgresError) {
        var text = [CChar](repeating: 0, count: 256)
        guard unsafe PQcancel(handle, &text, Int32(text.count)) == 1 else {
            throw .connectionFailed("the cancel request was not sent")
        }
    }
}

// libpq's documentation, "Canceling Queries in Progress": PQcancel can safely be invoked by another thread; it only
// reads the PGcancel.
extension Cancellation: @unchecked Sendable {}
