import Glibc
import Synchronization

/// One thread that listens to channels and tells what it hears, whatever happens to its connection.
public final class NotificationListener: Sendable {
    /// What the listener tells.
    public enum Event: Equatable, Sendable {
        /// It listens (again): what happened before was missed, so look at the tables now.
        case connected
        /// A notification came.
        case notification(Notification)
        /// The connection was lost, or could not be made; another attempt follows.
        case disconnected(PostgresError)
    }

    private let isStopped = Atomic(false)

    /// Starts listening; `receive` is called on the listener's own thread.
    ///
    /// `receive` must return soon, and may keep a strong reference to whoever owns the listener only if that one calls
    /// `stop()`.
    public init(
        _ connectionString: String,
        user: String?,
        channels: [String],
        receive: @escaping @Sendable (Event) -> Void
    ) {
        let isStopped: @Sendable () -> Bool = { [weak self] in self?.isStopped.load(ordering: .relaxed) ?? true }
        _ = DatabaseThread.start {
            var delay = Duration.milliseconds(50)
            while !isStopped() {
                do throws(PostgresError) {
                    var connection = try Connection(connectionString, user: user, applicationName: "postern listener")
                    for channel in channels { try connection.listen(to: channel) }
                    delay = .milliseconds(50)
                    receive(.connected)
                    try Self.hear(&connection, until: isStopped, receive)
                } catch {
                    receive(.disconnected(error))
                    Self.pause(delay)
                    delay = min(delay * 2, .seconds(2))
                }
            }
        }
    }

    /// Ends the thread within a second.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
    }

    private static func hear(
        _ connection: inout Connection,
        until isStopped: () -> Bool,
        _ receive: (Event) -> Void
    ) throws(PostgresError) {
        var quiet = 0
        while !isStopped() {
            if let notification = try connection.waitForNotification(within: .seconds(1)) {
                receive(.notification(notification))
                quiet = 0
                continue
            }
            quiet += 1
            // A peer that vanished without a word is noticed by asking.
            if quiet.isMultiple(of: 10) { _ = try connection.execute("SELECT 1") }
        }
    }

    private static func pause(_ duration: Duration) {
        let jitter = Double.random(in: 0.5...1)
        let (seconds, attoseconds) = (duration * jitter).components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        unsafe nanosleep(&time, nil)
    }
}
