import Audit
import Configuration
import FastCGI
import Glibc
import Metrics
import OpenSSL

/// What a worker counts, for Prometheus: docs/runbook.md says what to watch.
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
    func page(audit: AuditWriter, policy: String) -> String {
        var page = MetricsPage()
        for family in [calls, stages, masked, upstreamErrors, held] as [any Family] { family.write(into: &page) }
        page.gauge("postern_ready", help: "1 when a call could be recorded durably now.", audit.isReady ? 1 : 0)
        page.gauge("postern_audit_queue_records", help: "Audit records that wait to be written.", audit.queued)
        sinkCounts(of: audit, into: &page)
        page.gauge("postern_policy_info", help: "The policy in force.", 1, labels: [("sha256", policy)])
        page.gauge("postern_build_info", help: "The program.", 1, labels: [("version", Version.current)])
        page.gauge("process_start_time_seconds", help: "Start of the process since the epoch.", started)
        if let resident = Self.residentBytes() {
            page.gauge("process_resident_memory_bytes", help: "Resident memory.", resident)
        }
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

    /// The second field of /proc/self/statm, in pages (proc(5)).
    private static func residentBytes() -> Int? {
        guard let text = try? Settings.text(ofFile: "/proc/self/statm") else { return nil }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages &* sysconf(Int32(_SC_PAGESIZE))
    }
}

extension Gateway {
    /// Answers `/_postern/metrics/...`; who may ask is nginx's to say.
    func answerMetrics(_ exchange: Exchange) {
        let text = metrics.page(
            audit: parts.audit,
            policy: policy.current.hash.hex
        )
        let body = Array(text.utf8)
        let fields = [("Content-Type", MetricsPage.contentType), ("Content-Length", String(body.count))]
        try? exchange.writeHead(status: 200, fields: fields)
        try? exchange.write(body.span)
    }
}
