import Postgres

/// An approval as it is stored.
public struct Approval: Sendable {
    /// Its id.
    public let id: ApprovalID
    /// Where it stands, by the database's clock at the time of reading.
    public let state: ApprovalState
    /// SHA-256 that the call must have, in hexadecimal.
    public let fingerprint: [UInt8]
    /// Who asks.
    public let requester: Person
    /// `service.Operation`.
    public let operation: String
    /// The call in words.
    public let summary: String
    /// ARNs.
    public let resources: [String]
    /// IAM actions.
    public let actions: [String]
    /// Risks that were found.
    public let risks: [String]
    /// Who may decide: a JSON list of lists.
    public let approvers: String
    /// How many persons must approve.
    public let quorum: Int
    /// How many have.
    public let approvals: Int
    /// How many calls the grant allows; nil is any number.
    public let usesAllowed: Int?
    /// How many it has allowed.
    public let uses: Int
    /// When it was made: ISO 8601, UTC.
    public let created: String
    /// When an undecided request expires, or a denial ends: ISO 8601, UTC.
    public let expires: String
    /// When the grant ends: ISO 8601, UTC.
    public let grantExpires: String?
    /// When it was decided: ISO 8601, UTC.
    public let decided: String?
    /// The rest as the table names it; absent is NULL.
    ///
    /// groups (JSON), role, session_id, query_id, app, source_ip, user_agent, access_level, region, account, parameters
    /// (JSON), command, statement, explanation.
    public let details: [String: String]

    /// Whether a grant is there to be used.
    public var isUsable: Bool { state == .approved }

    private static let detailNames = [
        "role", "session_id", "query_id", "app", "source_ip", "user_agent", "access_level", "region", "account",
        "command", "statement", "explanation",
    ]

    private static func time(_ column: String) -> String {
        "to_char(\(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    }

    /// What `init(row:of:)` reads, of a row `a`.
    static let columns = """
        a.id, CASE WHEN a.state = 'pending' AND a.expires_at <= clock_timestamp() THEN 'expired'
                   WHEN a.state = 'approved' AND a.grant_expires_at <= clock_timestamp() THEN 'expired'
                   ELSE a.state END,
        a.fingerprint, a.issuer, a.subject, a.operation, a.summary, a.resources, a.actions, a.risks, a.approvers,
        a.quorum, (SELECT count(*) FROM postern.approval_decision AS d
                   WHERE d.approval_id = a.id AND d.verdict = 'approve'),
        a.uses_allowed, a.uses, \(time("a.created_at")), \(time("a.expires_at")), \(time("a.grant_expires_at")),
        \(time("a.decided_at")), array_to_json(a.groups), a.parameters,
        """ + detailNames.map { " a.\($0)" }.joined(separator: ",")

    /// Reads a row of `columns`.
    init(row: Int, of rows: borrowing QueryResult) throws(PostgresError) {
        func text(_ column: Int) throws(PostgresError) -> String {
            guard let text = try rows.text(row, column) else { throw .unexpectedResult("column \(column) is NULL") }
            return text
        }
        guard let id = ApprovalID(parsing: try text(0)), let state = ApprovalState(rawValue: try text(1)) else {
            throw .unexpectedResult("not an approval")
        }
        self.id = id
        self.state = state
        fingerprint = try rows.bytes(row, 2) ?? []
        requester = Person(issuer: try text(3), subject: try text(4))
        operation = try text(5)
        summary = try text(6)
        resources = try rows.texts(row, 7) ?? []
        actions = try rows.texts(row, 8) ?? []
        risks = try rows.texts(row, 9) ?? []
        approvers = try text(10)
        quorum = Int(try rows.integer(row, 11) ?? 0)
        approvals = Int(try rows.integer(row, 12) ?? 0)
        usesAllowed = try rows.integer(row, 13).map { Int($0) }
        uses = Int(try rows.integer(row, 14) ?? 0)
        created = try text(15)
        expires = try text(16)
        grantExpires = try rows.text(row, 17)
        decided = try rows.text(row, 18)
        var details: [String: String] = [:]
        details["groups"] = try rows.text(row, 19)
        details["parameters"] = try rows.text(row, 20)
        for (index, name) in Self.detailNames.enumerated() { details[name] = try rows.text(row, 21 + index) }
        self.details = details
    }
}

/// One vote as it is stored.
public struct StoredVote: Sendable {
    /// Who.
    public let person: Person
    /// What.
    public let verdict: Verdict
    /// Why.
    public let reason: String
    /// By console, posternctl or sql.
    public let channel: String
    /// Whatever else is known of the person.
    public let actor: String?
    /// When: ISO 8601, UTC.
    public let time: String
}
