-- Pause and resume of a stream, on the command line and as mutations: one function for both. A paused stream gets no new
-- runs and starts none of its due ones; they wait. False: there is no such stream.
ALTER TABLE hub.stream ADD COLUMN paused_at timestamptz;
ALTER TABLE hub.stream ADD COLUMN paused_by text;
CREATE FUNCTION hub.pause_stream(in_department text, in_stream text, pause boolean, changed_by text) RETURNS boolean LANGUAGE sql SET search_path = pg_catalog AS $$
  WITH changed AS (
    UPDATE hub.stream SET paused = pause, paused_at = CASE WHEN pause THEN coalesce(paused_at, now()) END, paused_by = CASE WHEN pause THEN coalesce(paused_by, changed_by) END
    WHERE department = in_department AND stream = in_stream RETURNING 1)
  SELECT count(*) > 0 FROM changed
$$;
REVOKE ALL ON FUNCTION hub.pause_stream(text, text, boolean, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.pause_stream(text, text, boolean, text) TO yiwang_writer;
GRANT SELECT (department, stream, paused, paused_at, paused_by), UPDATE (paused, paused_at, paused_by) ON hub.stream TO yiwang_writer;
-- The tables' owner, as whom jobs run, is not bound by this; whoever writes for a caller is.
ALTER TABLE hub.stream ENABLE ROW LEVEL SECURITY;
CREATE POLICY operators ON hub.stream TO yiwang_writer USING (hub.viewer('kind') = 'OPERATOR') WITH CHECK (hub.viewer('kind') = 'OPERATOR');

DROP VIEW hub.stream_report;
CREATE VIEW hub.stream_report WITH (security_barrier) AS
  SELECT s.department, s.stream, s.fresh_through, s.stale_reason, s.paused, s.paused_at, s.totals, s.drift, h.live, h.deleted,
    coalesce((SELECT jsonb_object_agg(x.kind, x.n) FROM (
      SELECT e.key AS kind, sum(e.value::bigint) AS n FROM hub.record_head l, jsonb_each_text(l.repaired) e
      WHERE l.department = s.department AND l.stream = s.stream AND l.state = 'LIVE' GROUP BY e.key) x), '{}') AS repaired,
    coalesce((SELECT jsonb_object_agg(x.kind, x.n) FROM (
      SELECT e.key AS kind, sum(e.value::bigint) AS n FROM hub.record_head l, jsonb_each_text(l.quarantined_values) e
      WHERE l.department = s.department AND l.stream = s.stream AND l.state = 'LIVE' GROUP BY e.key) x), '{}') AS quarantined_values
  FROM hub.stream s
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'LIVE') AS live, count(*) FILTER (WHERE state = 'TOMBSTONE') AS deleted
    FROM hub.record_head l WHERE l.department = s.department AND l.stream = s.stream) h
  WHERE hub.viewer('kind') = 'OPERATOR';
GRANT SELECT ON hub.stream_report TO yiwang_reader;
