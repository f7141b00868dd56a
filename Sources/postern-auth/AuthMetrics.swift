import Configuration
import FastCGI
import Glibc
import Identity
import Locking
import Metrics

/// What postern-auth counts, for Prometheus: docs/metrics.md has each of them.
struct AuthMetrics: Sendable {
    let fetches = CounterFamily(
        "postern_issuer_fetches_total",
        help: "Fetches of an issuer's keys by result.",
        labels: ["issuer", "result"]
    )
    private let requests = CounterFamily(
        "postern_auth_requests_total",
        help: "Requests by route (auth: each call of an agent; sts: a session asked for) and result.",
        labels: ["route", "result"]
    )
    private let refusals = CounterFamily(
        "postern_auth_refused_total",
        help: "Refused requests by route and by the check that failed.",
        labels: ["route", "check"],
        limit: 256
    )
    private let sessions = UnexpiredSessions()
    private let started = time(nil)

    /// Counts one answer.
    func count(_ event: AuthService.Event?, route: String, at now: UnixTime) {
        // nginx names the route; anything else is a mistake in its configuration, and no name to keep.
        let route = ["auth", "sts"].contains(route) ? route : "other"
        switch event {
        case .began(let session):
            requests.add([route, "began"])
            sessions.add(until: session.expires, at: now)
        case .refused(let check):
            requests.add([route, "refused"])
            refusals.add([route, check])
        case nil: requests.add([route, "identified"])
        }
    }

    /// The page of this process.
    func page(issuers: [IssuerKeys], revocations: Int64?, occupancy: Occupancy, at now: UnixTime) -> String {
        var page = MetricsPage()
        for family in [requests, refusals, fetches] as [any Family] { family.write(into: &page) }
        page.gauge(
            "postern_sessions_unexpired",
            help: "Sessions that this process gave out since its start and that have not expired.",
            sessions.count(at: now)
        )
        page.begin("postern_issuer_keys", help: "Keys known of an issuer.", type: "gauge")
        for keys in issuers {
            page.sample("postern_issuer_keys", [("issuer", keys.issuer.url.text)], String(keys.status?.count ?? 0))
        }
        page.begin("postern_issuer_keys_age_seconds", help: "Age of an issuer's keys.", type: "gauge")
        for keys in issuers {
            guard let age = keys.status?.age else { continue }
            page.sample("postern_issuer_keys_age_seconds", [("issuer", keys.issuer.url.text)], String(age))
        }
        if let revocations {
            page.gauge("postern_revocations_age_seconds", help: "Age of the revocation list.", Int(revocations))
        }
        page.threads(limit: occupancy.threads, occupancy.states)
        page.process("postern-auth", version: Version.current, started: started)
        return page.text
    }
}

/// Counts sessions by the second in which they end: sessions are sealed tokens, and no list of them exists.
private final class UnexpiredSessions: Sendable {
    private let ends = Lock<[Int64: Int]>([:])

    func add(until end: UnixTime, at now: UnixTime) {
        ends.withLock { ends in
            ends[end.seconds, default: 0] &+= 1
            // A session lasts 12 hours at most, so that many seconds are kept, and as many that are over.
            if ends.count > 86_400 { ends = ends.filter { $0.key > now.seconds } }
        }
    }

    func count(at now: UnixTime) -> Int {
        ends.withLock { ends in
            ends = ends.filter { $0.key > now.seconds }
            return ends.values.reduce(0, &+)
        }
    }
}
