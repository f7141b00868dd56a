-- run as: administrator
-- The roles, the two schemas, and what every later file stands on.
--
-- Run by a superuser, or by a role with CREATEROLE that owns the database. No role gets a password here: sites use peer
-- or certificate authentication, or set passwords themselves.

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('postern_owner',    'NOLOGIN', 'Owns Postern''s schemas; migrations run as it.'),
            ('postern_worker',   'LOGIN',   'postern-worker: appends audit records, opens approvals, consumes grants.'),
            ('postern_auth',     'LOGIN',   'postern-auth: reads revocations, appends audit records.'),
            ('postern_console',  'LOGIN',   'postern-console: reads approvals and audit, decides for the persons it logs in.'),
            ('postern_auditor',  'LOGIN',   'Reads postern_audit and nothing else.'),
            ('postern_approver', 'NOLOGIN', 'Group of the roles that may decide approvals by SQL or posternctl.')
        ) AS v (name, login, purpose)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.login);
                EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.purpose);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of the cluster is being migrated at the same time
            END;
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'postern_owner', 'MEMBER') THEN
        EXECUTE format('GRANT postern_owner TO %I', current_user);
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO postern_owner', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

CREATE SCHEMA postern AUTHORIZATION postern_owner;
CREATE SCHEMA postern_audit AUTHORIZATION postern_owner;
COMMENT ON SCHEMA postern IS 'Approvals, revocations and migrations of Postern.';
COMMENT ON SCHEMA postern_audit IS 'What agents did through Postern: start with the view calls.';
GRANT USAGE ON SCHEMA postern TO postern_worker, postern_auth, postern_console, postern_approver;
GRANT USAGE ON SCHEMA postern_audit TO postern_worker, postern_auth, postern_console, postern_auditor;

CREATE TABLE postern.migration (
    number     integer     PRIMARY KEY CHECK (number > 0),
    name       text        NOT NULL UNIQUE,
    sha256     bytea       NOT NULL CHECK (octet_length(sha256) = 32),
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by name        NOT NULL DEFAULT session_user
);
ALTER TABLE postern.migration OWNER TO postern_owner;
COMMENT ON TABLE postern.migration IS 'The files of sql/ that were applied.';
COMMENT ON COLUMN postern.migration.number IS 'Number in the file''s name.';
COMMENT ON COLUMN postern.migration.name IS 'The file''s name.';
COMMENT ON COLUMN postern.migration.sha256 IS 'SHA-256 of the file; a file that changed afterwards is refused.';
COMMENT ON COLUMN postern.migration.applied_at IS 'When it was applied.';
COMMENT ON COLUMN postern.migration.applied_by IS 'Who applied it.';

-- A gateway that was taken over could block others through advisory locks, or fill the disk with large objects. Only a
-- superuser can take these rights from PUBLIC; managed databases go without.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RAISE NOTICE 'advisory locks and large objects stay open to PUBLIC: only a superuser can revoke them';
        RETURN;
    END IF;
    FOR routine IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
          AND (proname ~ '^pg_(try_)?advisory_' OR proname IN ('lo_create', 'lo_creat', 'lo_from_bytea', 'lo_put'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO postern_owner', routine);
    END LOOP;
END
$$;
