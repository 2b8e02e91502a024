-- Keys are written by the hundred thousand. Whether what they are of is still there is asked once a statement, by who writes
-- them and with the lock that a foreign key would take row by row; with a mention or a record its keys go as before.
ALTER TABLE hub.blocking_key DROP CONSTRAINT blocking_key_mention_id_fkey;
CREATE FUNCTION hub.blocking_keys_gone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM hub.blocking_key k USING gone WHERE k.mention_id = gone.mention_id;
  RETURN NULL;
END $$;
CREATE TRIGGER blocking_keys_gone AFTER DELETE ON hub.mention REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION hub.blocking_keys_gone();

ALTER TABLE hub.matter_key DROP CONSTRAINT matter_key_rid_fkey;
CREATE FUNCTION hub.matter_keys_gone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM hub.matter_key k USING gone WHERE k.rid = gone.rid;
  RETURN NULL;
END $$;
CREATE TRIGGER matter_keys_gone AFTER DELETE ON hub.record REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION hub.matter_keys_gone();
