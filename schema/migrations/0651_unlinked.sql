-- A mention that goes may have held two others together: those that were one entity with it are linked again, or an
-- increment would differ from a full run. An entity of which nothing is left goes at once.
CREATE FUNCTION hub.mentions_gone() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO hub.touched (rid)
  SELECT DISTINCT m.rid FROM gone JOIN hub.mention m ON m.entity_key = gone.entity_key WHERE gone.kind = 'PERSON' ON CONFLICT (rid) DO NOTHING;
  DELETE FROM hub.entity e USING gone
  WHERE e.entity_key = gone.entity_key AND e.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM hub.mention m WHERE m.entity_key = e.entity_key);
  RETURN NULL;
END $$;
CREATE TRIGGER mentions_gone AFTER DELETE ON hub.mention REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION hub.mentions_gone();
