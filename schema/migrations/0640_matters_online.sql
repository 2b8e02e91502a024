-- Clustering online: a new record meets its candidates only, through the same keys as a full run, with what that run learnt.
CREATE TABLE hub.matter_key (                   -- keyed hashes: nobody finds a party or a place by trying all of them
  rid text NOT NULL REFERENCES hub.record ON DELETE CASCADE,
  key_hash text NOT NULL,
  neighbours_max integer,                       -- how many of its bearers one record meets; null: it is only counted
  occurred_at timestamptz,
  PRIMARY KEY (rid, key_hash)
);
CREATE INDEX matter_key_time ON hub.matter_key (key_hash, occurred_at, rid);
CREATE TABLE hub.matter_state (                 -- places, words and organisations of the last full run; no reader may see it
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  learnt jsonb NOT NULL,
  records integer NOT NULL,
  learnt_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE hub.matter_touched (               -- records to be clustered again, whoever changed them
  rid text PRIMARY KEY
);

-- Rows are inserted in one order, so that two transactions that touch the same records wait instead of ending in a deadlock.
-- Whatever clustering reads touches the record when it changes: the record itself, its parties, people's decisions, and for
-- the others of a matter the loss of one of its records.
CREATE FUNCTION hub.touch_records() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO hub.matter_touched SELECT rid FROM fresh ORDER BY rid ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO hub.matter_touched SELECT f.rid FROM fresh f JOIN old_rows o USING (rid)
    WHERE (f.occurred_at, f.category, f.division_now, f.place_text, f.text_for_matching, f.thing_key, f.parent_key, f.status, f.lead_org, f.matter_rule, f.type_name, f.source_updated_at)
      IS DISTINCT FROM (o.occurred_at, o.category, o.division_now, o.place_text, o.text_for_matching, o.thing_key, o.parent_key, o.status, o.lead_org, o.matter_rule, o.type_name, o.source_updated_at)
    ORDER BY f.rid ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER touch_inserted AFTER INSERT ON hub.record REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_records();
CREATE TRIGGER touch_updated AFTER UPDATE ON hub.record REFERENCING NEW TABLE AS fresh OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_records();

CREATE FUNCTION hub.touch_mentions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO hub.matter_touched SELECT DISTINCT f.rid FROM fresh f JOIN old_rows o USING (mention_id)
    WHERE (f.entity_key, f.name, f.phones, f.address, f.household_no) IS DISTINCT FROM (o.entity_key, o.name, o.phones, o.address, o.household_no)
    ORDER BY f.rid ON CONFLICT DO NOTHING;
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO hub.matter_touched SELECT DISTINCT rid FROM fresh ORDER BY rid ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO hub.matter_touched SELECT DISTINCT o.rid FROM old_rows o JOIN hub.record r USING (rid) ORDER BY o.rid ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER touch_inserted AFTER INSERT ON hub.mention REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_mentions();
CREATE TRIGGER touch_updated AFTER UPDATE ON hub.mention REFERENCING NEW TABLE AS fresh OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_mentions();
CREATE TRIGGER touch_deleted AFTER DELETE ON hub.mention REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_mentions();

CREATE TABLE hub.matter_left (matter_key text PRIMARY KEY);  -- matters that lost a record and may be empty
CREATE FUNCTION hub.touch_left() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO hub.matter_touched SELECT DISTINCT m.rid FROM old_rows o JOIN hub.matter_member m USING (matter_key) ORDER BY m.rid ON CONFLICT DO NOTHING;
  INSERT INTO hub.matter_left SELECT DISTINCT matter_key FROM old_rows ORDER BY matter_key ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER touch_left AFTER DELETE ON hub.matter_member REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_left();

CREATE FUNCTION hub.touch_decided() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO hub.matter_touched SELECT r.rid FROM old_rows o JOIN hub.record r ON r.rid IN (o.a, o.b) ORDER BY r.rid ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO hub.matter_touched SELECT r.rid FROM fresh f JOIN hub.record r ON r.rid IN (f.a, f.b) ORDER BY r.rid ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER touch_inserted AFTER INSERT ON hub.matter_decision REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_decided();
CREATE TRIGGER touch_updated AFTER UPDATE ON hub.matter_decision REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_decided();
CREATE TRIGGER touch_deleted AFTER DELETE ON hub.matter_decision REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_decided();
INSERT INTO hub.matter_touched SELECT rid FROM hub.record;
