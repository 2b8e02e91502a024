-- Edges of linkage are written by the ten thousand, too: whether their mentions are there is asked once a statement, by who
-- writes them and with the lock that a foreign key would take row by row; with a mention its edges go as before.
DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT conname FROM pg_constraint WHERE conrelid = 'hub.link_edge'::regclass AND contype = 'f' LOOP
    EXECUTE format('ALTER TABLE hub.link_edge DROP CONSTRAINT %I', each.conname);
  END LOOP;
END $$;
CREATE FUNCTION hub.link_edges_gone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  DELETE FROM hub.link_edge e USING gone WHERE e.a = gone.mention_id;
  DELETE FROM hub.link_edge e USING gone WHERE e.b = gone.mention_id;
  RETURN NULL;
END $$;
CREATE TRIGGER link_edges_gone AFTER DELETE ON hub.mention REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION hub.link_edges_gone();
