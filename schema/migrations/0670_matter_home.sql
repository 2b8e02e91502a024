-- Which matter a record was in before that matter was merged into another: an undone merge gives the old number back to the
-- records that bore it. Goes with the record when it is purged.
CREATE TABLE hub.matter_home (
  rid text PRIMARY KEY REFERENCES hub.record ON DELETE CASCADE,
  matter_key text NOT NULL REFERENCES hub.matter ON DELETE CASCADE
);
CREATE INDEX matter_home_matter ON hub.matter_home (matter_key);
