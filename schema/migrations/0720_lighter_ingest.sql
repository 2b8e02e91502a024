-- What a first sync writes by the hundred thousand, in the form that costs least.
-- An event is written once, read once and emptied: as text that is known to be JSON, and not taken apart in between.
ALTER TABLE hub.received_event ALTER COLUMN content TYPE json USING content::json;

-- A key's hash is 128 bits. A record's keys are written together, each once, while no other clustering runs: they are found
-- by the record, and nothing has to look whether one stands there already.
ALTER TABLE hub.matter_key DROP CONSTRAINT matter_key_pkey;
ALTER TABLE hub.matter_key ALTER COLUMN key_hash TYPE uuid USING key_hash::uuid;
CREATE INDEX matter_key_rid ON hub.matter_key (rid);
