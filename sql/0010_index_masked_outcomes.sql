-- secrets_masked from the few outcomes that have any, not from every call: a day of 100,000 calls took seconds.

CREATE INDEX record_masked ON postern_audit.record (ts) WHERE masked > 0;

CREATE OR REPLACE VIEW postern_audit.secrets_masked AS
SELECT o.id, o.ts, i.subject, i.query_id, i.operation, i.resources, f.key AS type, f.value::integer AS count
FROM postern_audit.record AS o
JOIN postern_audit.record AS i
    ON i.id = o.id AND i.kind = 'intent' AND i.ts > o.ts - interval '2 days' AND i.ts <= o.ts + interval '1 hour'
CROSS JOIN LATERAL json_each_text(o.findings) AS f
WHERE o.kind = 'outcome' AND o.masked > 0;
COMMENT ON COLUMN postern_audit.secrets_masked.ts IS 'When the answer had been masked.';
