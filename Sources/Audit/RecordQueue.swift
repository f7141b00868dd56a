import Dispatch
import Locking

/// A record on its way to the writer's thread.
struct QueuedRecord: Sendable {
    var record: EncodedRecord
    var grant: GrantUse?
    var waiter: CommitWaiter?
    let queued = ContinuousClock.now
}

/// A request thread's wait for the commit of one record.
final class CommitWaiter: Sendable {
    private enum Phase {
        case queued
        /// The writer has it: it may get stored from now on.
        case taken
        /// The request thread gave up before the writer took it: it is never stored.
        case withdrawn
        /// The request thread gave up afterwards: it may be stored.
        case abandoned
        case done(Result<AuditReceipt, AuditError>)
    }

    private let phase = Lock(Phase.queued)
    private let signal = DispatchSemaphore(value: 0)

    /// Waits for the result.
    func wait(for limit: Duration) throws(AuditError) -> AuditReceipt {
        let (seconds, attoseconds) = limit.components
        let nanoseconds = Int(clamping: seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        _ = signal.wait(timeout: .now() + .nanoseconds(nanoseconds))
        let result: Result<AuditReceipt, AuditError> = phase.withLock { phase in
            switch phase {
            case .done(let result): return result
            case .queued: phase = .withdrawn
            case .taken, .withdrawn, .abandoned: phase = .abandoned
            }
            return .failure(.deadlineExceeded)
        }
        return try result.get()
    }

    /// The writer takes the record; false where it was withdrawn.
    func take() -> Bool {
        phase.withLock { phase in
            guard case .queued = phase else { return false }
            phase = .taken
            return true
        }
    }

    /// Tells the result; false where nobody waits for it any more.
    func finish(_ result: Result<AuditReceipt, AuditError>) -> Bool {
        let isAwaited = phase.withLock { phase in
            guard case .taken = phase else { return false }
            phase = .done(result)
            return true
        }
        if isAwaited { signal.signal() }
        return isAwaited
    }

    /// Whether the request thread gave up.
    var isAbandoned: Bool {
        phase.withLock { phase in
            if case .abandoned = phase { true } else { false }
        }
    }
}

/// What waits for the writer's thread, in order, bounded.
final class RecordQueue: Sendable {
    private struct State {
        var records: [QueuedRecord] = []
        var awaitedCount = 0
        var isWriterIdle = false
        var isClosing = false
        var isEnded = false
        /// Since when nothing could be stored.
        var failingSince: ContinuousClock.Instant?
        var hasStored = false
        /// Records that found no room.
        var lostCount = 0
    }

    /// What the writer's thread counts.
    let metrics = AuditMetrics()
    private let state = Lock(State())
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let limiter = Lock(DenialLimiter(now: .now))
    private let limit: Int
    private let patience: Duration

    init(limit: Int, patience: Duration) {
        self.limit = limit
        self.patience = patience
    }

    /// Queues a record that a thread waits for.
    func pushAwaited(_ record: QueuedRecord) throws(AuditError) {
        let wakes: Result<Bool, AuditError> = state.withLock { state in
            if state.isClosing || state.isEnded { return .failure(.closed) }
            if let since = state.failingSince, ContinuousClock.now - since > patience { return .failure(.unavailable) }
            guard state.awaitedCount < limit, state.records.count - state.awaitedCount < limit / 2 else {
                return .failure(.overloaded)
            }
            state.records.append(record)
            state.awaitedCount += 1
            return .success(state.isWriterIdle)
        }
        if try wakes.get() { work.signal() }
    }

    /// Queues a record that nobody waits for; where there is no room, it is counted.
    func push(_ record: QueuedRecord) {
        let wakes = state.withLock { state in
            guard !state.isEnded, state.records.count - state.awaitedCount < limit else {
                state.lostCount += 1
                return false
            }
            state.records.append(record)
            return state.isWriterIdle
        }
        if wakes { work.signal() }
    }

    /// Takes what has queued; waits for something until `deadline`.
    ///
    /// Nothing may be a withdrawn record, the deadline, or the end.
    func take(atMost count: Int, until deadline: ContinuousClock.Instant) -> [QueuedRecord] {
        let taken = takeNow(atMost: count, isIdleOtherwise: true)
        guard taken.isEmpty, !isClosing else { return taken }
        let (seconds, attoseconds) = max(.zero, ContinuousClock.now.duration(to: deadline)).components
        let nanoseconds = Int(min(seconds, 3600)) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        _ = work.wait(timeout: .now() + .nanoseconds(nanoseconds))
        return takeNow(atMost: count, isIdleOtherwise: false)
    }

    private func takeNow(atMost count: Int, isIdleOtherwise: Bool) -> [QueuedRecord] {
        let taken = state.withLock { state in
            let taken = Array(state.records.prefix(count))
            state.records.removeFirst(taken.count)
            state.awaitedCount -= taken.count { $0.waiter != nil }
            state.isWriterIdle = isIdleOtherwise && taken.isEmpty
            return taken
        }
        return taken.filter { $0.waiter?.take() ?? true }
    }

    /// What to record instead of an event: see `DenialLimiter`.
    func admit(_ event: EventRecord) -> [EventRecord] {
        limiter.withLock { $0.admit(event, now: .now) }
    }

    /// Counts of refusals that are due.
    func dueSummaries() -> [EventRecord] {
        limiter.withLock { $0.summaries(now: .now, isFinal: isClosing) }
    }

    /// How many records found no room since this was last asked.
    func takeLostCount() -> Int {
        state.withLock { state in
            defer { state.lostCount = 0 }
            return state.lostCount
        }
    }

    /// Something could not be stored.
    func noteFailure() {
        state.withLock { $0.failingSince = $0.failingSince ?? .now }
    }

    /// Something was stored.
    func noteSuccess() {
        state.withLock { state in
            state.failingSince = nil
            state.hasStored = true
        }
    }

    var isReady: Bool {
        state.withLock { $0.hasStored && $0.failingSince == nil && !$0.isEnded }
    }

    var count: Int { state.withLock { $0.records.count } }

    /// How long the oldest record waits that is not stored; zero where none waits.
    var lag: Duration {
        let oldest = state.withLock { state in
            [state.records.first?.queued, state.failingSince].compactMap(\.self).min()
        }
        return oldest?.duration(to: .now) ?? .zero
    }

    var isClosing: Bool { state.withLock { $0.isClosing } }

    /// Asks the writer to finish, and waits.
    func close(within limit: Duration) {
        state.withLock { $0.isClosing = true }
        work.signal()
        _ = ended.wait(timeout: .now() + .milliseconds(Int(limit.components.seconds) * 1000))
        end()
    }

    /// The writer is gone: refuses everything, also what is queued.
    func end() {
        let left = state.withLock { state in
            state.isEnded = true
            state.isClosing = true
            defer { state.records = [] }
            return state.records
        }
        for record in left where record.waiter?.take() == true { _ = record.waiter?.finish(.failure(.closed)) }
        ended.signal()
    }

    var isEnded: Bool { state.withLock { $0.isEnded } }
}
