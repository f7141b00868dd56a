internal import Locking

/// One issuer with the keys known of it: shared by all threads, fetching on whichever thread `KeySetState` picks.
public final class IssuerKeys: Sendable {
    /// The issuer.
    public let issuer: IssuerSettings
    private let state: Lock<KeySetState>
    private let fetch: Fetch
    private let clock: @Sendable () -> UnixTime

    /// Starts without keys.
    ///
    /// `clock` dates the end of a fetch, which may take seconds.
    public init(
        issuer: IssuerSettings,
        timing: KeySetState.Timing = KeySetState.Timing(),
        fetch: @escaping Fetch,
        clock: @escaping @Sendable () -> UnixTime = UnixTime.current
    ) {
        self.issuer = issuer
        self.fetch = fetch
        self.clock = clock
        state = Lock(KeySetState(timing: timing))
    }

    /// Fetches keys if that is due; called about once a second by a background thread.
    ///
    /// Returns nil when nothing was due, otherwise why the fetch failed, if it did.
    @discardableResult
    public func refreshIfDue() -> Refresh? {
        state.withLock { $0.tick(clock()) } == .fetch ? performFetch() : nil
    }

    /// What came of a fetch.
    public enum Refresh: Sendable, Hashable {
        case refreshed
        case failed(KeySetFetchError)
    }

    /// Whether there are keys to believe.
    public var hasKeys: Bool {
        state.withLock { $0.keys(at: clock()) } != nil
    }

    /// How many keys are known and how many seconds old they are; nil before the first fetch.
    public var status: (count: Int, age: Int64)? {
        state.withLock { $0.status(at: clock()) }
    }

    /// Checks the signature, fetching the keys once more when none fits and the last such fetch is long enough ago.
    func verify(_ token: CompactJWS) throws(TokenError) {
        switch check(token) {
        case .success: return
        case .failure(.signatureInvalid) where token.keyID != nil: throw .signatureInvalid
        case .failure(let error):
            let action = state.withLock { $0.unknownKey(clock()) }
            if action == .fetch, performFetch() == .refreshed { return try check(token).get() }
            // Nobody knows whether the issuer has such a key by now: the token may be good.
            throw state.withLock { $0.isFetching(at: clock()) || $0.isFailing } ? .issuerUnavailable : error
        }
    }

    private func check(_ token: CompactJWS) -> Result<Void, TokenError> {
        guard let keys = state.withLock({ $0.keys(at: clock()) }) else { return .failure(.issuerUnavailable) }
        let candidates = keys.candidates(id: token.keyID, algorithm: token.algorithm)
        guard !candidates.isEmpty else { return .failure(.keyUnknown) }
        return candidates.contains { token.isSigned(by: $0) } ? .success(()) : .failure(.signatureInvalid)
    }

    private func performFetch() -> Refresh {
        do throws(KeySetFetchError) {
            let keys = try issuer.fetchKeys(fetch)
            state.withLock { $0.fetched(keys, clock()) }
            return .refreshed
        } catch {
            state.withLock { $0.failed(clock()) }
            return .failed(error)
        }
    }
}
