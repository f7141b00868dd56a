-- The audit record: append-only, chained, partitioned by day.
--
-- One table for intents, outcomes and events, because one chain runs through all of them. The columns up to repeated, in
-- this order, are the canonical form that is hashed; a later version adds columns behind stored_at and raises format.

CREATE TABLE postern_audit.record (
    format          smallint    NOT NULL,
    writer          uuid        NOT NULL,
    sequence        bigint      NOT NULL,
    ts              timestamptz NOT NULL,
    kind            text        NOT NULL,
    id              uuid        NOT NULL,
    request_id      uuid,
    issuer          text,
    subject         text,
    groups          text[],
    role            text,
    session_id      text,
    session_name    text,
    query_id        text,
    app             text,
    traceparent     text,
    source_ip       text,
    user_agent      text,
    operation       text,
    actions         text[],
    access_level    text,
    risks           text[],
    resources       text[],
    region          text,
    account         text,
    parameters      json,
    body_sha256     bytea,
    decision        text,
    statement       text,
    policy_hash     bytea,
    explanation     text,
    approval_id     uuid,
    upstream_host   text,
    presigned       boolean,
    mask_profile    text,
    status          integer,
    error_code      text,
    aws_request_id  text,
    bytes_in        bigint,
    bytes_out       bigint,
    response_sha256 bytea,
    masked          integer,
    findings        json,
    timings         json,
    completed       boolean,
    truncated       boolean,
    event           text,
    message         text,
    detail          json,
    repeated        integer,
    hash            bytea       NOT NULL,
    stored_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (writer, sequence, ts),
    CHECK (format = 1),
    CHECK (sequence > 0),
    CHECK (kind IN ('intent', 'outcome', 'event')),
    CHECK ((kind = 'event') = (event IS NOT NULL)),
    CHECK (kind <> 'intent' OR num_nulls(operation, decision, issuer, subject) = 0),
    CHECK (octet_length(hash) = 32)
) PARTITION BY RANGE (ts);

