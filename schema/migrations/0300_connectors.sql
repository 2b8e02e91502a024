-- Connectors and jobs: what counting, fencing and release need beside 0010.
ALTER TABLE hub.record_head ADD COLUMN restricted boolean NOT NULL DEFAULT false;  -- its persons are never stored (a minor's case)
ALTER TABLE hub.record_head ALTER COLUMN version_order TYPE text COLLATE "C";
CREATE INDEX record_head_state ON hub.record_head (department, stream, state);
CREATE INDEX quarantine_key ON hub.quarantine (department, stream, key_hmac);
CREATE INDEX quarantine_open ON hub.quarantine (department, stream, reason) WHERE released_at IS NULL;
-- Delivery is at least once: an event's id is applied once.
CREATE UNIQUE INDEX received_event_once ON hub.received_event (department, stream, event_hmac);
-- A run that failed in a way that may pass is due again later.
ALTER TABLE hub.sync_run ADD COLUMN due_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE hub.sync_run ADD COLUMN parameters jsonb NOT NULL DEFAULT '{}';
-- Deliveries of a folder, one row each: repeated, refused and late ones are remembered.
CREATE TABLE hub.delivery (
  department text NOT NULL,
  folder text NOT NULL,
  as_of timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('INCREMENT', 'SNAPSHOT')),
  manifest_sha256 text NOT NULL,
  state text NOT NULL CHECK (state IN ('ACCEPTED', 'REPEATED', 'REFUSED')),
  reason text,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (department, folder)
);
