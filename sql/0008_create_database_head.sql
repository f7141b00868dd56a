-- The head of the database's own chain, so that the gateways' checkpoints sign it too.

CREATE FUNCTION postern_audit.database_head(OUT sequence bigint, OUT hash bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT c.sequence, c.hash FROM postern_audit.database_chain AS c $$;
COMMENT ON FUNCTION postern_audit.database_head() IS 'Head of the chain 0...01, for the gateways to sign.';
REVOKE EXECUTE ON FUNCTION postern_audit.database_head() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION postern_audit.database_head() TO postern_worker, postern_auth;
