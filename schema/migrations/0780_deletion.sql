-- Past its period a record is masked; how long it stays so before it is deleted is declared beside the period (C5).
ALTER TABLE hub.retention ADD COLUMN masked_years integer NOT NULL DEFAULT 1 CHECK (masked_years BETWEEN 1 AND 100);

-- The nightly deletion is a run of its own kind, scheduled as the others are.
ALTER TABLE hub.sync_run DROP CONSTRAINT sync_run_mode_check;
ALTER TABLE hub.sync_run ADD CONSTRAINT sync_run_mode_check CHECK (mode IN ('INCREMENT', 'FULL', 'DRY_RUN', 'RELEASE', 'PUSH', 'RECONCILE', 'RETAIN'));
ALTER TABLE hub.schedule DROP CONSTRAINT schedule_kind_check;
ALTER TABLE hub.schedule ADD CONSTRAINT schedule_kind_check CHECK (kind IN ('SYNC', 'RECONCILE', 'RETAIN'));

-- A tombstone of a record that went past its retention: no version whose own time lies there brings it back.
ALTER TABLE hub.record_head ADD COLUMN expired boolean NOT NULL DEFAULT false;

-- What linkage learnt names persons too, rare names among them. When a record is purged, the values go in the same
-- transaction and are learnt again without it; `purges` tells a run that learnt beside it that its work is out of date.
ALTER TABLE hub.link_state ALTER COLUMN state DROP NOT NULL;
ALTER TABLE hub.link_state ADD COLUMN purges bigint NOT NULL DEFAULT 0;
INSERT INTO hub.link_state (state) VALUES (NULL) ON CONFLICT DO NOTHING;
