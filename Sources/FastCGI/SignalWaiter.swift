import CFastCGI
import Glibc

/// The signals a program waits for on its main thread, blocked in all others.
public struct SignalWaiter: Sendable {
    /// What a signal asks of the program.
    public enum Event: Sendable {
        /// SIGTERM or SIGINT: finish what runs and end.
        case stop
        /// SIGHUP: read the configuration again.
        case reload
    }

    private let set: sigset_t

    /// Blocks SIGTERM, SIGINT and SIGHUP; to be called before any thread is started, which then inherits the mask.
    public init() {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        self.set = set
    }

    /// Waits for the next one, and meanwhile tells `manager` as often as it wants that the process is alive.
    public func next(reassuring manager: ServiceManager = ServiceManager(environment: [:])) -> Event {
        while true {
            manager.tell(.alive)
            if let event = next(within: manager.watchdogInterval ?? .seconds(3600)) { return event }
        }
    }

    /// The next one; nil after `limit`.
    func next(within limit: Duration) -> Event? {
        var set = set
        let (seconds, attoseconds) = limit.components
        var wait = timespec(tv_sec: Int(clamping: seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        switch unsafe sigtimedwait(&set, nil, &wait) {
        case SIGHUP: return .reload
        case SIGTERM, SIGINT: return .stop
        default: return nil
        }
    }
}
