-- The roles that the processes use and the database that they share. Safe to run again.
SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY['postern_owner', 'postern_worker', 'postern_auth', 'postern_console', 'postern_auditor',
                  'postern_approver']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec
ALTER ROLE postern_owner CREATEROLE;
SELECT 'CREATE DATABASE postern OWNER postern_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'postern')
\gexec
REVOKE ALL ON DATABASE postern FROM PUBLIC;
GRANT CONNECT ON DATABASE postern TO postern_worker, postern_auth, postern_console, postern_auditor, postern_approver;
