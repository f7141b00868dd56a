/// Counts the calls of one subject under one limit.
///
/// The count of the period before is faded out over the current one, so that a caller cannot double its share at the turn
/// of a period. Times are seconds of a monotonic clock.
public struct RateWindow: Sendable, Hashable {
    private var start: Double
    private var current = 0
    private var previous = 0

    /// Starts to count at `now`.
    public init(now: Double) {
        start = now
    }

    /// Counts one call if there is room for it; otherwise says in how many seconds there will be, at least 1.
    public mutating func admit(calls: Int, period: Int, now: Double) -> Int? {
        let length = Double(max(1, period))
        advance(length, now)
        let share = 1 - (now - start) / length
        guard Double(previous) * share + Double(current) >= Double(calls) else {
            current += 1
            return nil
        }
        // Room comes when enough of the old count has faded, or when the period turns.
        let excess = Double(previous) * share + Double(current) - Double(calls)
        let fading = previous > 0 && current < calls ? excess / Double(previous) * length : start + length - now
        return max(1, Int(min(fading, length).rounded(.up)))
    }

    /// Whether nothing of it counts any more.
    func isIdle(period: Int, now: Double) -> Bool {
        now - start >= 2 * Double(max(1, period))
    }

    private mutating func advance(_ length: Double, _ now: Double) {
        let passed = now - start
        guard passed >= length else { return }
        previous = passed < 2 * length ? current : 0
        current = 0
        start = now - passed.truncatingRemainder(dividingBy: length)
    }
}

/// Counts calls against the limits of a policy, in bounded memory.
///
/// The count is this process's own: `share` divides a limit among the processes that serve the same callers.
public struct RateLimiter: Sendable {
    /// Whose calls are counted under which limit.
    public struct Key: Sendable, Hashable {
        /// The limit.
        public let limit: LimitTerms
        /// The principal, session or role, as `limit.subject` says.
        public let subject: String

        /// Pairs a limit with one subject.
        public init(limit: LimitTerms, subject: String) {
            self.limit = limit
            self.subject = subject
        }
    }

    private let share: Int
    private let capacity: Int
    private var windows: [Key: RateWindow] = [:]

    /// Counts up to `capacity` subjects; each limit is divided by `share`.
    public init(share: Int = 1, capacity: Int = 100_000) {
        self.share = max(1, share)
        self.capacity = max(1, capacity)
    }

    /// Counts a call against all its limits; nil when it may go on, else the seconds after which to try again.
    ///
    /// A call that one limit refuses is not counted against the others. When there is no room for another subject the
    /// call is refused for a second.
    public mutating func admit(_ keys: [Key], now: Double) -> Int? {
        var updated: [(Key, RateWindow)] = []
        for key in keys {
            if windows[key] == nil, !makeRoom(now) { return 1 }
            var window = windows[key] ?? RateWindow(now: now)
            let calls = max(1, key.limit.calls / share)
            if let wait = window.admit(calls: calls, period: key.limit.period, now: now) { return wait }
            updated.append((key, window))
        }
        for (key, window) in updated { windows[key] = window }
        return nil
    }

    private mutating func makeRoom(_ now: Double) -> Bool {
        guard windows.count >= capacity else { return true }
        windows = windows.filter { !$1.isIdle(period: $0.limit.period, now: now) }
        return windows.count < capacity
    }
}
