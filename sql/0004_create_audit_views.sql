-- The views that DBAs and auditors use by name.

CREATE VIEW postern_audit.calls AS
SELECT i.id, i.ts, i.issuer, i.subject, i.groups, i.role, i.session_id, i.session_name, i.query_id, i.app,
       i.traceparent, i.source_ip, i.user_agent, split_part(i.operation, '.', 1) AS service, i.operation, i.actions,
       i.access_level, i.risks, i.resources, i.region, i.account, i.parameters, i.body_sha256, i.decision, i.statement,
       i.policy_hash, i.explanation, i.approval_id, i.upstream_host, i.presigned, i.mask_profile, i.request_id,
       o.ts AS finished_at, o.status, o.error_code, o.aws_request_id, o.bytes_in, o.bytes_out, o.response_sha256,
       o.masked, o.findings, o.timings, o.completed, o.truncated,
       o.ts - i.ts AS duration, i.writer, i.sequence
FROM postern_audit.record AS i
LEFT JOIN postern_audit.record AS o
    ON o.id = i.id AND o.kind = 'outcome' AND o.ts >= i.ts - interval '1 hour' AND o.ts < i.ts + interval '2 days'
WHERE i.kind = 'intent';
COMMENT ON VIEW postern_audit.calls IS
    'Every call that was forwarded: what was asked, what was decided, what came of it. Bound ts for speed.';
COMMENT ON COLUMN postern_audit.calls.service IS 'Service of the operation.';
COMMENT ON COLUMN postern_audit.calls.finished_at IS 'When the outcome was recorded; NULL: see unknown_outcomes.';
COMMENT ON COLUMN postern_audit.calls.duration IS 'From intent to outcome.';

CREATE VIEW postern_audit.denials AS
SELECT id, ts, event, coalesce(repeated, 1) AS repeated, issuer, subject, role, session_id, query_id, source_ip,
       user_agent, split_part(operation, '.', 1) AS service, operation, actions, resources, region, account,
       parameters, decision, statement, explanation, error_code, status, message, detail, approval_id, request_id
FROM postern_audit.record
WHERE kind = 'event' AND event IN ('denied', 'authentication_failed', 'approval_pending', 'summarised');
COMMENT ON VIEW postern_audit.denials IS
    'Every refusal: by policy, by authentication, or until a person approves. repeated counts like ones in a flood.';
COMMENT ON COLUMN postern_audit.denials.service IS 'Service of the operation.';
COMMENT ON COLUMN postern_audit.denials.repeated IS 'How many refusals the row stands for.';

CREATE VIEW postern_audit.secrets_masked AS
SELECT c.id, c.ts, c.subject, c.query_id, c.operation, c.resources, f.key AS type, f.value::integer AS count
FROM postern_audit.calls AS c
CROSS JOIN LATERAL json_each_text(c.findings) AS f
WHERE c.masked > 0;
COMMENT ON VIEW postern_audit.secrets_masked IS 'Which secrets were kept from whom: one row a call and type.';
COMMENT ON COLUMN postern_audit.secrets_masked.type IS 'Type of the secret.';
COMMENT ON COLUMN postern_audit.secrets_masked.count IS 'How many of it.';

CREATE VIEW postern_audit.by_principal_daily AS
SELECT (ts AT TIME ZONE 'UTC')::date AS day, issuer, subject,
       count(*) FILTER (WHERE kind = 'intent') AS calls,
       coalesce(sum(coalesce(repeated, 1))
                FILTER (WHERE event IN ('denied', 'authentication_failed', 'summarised')), 0) AS denials,
       count(*) FILTER (WHERE kind = 'intent' AND decision = 'approved') AS approved,
       count(*) FILTER (WHERE kind = 'intent' AND access_level NOT IN ('List', 'Read')) AS writes,
       count(DISTINCT operation) AS operations,
       count(DISTINCT query_id) AS queries,
       min(ts) AS first_at, max(ts) AS last_at
FROM postern_audit.record
WHERE kind IN ('intent', 'event') AND subject IS NOT NULL
GROUP BY 1, 2, 3;
COMMENT ON VIEW postern_audit.by_principal_daily IS 'Activity of each principal by day (UTC).';
COMMENT ON COLUMN postern_audit.by_principal_daily.day IS 'The day (UTC).';
COMMENT ON COLUMN postern_audit.by_principal_daily.first_at IS 'First record of the day.';
COMMENT ON COLUMN postern_audit.by_principal_daily.last_at IS 'Last record of the day.';
COMMENT ON COLUMN postern_audit.by_principal_daily.calls IS 'Calls forwarded.';
COMMENT ON COLUMN postern_audit.by_principal_daily.denials IS 'Calls refused.';
COMMENT ON COLUMN postern_audit.by_principal_daily.approved IS 'Calls forwarded on a person''s approval.';
COMMENT ON COLUMN postern_audit.by_principal_daily.writes IS 'Calls forwarded that are more than List or Read.';
COMMENT ON COLUMN postern_audit.by_principal_daily.operations IS 'Different operations.';
COMMENT ON COLUMN postern_audit.by_principal_daily.queries IS 'Different model queries.';

CREATE VIEW postern_audit.query_trail AS
SELECT query_id, ts, subject, operation, resources, decision, statement, status, error_code, aws_request_id, masked,
       approval_id, id
FROM postern_audit.calls
WHERE query_id IS NOT NULL
UNION ALL
SELECT query_id, ts, subject, operation, resources, coalesce(decision, event), statement, status, error_code, NULL,
       NULL, approval_id, id
FROM postern_audit.denials
WHERE query_id IS NOT NULL;
COMMENT ON VIEW postern_audit.query_trail IS
    'What a model query did, step by step, up to AWS''s own request ids (CloudTrail''s requestID).';

CREATE VIEW postern_audit.unknown_outcomes AS
SELECT i.id, i.ts, i.subject, i.query_id, i.operation, i.resources, i.upstream_host, i.writer, i.sequence
FROM postern_audit.record AS i
WHERE i.kind = 'intent'
  AND i.ts < clock_timestamp() - interval '5 minutes'
  AND NOT EXISTS (
      SELECT FROM postern_audit.record AS o
      WHERE o.id = i.id AND o.kind = 'outcome'
        AND o.ts >= i.ts - interval '1 hour' AND o.ts < i.ts + interval '2 days');
COMMENT ON VIEW postern_audit.unknown_outcomes IS
    'Calls that may have reached AWS but whose outcome was never recorded: the worker died, or is still at it.';

GRANT SELECT ON postern_audit.calls, postern_audit.denials, postern_audit.secrets_masked,
    postern_audit.by_principal_daily, postern_audit.query_trail, postern_audit.unknown_outcomes
    TO postern_auditor, postern_console;

-- A view's column that is a table's column says what the table's says.
DO $$
DECLARE
    bare record;
BEGIN
    FOR bare IN
        SELECT v.relname, va.attname, col_description(t.oid, ta.attnum) AS text
        FROM pg_class AS v
        JOIN pg_attribute AS va ON va.attrelid = v.oid AND va.attnum > 0
        JOIN pg_class AS t ON t.oid = 'postern_audit.record'::regclass
        JOIN pg_attribute AS ta ON ta.attrelid = t.oid AND ta.attname = va.attname
        WHERE v.relnamespace = 'postern_audit'::regnamespace AND v.relkind = 'v'
          AND col_description(v.oid, va.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN postern_audit.%I.%I IS %L', bare.relname, bare.attname, bare.text);
    END LOOP;
END
$$;
