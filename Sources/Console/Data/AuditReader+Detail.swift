import Postgres

extension AuditReader {
    /// One record of the audit with its place in the chain.
    struct RecordDetail: Sendable {
        /// Columns of the record by name, in the table's order; NULL ones are left out.
        let columns: [(name: String, value: String)]
        let kind: String
        /// The chain: one process from its start to its end.
        let writer: String
        /// Position in the chain.
        let sequence: Int64
        /// SHA-256 over the previous record's hash and this record, hexadecimal.
        let hash: String
        /// When the first signed checkpoint at or behind this record was made; nil where there is none yet.
        let checkpoint: String?

        /// A column's value.
        subscript(name: String) -> String? { columns.first { $0.name == name }?.value }
    }

    /// A name and a value of a call's parameters, as in `Tags[0].Key`.
    struct ParameterRow: Sendable, Equatable {
        let parameter: String
        let value: String
    }

    /// What is not shown as a row of its own: the pages show it in another place, or it serves the chain alone.
    private static let shownElsewhere = "format,writer,sequence,kind,hash,stored_at,parameters"

    /// All records of one id: a call's intent and outcome, or one event.
    func records(id: String) throws(PostgresError) -> [RecordDetail] {
        try pool.withConnection(isRepeatable: true) { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                SELECT r.kind, r.writer, r.sequence, encode(r.hash, 'hex'),
                       (SELECT to_char(min(c.ts) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                        FROM postern_audit.checkpoint AS c
                        WHERE c.writer = r.writer AND c.sequence >= r.sequence),
                       ARRAY(SELECT key FROM json_each_text(to_json(r)) WITH ORDINALITY AS e (key, value, place)
                             WHERE value IS NOT NULL AND key <> ALL (string_to_array($2, ',')) ORDER BY place),
                       ARRAY(SELECT value FROM json_each_text(to_json(r)) WITH ORDINALITY AS e (key, value, place)
                             WHERE value IS NOT NULL AND key <> ALL (string_to_array($2, ',')) ORDER BY place),
                       r.parameters
                FROM postern_audit.record AS r WHERE r.id = $1::uuid ORDER BY r.ts LIMIT 4
                """,
                [.text(id), .text(Self.shownElsewhere as String)]
            )
            var records: [RecordDetail] = []
            for row in 0..<rows.rowCount {
                let names = try rows.texts(row, 5) ?? []
                let values = try rows.texts(row, 6) ?? []
                var columns = zip(names, values).map { (name: $0, value: $1) }
                if let parameters = try rows.text(row, 7) { columns.append(("parameters", parameters)) }
                records.append(
                    RecordDetail(
                        columns: columns,
                        kind: try rows.text(row, 0) ?? "",
                        writer: try rows.text(row, 1) ?? "",
                        sequence: try rows.integer(row, 2) ?? 0,
                        hash: try rows.text(row, 3) ?? "",
                        checkpoint: try rows.text(row, 4)
                    )
                )
            }
            return records
        }
    }

    /// Parameters in JSON as names and values, in their order; numbers exactly as they were written.
    ///
    /// PostgreSQL walks the text, so that nothing here reads it in another way.
    func parameterRows(_ json: String) throws(PostgresError) -> [ParameterRow] {
        try pool.withConnection(isRepeatable: true) { (connection) throws(PostgresError) in
            let rows = try connection.execute(
                """
                WITH RECURSIVE walk (name, place, value) AS (
                    SELECT '', ARRAY[]::bigint[], $1::json
                    UNION ALL
                    SELECT child.name, walk.place || child.place, child.value
                    FROM walk CROSS JOIN LATERAL (
                        SELECT CASE walk.name WHEN '' THEN key ELSE walk.name || '.' || key END, place, value
                        FROM json_each(CASE json_typeof(walk.value) WHEN 'object' THEN walk.value ELSE '{}' END)
                             WITH ORDINALITY AS member (key, value, place)
                        UNION ALL
                        SELECT walk.name || '[' || place - 1 || ']', place, value
                        FROM json_array_elements(CASE json_typeof(walk.value) WHEN 'array' THEN walk.value ELSE '[]' END)
                             WITH ORDINALITY AS element (value, place)
                    ) AS child (name, place, value)
                )
                SELECT name, CASE json_typeof(value) WHEN 'string' THEN value #>> '{}' ELSE value::text END
                FROM walk
                WHERE name <> '' AND (json_typeof(value) NOT IN ('object', 'array') OR value::text ~ '^[[{]\\s*[]}]$')
                ORDER BY place LIMIT 1000
                """,
                [.text(json)]
            )
            var result: [ParameterRow] = []
            for row in 0..<rows.rowCount {
                result.append(
                    ParameterRow(parameter: try rows.text(row, 0) ?? "", value: try rows.text(row, 1) ?? "null")
                )
            }
            return result
        }
    }
}
