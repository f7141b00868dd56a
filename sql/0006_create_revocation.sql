-- Revocations: sessions are sealed tokens, so ending one early is a row that every process reads.

CREATE TABLE postern.revocation (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('session', 'principal', 'role', 'all')),
    value      text        NOT NULL CHECK (kind = 'all' OR value <> ''),
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_by text        NOT NULL,
    reason     text        NOT NULL
);
COMMENT ON TABLE postern.revocation IS 'Sessions made before revoked_at that match are refused.';
COMMENT ON COLUMN postern.revocation.id IS 'Order.';
COMMENT ON COLUMN postern.revocation.kind IS 'session, principal, role or all.';
COMMENT ON COLUMN postern.revocation.value IS 'Session id, ISSUER#SUBJECT, or role ARN; nothing for all.';
COMMENT ON COLUMN postern.revocation.revoked_at IS 'Sessions made after that are good again.';
COMMENT ON COLUMN postern.revocation.revoked_by IS 'Who.';
COMMENT ON COLUMN postern.revocation.reason IS 'Why.';
GRANT SELECT ON postern.revocation TO postern_auth, postern_worker, postern_console;

-- Revokes, records who did, and tells every process.
CREATE FUNCTION postern.revoke(kind text, value text, reason text, actor text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    new_id bigint;
    who    text := session_user || coalesce(' (' || revoke.actor || ')', '');
BEGIN
    INSERT INTO postern.revocation (kind, value, revoked_by, reason)
    VALUES (revoke.kind, revoke.value, who, revoke.reason)
    RETURNING id INTO new_id;
    PERFORM postern_audit.append_event(
        'session_revoked', format('%s %s revoked by %s', revoke.kind, revoke.value, who),
        json_build_object('kind', revoke.kind, 'value', revoke.value, 'reason', revoke.reason),
        'postgresql', session_user::text);
    PERFORM pg_notify('postern_revocation', new_id::text);
    RETURN new_id;
END
$$;
COMMENT ON FUNCTION postern.revoke(text, text, text, text) IS
    'Ends sessions early: of one id, one principal (ISSUER#SUBJECT), one role, or all.';
REVOKE EXECUTE ON FUNCTION postern.revoke(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION postern.revoke(text, text, text, text) TO postern_console;
