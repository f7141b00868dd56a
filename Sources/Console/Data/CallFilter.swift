/// Which calls a person wants to see; every field narrows.
struct CallFilter: Sendable, Equatable {
    /// How far back.
    enum Period: String, Sendable, CaseIterable {
        case hour = "1h"
        case day = "24h"
        case week = "7d"

        /// Seconds.
        var seconds: Int64 {
            switch self {
            case .hour: 3600
            case .day: 86_400
            case .week: 7 * 86_400
            }
        }

        /// In words.
        var label: String {
            switch self {
            case .hour: "Last hour"
            case .day: "Last 24 hours"
            case .week: "Last 7 days"
            }
        }
    }

    /// What came of a call.
    enum Result: String, Sendable, CaseIterable {
        case all
        case forwarded
        case approved
        case denied
        case waiting
        case masked

        /// In words.
        var label: String {
            switch self {
            case .all: "Any result"
            case .forwarded: "Forwarded"
            case .approved: "Forwarded on approval"
            case .denied: "Denied"
            case .waiting: "Waiting for approval"
            case .masked: "With masked secrets"
            }
        }
    }

    /// The most bytes of one text to look for.
    private static let maximumText = 256
    var period = Period.day
    var result = Result.all
    /// Who vouches for `subject`; no field of the form, only for what the pages themselves ask.
    var issuer: String?
    var subject: String?
    /// `service` or `service.Operation`.
    var operation: String?
    var query: String?
    /// Only calls before this moment, as the last page's last row has it.
    var before: String?

    /// Everything of the last day.
    init() {}

    /// Reads the fields of a form; what is none of the choices is malformed.
    init(_ fields: FormFields) throws(RequestError) {
        func text(_ name: String) throws(RequestError) -> String? {
            guard let text = fields.filled(name) else { return nil }
            guard text.utf8.count <= Self.maximumText else { throw .malformed }
            return text
        }
        if let text = fields.filled("period") {
            guard let period = Period(rawValue: text) else { throw .malformed }
            self.period = period
        }
        if let text = fields.filled("result") {
            guard let result = Result(rawValue: text) else { throw .malformed }
            self.result = result
        }
        subject = try text("subject")
        operation = try text("operation")
        query = try text("query")
        before = try text("before")
        guard before.map({ $0.utf8.allSatisfy { "0123456789-:.TZ".utf8.contains($0) } }) ?? true else {
            throw .malformed
        }
    }

    /// The filter as a query string, for the next page.
    func queryString(before: String) -> String {
        var pairs = [("period", period.rawValue), ("result", result.rawValue)]
        for (name, value) in [("subject", subject), ("operation", operation), ("query", query)] {
            if let value { pairs.append((name, value)) }
        }
        return FormFields.encode((pairs + [("before", before)]).map { (name: $0.0, value: $0.1) })
    }
}
