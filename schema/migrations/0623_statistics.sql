-- The snapshot that statistics are answered from: what is told, with floors and noise, and never what was counted. An
-- organisation's own clocks are counted when they are asked for, exactly from 10 on.
CREATE TABLE hub.statistic_cell (
  code text NOT NULL,
  division text NOT NULL,                       -- twelve digits: an official division of any tier
  category text NOT NULL,                       -- dispute type, or '*'
  period text NOT NULL,                         -- 2026, 2026-Q3, 2026-09
  extra text NOT NULL,                          -- one more dimension of the statistic, or '*'
  numerator text NOT NULL,
  denominator text NOT NULL,
  all_counted text,                             -- the wider whole, where the statistic has one
  PRIMARY KEY (code, division, category, period, extra)
);
GRANT SELECT ON hub.statistic_cell TO yiwang_reader;
ALTER TABLE hub.statistic_cell ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.statistic_cell FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.statistic_cell USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY jurisdiction ON hub.statistic_cell FOR SELECT TO yiwang_reader USING (
  (SELECT hub.viewer('kind')) IN ('CLERK', 'ANALYST', 'APP') AND starts_with(division, (SELECT hub.viewer('division_prefix'))));
-- How complete each stream is, beside how fresh: versions refused and waiting, of those offered.
CREATE OR REPLACE VIEW hub.stream_coverage WITH (security_barrier) AS
  SELECT s.department, s.stream, s.fresh_through, s.stale_reason IS NOT NULL AS stale,
    (SELECT count(*) FROM hub.record_head h WHERE h.department = s.department AND h.stream = s.stream AND h.state = 'LIVE') AS live,
    (SELECT count(*) FROM hub.quarantine q WHERE q.department = s.department AND q.stream = s.stream AND q.released_at IS NULL) AS quarantined
  FROM hub.stream s WHERE hub.viewer('kind') IS NOT NULL;
