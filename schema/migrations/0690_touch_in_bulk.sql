-- What touches a record is written down without looking whether it stands there already: a page that changes a record must
-- not wait for a clustering that has it in hand.
ALTER TABLE hub.matter_touched DROP CONSTRAINT matter_touched_pkey;
CREATE INDEX matter_touched_rid ON hub.matter_touched (rid);

-- What an update of many rows touches is found by one hash join of the old rows with the new. The planner knows nothing of
-- their number (plans of a function are kept) and would compare each row with each.
CREATE FUNCTION hub.touch_updated_records() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET enable_nestloop = off SET enable_mergejoin = off AS $$
BEGIN
  INSERT INTO hub.matter_touched SELECT f.rid FROM fresh f JOIN old_rows o USING (rid)
  WHERE (f.occurred_at, f.category, f.division_now, f.place_text, f.text_for_matching, f.thing_key, f.parent_key, f.status, f.lead_org, f.matter_rule, f.type_name, f.source_updated_at)
    IS DISTINCT FROM (o.occurred_at, o.category, o.division_now, o.place_text, o.text_for_matching, o.thing_key, o.parent_key, o.status, o.lead_org, o.matter_rule, o.type_name, o.source_updated_at);
  RETURN NULL;
END $$;
DROP TRIGGER touch_updated ON hub.record;
CREATE TRIGGER touch_updated AFTER UPDATE ON hub.record REFERENCING NEW TABLE AS fresh OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_updated_records();

CREATE FUNCTION hub.touch_updated_mentions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET enable_nestloop = off SET enable_mergejoin = off AS $$
BEGIN
  INSERT INTO hub.matter_touched SELECT DISTINCT f.rid FROM fresh f JOIN old_rows o USING (mention_id)
  WHERE (f.entity_key, f.name, f.phones, f.address, f.household_no) IS DISTINCT FROM (o.entity_key, o.name, o.phones, o.address, o.household_no);
  RETURN NULL;
END $$;
DROP TRIGGER touch_updated ON hub.mention;
CREATE TRIGGER touch_updated AFTER UPDATE ON hub.mention REFERENCING NEW TABLE AS fresh OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.touch_updated_mentions();
