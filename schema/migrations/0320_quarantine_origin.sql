-- What a release needs beside the content: an event's subject and sequence, a delivery's place, the fields counted as dropped.
ALTER TABLE hub.quarantine ADD COLUMN origin jsonb NOT NULL DEFAULT '{}';
