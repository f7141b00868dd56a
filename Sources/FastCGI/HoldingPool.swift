import Locking

/// What a server's threads do at one moment; counted without stopping them, so the sum may be off by one or two.
public struct Occupancy: Sendable, Equatable {
    /// Threads that are meant to take requests.
    public let threads: Int
    /// Requests that may wait for a person besides.
    public let places: Int
    /// Threads that wait for a connection.
    public let idle: Int
    /// Threads that wait for the next request of a connection that nginx keeps.
    public let kept: Int
    /// Threads with a request.
    public let busy: Int
    /// Requests that wait for a person.
    public let held: Int

    /// The counts by name, for metrics.
    public var states: [(state: String, count: Int)] {
        [("busy", busy), ("held", held), ("idle", idle), ("kept", kept)]
    }
}

/// The count of a server's threads: how many take requests, how many wait for a person.
///
/// A thread that begins to wait is replaced by a new one, so that waiting requests take no thread from the others;
/// when it has answered and there are more than enough, it ends. Waiting ones have places of their own, bounded too.
final class HoldingPool: Sendable {
    private struct Count {
        var serving = 0
        var held = 0
    }

    private let threads: Int
    private let places: Int
    private let count = Lock(Count())
    private let startThread: @Sendable () -> Void
    private let look: @Sendable () -> (idle: Int, kept: Int)

    /// - Parameters:
    ///   - threads: how many threads take requests.
    ///   - places: how many requests may wait besides.
    ///   - look: counts the threads that wait for a connection, and for the next request of a kept one.
    ///   - startThread: starts one more thread; it calls `threadStarted` itself.
    init(
        threads: Int,
        places: Int,
        look: @escaping @Sendable () -> (idle: Int, kept: Int) = { (0, 0) },
        startThread: @escaping @Sendable () -> Void
    ) {
        self.look = look
        self.threads = threads
        self.places = places
        self.startThread = startThread
    }

    /// What the threads do now.
    var occupancy: Occupancy {
        let (now, waiting) = (count.withLock { $0 }, look())
        return Occupancy(
            threads: threads,
            places: places,
            idle: waiting.idle,
            kept: waiting.kept,
            busy: max(0, now.serving - waiting.idle - waiting.kept),
            held: now.held
        )
    }

    func threadStarted() {
        count.withLock { $0.serving += 1 }
    }

    func threadEnded() {
        count.withLock { $0.serving -= 1 }
    }

    /// Whether the calling thread is one more than needed; if so it counts as ended and must end.
    func isSurplus() -> Bool {
        count.withLock { count in
            guard count.serving > threads else { return false }
            count.serving -= 1
            return true
        }
    }

    /// Takes a waiting place; false when there is none.
    func enter() -> Bool {
        let (entered, short) = count.withLock { count in
            guard count.held < places else { return (false, false) }
            count.held += 1
            count.serving -= 1
            return (true, count.serving < threads)
        }
        if short { startThread() }
        return entered
    }

    /// Gives the place back; the thread goes on to answer.
    func leave() {
        count.withLock { count in
            count.held -= 1
            count.serving += 1
        }
    }

    /// All threads that have not ended.
    var alive: Int { count.withLock { $0.serving + $0.held } }
}
