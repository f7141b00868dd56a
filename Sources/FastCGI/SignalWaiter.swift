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

    /// Waits for the next one.
    public func next() -> Event {
        var set = set
        var signal: Int32 = 0
        while unsafe sigwait(&set, &signal) != 0 {}
        return signal == SIGHUP ? .reload : .stop
    }
}
