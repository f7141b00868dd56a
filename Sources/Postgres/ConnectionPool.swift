import Dispatch
import Synchronization

/// A few connections that many threads share, one at a time.
public final class ConnectionPool: Sendable {
    private final class Slot: Sendable {
        let connection = Mutex<Connection?>(nil)
    }

    private let database: String
    private let user: String?
    private let applicationName: String
    private let timeout: Duration
    private let idle: Mutex<[Slot]>
    private let available: DispatchSemaphore

    /// Makes a pool of at most `size` connections, which are made when they are needed.
    public init(
        _ database: String,
        user: String? = nil,
        applicationName: String = "postern",
        size: Int = 4,
        timeout: Duration = .seconds(2)
    ) {
        self.database = database
        self.user = user
        self.applicationName = applicationName
        self.timeout = timeout
        idle = Mutex((0..<max(1, size)).map { _ in Slot() })
        available = DispatchSemaphore(value: max(1, size))
    }

    /// Lends a connection; waits for one no longer than the pool's timeout.
    ///
    /// A connection that was idle may turn out to be broken; `body` is then run again, once, on a new one if
    /// `isRepeatable` says that this does no harm.
    public func withConnection<Value>(
        isRepeatable: Bool = false,
        _ body: (inout Connection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        let milliseconds = Int(timeout.components.seconds) * 1000
        guard available.wait(timeout: .now() + .milliseconds(max(milliseconds, 100))) == .success else {
            throw .deadlineExceeded
        }
        defer { available.signal() }
        guard let slot = idle.withLock({ $0.popLast() }) else { throw .deadlineExceeded }
        defer { idle.withLock { $0.append(slot) } }
        // Nobody else has the slot; the lock is for the compiler.
        var connection = slot.connection.withLock { $0.take() }
        let wasIdle = connection != nil
        var result = attempt(body, on: &connection)
        if wasIdle, isRepeatable, case .failure(.connectionLost) = result { result = attempt(body, on: &connection) }
        slot.connection.withLock { $0 = connection.take() }
        return try result.get()
    }

    private func attempt<Value>(
        _ body: (inout Connection) throws(PostgresError) -> Value,
        on slot: inout Connection?
    ) -> Result<Value, PostgresError> {
        do throws(PostgresError) {
            var connection: Connection
            if let idle = slot.take() {
                connection = idle
            } else {
                connection = try Connection(database, user: user, applicationName: applicationName, timeout: timeout)
            }
            let result: Result<Value, PostgresError>
            do throws(PostgresError) {
                result = .success(try body(&connection))
            } catch {
                result = .failure(error)
            }
            if !connection.isBroken { slot = consume connection }
            return result
        } catch {
            return .failure(error)
        }
    }
}
