-- Sessions of the approvers' pages: the browser holds a random token, the database its hash and whom it stands for.

CREATE TABLE postern.console_session (
    token_hash       bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    issuer           text        NOT NULL,
    subject          text        NOT NULL,
    groups           text[]      NOT NULL,
    claims           json        NOT NULL,
    name             text        NOT NULL,
    authenticated_at timestamptz NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at       timestamptz NOT NULL,
    ended_at         timestamptz,
    CHECK (expires_at <= created_at + interval '8 hours')
);
CREATE INDEX console_session_expiry ON postern.console_session (expires_at);
COMMENT ON TABLE postern.console_session IS 'Who is logged in to the approvers'' pages.';
COMMENT ON COLUMN postern.console_session.token_hash IS 'SHA-256 of the cookie''s random token, which is nowhere stored.';
COMMENT ON COLUMN postern.console_session.issuer IS 'Who vouches for the person.';
COMMENT ON COLUMN postern.console_session.subject IS 'The person within the issuer.';
COMMENT ON COLUMN postern.console_session.groups IS 'Groups by the ID token.';
COMMENT ON COLUMN postern.console_session.claims IS 'Claims of the ID token that a policy may ask for, each a list.';
COMMENT ON COLUMN postern.console_session.name IS 'How the pages call the person; it authorises nothing.';
COMMENT ON COLUMN postern.console_session.authenticated_at IS 'When the person proved who he is.';
COMMENT ON COLUMN postern.console_session.created_at IS 'When the session began.';
COMMENT ON COLUMN postern.console_session.expires_at IS 'When it ends by itself.';
COMMENT ON COLUMN postern.console_session.ended_at IS 'When it was ended by logging out.';

-- Begins a session and records it; forgets those that have been over for a day.
CREATE FUNCTION postern.begin_console_session(
    p_token_hash bytea, p_issuer text, p_subject text, p_groups text[], p_claims json, p_name text,
    p_authenticated_at timestamptz, p_lasts interval, p_source_ip text
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    began timestamptz := clock_timestamp();
BEGIN
    DELETE FROM postern.console_session WHERE expires_at < began - interval '1 day';
    INSERT INTO postern.console_session (
        token_hash, issuer, subject, groups, claims, name, authenticated_at, created_at, expires_at
    ) VALUES (
        p_token_hash, p_issuer, p_subject, p_groups, p_claims, p_name, p_authenticated_at, began,
        began + least(p_lasts, interval '8 hours')
    );
    PERFORM postern_audit.append_event(
        'console_login', p_subject || ' logged in to the approvers'' pages', json_build_object('groups', p_groups),
        p_issuer, p_subject, NULL, p_source_ip);
END
$$;
COMMENT ON FUNCTION postern.begin_console_session IS 'Begins a session of the approvers'' pages and records that.';

-- Ends a session; false where it was over.
CREATE FUNCTION postern.end_console_session(p_token_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended postern.console_session;
BEGIN
    UPDATE postern.console_session SET ended_at = clock_timestamp()
    WHERE token_hash = p_token_hash AND ended_at IS NULL AND expires_at > clock_timestamp()
    RETURNING * INTO ended;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM postern_audit.append_event(
        'console_logout', ended.subject || ' logged out of the approvers'' pages', NULL, ended.issuer, ended.subject);
    RETURN true;
END
$$;
COMMENT ON FUNCTION postern.end_console_session IS 'Ends a session of the approvers'' pages; false where it was over.';

-- A session that still holds: neither over nor revoked, by postern.revoke of its person or of everybody.
CREATE VIEW postern.live_console_session AS
SELECT s.token_hash, s.issuer, s.subject, s.groups, s.claims, s.name, s.authenticated_at, s.created_at, s.expires_at
FROM postern.console_session AS s
WHERE s.ended_at IS NULL
  AND s.expires_at > clock_timestamp()
  AND NOT EXISTS (
      SELECT FROM postern.revocation AS r
      WHERE r.revoked_at >= s.created_at
        AND (r.kind = 'all'
          OR (r.kind = 'principal' AND r.value IN (s.issuer || '#' || s.subject, s.issuer || ' ' || s.subject))));
COMMENT ON VIEW postern.live_console_session IS 'Sessions of the approvers'' pages that hold.';
COMMENT ON COLUMN postern.live_console_session.token_hash IS 'SHA-256 of the cookie''s random token.';
COMMENT ON COLUMN postern.live_console_session.issuer IS 'Who vouches for the person.';
COMMENT ON COLUMN postern.live_console_session.subject IS 'The person within the issuer.';
COMMENT ON COLUMN postern.live_console_session.groups IS 'Groups by the ID token.';
COMMENT ON COLUMN postern.live_console_session.claims IS 'Claims of the ID token, each a list.';
COMMENT ON COLUMN postern.live_console_session.name IS 'How the pages call the person.';
COMMENT ON COLUMN postern.live_console_session.authenticated_at IS 'When the person proved who he is.';
COMMENT ON COLUMN postern.live_console_session.created_at IS 'When the session began.';
COMMENT ON COLUMN postern.live_console_session.expires_at IS 'When it ends by itself.';

REVOKE EXECUTE ON FUNCTION
    postern.begin_console_session(bytea, text, text, text[], json, text, timestamptz, interval, text),
    postern.end_console_session(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    postern.begin_console_session(bytea, text, text, text[], json, text, timestamptz, interval, text),
    postern.end_console_session(bytea) TO postern_console;
GRANT SELECT ON postern.live_console_session TO postern_console;
