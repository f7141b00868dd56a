internal import Locking

/// The credentials of assumed roles, one for each identity that acts: a call never uses another caller's.
public final class AssumedRoles: Sendable {
    private struct Entry {
        let credentials: RefreshingCredentials
        var lastUsed: UInt64
    }

    private struct State {
        var entries: [UpstreamIdentity: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let base: RefreshingCredentials
    private let sts: STSClient
    private let capacity: Int
    private let clock: @Sendable () -> UnixTime
    private let state = Lock(State())

    /// Assumes roles with the gateway's own credential.
    ///
    /// - Parameter capacity: how many are kept at most; the one that was not used for longest goes first.
    public init(
        base: RefreshingCredentials,
        sts: STSClient,
        capacity: Int = 1000,
        clock: @escaping @Sendable () -> UnixTime = UnixTime.current
    ) {
        self.base = base
        self.sts = sts
        self.capacity = max(1, capacity)
        self.clock = clock
    }

    /// The credential with which `identity` acts; blocks while it is being fetched.
    public func credentials(for identity: UpstreamIdentity) throws(AWSCredentialsError) -> AWSCredentials {
        try entry(identity).credentials()
    }

    /// A fresh one in place of one that AWS did not take.
    public func replace(
        _ stale: AWSCredentials,
        for identity: UpstreamIdentity
    ) throws(AWSCredentialsError) -> AWSCredentials {
        try entry(identity).replace(stale)
    }

    private func entry(_ identity: UpstreamIdentity) -> RefreshingCredentials {
        state.withLock { state in
            state.uses += 1
            if let known = state.entries[identity]?.credentials {
                state.entries[identity]?.lastUsed = state.uses
                return known
            }
            if state.entries.count >= capacity,
                let oldest = state.entries.min(by: { $0.value.lastUsed < $1.value.lastUsed })?.key
            {
                state.entries[oldest] = nil
            }
            let fresh = RefreshingCredentials(clock: clock) { [base, sts] now throws(AWSCredentialsError) in
                let own = try base.credentials()
                do throws(AWSCredentialsError) {
                    return try sts.assumeRole(identity, with: own, at: now)
                } catch {
                    guard case .refused(let code) = error, AWSCredentials.isRefusal(code: code) else { throw error }
                    let other = try base.replace(own)
                    guard other != own else { throw error }
                    return try sts.assumeRole(identity, with: other, at: now)
                }
            }
            state.entries[identity] = Entry(credentials: fresh, lastUsed: state.uses)
            return fresh
        }
    }

    var count: Int { state.withLock(\.entries.count) }
}
