-- The object that these bytes are the JSON of, or null: PostgreSQL 15 has no `IS JSON` yet.
CREATE FUNCTION hub.json_object(bytes bytea) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog AS $$
DECLARE
  value json := NULL;
BEGIN
  value := convert_from(bytes, 'UTF8')::json;
  RETURN CASE WHEN json_typeof(value) = 'object' THEN value END;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END
$$;

-- What `accessAnomalies` counts: how members of staff used the hub between two instants, by caller (a pseudonym), purpose and
-- hour in Shanghai, for auditors and nobody else. Who signed in as a resident has no organisation and is not counted. An
-- entry whose bytes somebody changed is left to verification, which names it.
CREATE FUNCTION hub.access_use("from" timestamptz, before timestamptz)
RETURNS TABLE (viewer text, org text, department text, tier text, purpose text, hour timestamp, operations bigint, records bigint, emergencies bigint, first_index bigint, last_index bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT e.viewer, e.org, e.department, e.told->>'tier', e.purpose, date_trunc('hour', e.at AT TIME ZONE 'Asia/Shanghai'),
    count(*), sum((e.told->>'recordCount')::bigint)::bigint, count(*) FILTER (WHERE e.told->>'breakGlass' IS NOT NULL), min(e.index), max(e.index)
  FROM (
    SELECT a.viewer, a.org, a.department, a.purpose, a.at, a.index, hub.json_object(a.bytes) AS told
    FROM audit.entry a
    WHERE hub.viewer('kind') = 'AUDITOR' AND a.at >= "from" AND a.at < before AND a.decision = 'ALLOWED' AND a.viewer IS NOT NULL AND a.org IS NOT NULL
  ) e
  WHERE (e.told->>'recordCount')::bigint > 0
  GROUP BY 1, 2, 3, 4, 5, 6
$$;

-- How many different subjects a caller met for one purpose. A subject's tag changes with the month, so that a window over
-- the end of one counts twice whoever was met on both sides of it.
CREATE FUNCTION hub.access_subjects("from" timestamptz, before timestamptz)
RETURNS TABLE (viewer text, org text, purpose text, subjects bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT a.viewer, a.org, a.purpose, count(DISTINCT s.tag)
  FROM audit.entry a JOIN audit.subject s ON s.entry_index = a.index
  WHERE hub.viewer('kind') = 'AUDITOR' AND a.at >= "from" AND a.at < before AND a.decision = 'ALLOWED' AND a.viewer IS NOT NULL AND a.org IS NOT NULL
  GROUP BY 1, 2, 3
$$;

REVOKE EXECUTE ON FUNCTION hub.json_object(bytea), hub.access_use(timestamptz, timestamptz), hub.access_subjects(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.access_use(timestamptz, timestamptz), hub.access_subjects(timestamptz, timestamptz) TO yiwang_reader;
