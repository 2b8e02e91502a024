-- A version that is quarantined, or a tombstone, may say that fields of its record are never stored: then its order is kept,
-- and no version that is not newer brings them back.
ALTER TABLE hub.record_head ADD COLUMN restricted_through text COLLATE "C";