-- For the questions of docs/audit.md; each index costs about 10 microseconds a row, so there are no others.
CREATE INDEX record_id ON postern_audit.record (id);
CREATE INDEX record_subject ON postern_audit.record (subject, ts) WHERE kind <> 'outcome';
CREATE INDEX record_operation ON postern_audit.record (operation, ts) WHERE kind <> 'outcome';
CREATE INDEX record_request ON postern_audit.record (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX record_query ON postern_audit.record (query_id, ts) WHERE query_id IS NOT NULL;
CREATE INDEX record_event ON postern_audit.record (event, ts) WHERE kind = 'event';
CREATE INDEX record_aws_request ON postern_audit.record (aws_request_id) WHERE aws_request_id IS NOT NULL;
CREATE INDEX record_ts ON postern_audit.record USING brin (ts);

COMMENT ON TABLE postern_audit.record IS
    'Every call (intent, outcome) and event, append-only; the views calls, denials, ... are made for reading.';
COMMENT ON COLUMN postern_audit.record.format IS 'Version of the canonical form (docs/audit.md); now 1.';
COMMENT ON COLUMN postern_audit.record.writer IS 'The chain: one process from its start to its end, or 0...01 for acts inside the database.';
COMMENT ON COLUMN postern_audit.record.sequence IS 'Position in the chain, from 1 without gaps.';
COMMENT ON COLUMN postern_audit.record.ts IS 'When the gateway made the record, by its clock.';
COMMENT ON COLUMN postern_audit.record.kind IS 'intent (a call about to be forwarded), outcome (what came of it) or event (anything else).';
COMMENT ON COLUMN postern_audit.record.id IS 'Id of the call or event (UUIDv7); an outcome carries its intent''s.';
COMMENT ON COLUMN postern_audit.record.request_id IS 'nginx''s request id.';
COMMENT ON COLUMN postern_audit.record.issuer IS 'Who asked: issuer of the token.';
COMMENT ON COLUMN postern_audit.record.subject IS 'Who asked: subject within the issuer.';
COMMENT ON COLUMN postern_audit.record.groups IS 'Groups of the subject, by its token.';
COMMENT ON COLUMN postern_audit.record.role IS 'ARN of the role that the session was made for.';
COMMENT ON COLUMN postern_audit.record.session_id IS 'Id of the gateway session; what posternctl sessions revoke takes.';
COMMENT ON COLUMN postern_audit.record.session_name IS 'The role session name that the agent chose.';
COMMENT ON COLUMN postern_audit.record.query_id IS 'Which model query the call belongs to.';
COMMENT ON COLUMN postern_audit.record.app IS 'App id from the user agent.';
COMMENT ON COLUMN postern_audit.record.traceparent IS 'W3C trace context of the agent.';
COMMENT ON COLUMN postern_audit.record.source_ip IS 'Address that nginx saw.';
COMMENT ON COLUMN postern_audit.record.user_agent IS 'User agent, as sent.';
COMMENT ON COLUMN postern_audit.record.operation IS 'service.Operation, as in ssm.GetParameter.';
COMMENT ON COLUMN postern_audit.record.actions IS 'IAM actions that the call needs.';
COMMENT ON COLUMN postern_audit.record.access_level IS 'Highest access level of the actions: List, Read, Tagging, Write or Permissions management.';
COMMENT ON COLUMN postern_audit.record.risks IS 'Risks that were found in the call.';
COMMENT ON COLUMN postern_audit.record.resources IS 'ARNs that the call touches; * where that cannot be told.';
COMMENT ON COLUMN postern_audit.record.region IS 'AWS region of the call.';
COMMENT ON COLUMN postern_audit.record.account IS 'AWS account of the call.';
COMMENT ON COLUMN postern_audit.record.parameters IS 'Parameters of the call, masked and bounded.';
COMMENT ON COLUMN postern_audit.record.body_sha256 IS 'SHA-256 of the request body as received.';
COMMENT ON COLUMN postern_audit.record.decision IS 'allow, approved, deny or require_approval.';
COMMENT ON COLUMN postern_audit.record.statement IS 'The policy statement that decided: Sid and file:line.';
COMMENT ON COLUMN postern_audit.record.policy_hash IS 'SHA-256 of the policy that decided.';
COMMENT ON COLUMN postern_audit.record.explanation IS 'Why, in words.';
COMMENT ON COLUMN postern_audit.record.approval_id IS 'The approval that allowed the call, or that it waits for.';
COMMENT ON COLUMN postern_audit.record.upstream_host IS 'Host that the call was sent to.';
COMMENT ON COLUMN postern_audit.record.presigned IS 'Whether the credential was in the query string.';
COMMENT ON COLUMN postern_audit.record.mask_profile IS 'Masking profile that applied.';
COMMENT ON COLUMN postern_audit.record.status IS 'HTTP status that the agent got.';
COMMENT ON COLUMN postern_audit.record.error_code IS 'AWS error code or Postern''s own cause.';
COMMENT ON COLUMN postern_audit.record.aws_request_id IS 'AWS''s request id: joins with CloudTrail''s requestID.';
COMMENT ON COLUMN postern_audit.record.bytes_in IS 'Bytes of the request body that were sent upstream.';
COMMENT ON COLUMN postern_audit.record.bytes_out IS 'Bytes of the response body that the agent got.';
COMMENT ON COLUMN postern_audit.record.response_sha256 IS 'SHA-256 of the response body that the agent got.';
COMMENT ON COLUMN postern_audit.record.masked IS 'How many secrets were masked in the answer.';
COMMENT ON COLUMN postern_audit.record.findings IS 'Masked secrets by type: {"aws-secret-access-key": 1}.';
COMMENT ON COLUMN postern_audit.record.timings IS 'Microseconds by stage: {"decide": 12, "upstream": 43210}.';
COMMENT ON COLUMN postern_audit.record.completed IS 'Whether the answer reached the agent whole.';
COMMENT ON COLUMN postern_audit.record.truncated IS 'Whether the upstream answer broke off.';
COMMENT ON COLUMN postern_audit.record.event IS 'What happened, for kind event: denied, authentication_failed, approval_decided, ...';
COMMENT ON COLUMN postern_audit.record.message IS 'The event in words.';
COMMENT ON COLUMN postern_audit.record.detail IS 'The event''s particulars.';
COMMENT ON COLUMN postern_audit.record.repeated IS 'How many like events this row stands for.';
COMMENT ON COLUMN postern_audit.record.hash IS
    'SHA-256 over the previous record''s hash and this record''s canonical form.';
COMMENT ON COLUMN postern_audit.record.stored_at IS
    'When it was stored, by the database''s clock; not part of the chain.';

CREATE FUNCTION postern_audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION postern_audit.refuse_change() IS 'Trigger that refuses UPDATE, DELETE and TRUNCATE.';

-- Makes the partitions of yesterday, today and the next days, and returns how many were missing.
--
-- A new table is attached, not created in place: that locks out neither readers nor writers. Statement triggers of the
-- parent do not fire for a partition that is named directly, so each partition gets its own.
CREATE FUNCTION postern_audit.make_partitions(days_ahead integer DEFAULT 7) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    day  date;
    name text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7290002);
    FOR day IN
        SELECT current_date + offset_days
        FROM generate_series(-1, least(greatest(days_ahead, 1), 60)) AS offset_days
    LOOP
        name := 'record_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('postern_audit.' || name) IS NOT NULL;
        EXECUTE format('CREATE TABLE postern_audit.%I (LIKE postern_audit.record INCLUDING ALL)', name);
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postern_audit.%I
             FOR EACH STATEMENT EXECUTE FUNCTION postern_audit.refuse_change()', name);
        EXECUTE format('ALTER TABLE postern_audit.%I ENABLE ALWAYS TRIGGER append_only', name);
        EXECUTE format('COMMENT ON TABLE postern_audit.%I IS %L', name, 'Audit records of ' || day || ' (UTC).');
        EXECUTE format(
            'ALTER TABLE postern_audit.record ATTACH PARTITION postern_audit.%I FOR VALUES FROM (%L) TO (%L)',
            name, day::timestamptz, (day + 1)::timestamptz);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION postern_audit.make_partitions(integer) IS
    'Makes the missing daily partitions up to so many days ahead; the gateway calls it hourly.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postern_audit.record
    FOR EACH STATEMENT EXECUTE FUNCTION postern_audit.refuse_change();
