-- Events that come together wait together: some tens of a delivery in one row, written, read and removed at once.
ALTER TABLE hub.waiting_event ADD COLUMN events integer NOT NULL DEFAULT 1;  -- how many are in it; 0: what is counted only
UPDATE hub.waiting_event SET content = '[' || content || ']', events = CASE WHEN content LIKE '{"counts" :%' THEN 0 ELSE 1 END;
ALTER TABLE hub.waiting_event ALTER COLUMN events DROP DEFAULT;
COMMENT ON COLUMN hub.waiting_event.content IS 'JSON, a list: written and read whole';
-- Read once and gone: compressing it costs more than its room.
ALTER TABLE hub.waiting_event ALTER COLUMN content SET STORAGE EXTERNAL;
