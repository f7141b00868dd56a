internal import Locking
import Synchronization

/// One credential kept fresh for all threads: loaded by one while the others go on with what is there, or wait.
public final class RefreshingCredentials: Sendable {
    /// How the credential is loaded.
    public typealias Load = @Sendable (UnixTime) throws(AWSCredentialsError) -> AWSCredentials

    /// Seconds before its end from which a credential is replaced while it is still used.
    static let refreshAhead: Int64 = 300
    /// Seconds before its end from which nobody goes on with it while it can be replaced.
    static let lastUse: Int64 = 30
    /// Seconds for which a failure is remembered, so that waiting threads do not repeat it one after the other.
    static let failureLasts: Int64 = 5
    /// Seconds from one replacement that AWS's answers ask for to the next: agents can provoke such answers.
    static let replacementInterval: Int64 = 10

    private struct State {
        var current: AWSCredentials?
        var failure: (error: AWSCredentialsError, at: UnixTime)?
        var replaced: UnixTime?
    }

    private let state = Lock(State())
    /// Held by the thread that loads.
    private let turn = Mutex(())
    private let load: Load
    private let clock: @Sendable () -> UnixTime

    /// Starts without a credential: the first use loads it.
    public init(clock: @escaping @Sendable () -> UnixTime = UnixTime.current, load: @escaping Load) {
        self.clock = clock
        self.load = load
    }

    /// The credential to use now; blocks while there is none and one is being loaded.
    public func credentials() throws(AWSCredentialsError) -> AWSCredentials {
        guard let current = state.withLock(\.current) else { return try load(insteadOf: nil) }
        guard let left = current.expires?.since(clock()) else { return current }
        if left > Self.refreshAhead { return current }
        if left > Self.lastUse {
            // Whoever finds nobody loading does it; a failure costs nothing yet.
            let fresh = turn.withLockIfAvailable { _ in try? loadUnlessFailed(replacing: current) }
            return (fresh ?? nil) ?? current
        }
        do throws(AWSCredentialsError) {
            return try load(insteadOf: current)
        } catch {
            guard current.expires.map({ clock() < $0 }) ?? true else { throw error }
            return current
        }
    }

    /// A fresh credential in place of one that AWS did not take.
    ///
    /// Nothing is loaded if another thread did already; within `replacementInterval` of the last replacement the answer
    /// is what is there, be it the stale one.
    public func replace(_ stale: AWSCredentials) throws(AWSCredentialsError) -> AWSCredentials {
        try turn.withLock { _ throws(AWSCredentialsError) in
            let now = clock()
            if let last = state.withLock(\.replaced), (0..<Self.replacementInterval).contains(now.since(last)) {
                return state.withLock(\.current) ?? stale
            }
            let fresh = try loadUnlessFailed(replacing: stale)
            state.withLock { $0.replaced = now }
            return fresh
        }
    }

    private func load(insteadOf stale: AWSCredentials?) throws(AWSCredentialsError) -> AWSCredentials {
        try turn.withLock { _ throws(AWSCredentialsError) in try loadUnlessFailed(replacing: stale) }
    }

    private func loadUnlessFailed(replacing stale: AWSCredentials?) throws(AWSCredentialsError) -> AWSCredentials {
        let (current, failure) = state.withLock { ($0.current, $0.failure) }
        if let current, current != stale { return current }
        let now = clock()
        if let failure, (0..<Self.failureLasts).contains(now.since(failure.at)) { throw failure.error }
        do throws(AWSCredentialsError) {
            let fresh = try load(now)
            state.withLock {
                $0.current = fresh
                $0.failure = nil
            }
            return fresh
        } catch {
            state.withLock { $0.failure = (error, clock()) }
            throw error
        }
    }
}
