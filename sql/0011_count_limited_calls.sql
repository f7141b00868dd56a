-- Counts of the calls that a policy bounds, shared by all processes of a site.
--
-- Unlogged: a count is worth nothing after a crash, and needs no flush. Rows are few (one a limit and subject) and short
-- lived; the free half of each page keeps updates inside it.
CREATE UNLOGGED TABLE postern.call_count (
    key        text             PRIMARY KEY CHECK (length(key) = 64),
    started    double precision NOT NULL,
    current    integer          NOT NULL CHECK (current >= 0),
    previous   integer          NOT NULL CHECK (previous >= 0),
    idle_from  double precision NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE postern.call_count IS 'Calls counted against the limits of the policy; empty after a crash or a failover.';
COMMENT ON COLUMN postern.call_count.key IS 'SHA-256 of the limit and of the principal, session or role.';
COMMENT ON COLUMN postern.call_count.started IS 'When the running period began, in seconds since 1970.';
COMMENT ON COLUMN postern.call_count.current IS 'Calls of the running period.';
COMMENT ON COLUMN postern.call_count.previous IS 'Calls of the period before, which fade out over the running one.';
COMMENT ON COLUMN postern.call_count.idle_from IS 'From when on nothing of the row counts, in seconds since 1970.';

-- Counts one call against all of its limits, or against none: 0, or the seconds after which there will be room.
--
-- The rows are locked in the order of their keys, so that two calls never wait for each other; the clock is read when all
-- are locked, and is the database's alone. The window is the same as RateWindow's (Sources/Policy).
CREATE FUNCTION postern.count_call(keys text[], calls integer[], periods integer[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET synchronous_commit = off AS $$
DECLARE
    now_s  double precision;
    entry  record;
    row_   postern.call_count;
    share  double precision;
    used   double precision;
    fading double precision;
    wait   integer := 0;
BEGIN
    IF coalesce(array_length(keys, 1), 0) NOT BETWEEN 1 AND 64
       OR array_length(calls, 1) IS DISTINCT FROM array_length(keys, 1)
       OR array_length(periods, 1) IS DISTINCT FROM array_length(keys, 1) THEN
        RAISE EXCEPTION 'one to 64 keys, each with calls and a period' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR entry IN SELECT DISTINCT k FROM unnest(keys) AS k ORDER BY k LOOP
        INSERT INTO postern.call_count AS c (key, started, current, previous, idle_from)
        VALUES (entry.k, extract(epoch FROM clock_timestamp()), 0, 0, 0)
        ON CONFLICT (key) DO UPDATE SET current = c.current;
    END LOOP;
    now_s := extract(epoch FROM clock_timestamp());
    FOR entry IN
        SELECT k, min(greatest(1, n)) AS n, max(greatest(1, p)) AS p
        FROM unnest(keys, calls, periods) AS limits (k, n, p) GROUP BY k ORDER BY k
    LOOP
        SELECT * INTO row_ FROM postern.call_count WHERE key = entry.k;
        IF now_s - row_.started >= entry.p THEN
            row_.previous := CASE WHEN now_s - row_.started < 2 * entry.p THEN row_.current ELSE 0 END;
            row_.current := 0;
            row_.started := now_s - (now_s - row_.started - entry.p * floor((now_s - row_.started) / entry.p));
        END IF;
        share := least(1, greatest(0, 1 - (now_s - row_.started) / entry.p));
        used := row_.previous * share + row_.current;
        IF used >= entry.n THEN
            -- Room comes when enough of the old count has faded, or when the period turns.
            fading := CASE WHEN row_.previous > 0 AND row_.current < entry.n
                           THEN (used - entry.n) / row_.previous * entry.p
                           ELSE row_.started + entry.p - now_s END;
            wait := greatest(wait, 1, ceil(least(fading, entry.p))::integer);
        END IF;
        UPDATE postern.call_count
        SET started = row_.started, current = row_.current, previous = row_.previous, idle_from = row_.started + 2 * entry.p
        WHERE key = entry.k;
    END LOOP;
    IF wait = 0 THEN
        UPDATE postern.call_count AS c SET current = c.current + 1 WHERE c.key = ANY (keys);
    END IF;
    IF random() < 0.01 THEN
        DELETE FROM postern.call_count WHERE key IN (
            SELECT c.key FROM postern.call_count AS c WHERE c.idle_from < now_s AND c.key <> ALL (keys)
            LIMIT 200 FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN wait;
END
$$;
COMMENT ON FUNCTION postern.count_call(text[], integer[], integer[]) IS
    'Counts a call against its limits; 0, or in how many seconds there will be room.';
REVOKE EXECUTE ON FUNCTION postern.count_call(text[], integer[], integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION postern.count_call(text[], integer[], integer[]) TO postern_worker;
