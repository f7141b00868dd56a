/// The three kinds of record.
///
/// Each has its own INSERT, which names only the columns that the kind can have: a parameter costs the server time even
/// when it is NULL.
enum RecordKind: String, CaseIterable, Sendable {
    case intent
    case outcome
    case event

    /// The columns of the canonical form, in its order.
    static let columnNames = [
        "format", "writer", "sequence", "ts", "kind", "id", "request_id", "issuer", "subject", "groups", "role",
        "session_id", "session_name", "query_id", "app", "traceparent", "source_ip", "user_agent", "operation",
        "actions", "access_level", "risks", "resources", "region", "account", "parameters", "body_sha256", "decision",
        "statement", "policy_hash", "explanation", "approval_id", "upstream_host", "presigned", "mask_profile",
        "status", "error_code", "aws_request_id", "bytes_in", "bytes_out", "response_sha256", "masked", "findings",
        "timings", "completed", "truncated", "event", "message", "detail", "repeated",
    ]

    /// A column's type; the raw value is its OID (pg_type.dat).
    enum ColumnType: UInt32, Sendable {
        case bool = 16
        case bytea = 17
        case int8 = 20
        case int2 = 21
        case int4 = 23
        case text = 25
        case json = 114
        case textArray = 1009
        case timestamptz = 1184
        case uuid = 2950
    }

    /// Types of those columns.
    static let columnTypes: [ColumnType] = [
        .int2, .uuid, .int8, .timestamptz, .text, .uuid, .uuid, .text, .text, .textArray, .text,
        .text, .text, .text, .text, .text, .text, .text, .text,
        .textArray, .text, .textArray, .textArray, .text, .text, .json, .bytea, .text,
        .text, .bytea, .text, .uuid, .text, .bool, .text,
        .int4, .text, .text, .int8, .int8, .bytea, .int4, .json,
        .json, .bool, .bool, .text, .text, .json, .int4,
    ]

    private static let firstCall = 6
    private static let firstOutcome = 35
    private static let firstEvent = 46

    /// Positions of the columns that this kind of record can have.
    var columns: [Int] {
        Self.columnNames.indices.filter(has)
    }

    /// Whether the kind can have the column at this position.
    func has(_ column: Int) -> Bool {
        if column < Self.firstCall { return true }
        switch self {
        case .intent: return column < Self.firstOutcome
        case .outcome:
            return column >= Self.firstOutcome && column < Self.firstEvent || column == Self.firstEvent + 1
        case .event: return true
        }
    }

    /// The INSERT; the last parameter is the hash.
    func statement(ignoringConflicts: Bool) -> String {
        let names = columns.map { Self.columnNames[$0] } + ["hash"]
        let places = names.indices.map { "$\($0 + 1)" }
        return "INSERT INTO postern_audit.record (\(names.joined(separator: ", ")))"
            + " VALUES (\(places.joined(separator: ", ")))"
            + (ignoringConflicts ? " ON CONFLICT DO NOTHING" : "")
    }

    /// Types of the INSERT's parameters.
    var parameterTypes: [UInt32] {
        columns.map { Self.columnTypes[$0].rawValue } + [ColumnType.bytea.rawValue]
    }
}
