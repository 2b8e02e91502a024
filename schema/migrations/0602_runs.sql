-- What operators ask for, on the command line and as mutations: runs, back-fills of a period, approvals of held deletions
-- and releases from quarantine. Here it is only written down; workers do it.
CREATE INDEX sync_run_held ON hub.sync_run (department, stream) WHERE status = 'HELD';

-- `refused`: UNKNOWN (no such stream), PAUSED, or null. The same request while the first one waits is the first one.
CREATE FUNCTION hub.request_run(in_department text, in_stream text, in_mode text, in_parameters jsonb, asked_by text, OUT run uuid, OUT refused text)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  is_paused boolean;
BEGIN
  SELECT s.paused INTO is_paused FROM hub.stream s WHERE s.department = in_department AND s.stream = in_stream;
  IF NOT FOUND THEN refused := 'UNKNOWN'; RETURN; END IF;
  IF is_paused AND in_mode <> 'DRY_RUN' THEN refused := 'PAUSED'; RETURN; END IF;
  SELECT r.id INTO run FROM hub.sync_run r
  WHERE r.department = in_department AND r.stream = in_stream AND r.mode = in_mode AND r.parameters = in_parameters AND r.status = 'DUE' AND r.requested_by = asked_by LIMIT 1;
  IF FOUND THEN RETURN; END IF;
  run := gen_random_uuid();
  INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, parameters) VALUES (run, in_department, in_stream, in_mode, 'DUE', asked_by, in_parameters);
END $$;

-- An operator has seen how much a held snapshot would delete: the same stream runs again and may delete so much, and no
-- more. Null: nothing is held there.
CREATE FUNCTION hub.approve_held_run(held uuid, approved_by text) RETURNS uuid LANGUAGE sql SET search_path = pg_catalog AS $$
  WITH approved AS (
    UPDATE hub.sync_run SET status = 'FAILED', message = coalesce(message, '') || ' (approved)' WHERE id = held AND status = 'HELD' AND mode <> 'DRY_RUN'
    RETURNING department, stream, mode, parameters, counts)
  INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, parameters)
  SELECT gen_random_uuid(), department, stream, mode, 'DUE', approved_by, parameters || jsonb_build_object('approveDeletes', counts -> 'held', 'approves', held) FROM approved RETURNING id
$$;

-- One run of mode RELEASE for each stream that has open entries of this choice; none where nothing is open.
CREATE FUNCTION hub.request_release(in_ids bigint[], in_department text, in_stream text, in_reason text, asked_by text) RETURNS SETOF uuid LANGUAGE sql SET search_path = pg_catalog AS $$
  INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, parameters)
  SELECT gen_random_uuid(), q.department, q.stream, 'RELEASE', 'DUE', asked_by, jsonb_strip_nulls(jsonb_build_object('reason', in_reason, 'ids', CASE WHEN in_ids IS NULL THEN NULL ELSE jsonb_agg(q.id ORDER BY q.id) END, 'upTo', max(q.id)))
  FROM hub.quarantine q
  WHERE q.released_at IS NULL AND (in_ids IS NULL OR q.id = ANY (in_ids)) AND (in_department IS NULL OR q.department = in_department)
    AND (in_stream IS NULL OR q.stream = in_stream) AND (in_reason IS NULL OR q.reason = in_reason)
  GROUP BY q.department, q.stream RETURNING id
$$;

REVOKE ALL ON FUNCTION hub.request_run(text, text, text, jsonb, text), hub.approve_held_run(uuid, text), hub.request_release(bigint[], text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.request_run(text, text, text, jsonb, text), hub.approve_held_run(uuid, text), hub.request_release(bigint[], text, text, text, text) TO yiwang_writer;
GRANT SELECT (id, department, stream, mode, status, requested_by, message, parameters, counts), INSERT (id, department, stream, mode, status, requested_by, parameters), UPDATE (status, message) ON hub.sync_run TO yiwang_writer;
GRANT SELECT (id, department, stream, reason, released_at) ON hub.quarantine TO yiwang_writer;
ALTER TABLE hub.sync_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY operators ON hub.sync_run TO yiwang_writer USING (hub.viewer('kind') = 'OPERATOR') WITH CHECK (hub.viewer('kind') = 'OPERATOR');
ALTER TABLE hub.quarantine ENABLE ROW LEVEL SECURITY;
CREATE POLICY operators ON hub.quarantine FOR SELECT TO yiwang_writer USING (hub.viewer('kind') = 'OPERATOR');

DROP VIEW hub.run_report;
CREATE VIEW hub.run_report WITH (security_barrier) AS
  SELECT id, department, stream, CASE WHEN mode = 'INCREMENT' AND parameters ?| ARRAY['since', 'until'] THEN 'BACKFILL' ELSE mode END AS mode, status, requested_by, requested_at, started_at, finished_at, attempt, counts, error_code, message,
    parameters ->> 'since' AS since, parameters ->> 'until' AS until, coalesce((parameters ->> 'full')::boolean, mode = 'FULL') AS reads_all
  FROM hub.sync_run WHERE hub.viewer('kind') = 'OPERATOR';
GRANT SELECT ON hub.run_report TO yiwang_reader;