ALTER TABLE postern_audit.record ENABLE ALWAYS TRIGGER append_only;

-- Signatures over the chains, so that a truncated tail is noticed.
CREATE TABLE postern_audit.checkpoint (
    writer     uuid        NOT NULL,
    sequence   bigint      NOT NULL CHECK (sequence >= 0),
    ts         timestamptz NOT NULL,
    hash       bytea       NOT NULL CHECK (octet_length(hash) = 32),
    key_id     bytea       NOT NULL CHECK (octet_length(key_id) = 8),
    signature  bytea       NOT NULL CHECK (octet_length(signature) = 64),
    stored_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (writer, ts)
);
COMMENT ON TABLE postern_audit.checkpoint IS 'Ed25519 signatures over the heads of the chains, every minute.';
COMMENT ON COLUMN postern_audit.checkpoint.writer IS 'The chain.';
COMMENT ON COLUMN postern_audit.checkpoint.sequence IS 'Number of records in the chain at that time.';
COMMENT ON COLUMN postern_audit.checkpoint.ts IS 'When it was signed.';
COMMENT ON COLUMN postern_audit.checkpoint.hash IS 'Hash of the chain''s last record at that time.';
COMMENT ON COLUMN postern_audit.checkpoint.key_id IS 'First eight bytes of the SHA-256 of the raw public key.';
COMMENT ON COLUMN postern_audit.checkpoint.signature IS 'Ed25519 over the text described in docs/audit.md.';
COMMENT ON COLUMN postern_audit.checkpoint.stored_at IS 'When it was stored, by the database''s clock.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postern_audit.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION postern_audit.refuse_change();
ALTER TABLE postern_audit.checkpoint ENABLE ALWAYS TRIGGER append_only;

-- Append-only: no stored_at, no SELECT, no ownership.
GRANT INSERT (
    format, writer, sequence, ts, kind, id, request_id, issuer, subject, groups, role, session_id, session_name,
    query_id, app, traceparent, source_ip, user_agent, operation, actions, access_level, risks, resources, region,
    account, parameters, body_sha256, decision, statement, policy_hash, explanation, approval_id, upstream_host,
    presigned, mask_profile, status, error_code, aws_request_id, bytes_in, bytes_out, response_sha256, masked,
    findings, timings, completed, truncated, event, message, detail, repeated, hash
) ON postern_audit.record TO postern_worker, postern_auth;
GRANT INSERT (writer, sequence, ts, hash, key_id, signature)
    ON postern_audit.checkpoint TO postern_worker, postern_auth;
REVOKE EXECUTE ON FUNCTION postern_audit.make_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION postern_audit.make_partitions(integer) TO postern_worker, postern_auth;
GRANT SELECT ON postern_audit.record, postern_audit.checkpoint TO postern_auditor, postern_console;

SELECT postern_audit.make_partitions();
