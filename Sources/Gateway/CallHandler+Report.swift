import AWSRequest
import Audit
import Identity
import Logging
import Metrics

extension CallHandler {
    /// Counts and logs a call that was sent.
    func report(_ outcome: OutcomeRecord, _ rejection: Rejection?) {
        let metrics = gateway.metrics
        metrics.stages.observe(stopwatch.stages.map { ($0.stage, $0.microseconds) })
        for (type, count) in outcome.findings { metrics.masked.add([type], count: UInt64(clamping: count)) }
        if let rejection { metrics.upstreamErrors.add([service, rejection.code]) }
        let decision = decided?.verdict.rawValue ?? AuditedDecision.Verdict.allow.rawValue
        report(decision: decision, status: outcome.status ?? 0, code: outcome.errorCode, level: .info) { fields in
            fields["bytes_out"] = "\(outcome.bytesOut)"
            fields["masked"] = "\(outcome.findings.reduce(0) { $0 &+ $1.count })"
            if let id = outcome.awsRequestID { fields["aws_request_id"] = "\(id)" }
            if let rejection { fields["why"] = "\(masked(rejection.message))" }
        }
    }

    /// Counts and logs a call that was refused; what the audit does not have, the log says in words.
    func report(_ rejection: Rejection, code: String) {
        let (decision, level): (String, Logger.Level) =
            switch rejection.kind {
            case .authentication: ("unauthenticated", .info)
            case .invalid: ("invalid", .info)
            case .denied: ("deny", .info)
            case .pending: ("pending", .info)
            case .limited: ("limited", .info)
            case .unavailable: ("unavailable", .warning)
            case .upstream: ("upstream", .warning)
            }
        report(decision: decision, status: rejection.status, code: code, level: level) { fields in
            if level == .warning { fields["why"] = "\(masked(rejection.message))" }
        }
    }

    /// One line a call, with the id that its audit rows have: names and numbers, nothing that a client or AWS wrote.
    private func report(
        decision: String,
        status: Int,
        code: String?,
        level: Logger.Level,
        _ more: (inout Logger.Metadata) -> Void
    ) {
        gateway.metrics.calls.add([service, decision, String(status)])
        guard gateway.parts.logger.logLevel <= level else { return }
        var fields: Logger.Metadata = [
            "request_id": "\(requestID)", "decision": "\(decision)", "status": "\(status)",
            "microseconds": "\(stopwatch.elapsed)",
        ]
        if let operation = audited.operation { fields["operation"] = "\(operation)" }
        if let region = audited.region { fields["region"] = "\(region)" }
        if !audited.subject.isEmpty { fields["subject"] = "\(audited.subject)" }
        if let trace = audited.traceID { fields["trace_id"] = "\(trace)" }
        if let session = audited.sessionID { fields["session"] = "\(session)" }
        if let statement = decided?.statement { fields["statement"] = "\(statement)" }
        if let id = decided?.approvalID { fields["approval"] = "\(id)" }
        if let code { fields["code"] = "\(masked(code))" }
        more(&fields)
        gateway.parts.logger.log(level: level, "call", metadata: fields)
    }

    /// The service as the catalogue names it, so that nobody outside can make up label values.
    private var service: String {
        audited.operation?.split(separator: ".", maxSplits: 1).first.map(String.init) ?? "none"
    }
}
