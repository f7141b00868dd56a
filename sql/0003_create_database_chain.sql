-- The canonical form inside the database, and the chain of what happens there: decisions, revocations, retention.

CREATE FUNCTION postern_audit.field(value bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value IS NULL THEN '\xffffffff'::bytea ELSE int4send(octet_length(value)) || value END;
COMMENT ON FUNCTION postern_audit.field(bytea) IS
    'One field of the canonical form: its length in four bytes, then its bytes.';

CREATE FUNCTION postern_audit.canonical(r postern_audit.record) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN
    postern_audit.field(int2send((r).format)) ||
    postern_audit.field(uuid_send((r).writer)) ||
    postern_audit.field(int8send((r).sequence)) ||
    postern_audit.field(timestamptz_send((r).ts)) ||
    postern_audit.field(convert_to((r).kind, 'UTF8')) ||
    postern_audit.field(uuid_send((r).id)) ||
    postern_audit.field(uuid_send((r).request_id)) ||
    postern_audit.field(convert_to((r).issuer, 'UTF8')) ||
    postern_audit.field(convert_to((r).subject, 'UTF8')) ||
    postern_audit.field(array_send((r).groups)) ||
    postern_audit.field(convert_to((r).role, 'UTF8')) ||
    postern_audit.field(convert_to((r).session_id, 'UTF8')) ||
    postern_audit.field(convert_to((r).session_name, 'UTF8')) ||
    postern_audit.field(convert_to((r).query_id, 'UTF8')) ||
    postern_audit.field(convert_to((r).app, 'UTF8')) ||
    postern_audit.field(convert_to((r).traceparent, 'UTF8')) ||
    postern_audit.field(convert_to((r).source_ip, 'UTF8')) ||
    postern_audit.field(convert_to((r).user_agent, 'UTF8')) ||
    postern_audit.field(convert_to((r).operation, 'UTF8')) ||
    postern_audit.field(array_send((r).actions)) ||
    postern_audit.field(convert_to((r).access_level, 'UTF8')) ||
    postern_audit.field(array_send((r).risks)) ||
    postern_audit.field(array_send((r).resources)) ||
    postern_audit.field(convert_to((r).region, 'UTF8')) ||
    postern_audit.field(convert_to((r).account, 'UTF8')) ||
    postern_audit.field(convert_to((r).parameters::text, 'UTF8')) ||
    postern_audit.field((r).body_sha256) ||
    postern_audit.field(convert_to((r).decision, 'UTF8')) ||
    postern_audit.field(convert_to((r).statement, 'UTF8')) ||
    postern_audit.field((r).policy_hash) ||
    postern_audit.field(convert_to((r).explanation, 'UTF8')) ||
    postern_audit.field(uuid_send((r).approval_id)) ||
    postern_audit.field(convert_to((r).upstream_host, 'UTF8')) ||
    postern_audit.field(boolsend((r).presigned)) ||
    postern_audit.field(convert_to((r).mask_profile, 'UTF8')) ||
    postern_audit.field(int4send((r).status)) ||
    postern_audit.field(convert_to((r).error_code, 'UTF8')) ||
    postern_audit.field(convert_to((r).aws_request_id, 'UTF8')) ||
    postern_audit.field(int8send((r).bytes_in)) ||
    postern_audit.field(int8send((r).bytes_out)) ||
    postern_audit.field((r).response_sha256) ||
    postern_audit.field(int4send((r).masked)) ||
    postern_audit.field(convert_to((r).findings::text, 'UTF8')) ||
    postern_audit.field(convert_to((r).timings::text, 'UTF8')) ||
    postern_audit.field(boolsend((r).completed)) ||
    postern_audit.field(boolsend((r).truncated)) ||
    postern_audit.field(convert_to((r).event, 'UTF8')) ||
    postern_audit.field(convert_to((r).message, 'UTF8')) ||
    postern_audit.field(convert_to((r).detail::text, 'UTF8')) ||
    postern_audit.field(int4send((r).repeated));
COMMENT ON FUNCTION postern_audit.canonical(postern_audit.record) IS
    'The bytes of a record that are hashed (docs/audit.md); needs client_encoding UTF8.';

CREATE FUNCTION postern_audit.genesis(writer uuid) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(convert_to('postern audit chain 1', 'UTF8') || uuid_send(writer));
COMMENT ON FUNCTION postern_audit.genesis(uuid) IS 'What stands for the previous hash in a chain''s first record.';

CREATE FUNCTION postern.uuid7() RETURNS uuid LANGUAGE sql VOLATILE
RETURN encode(
    set_byte(
        substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
            || substring(uuid_send(gen_random_uuid()) FROM 7),
        6, 112 + (extract(microseconds FROM clock_timestamp())::integer & 15)),
    'hex')::uuid;
COMMENT ON FUNCTION postern.uuid7() IS 'A UUID of version 7 (RFC 9562): ordered by time.';

CREATE TABLE postern_audit.database_chain (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sequence bigint  NOT NULL,
    hash     bytea   NOT NULL
);
COMMENT ON TABLE postern_audit.database_chain IS 'Head of the chain 0...01, locked while a record is appended to it.';
COMMENT ON COLUMN postern_audit.database_chain.only_row IS 'Keeps the table at one row.';
COMMENT ON COLUMN postern_audit.database_chain.sequence IS 'Number of records in the chain.';
COMMENT ON COLUMN postern_audit.database_chain.hash IS 'Hash of its last record.';
INSERT INTO postern_audit.database_chain (sequence, hash)
VALUES (0, postern_audit.genesis('00000000-0000-0000-0000-000000000001'));

-- Appends an event to the database's own chain, in the caller's transaction, and returns its id.
CREATE FUNCTION postern_audit.append_event(
    event       text,
    message     text,
    detail      json DEFAULT NULL,
    issuer      text DEFAULT NULL,
    subject     text DEFAULT NULL,
    approval_id uuid DEFAULT NULL,
    source_ip   text DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head postern_audit.database_chain;
    r    postern_audit.record;
BEGIN
    SELECT * INTO STRICT head FROM postern_audit.database_chain FOR UPDATE;
    IF to_regclass('postern_audit.record_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NULL THEN
        PERFORM postern_audit.make_partitions(7);
    END IF;
    r.format := 1;
    r.writer := '00000000-0000-0000-0000-000000000001';
    r.sequence := head.sequence + 1;
    r.ts := clock_timestamp();
    r.kind := 'event';
    r.id := postern.uuid7();
    r.event := append_event.event;
    r.message := append_event.message;
    r.detail := append_event.detail;
    r.issuer := append_event.issuer;
    r.subject := append_event.subject;
    r.approval_id := append_event.approval_id;
    r.source_ip := append_event.source_ip;
    r.hash := sha256(head.hash || postern_audit.canonical(r));
    r.stored_at := clock_timestamp();
    INSERT INTO postern_audit.record SELECT r.*;
    UPDATE postern_audit.database_chain SET sequence = r.sequence, hash = r.hash;
    RETURN r.id;
END
$$;
COMMENT ON FUNCTION postern_audit.append_event(text, text, json, text, text, uuid, text) IS
    'Appends an event to the database''s own chain, in the caller''s transaction.';
REVOKE EXECUTE ON FUNCTION postern_audit.append_event(text, text, json, text, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION postern_audit.append_event(text, text, json, text, text, uuid, text) TO postern_console;
GRANT SELECT ON postern_audit.database_chain TO postern_auditor;
