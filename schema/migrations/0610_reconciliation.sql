-- A reconciliation is a run of its own kind: it compares what the source holds with what was landed and writes no record.
ALTER TABLE hub.sync_run DROP CONSTRAINT sync_run_mode_check;
ALTER TABLE hub.sync_run ADD CONSTRAINT sync_run_mode_check CHECK (mode IN ('INCREMENT', 'FULL', 'DRY_RUN', 'RELEASE', 'PUSH', 'RECONCILE'));
-- When a worker last took the run: started_at stays the first time, and would make a run of a live worker look abandoned.
ALTER TABLE hub.sync_run ADD COLUMN claimed_at timestamptz;
