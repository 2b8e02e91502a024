-- What clustering learnt from texts holds words of records. When a record becomes never-stored, what was learnt goes in the
-- same transaction and is learnt again without it; `purges` tells a run that learnt beside it that its work is out of date.
ALTER TABLE hub.matter_state ALTER COLUMN learnt DROP NOT NULL;
ALTER TABLE hub.matter_state ADD COLUMN purges bigint NOT NULL DEFAULT 0;
INSERT INTO hub.matter_state (learnt, records, learnt_at) VALUES (NULL, 0, now()) ON CONFLICT DO NOTHING;
