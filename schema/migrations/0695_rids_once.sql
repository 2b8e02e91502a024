-- The keys of the records that are assigned or linked to the caller's organisation, found once a transaction: each mention
-- of a guarded table in a statement asks for them again, and finding them takes longer than all the rest of a page. Kept in
-- a setting of the transaction, beside whose they are; beyond 20,000 keys reading them back is no cheaper than the joins.
CREATE FUNCTION hub.kept_rids(name text, whose text) RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT CASE WHEN starts_with(kept, whose || ' ') THEN substr(kept, length(whose) + 2)::text[] END FROM current_setting('yiwang.rids_' || name, true) AS kept
$$;

CREATE FUNCTION hub.keep_rids(name text, whose text, rids text[]) RETURNS text[] LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT CASE WHEN cardinality(rids) <= 20000 AND set_config('yiwang.rids_' || name, whose || ' ' || rids::text, true) IS NOT NULL THEN rids ELSE rids END
$$;

CREATE FUNCTION hub.rids_of() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce(hub.viewer('kind'), '-') || '/' || coalesce(hub.viewer('org'), '-')
$$;

CREATE OR REPLACE FUNCTION hub.linked_rids() RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  found text[] := hub.kept_rids('linked', hub.rids_of());
BEGIN
  IF found IS NULL THEN
    found := hub.keep_rids('linked', hub.rids_of(), ARRAY(
      SELECT there.rid
      FROM hub.assignment a
      JOIN hub.record r ON r.rid = a.rid AND r.respondent_org IS DISTINCT FROM a.credit_code
      JOIN hub.matter_member here ON here.rid = a.rid
      JOIN hub.matter_member there ON there.matter_key = here.matter_key
      WHERE a.credit_code = hub.viewer('org') AND hub.viewer('kind') IN ('CLERK', 'ANALYST', 'APP')));
  END IF;
  RETURN QUERY SELECT unnest(found);
END $$;

CREATE OR REPLACE FUNCTION hub.assigned_rids() RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  found text[] := hub.kept_rids('assigned', hub.rids_of());
BEGIN
  IF found IS NULL THEN
    found := hub.keep_rids('assigned', hub.rids_of(), ARRAY(
      SELECT a.rid FROM hub.assignment a WHERE a.credit_code = hub.viewer('org')
      UNION
      SELECT there.rid
      FROM hub.assignment a
      JOIN hub.record r ON r.rid = a.rid AND r.respondent_org IS DISTINCT FROM a.credit_code
      JOIN hub.matter_member here ON here.rid = a.rid AND here.trust_group <> ''
      JOIN hub.matter_member there ON there.matter_key = here.matter_key AND there.trust_group = here.trust_group
      WHERE a.credit_code = hub.viewer('org')));
  END IF;
  RETURN QUERY SELECT unnest(found);
END $$;

REVOKE ALL ON FUNCTION hub.kept_rids(text, text), hub.keep_rids(text, text, text[]), hub.rids_of() FROM PUBLIC;
