-- Metrics read the runs that ended since they were last read.
CREATE INDEX sync_run_finished ON hub.sync_run (finished_at) WHERE finished_at IS NOT NULL;
