import Locking
public import Metrics

/// What a writer's thread counts.
final class AuditMetrics: Sendable {
    private let commits = HistogramFamily(
        "postern_audit_commit_seconds",
        help: "Time that one batch of records took until its commit, or until it failed, by result.",
        label: "result"
    )
    private let records = CounterFamily(
        "postern_audit_records_total",
        help: "Records that were committed; by batch: divide by the count of postern_audit_commit_seconds.",
        labels: []
    )
    private let checkpoint = Lock<ContinuousClock.Instant?>(nil)

    /// A batch was committed; an empty one only showed that the database is there.
    func committed(_ count: Int, since start: ContinuousClock.Instant) {
        guard count > 0 else { return }
        commits.observe([("stored", start.duration(to: .now).inMicroseconds)])
        records.add([], count: UInt64(count))
    }

    /// A batch could not be stored: it is tried again.
    func failed(since start: ContinuousClock.Instant) {
        commits.observe([("failed", start.duration(to: .now).inMicroseconds)])
    }

    /// A checkpoint was committed.
    func checkpointed() {
        checkpoint.withLock { $0 = .now }
    }

    func write(into page: inout MetricsPage) {
        commits.write(into: &page)
        records.write(into: &page)
        page.begin("postern_audit_checkpoint_age_seconds", help: "Age of the last checkpoint.", type: "gauge")
        guard let checkpoint = checkpoint.withLock({ $0 }) else { return }
        let age = MetricsPage.seconds(checkpoint.duration(to: .now).inMicroseconds)
        page.sample("postern_audit_checkpoint_age_seconds", [], age)
    }
}

extension AuditWriter {
    /// Writes what the writer counts, as it is now.
    public func write(into page: inout MetricsPage) {
        page.gauge("postern_ready", help: "1 when a call could be recorded durably now.", isReady ? 1 : 0)
        page.gauge("postern_audit_queue_records", help: "Audit records that wait to be written.", queued)
        page.begin("postern_audit_lag_seconds", help: "How long the oldest waiting record has waited.", type: "gauge")
        page.sample("postern_audit_lag_seconds", [], MetricsPage.seconds(lag.inMicroseconds))
        metrics.write(into: &page)
    }
}

extension Duration {
    /// Whole microseconds.
    fileprivate var inMicroseconds: Int64 {
        components.seconds &* 1_000_000 &+ components.attoseconds / 1_000_000_000_000
    }
}
