import Glibc

/// systemd as it supervises this process: sd_notify(3) and sd_watchdog_enabled(3).
///
/// The protocol is one datagram of `NAME=value` lines to `$NOTIFY_SOCKET`: less code than the module map of libsystemd,
/// whose own dependencies (liblzma, libgcrypt ...) would be loaded into every process that holds secrets.
public struct ServiceManager: Sendable {
    /// What a service tells.
    public enum State: Sendable, Equatable {
        /// It takes requests.
        case ready
        /// It reads its configuration again; `ready` must follow.
        case reloading
        /// It ends, once its requests are answered.
        case stopping
        /// It is alive; to be told more often than the watchdog asks.
        case alive

        var text: String {
            switch self {
            case .ready: "READY=1"
            case .reloading: "RELOADING=1"
            case .stopping: "STOPPING=1"
            case .alive: "WATCHDOG=1"
            }
        }
    }

    /// How often `alive` is to be told: half of what systemd waits for; nil where nobody waits.
    public let watchdogInterval: Duration?
    private let socket: String?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`; without them there is nobody to tell.
    public init(environment: [String: String]) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isMeant = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
        watchdogInterval = isMeant && microseconds > 1 ? .microseconds(microseconds / 2) : nil
    }

    /// Tells systemd; one that does not listen is nothing to fail for.
    public func tell(_ state: State) {
        guard let socket else { return }
        let handle = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { return }
        defer { close(handle) }
        let text = Array(state.text.utf8)
        _ = unsafe try? UnixAddress.with(socket) { address, length in
            unsafe sendto(handle, text, text.count, Int32(MSG_NOSIGNAL), address, length)
        }
    }
}
