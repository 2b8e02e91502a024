-- The relations of a viewer to a row, as functions: a subgraph's statement would otherwise expand row-level security a
-- dozen times over and take longer to plan than to run. They run as the owner of the tables and give booleans about the
-- row they are handed; records about the caller's own organisation never lend their assignment to others (C1).
-- Bits, in the order of policy/relation.sql.ts: assigned 1, lead 2, inJurisdiction 4, owner 8, self 16, involved 32,
-- respondent 64, inMatter 128, linked 256, confidential 512, minor 1024, familyViolence 2048, pastRetention 4096.
CREATE FUNCTION hub.record_relation(r hub.record, past_retention boolean, party_roles text[]) RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  org text := hub.viewer('org');
  own_hmac text := hub.viewer('id_hmac');
  here hub.matter_member;
  direct boolean; direct_lead boolean; through boolean; through_lead boolean; linked boolean;
  near boolean := coalesce(starts_with(r.division_now, hub.viewer('division_prefix')), false);
  filed boolean; named boolean;
BEGIN
  SELECT * INTO here FROM hub.matter_member m WHERE m.rid = r.rid;
  IF org IS NOT NULL THEN
    SELECT bool_or(true), bool_or(a.relation = 'LEAD') INTO direct, direct_lead FROM hub.assignment a WHERE a.rid = r.rid AND a.credit_code = org;
    IF here.rid IS NOT NULL THEN
      -- A wrong merge must never open a person's data: inferred membership at either end extends nothing but `linked`.
      SELECT bool_or(true), bool_or(there.basis <> 'INFERRED'), bool_or(there.basis <> 'INFERRED' AND a.relation = 'LEAD')
      INTO linked, through, through_lead
      FROM hub.matter_member there
      JOIN hub.assignment a ON a.rid = there.rid AND a.credit_code = org
      JOIN hub.record x ON x.rid = there.rid AND x.respondent_org IS DISTINCT FROM org
      WHERE there.matter_key = here.matter_key;
      through := through AND here.basis <> 'INFERRED';
      through_lead := through_lead AND here.basis <> 'INFERRED';
    END IF;
  END IF;
  IF own_hmac IS NOT NULL THEN
    SELECT bool_or(true), bool_or(m.role <> ALL (party_roles)) INTO named, filed FROM hub.mention m WHERE m.rid = r.rid AND m.id_hmac = own_hmac;
  END IF;
  RETURN CASE WHEN direct OR through THEN 1 ELSE 0 END
    + CASE WHEN direct_lead OR through_lead THEN 2 ELSE 0 END
    + CASE WHEN near THEN 4 ELSE 0 END
    + CASE WHEN upper(r.department) = hub.viewer('department') AND (near OR direct) THEN 8 ELSE 0 END
    + CASE WHEN filed THEN 16 ELSE 0 END
    + CASE WHEN named THEN 32 ELSE 0 END
    + CASE WHEN r.respondent_org = org THEN 64 ELSE 0 END
    + CASE WHEN here.matter_key = hub.viewer('matter_key') THEN 128 ELSE 0 END
    + CASE WHEN linked THEN 256 ELSE 0 END
    + CASE WHEN r.confidential THEN 512 ELSE 0 END
    + CASE WHEN r.minor THEN 1024 ELSE 0 END
    + CASE WHEN r.family_violence THEN 2048 ELSE 0 END
    + CASE WHEN past_retention THEN 4096 ELSE 0 END;
END $$;

-- Of a matter, from its records that the caller may know of: none about the caller's own organisation.
CREATE FUNCTION hub.matter_relation(key text) RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  org text := hub.viewer('org');
  own_hmac text := hub.viewer('id_hmac');
  prefix text := hub.viewer('division_prefix');
  assigned boolean; leads boolean; near boolean; owned boolean; involved boolean;
BEGIN
  SELECT bool_or(a.rid IS NOT NULL), bool_or(a.relation = 'LEAD'), bool_or(starts_with(x.division_now, prefix)),
    bool_or(upper(x.department) = hub.viewer('department') AND (coalesce(starts_with(x.division_now, prefix), false) OR a.rid IS NOT NULL))
  INTO assigned, leads, near, owned
  FROM hub.matter_member m
  JOIN hub.record x ON x.rid = m.rid AND (org IS NULL OR x.respondent_org IS DISTINCT FROM org)
  LEFT JOIN hub.assignment a ON a.rid = m.rid AND a.credit_code = org
  WHERE m.matter_key = key;
  IF own_hmac IS NOT NULL THEN
    involved := EXISTS (SELECT 1 FROM hub.matter_member m JOIN hub.mention_self s ON s.rid = m.rid WHERE m.matter_key = key AND s.id_hmac = own_hmac);
  END IF;
  RETURN CASE WHEN assigned THEN 1 + 256 ELSE 0 END + CASE WHEN leads THEN 2 ELSE 0 END + CASE WHEN near THEN 4 ELSE 0 END
    + CASE WHEN owned THEN 8 ELSE 0 END + CASE WHEN involved THEN 32 ELSE 0 END
    + CASE WHEN key = hub.viewer('matter_key') THEN 128 ELSE 0 END;
END $$;

-- Keys of the records assigned to the caller's organisation, directly or through explicit membership: for lists, where a
-- set is built once a statement.
CREATE FUNCTION hub.assigned_rids() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT a.rid FROM hub.assignment a WHERE a.credit_code = hub.viewer('org')
  UNION
  SELECT there.rid
  FROM hub.assignment a
  JOIN hub.record r ON r.rid = a.rid AND r.respondent_org IS DISTINCT FROM a.credit_code
  JOIN hub.matter_member here ON here.rid = a.rid AND here.basis <> 'INFERRED'
  JOIN hub.matter_member there ON there.matter_key = here.matter_key AND there.basis <> 'INFERRED'
  WHERE a.credit_code = hub.viewer('org')
$$;

REVOKE ALL ON FUNCTION hub.record_relation(hub.record, boolean, text[]), hub.matter_relation(text), hub.assigned_rids() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.record_relation(hub.record, boolean, text[]), hub.matter_relation(text), hub.assigned_rids() TO yiwang_reader;
