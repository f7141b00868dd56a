import Postgres

/// Reads the audit for the pages; it writes nothing.
struct AuditReader: Sendable {
    /// Rows on one page of calls.
    static let pageSize = 50
    /// Bars of the chart.
    static let buckets = 48
    private static let time = #"to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"#
    /// Whether a record `i` fits the texts of a filter.
    private static let fits = """
        ($3::text IS NULL OR i.subject = $3::text)
        AND ($4::text IS NULL OR i.operation = $4::text OR split_part(i.operation, '.', 1) = $4::text)
        AND ($5::text IS NULL OR i.query_id = $5::text)
        """
    let pool: ConnectionPool

    init(pool: ConnectionPool) {
        self.pool = pool
    }

    /// One call, or one refusal, in a list.
    struct CallRow: Sendable {
        let id: String
        /// ISO 8601, UTC, with microseconds.
        let time: String
        let subject: String
        let operation: String
        let resources: [String]
        /// allow, approved, denied, approval_pending, ...
        let result: String
        let status: Int64?
        let errorCode: String?
        let masked: Int64
        let queryID: String?
        /// How many like ones it stands for.
        let repeated: Int64
    }

    /// What happened in one of `buckets` equal parts of a period.
    struct Bucket: Sendable, Equatable {
        var calls: Int64 = 0
        var denials: Int64 = 0
        var masked: Int64 = 0
    }

    /// Calls and refusals that fit the filter, the newest first; one more than `limit` tells that there are more.
    func calls(_ filter: CallFilter, limit: Int = pageSize) throws(PostgresError) -> [CallRow] {
        try pool.withConnection(isRepeatable: true) { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                SELECT id, \(Self.time), subject, operation, resources, result, status, error_code, masked, query_id,
                       repeated
                FROM (
                    SELECT id, ts, issuer, subject, operation, resources, decision AS result, status, error_code, masked,
                           query_id, 1 AS repeated
                    FROM postern_audit.calls
                    UNION ALL
                    SELECT id, ts, issuer, subject, operation, resources, event, status, error_code, NULL, query_id, repeated
                    FROM postern_audit.denials
                ) AS happened
                WHERE ts >= clock_timestamp() - make_interval(secs => $1::bigint)
                  AND ($2::timestamptz IS NULL OR ts < $2::timestamptz)
                  AND ($3::text IS NULL OR subject = $3::text)
                  AND ($4::text IS NULL OR operation = $4::text OR split_part(operation, '.', 1) = $4::text)
                  AND ($5::text IS NULL OR query_id = $5::text)
                  AND CASE $6::text
                          WHEN 'forwarded' THEN result IN ('allow', 'approved')
                          WHEN 'approved' THEN result = 'approved'
                          WHEN 'denied' THEN result IN ('denied', 'authentication_failed', 'summarised')
                          WHEN 'waiting' THEN result = 'approval_pending'
                          WHEN 'masked' THEN masked > 0
                          ELSE true
                      END
                  AND ($8::text IS NULL OR issuer = $8::text)
                ORDER BY ts DESC LIMIT $7
                """,
                [
                    .integer(filter.period.seconds), .optional(filter.before), .optional(filter.subject),
                    .optional(filter.operation), .optional(filter.query), .text(filter.result.rawValue),
                    .integer(Int64(limit) + 1), .optional(filter.issuer),
                ]
            )
            return try Self.callRows(rows)
        }
    }

    /// What one agent did in the last hour, the newest first.
    func recent(issuer: String, subject: String, limit: Int = 12) throws(PostgresError) -> [CallRow] {
        var filter = CallFilter()
        filter.period = .hour
        filter.issuer = issuer
        filter.subject = subject
        return Array(try calls(filter, limit: limit).prefix(limit))
    }

    /// Numbers over the filter's period, the oldest part first; all but the filter's result counts.
    func chart(_ filter: CallFilter) throws(PostgresError) -> [Bucket] {
        try pool.withConnection(isRepeatable: true) { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                WITH period AS (
                    SELECT clock_timestamp() - make_interval(secs => $1::bigint) AS start
                ), happened AS (
                    SELECT ts, kind, coalesce(repeated, 1) AS repeated, 0 AS masked
                    FROM postern_audit.record AS i
                    WHERE i.ts >= (SELECT start FROM period)
                      AND (kind = 'intent' OR event IN ('denied', 'authentication_failed', 'summarised'))
                      AND \(Self.fits)
                    UNION ALL
                    SELECT ts, kind, 0, masked
                    FROM postern_audit.record AS o
                    WHERE o.ts >= (SELECT start FROM period) AND kind = 'outcome' AND masked > 0
                      AND (num_nonnulls($3::text, $4::text, $5::text) = 0 OR EXISTS (
                          SELECT FROM postern_audit.record AS i
                          WHERE i.id = o.id AND i.kind = 'intent' AND i.ts > o.ts - interval '1 day'
                            AND i.ts < o.ts + interval '1 hour' AND \(Self.fits)))
                )
                SELECT least(floor(extract(epoch FROM ts - start) * $2::bigint / $1::bigint), $2::bigint - 1)::bigint,
                       count(*) FILTER (WHERE kind = 'intent'),
                       coalesce(sum(repeated) FILTER (WHERE kind = 'event'), 0),
                       coalesce(sum(masked), 0)
                FROM happened, period
                GROUP BY 1
                """,
                [
                    .integer(filter.period.seconds), .integer(Int64(Self.buckets)), .optional(filter.subject),
                    .optional(filter.operation), .optional(filter.query),
                ]
            )
            var buckets = Array(repeating: Bucket(), count: Self.buckets)
            for row in 0..<rows.rowCount {
                guard let number = try rows.integer(row, 0), buckets.indices.contains(Int(number)) else { continue }
                buckets[Int(number)] = Bucket(
                    calls: try rows.integer(row, 1) ?? 0,
                    denials: try rows.integer(row, 2) ?? 0,
                    masked: try rows.integer(row, 3) ?? 0
                )
            }
            return buckets
        }
    }

    private static func callRows(_ rows: borrowing QueryResult) throws(PostgresError) -> [CallRow] {
        var calls: [CallRow] = []
        for row in 0..<rows.rowCount {
            calls.append(
                CallRow(
                    id: try rows.text(row, 0) ?? "",
                    time: try rows.text(row, 1) ?? "",
                    subject: try rows.text(row, 2) ?? "",
                    operation: try rows.text(row, 3) ?? "",
                    resources: try rows.texts(row, 4) ?? [],
                    result: try rows.text(row, 5) ?? "",
                    status: try rows.integer(row, 6),
                    errorCode: try rows.text(row, 7),
                    masked: try rows.integer(row, 8) ?? 0,
                    queryID: try rows.text(row, 9),
                    repeated: try rows.integer(row, 10) ?? 1
                )
            )
        }
        return calls
    }
}
