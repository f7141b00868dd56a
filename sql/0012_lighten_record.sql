-- What a record costs: one index less, and a default that lets COPY insert many rows at once.

-- A call's id is nginx's request id, so that its index serves both.
DROP INDEX postern_audit.record_request;
COMMENT ON COLUMN postern_audit.record.request_id IS 'nginx''s request id; for calls and refusals the same as id, which has the index.';

-- The start of the statement that stored the row: COPY takes no default that differs from row to row but singly.
ALTER TABLE postern_audit.record ALTER COLUMN stored_at SET DEFAULT now();
COMMENT ON COLUMN postern_audit.record.stored_at IS
    'When the transaction that stored it began, by the database''s clock; not part of the chain.';

CREATE OR REPLACE VIEW postern_audit.calls AS
SELECT i.id, i.ts, i.issuer, i.subject, i.groups, i.role, i.session_id, i.session_name, i.query_id, i.app,
       i.traceparent, i.source_ip, i.user_agent, split_part(i.operation, '.', 1) AS service, i.operation, i.actions,
       i.access_level, i.risks, i.resources, i.region, i.account, i.parameters, i.body_sha256, i.decision, i.statement,
       i.policy_hash, i.explanation, i.approval_id, i.upstream_host, i.presigned, i.mask_profile, i.id AS request_id,
       o.ts AS finished_at, o.status, o.error_code, o.aws_request_id, o.bytes_in, o.bytes_out, o.response_sha256,
       o.masked, o.findings, o.timings, o.completed, o.truncated,
       o.ts - i.ts AS duration, i.writer, i.sequence
FROM postern_audit.record AS i
LEFT JOIN postern_audit.record AS o
    ON o.id = i.id AND o.kind = 'outcome' AND o.ts >= i.ts - interval '1 hour' AND o.ts < i.ts + interval '2 days'
WHERE i.kind = 'intent';
COMMENT ON COLUMN postern_audit.calls.request_id IS 'nginx''s request id, which is the call''s id.';
