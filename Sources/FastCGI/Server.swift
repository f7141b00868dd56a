import CFastCGI
import Foundation
import Locking
import Synchronization

/// Takes requests from one socket on a fixed number of threads, one request a thread.
///
/// An idle connection that nginx keeps alive holds a thread, so `threads` must exceed nginx's worker processes times
/// its `keepalive`.
public final class Server: Sendable {
    /// How many threads there are and how many requests may wait for a person besides.
    public struct Size: Sendable, Equatable {
        /// Threads that take requests, 1...1024.
        public let threads: Int
        /// Places of `Exchange.hold`, 0...1024.
        public let held: Int

        /// Clamps both to their ranges.
        public init(threads: Int, held: Int = 0) {
            self.threads = min(max(threads, 1), 1024)
            self.held = min(max(held, 0), 1024)
        }
    }

    /// What one thread waits on, so that draining can wake it; written by the thread alone.
    ///
    /// One a thread instead of a table for all: threads fight for a lock that every request takes twice.
    private final class Seat: Sendable {
        static let busy = Int.min
        let thread = pthread_self()
        /// The kept connection that the thread waits on, -1 while it waits for a new one, else `busy`.
        let connection = Atomic(Seat.busy)
    }

    private let descriptor: Int32
    private let size: Size
    private let handler: @Sendable (Exchange) -> Void
    private let seats: Lock<[ObjectIdentifier: Seat]> = Lock([:])
    private let draining = Atomic(false)
    private let pool: Lock<HoldingPool?> = Lock(nil)

    /// Prepares libfcgi for `socket`, which must live as long as the server runs.
    ///
    /// libfcgi takes SIGPIPE, SIGTERM and SIGUSR1 for itself; they are taken back here. The program blocks the signals
    /// it waits for (`SignalWaiter`) before it makes a server.
    public init(
        socket: borrowing ListeningSocket,
        size: Size,
        handler: @escaping @Sendable (Exchange) -> Void
    ) throws(FastCGIError) {
        guard FCGX_Init() == 0 else { throw .initialisationFailed }
        postern_fcgi_take_signals_back()
        descriptor = socket.descriptor
        self.size = size
        self.handler = handler
    }

    /// Starts the threads.
    public func start() {
        let pool = HoldingPool(threads: size.threads, places: size.held, look: { [self] in waiting }) { [self] in
            startThread()
        }
        self.pool.withLock { $0 = pool }
        for _ in 0..<size.threads { startThread() }
    }

    /// Takes no new request, lets those that run end, and returns when all have or `seconds` have passed.
    ///
    /// True when every thread has ended. A connection that nginx keeps is closed after its next answer, or when it
    /// stays idle: closing it at once would lose the request that nginx may be writing to it.
    public func drain(within seconds: Double) -> Bool {
        FCGX_ShutdownPending()
        let start = Date.timeIntervalSinceReferenceDate
        while threadsAlive > 0, Date.timeIntervalSinceReferenceDate < start + seconds {
            let isIdleEnough = Date.timeIntervalSinceReferenceDate >= start + Self.idlePatience
            draining.store(true, ordering: .sequentiallyConsistent)
            seats.withLock { seats in
                for seat in seats.values {
                    let connection = seat.connection.load(ordering: .sequentiallyConsistent)
                    guard connection != Seat.busy else { continue }
                    if connection >= 0 {
                        guard isIdleEnough else { continue }
                        shutdown(Int32(truncatingIfNeeded: connection), Int32(SHUT_RD))
                    }
                    pthread_kill(seat.thread, SIGUSR1)
                }
            }
            usleep(20_000)
        }
        return threadsAlive == 0
    }

    /// Seconds for which a draining server serves connections that nginx keeps.
    private static let idlePatience = 1.0

    /// Threads that wait for a connection, and for the next request of a kept one.
    private var waiting: (idle: Int, kept: Int) {
        let connections = seats.withLock { seats in
            seats.values.map { $0.connection.load(ordering: .relaxed) }.filter { $0 != Seat.busy }
        }
        let kept = connections.count { $0 >= 0 }
        return (connections.count - kept, kept)
    }

    private var threadsAlive: Int { pool.withLock { $0?.alive ?? 0 } }

    private func startThread() {
        guard let pool = pool.withLock({ $0 }) else { return }
        pool.threadStarted()
        let thread = Thread { [self] in
            serve(pool)
        }
        thread.stackSize = 1 << 20
        thread.name = "request"
        thread.start()
    }

    /// One thread's life: wait for a request, handle it, again.
    private func serve(_ pool: HoldingPool) {
        postern_fcgi_unblock_interrupt()
        // On the heap: libfcgi keeps the address of the structure across calls.
        let request = UnsafeMutablePointer<FCGX_Request>.allocate(capacity: 1)
        defer { unsafe request.deallocate() }
        let seat = Seat()
        seats.withLock { $0[ObjectIdentifier(seat)] = seat }
        // Nobody signals a thread that has ended.
        defer { _ = seats.withLock { $0.removeValue(forKey: ObjectIdentifier(seat)) } }
        guard unsafe FCGX_InitRequest(request, descriptor, FCGI_FAIL_ACCEPT_ON_INTR) == 0 else {
            pool.threadEnded()
            return
        }
        while unsafe accept(request, seat) {
            var isSurplus = false
            do {
                let exchange = unsafe Exchange(request: request, holding: pool)
                handler(exchange)
                isSurplus = pool.isSurplus()
                if exchange.isAborted {
                    unsafe FCGX_Free(request, 1)
                } else {
                    if isSurplus || isDraining { unsafe postern_fcgi_close_after(request) }
                    if exchange.closesAtOnce { unsafe postern_fcgi_close_at_once(request) }
                    unsafe FCGX_Finish_r(request)
                }
            }
            if isSurplus { return }
        }
        unsafe FCGX_Free(request, 1)
        pool.threadEnded()
    }

    private var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }

    /// Waits for a request; false when the server drains.
    @unsafe
    private func accept(_ request: UnsafeMutablePointer<FCGX_Request>, _ seat: Seat) -> Bool {
        while !isDraining {
            let kept = unsafe postern_fcgi_connection(request)
            seat.connection.store(Int(kept), ordering: .sequentiallyConsistent)
            let status = unsafe FCGX_Accept_r(request)
            seat.connection.store(Seat.busy, ordering: .sequentiallyConsistent)
            if status == 0 { return true }
            // A broken request or a passing shortage of descriptors: go on, without spinning.
            if !isDraining { usleep(10_000) }
        }
        return false
    }
}
