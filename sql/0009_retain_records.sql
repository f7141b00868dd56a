-- Retention: whole days leave the database after they were exported, and the chain says so.

-- Drops one day's records. What the chains were at the end of that day is recorded, so that what follows can still be
-- proven, and so is what the export must be.
CREATE FUNCTION postern_audit.drop_partition(p_partition text, p_rows bigint, p_file text, p_sha256 text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    rows  bigint;
    heads json;
BEGIN
    IF p_partition !~ '^record_[0-9]{8}$' OR to_date(right(p_partition, 8), 'YYYYMMDD') >= current_date - 1 THEN
        RAISE EXCEPTION '% is no day that has ended', p_partition USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('SELECT count(*) FROM postern_audit.%I', p_partition) INTO rows;
    IF rows <> p_rows THEN
        RAISE EXCEPTION '% has % records, the export %', p_partition, rows, p_rows USING ERRCODE = 'data_exception';
    END IF;
    EXECUTE format($query$
        SELECT coalesce(json_agg(json_build_object(
            'writer', writer, 'sequence', sequence, 'hash', encode(hash, 'hex'))), '[]')
        FROM (SELECT DISTINCT ON (writer) writer, sequence, hash FROM postern_audit.%I
              ORDER BY writer, sequence DESC) AS last $query$, p_partition) INTO heads;
    PERFORM postern_audit.append_event(
        'retention', format('%s records of %s left the database', rows, p_partition),
        json_build_object('partition', p_partition, 'rows', rows, 'file', p_file, 'sha256', p_sha256, 'heads', heads),
        'postgresql', session_user::text);
    EXECUTE format('DROP TABLE postern_audit.%I', p_partition);
END
$$;
COMMENT ON FUNCTION postern_audit.drop_partition(text, bigint, text, text) IS
    'Drops one day''s records after their export, and records what the chains were; for the owner alone.';
REVOKE EXECUTE ON FUNCTION postern_audit.drop_partition(text, bigint, text, text) FROM PUBLIC;
