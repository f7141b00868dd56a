import Locking

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

    /// - Parameters:
    ///   - threads: how many threads take requests.
    ///   - places: how many requests may wait besides.
    ///   - startThread: starts one more thread; it calls `threadStarted` itself.
    init(threads: Int, places: Int, startThread: @escaping @Sendable () -> Void) {
        self.threads = threads
        self.places = places
        self.startThread = startThread
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
