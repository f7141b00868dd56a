import Glibc
import Testing

@testable import FastCGI

@Suite("Service manager")
struct ServiceManagerTests {
    /// A datagram socket such as systemd's.
    private struct Listener: ~Copyable {
        let handle: Int32

        init(_ path: String) throws(FastCGIError) {
            let handle = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var patience = timeval(tv_sec: 2, tv_usec: 0)
            unsafe setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            let status = try unsafe UnixAddress.with(path) { address, length in unsafe bind(handle, address, length) }
            guard status == 0 else { throw .socket(call: "bind", errno: errno) }
            self.handle = handle
        }

        deinit { close(handle) }

        func receive() -> String {
            var buffer = [UInt8](repeating: 0, count: 256)
            let count = unsafe recv(handle, &buffer, buffer.count, 0)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
    }

    private let name = "postern-notify-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    @Test("Tells each state in systemd's words, by path and by abstract name", arguments: ["/tmp/", "@"])
    func tells(_ prefix: String) throws {
        let path = prefix + name
        defer { if prefix == "/tmp/" { unsafe unlink(path) } }
        let listener = try Listener(path)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": path])
        let words: [(ServiceManager.State, String)] = [
            (.ready, "READY=1"), (.reloading, "RELOADING=1"), (.stopping, "STOPPING=1"), (.alive, "WATCHDOG=1"),
        ]
        for (state, word) in words {
            manager.tell(state)
            #expect(listener.receive() == word)
        }
    }

    @Test(
        "Tells nobody where nobody listens",
        arguments: [[:], ["NOTIFY_SOCKET": "/nowhere/at/all"], ["NOTIFY_SOCKET": "x"]]
    )
    func tellsNobody(_ environment: [String: String]) {
        ServiceManager(environment: environment).tell(.ready)
    }

    @Test("Reassures twice as often as the watchdog asks")
    func halvesTheWatchdog() {
        let own = String(getpid())
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "30000000"]).watchdogInterval == .seconds(15))
        let meant = ServiceManager(environment: ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": own])
        #expect(meant.watchdogInterval == .seconds(15))
    }

    @Test(
        "Minds no watchdog that is another process's or cannot be read",
        arguments: [
            [:], ["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"], ["WATCHDOG_USEC": "-1"], ["WATCHDOG_USEC": "x"],
        ]
    )
    func mindsNoOther(_ environment: [String: String]) {
        #expect(ServiceManager(environment: environment).watchdogInterval == nil)
    }
}
