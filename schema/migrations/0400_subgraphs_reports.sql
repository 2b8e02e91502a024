-- What operators read of connectors, runs and quarantine, through views of their own: never a watermark, a landed row or the
-- content of a quarantined one. A view reads with its owner's rights and shows rows to operators only.
CREATE VIEW hub.stream_report WITH (security_barrier) AS
  SELECT department, stream, fresh_through, stale_reason, paused, totals, drift FROM hub.stream WHERE hub.viewer('kind') = 'OPERATOR';
CREATE VIEW hub.run_report WITH (security_barrier) AS
  SELECT id, department, stream, mode, status, requested_at, started_at, finished_at, attempt, counts, error_code, message
  FROM hub.sync_run WHERE hub.viewer('kind') = 'OPERATOR';
CREATE VIEW hub.quarantine_report WITH (security_barrier) AS
  SELECT id, department, stream, reason, field, position, sample, created_at, released_at, outcome
  FROM hub.quarantine WHERE hub.viewer('kind') = 'OPERATOR';
-- How fresh each stream is stands beside every statistic.
CREATE VIEW hub.stream_coverage WITH (security_barrier) AS
  SELECT department, stream, fresh_through FROM hub.stream WHERE hub.viewer('kind') IS NOT NULL;
GRANT SELECT ON hub.stream_report, hub.run_report, hub.quarantine_report, hub.stream_coverage TO yiwang_reader;
CREATE INDEX sync_run_page ON hub.sync_run (requested_at DESC, id DESC);
