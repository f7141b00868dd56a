import Foundation
import Identity

/// A call or refusal in a list.
struct CallLine {
    let callHref: String
    let time: Moment?
    let subject: String
    let operation: String
    let resource: String
    let moreResources: String?
    let resultBadge: Badge
    let statusText: String
    let maskedText: String?
    let queryText: String?

    init(_ row: AuditReader.CallRow, base: String, now: UnixTime) {
        callHref = "\(base)calls/\(row.id)"
        time = Moment(row.time, now: now)
        subject = row.subject.isEmpty ? "unknown" : row.subject
        operation = row.operation.isEmpty ? "not told" : row.operation
        resource = row.resources.first ?? ""
        moreResources = row.resources.count > 1 ? "and \(row.resources.count - 1) more" : nil
        resultBadge = Self.badge(result: row.result, repeated: row.repeated)
        statusText = row.errorCode ?? row.status.map { "\($0)" } ?? ""
        maskedText = row.masked > 0 ? "\(row.masked) masked" : nil
        queryText = row.queryID
    }

    /// What came of a call, as a badge.
    static func badge(result: String, repeated: Int64 = 1) -> Badge {
        let count = repeated > 1 ? " × \(repeated)" : ""
        return switch result {
        case "allow": Badge("Forwarded", "plain")
        case "approved": Badge("Approved", "good")
        case "deny", "denied": Badge("Denied" + count, "bad")
        case "authentication_failed": Badge("Not authenticated" + count, "bad")
        case "require_approval", "approval_pending": Badge("Waits for approval" + count, "warn")
        case "summarised": Badge("Refused" + count, "bad")
        default: Badge(result.replacing("_", with: " "), "plain")
        }
    }
}

/// A choice of a form.
struct Choice {
    let value: String
    let choiceLabel: String
    let isSelected: Bool
}

/// The list of calls with its filters and chart.
struct CallsPage {
    let frame: Frame
    let periods: [Choice]
    let results: [Choice]
    let filterSubject: String
    let filterOperation: String
    let filterQuery: String
    let lines: [CallLine]
    let isEmpty: Bool
    let chart: CallChart
    /// Where the next page is; nil on the last one.
    let older: String?
}

/// One call, or one refusal.
struct CallPage {
    let frame: Frame
    let heading: String
    let operation: String
    let resultBadge: Badge
    let records: [RecordSection]
    let parameterRows: [AuditReader.ParameterRow]
    let hasParameters: Bool
    let approvalHref: String?
}

/// One record of a call on its page.
struct RecordSection {
    let recordHeading: String
    let recordFacts: [Fact]
    let writer: String
    let sequence: String
    let hash: String
    let checkpointText: String

    init(_ record: AuditReader.RecordDetail, now: UnixTime) {
        recordHeading =
            switch record.kind {
            case "intent": "What was asked and decided"
            case "outcome": "What came of it"
            default: "What happened"
            }
        recordFacts = record.columns.compactMap { column in
            Self.shownElsewhere.contains(column.name)
                ? nil : Fact(Self.term(column.name), Self.text(column.value, of: column.name))
        }
        writer = record.writer
        sequence = "\(record.sequence)"
        hash = record.hash
        checkpointText =
            Moment(record.checkpoint, now: now).map { "covered by the signed checkpoint of \($0.clock) UTC" }
            ?? "not yet covered by a signed checkpoint"
    }

    private static let shownElsewhere: Set = ["id", "operation", "parameters"]

    /// A column's name in words.
    private static func term(_ column: String) -> String {
        switch column {
        case "ts": "Time"
        case "app": "App"
        case "aws_request_id": "AWS request id"
        case "source_ip": "From"
        case "query_id": "Model query"
        case "traceparent": "Trace"
        case "body_sha256": "SHA-256 of the request body"
        case "response_sha256": "SHA-256 of the answer"
        case "masked": "Secrets masked"
        default: column.prefix(1).uppercased() + column.dropFirst().replacing("_", with: " ")
        }
    }

    /// Lists without their brackets, hashes without PostgreSQL's prefix, times as people read them; all else as it is.
    private static func text(_ value: String, of column: String) -> String {
        if column.hasSuffix("sha256") || column.hasSuffix("hash"), value.hasPrefix("\\x") {
            return String(value.dropFirst(2))
        }
        if column == "ts", value.hasSuffix("+00:00") {
            return value.dropLast(6).replacing("T", with: " ") + " UTC"
        }
        if column == "timings", let stages = try? JSONDecoder().decode([String: Int64].self, from: Data(value.utf8)) {
            // In microseconds; the order of the stages is lost in JSON, so the longest comes first.
            let sorted = stages.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            return sorted.map { "\($0.key) \(milliseconds($0.value)) ms" }.joined(separator: ", ")
        }
        guard value.hasPrefix("["), let items = try? JSONDecoder().decode([String].self, from: Data(value.utf8)) else {
            return value
        }
        return items.joined(separator: ", ")
    }

    /// With one digit after the point.
    private static func milliseconds(_ microseconds: Int64) -> String {
        let tenths = (max(0, microseconds) &+ 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}
