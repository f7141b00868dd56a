import Glibc
import OpenSSL
import Postgres
import Synchronization

/// The approvals of a site, in PostgreSQL.
///
/// Any thread may call; calls block.
public final class ApprovalStore: Sendable {
    private let pool: ConnectionPool
    private let waiters: ApprovalWaiters
    private let listener: NotificationListener?
    private let isStopped = Atomic(false)

    /// Opens the store.
    ///
    /// - Parameter isListening: whether calls wait here for decisions: then a thread listens, and another one ends what
    ///   is overdue.
    public init(_ database: String, user: String? = nil, connections: Int = 4, isListening: Bool = true) {
        pool = ConnectionPool(database, user: user, applicationName: "postern approvals", size: connections)
        let waiters = ApprovalWaiters()
        self.waiters = waiters
        listener =
            isListening
            ? NotificationListener(database, user: user, channels: ["postern_approval"]) { waiters.hear($0) } : nil
        if isListening {
            _ = DatabaseThread.start { [weak self] in
                while let store = self, !store.isStopped.load(ordering: .relaxed) {
                    _ = try? store.expireOverdue()
                    sleep(5)
                }
            }
        }
    }

    deinit { stop() }

    /// Ends the threads.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        listener?.stop()
    }

    /// Finds or makes the approval for a call: a usable grant, else a denial that still holds, else what is pending.
    public func open(_ request: ApprovalRequest) throws(ApprovalError) -> Approval {
        let parameters = Parameters([
            .bytes(request.fingerprint.bytes), .text("\(request.terms.expiresAfter) seconds"),
            .text("\(request.terms.grantLasts) seconds"), .optional(request.terms.uses.map { "\($0)" }),
            .integer(Int64(request.terms.quorum)), .text(request.terms.approvers),
            .optional(Self.storable(request.requester.issuer)), .optional(Self.storable(request.requester.subject)),
            .texts(request.groups.compactMap(Self.storable)), .optional(Self.storable(request.role)),
            .optional(Self.storable(request.sessionID)), .optional(Self.storable(request.queryID)),
            .optional(Self.storable(request.app)), .optional(Self.storable(request.sourceIP)),
            .optional(Self.storable(request.userAgent)), .optional(Self.storable(request.operation)),
            .texts(request.actions),
            .optional(Self.storable(request.accessLevel)), .texts(request.risks),
            .texts(request.resources.compactMap(Self.storable)), .optional(Self.storable(request.region)),
            .optional(Self.storable(request.account)), .optional(request.parameters),
            .optional(Self.storable(request.command)),
            .optional(Self.storable(request.summary)), .optional(Self.storable(request.statement)),
            .optional(Self.storable(request.explanation)), request.policyHash.map { .bytes($0.bytes) } ?? .null,
        ])
        let places = (1...28).map { "$\($0)" }.joined(separator: ", ")
        return try read { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                "SELECT \(Approval.columns) FROM postern.open_approval(\(places)) AS a",
                parameters
            )
            return try Approval(row: 0, of: rows)
        }
    }

    /// The approval of this id; nil where there is none.
    public func find(_ id: ApprovalID) throws(ApprovalError) -> Approval? {
        try read { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                "SELECT \(Approval.columns) FROM postern.approval AS a WHERE a.id = $1::uuid",
                [.text(id.text)]
            )
            return rows.rowCount == 0 ? nil : try Approval(row: 0, of: rows)
        }
    }

    /// The newest approvals, of these states or of all; with `before`, of those that are older than that one.
    public func list(
        _ states: [ApprovalState] = [],
        before: ApprovalID? = nil,
        limit: Int = 100
    ) throws(ApprovalError) -> [Approval] {
        try read { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                SELECT \(Approval.columns) FROM postern.approval AS a
                WHERE ($1::text[] = '{}' OR a.state = ANY ($1::text[]))
                  AND ($3::uuid IS NULL
                    OR (a.created_at, a.id) < (SELECT b.created_at, b.id FROM postern.approval AS b WHERE b.id = $3::uuid))
                ORDER BY a.created_at DESC, a.id DESC LIMIT $2
                """,
                [.texts(states.map(\.rawValue)), .integer(Int64(limit)), .optional(before?.text)]
            )
            var approvals: [Approval] = []
            for row in 0..<rows.rowCount {
                let approval = try Approval(row: row, of: rows)
                if states.isEmpty || states.contains(approval.state) { approvals.append(approval) }
            }
            return approvals
        }
    }

    /// The votes on an approval, in order.
    public func votes(on id: ApprovalID) throws(ApprovalError) -> [StoredVote] {
        try read { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                SELECT issuer, subject, verdict, reason, channel, actor,
                       to_char(decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                FROM postern.approval_decision WHERE approval_id = $1::uuid ORDER BY decided_at
                """,
                [.text(id.text)]
            )
            var votes: [StoredVote] = []
            for row in 0..<rows.rowCount {
                guard let verdict = Verdict(rawValue: try rows.text(row, 2) ?? "") else { continue }
                votes.append(
                    StoredVote(
                        person: Person(issuer: try rows.text(row, 0) ?? "", subject: try rows.text(row, 1) ?? ""),
                        verdict: verdict,
                        reason: try rows.text(row, 3) ?? "",
                        channel: try rows.text(row, 4) ?? "",
                        actor: try rows.text(row, 5),
                        time: try rows.text(row, 6) ?? ""
                    )
                )
            }
            return votes
        }
    }

    /// Waits until an approval is no longer pending, and returns it as it is then, or as it is at the deadline.
    ///
    /// `isCancelled` is asked every second at least; where it says so, the approval is returned as it was.
    public func wait(
        for approval: Approval,
        until deadline: ContinuousClock.Instant,
        isCancelled: () -> Bool = { false }
    ) throws(ApprovalError) -> Approval {
        let waiter = waiters.add(approval.id)
        defer { waiters.remove(waiter, of: approval.id) }
        // Decided between its reading and our listening?
        var current = try find(approval.id) ?? approval
        var quietRounds = 0
        while current.state == .pending, ContinuousClock.now < deadline, !isCancelled() {
            let isWoken = waiter.wait(for: min(.seconds(1), ContinuousClock.now.duration(to: deadline)))
            quietRounds = isWoken ? 0 : quietRounds + 1
            // Without a listener ask every second; with one, every fifth, in case a notification was lost.
            guard isWoken || !waiters.isListening || quietRounds.isMultiple(of: 5) || ContinuousClock.now >= deadline
            else { continue }
            current = try find(approval.id) ?? current
        }
        return current
    }

    /// A person votes; the caller has made sure who it is and that the policy's `Approvers` admit him.
    ///
    /// For the console, which logs persons in. Database roles vote by the SQL functions `approve` and `deny`.
    public func decide(
        _ id: ApprovalID,
        _ verdict: Verdict,
        by person: Person,
        reason: String,
        channel: String = "console",
        actor: String? = nil
    ) throws(ApprovalError) -> VoteResult {
        // Not repeatable: a vote that was counted before the connection broke would come back as `alreadyVoted`.
        try call(isRepeatable: false) { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                "SELECT postern.decide_approval($1::uuid, $2, $3, $4, NULL, $5, $6, $7)",
                [
                    .text(id.text), .text(verdict.rawValue), .text(person.issuer),
                    .text(person.subject), .optional(Self.storable(reason)), .text(channel),
                    .optional(Self.storable(actor)),
                ]
            )
            guard let result = VoteResult(rawValue: try rows.text(0, 0) ?? "") else {
                throw .unexpectedResult("not a vote's result")
            }
            return result
        }
    }

    /// Takes a pending request back; false where that person has none of that id.
    public func cancel(_ id: ApprovalID, by person: Person) throws(ApprovalError) -> Bool {
        try call(isRepeatable: true) { (connection) throws(PostgresError) in
            try connection.execute(
                "SELECT postern.cancel_approval($1::uuid, $2, $3)",
                [.text(id.text), .text(person.issuer), .text(person.subject)]
            ).bool(0, 0) ?? false
        }
    }

    /// Ends what is overdue by the database's clock; returns how much that was.
    public func expireOverdue() throws(ApprovalError) -> Int {
        try read { (connection) throws(PostgresError) in
            Int(try connection.execute("SELECT postern.expire_approvals()").integer(0, 0) ?? 0)
        }
    }

    private func read<Value>(
        _ body: (inout Connection) throws(PostgresError) -> Value
    ) throws(ApprovalError) -> Value {
        try call(isRepeatable: true, body)
    }

    private func call<Value>(
        isRepeatable: Bool,
        _ body: (inout Connection) throws(PostgresError) -> Value
    ) throws(ApprovalError) -> Value {
        do {
            return try pool.withConnection(isRepeatable: isRepeatable, body)
        } catch {
            throw .unavailable(error)
        }
    }

    /// Text from the agent: bounded, and without U+0000, which PostgreSQL cannot store.
    private static func storable(_ text: String?) -> String? {
        guard let text else { return nil }
        // By scalars, since a combining mark makes one Character of U+0000 and itself.
        var storable = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(4096) { storable.append(scalar == "\0" ? "\u{2400}" : scalar) }
        return String(storable)
    }
}
