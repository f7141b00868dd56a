SELECT to_char(ts, 'HH24:MI:SS') AS at, subject, operation, decision, statement, status, masked
FROM (
    SELECT ts, subject, operation, decision, statement, status, masked FROM postern_audit.calls
    UNION ALL
    SELECT ts, subject, operation, coalesce(decision, event), statement, status, NULL FROM postern_audit.denials
) AS seen
ORDER BY ts DESC
LIMIT 8
