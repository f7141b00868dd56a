import Glibc
import Identity
import OpenSSL
import Policy
import Postgres
import Synchronization

/// The counts of calls that policies bound: one count for the whole site, in PostgreSQL.
///
/// A bounded call costs a round trip of its own, all other calls nothing. Counts of each process alone would let through
/// more on a bigger site, or refuse early where a balancer spreads callers unevenly.
final class CallLimits: Sendable {
    /// What came of counting a call.
    enum Verdict: Equatable {
        /// It may go on.
        case admitted
        /// It is one too many; there will be room in so many seconds.
        case wait(Int)
        /// The count is out of reach, and the call is one that must not pass uncounted.
        case unavailable
    }

    private let pool: ConnectionPool
    /// Counts reads while the database does not: of this process alone, which is better than none.
    private let own = Mutex(RateLimiter())

    /// Counts in this database; connections are made when the first bounded call needs one.
    init(database: String, user: String? = nil, timeout: Duration = .seconds(2)) {
        pool = ConnectionPool(database, user: user, applicationName: "postern limits", timeout: timeout)
    }

    /// Counts a call against all its limits, or against none when one of them has no room.
    func admit(_ limits: [LimitTerms], session: Session, isMutating: Bool) -> Verdict {
        guard !limits.isEmpty else { return .admitted }
        let keys = limits.map { RateLimiter.Key(limit: $0, subject: Self.subject($0, session)) }
        return admit(keys, isMutating: isMutating)
    }

    /// Counts a call of these subjects.
    func admit(_ keys: [RateLimiter.Key], isMutating: Bool) -> Verdict {
        let parameters = Parameters([
            .texts(keys.map(Self.text)), .texts(keys.map { "\($0.limit.calls)" }),
            .texts(keys.map { "\($0.limit.period)" }),
        ])
        do throws(PostgresError) {
            // Not repeatable: a call whose connection broke may have been counted.
            let wait = try pool.withConnection { (connection) throws(PostgresError) in
                try connection.execute(
                    "SELECT postern.count_call($1::text[], $2::integer[], $3::integer[])",
                    parameters
                ).integer(0, 0) ?? 1
            }
            return wait == 0 ? .admitted : .wait(Int(clamping: wait))
        } catch {
            return isMutating ? .unavailable : countHere(keys)
        }
    }

    private func countHere(_ keys: [RateLimiter.Key]) -> Verdict {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        return own.withLock { $0.admit(keys, now: now) }.map { .wait($0) } ?? .admitted
    }

    /// The same for the same limit and subject in every process that has the same policy.
    private static func text(_ key: RateLimiter.Key) -> String {
        let limit = key.limit
        let text = "\(limit.id) \(limit.calls) \(limit.period) \(limit.subject.rawValue) \(key.subject)"
        return SHA256.hash(Array(text.utf8)).hex
    }

    private static func subject(_ terms: LimitTerms, _ session: Session) -> String {
        switch terms.subject {
        case .principal: session.principal.name
        case .session: session.id.text
        case .role: session.role.text
        }
    }
}

extension CallHandler {
    /// The `Limit` obligations of the deciding statements, counted before anything is forwarded.
    func checkLimits(_ decision: Decision, session: Session, isMutating: Bool) throws(Rejection) {
        switch gateway.limits.admit(decision.limits, session: session, isMutating: isMutating) {
        case .admitted: return
        case .wait(let seconds):
            throw Rejection(
                .limited,
                status: 429,
                code: "Throttling",
                "More calls than the policy allows; wait \(seconds) s.",
                retryAfter: seconds
            )
        case .unavailable:
            throw .unavailable(
                "The policy bounds this call, and its count is out of reach, so it was not made. Try again."
            )
        }
    }
}
