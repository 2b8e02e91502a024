-- Deliveries that wait are told too: of one without a readable manifest nobody knows its time or kind yet.
ALTER TABLE hub.delivery ALTER COLUMN as_of DROP NOT NULL, ALTER COLUMN kind DROP NOT NULL, ALTER COLUMN manifest_sha256 DROP NOT NULL;
ALTER TABLE hub.delivery DROP CONSTRAINT delivery_state_check;
ALTER TABLE hub.delivery ADD CONSTRAINT delivery_state_check CHECK (state IN ('ACCEPTED', 'REPEATED', 'REFUSED', 'WAITING') AND (state = 'WAITING' OR as_of IS NOT NULL AND kind IS NOT NULL AND manifest_sha256 IS NOT NULL));

-- What somebody has to look at: what was refused or waits, and what was taken though it holds another number of rows than it says.
CREATE VIEW hub.delivery_report WITH (security_barrier) AS
  SELECT department, folder, state, reason, as_of, seen_at FROM hub.delivery
  WHERE (state IN ('REFUSED', 'WAITING') OR reason IS NOT NULL) AND hub.viewer('kind') = 'OPERATOR';
GRANT SELECT ON hub.delivery_report TO yiwang_reader;
