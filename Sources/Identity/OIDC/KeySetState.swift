/// When an issuer's keys are fetched, and how long they are believed: pure state, fed with events, answering with actions.
///
/// - A key that is known stays good while the issuer is down, until `Timing.maximumAge`.
/// - A key that is not known asks for one fetch in `Timing.unknownKeyInterval`, however many tokens name it.
/// - At most one fetch runs; one that never reported back is given up after `Timing.fetchLimit`.
public struct KeySetState: Sendable {
    /// The periods, in seconds.
    public struct Timing: Sendable, Hashable {
        /// Age at which keys are fetched again.
        public var refreshAfter: Int64 = 600
        /// Age from which keys are no longer believed.
        public var maximumAge: Int64 = 86_400
        /// First wait after a failed fetch; it doubles with each one more.
        public var firstRetry: Int64 = 5
        /// The longest wait after a failed fetch.
        public var lastRetry: Int64 = 300
        /// Least time between two fetches that unknown keys ask for; `firstRetry` while fetches fail.
        public var unknownKeyInterval: Int64 = 30
        /// Age from which a fetch without a report counts as failed.
        public var fetchLimit: Int64 = 30

        /// The defaults.
        public init() {}
    }

    /// What the holder of the state does next, outside its lock.
    public enum Action: Sendable, Hashable {
        case none
        /// Fetch the keys, then report `fetched` or `failed`.
        case fetch
    }

    private let timing: Timing
    private var current: (keys: VerificationKeySet, at: UnixTime)?
    private var failures = 0
    private var nextFetch: UnixTime?
    private var fetchStarted: UnixTime?
    private var unknownKeyFetch: UnixTime?

    /// Starts without keys: the first `tick` fetches.
    public init(timing: Timing = Timing()) {
        self.timing = timing
    }

    /// The keys to believe at `now`, or nil when there are none or they are too old.
    public func keys(at now: UnixTime) -> VerificationKeySet? {
        guard let current, now.since(current.at) < timing.maximumAge else { return nil }
        return current.keys
    }

    /// How many keys there are and how many seconds old they are; nil before the first fetch.
    public func status(at now: UnixTime) -> (count: Int, age: Int64)? {
        current.map { ($0.keys.entries.count, now.since($0.at)) }
    }

    /// Whether a fetch is under way at `now`.
    public func isFetching(at now: UnixTime) -> Bool {
        fetchStarted.map { now.since($0) < timing.fetchLimit && now >= $0 } ?? false
    }

    /// Whether the last fetch that ended failed.
    public var isFailing: Bool { failures > 0 }

    /// Time has passed.
    public mutating func tick(_ now: UnixTime) -> Action {
        guard !isFetching(at: now) else { return .none }
        guard let nextFetch else { return start(now) }
        // A clock that was set back must not stop refreshes for as long as it was ahead.
        let isSetBack = nextFetch.since(now) > max(timing.refreshAfter, timing.lastRetry)
        return now >= nextFetch || isSetBack ? start(now) : .none
    }

    /// A token named a key that is not in the set, or no key fitted it.
    public mutating func unknownKey(_ now: UnixTime) -> Action {
        guard !isFetching(at: now) else { return .none }
        // An issuer that was down may be back: it is asked again as soon as after any failure.
        let interval = isFailing ? timing.firstRetry : timing.unknownKeyInterval
        if let last = unknownKeyFetch, (0..<interval).contains(now.since(last)) { return .none }
        unknownKeyFetch = now
        return start(now)
    }

    /// The fetch brought these keys.
    public mutating func fetched(_ keys: VerificationKeySet, _ now: UnixTime) {
        current = (keys, now)
        failures = 0
        fetchStarted = nil
        nextFetch = now.adding(timing.refreshAfter)
    }

    /// The fetch failed: keys that are there stay, the next try waits longer.
    public mutating func failed(_ now: UnixTime) {
        let wait = timing.firstRetry << Int64(min(failures, 16))
        failures += 1
        fetchStarted = nil
        nextFetch = now.adding(min(wait, timing.lastRetry))
    }

    private mutating func start(_ now: UnixTime) -> Action {
        fetchStarted = now
        return .fetch
    }
}
