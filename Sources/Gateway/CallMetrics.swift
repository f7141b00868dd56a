import Audit
import Configuration
import FastCGI
import Glibc
import Identity
import Metrics
import OpenSSL

/// What a worker counts, for Prometheus: docs/metrics.md has each of them.
struct CallMetrics: Sendable {
    let calls = CounterFamily(
        "postern_calls_total",
        help: "Requests by service, decision (allow, approved, or why not) and HTTP status.",
        labels: ["service", "decision", "status"]
    )
    let stages = HistogramFamily(
        "postern_stage_seconds",
        help: "Time of the forwarded calls by stage; record is the wait for the audit's commit.",
        label: "stage"
    )
    let masked = CounterFamily(
        "postern_masked_total",
        help: "Masked values in answers by type.",
        labels: ["type"]
    )
    let upstreamErrors = CounterFamily(
        "postern_upstream_errors_total",
        help: "Calls that were sent and got no whole answer, by service and code.",
        labels: ["service", "code"]
    )
    let held = Gauge("postern_held_calls", help: "Calls that wait for a person now.")
    private let started = time(nil)

    /// The page of one process.
    func page(audit: AuditWriter, policy: String, revocations: Int64?, occupancy: Occupancy) -> String {
        var page = MetricsPage()
        for family in [calls, stages, masked, upstreamErrors, held] as [any Family] { family.write(into: &page) }
        audit.write(into: &page)
        sinkCounts(of: audit, into: &page)
        page.gauge("postern_policy_info", help: "The policy in force.", 1, labels: [("sha256", policy)])
        if let revocations {
            page.gauge("postern_revocations_age_seconds", help: "Age of the revocation list.", Int(revocations))
        }
        page.gauge("postern_held_limit", help: "Calls that may wait for a person.", occupancy.places)
        page.threads(limit: occupancy.threads, occupancy.states)
        page.process("postern-worker", version: Version.current, started: started)
        return page.text
    }

    /// What the second places for the records took and lost.
    private func sinkCounts(of audit: AuditWriter, into page: inout MetricsPage) {
        let sinks =
            audit.recordSinks.map { (labels: [("lines", "records"), ("sink", $0.name)], sink: $0) }
            + audit.checkpointSinks.map { (labels: [("lines", "checkpoints"), ("sink", $0.name)], sink: $0) }
        guard !sinks.isEmpty else { return }
        page.begin("postern_audit_sink_lines_total", help: "Lines that a sink took.", type: "counter")
        for (labels, sink) in sinks { page.sample("postern_audit_sink_lines_total", labels, String(sink.written)) }
        page.begin("postern_audit_sink_dropped_total", help: "Lines that a sink had no room for.", type: "counter")
        for (labels, sink) in sinks { page.sample("postern_audit_sink_dropped_total", labels, String(sink.dropped)) }
    }
}

extension Gateway {
    /// Answers `/_postern/metrics/...`; who may ask is nginx's to say.
    func answerMetrics(_ exchange: Exchange) {
        let text = metrics.page(
            audit: parts.audit,
            policy: policy.current.hash.hex,
            revocations: parts.revocations.age(at: .current()),
            occupancy: exchange.occupancy
        )
        exchange.answer(contentType: MetricsPage.contentType, text: text)
    }
}
