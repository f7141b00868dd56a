SELECT to_char(ts, 'HH24:MI:SS') AS at, principal, service || ':' || operation AS call, decision, statement, status
FROM postern_audit.call
ORDER BY ts DESC
LIMIT 10
