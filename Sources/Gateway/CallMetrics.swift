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
    func page(isReady: Bool, queued: Int, policy: String) -> String {
        var page = MetricsPage()
        for family in [calls, stages, masked, upstreamErrors, held] as [any Family] { family.write(into: &page) }
        page.gauge("postern_ready", help: "1 when a call could be recorded durably now.", isReady ? 1 : 0)
        page.gauge("postern_audit_queue_records", help: "Audit records that wait to be written.", queued)
        page.gauge("postern_policy_info", help: "The policy in force.", 1, labels: [("sha256", policy)])
        page.gauge("postern_build_info", help: "The program.", 1, labels: [("version", Version.current)])
        page.gauge("process_start_time_seconds", help: "Start of the process since the epoch.", started)
        if let resident = Self.residentBytes() {
            page.gauge("process_resident_memory_bytes", help: "Resident memory.", resident)
        }
        return page.text
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
            isReady: parts.audit.isReady,
            queued: parts.audit.queued,
            policy: policy.current.hash.hex
        )
        let body = Array(text.utf8)
        let fields = [("Content-Type", MetricsPage.contentType), ("Content-Length", String(body.count))]
        try? exchange.writeHead(status: 200, fields: fields)
        try? exchange.write(body.span)
    }
}
