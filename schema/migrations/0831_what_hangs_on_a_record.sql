-- What a record names and to whom it is assigned is written in the page that writes the record, by the ten thousand in a
-- first sync. A foreign key would ask row by row what the same transaction has just written; with a record all of it goes as
-- before, once a statement.
DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT conrelid::regclass AS child, conname FROM pg_constraint
    WHERE contype = 'f' AND confrelid = 'hub.record'::regclass AND conrelid IN ('hub.mention'::regclass, 'hub.mention_self'::regclass, 'hub.assignment'::regclass) LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.child, each.conname);
  END LOOP;
END $$;
CREATE FUNCTION hub.hangers_gone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM gone) THEN RETURN NULL; END IF;  -- a page names what never was here, too, and waits for nobody then
  DELETE FROM hub.mention m USING gone WHERE m.rid = gone.rid;
  DELETE FROM hub.mention_self s USING gone WHERE s.rid = gone.rid;
  DELETE FROM hub.assignment a USING gone WHERE a.rid = gone.rid;
  RETURN NULL;
END $$;
CREATE TRIGGER hangers_gone AFTER DELETE ON hub.record REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION hub.hangers_gone();

-- Read and removed whole: nobody looks one of them up.
DROP INDEX hub.touched_rid;
