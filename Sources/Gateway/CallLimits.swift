import Glibc
import Identity
import Policy
import Locking

/// The counts of calls that policies bound, in this process.
///
/// Each worker process counts for itself, so that counting needs no round trip: a bound of 100 calls on two processes
/// lets at most 200 through.
final class CallLimits: Sendable {
    private let limiter = Lock(RateLimiter())

    /// Counts a call; the seconds to wait where it is one too many.
    func admit(_ limits: [LimitTerms], session: Session) -> Int? {
        guard !limits.isEmpty else { return nil }
        let keys = limits.map { RateLimiter.Key(limit: $0, subject: Self.subject($0, session)) }
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        return limiter.withLock { $0.admit(keys, now: now) }
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
    /// The `Limit` obligations of the deciding statements.
    func checkLimits(_ decision: Decision, session: Session) throws(Rejection) {
        guard let wait = gateway.limits.admit(decision.limits, session: session) else { return }
        throw Rejection(
            .limited,
            status: 429,
            code: "Throttling",
            "More calls than the policy allows; wait \(wait) s.",
            retryAfter: wait
        )
    }
}
