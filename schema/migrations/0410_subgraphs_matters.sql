-- Which matter a number leads to: its own, or the last of its successors. A retired matter has no record and so no row that a
-- reader may see; the function tells a key only, and the rows under that key decide what is shown.
CREATE FUNCTION hub.matter_successor(number text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH RECURSIVE chain AS (
    SELECT matter_key, merged_into, 0 AS step FROM hub.matter WHERE matter_no = number
    UNION ALL
    SELECT m.matter_key, m.merged_into, c.step + 1 FROM chain c JOIN hub.matter m ON m.matter_key = c.merged_into WHERE c.step < 50
  )
  SELECT matter_key FROM chain WHERE merged_into IS NULL LIMIT 1
$$;
REVOKE ALL ON FUNCTION hub.matter_successor(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.matter_successor(text) TO yiwang_reader;

-- What `status` counts of a stream: totals kept page by page, and what the newest version of each record says of itself.
DROP VIEW hub.stream_report;
CREATE VIEW hub.stream_report WITH (security_barrier) AS
  SELECT s.department, s.stream, s.fresh_through, s.stale_reason, s.paused, s.totals, s.drift, h.live, h.deleted,
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
