-- The functions of 0201 on trust groups (0500): an assignment extends to the records that explicit references or people's
-- confirmation join to the assigned one, and to no other. A basis alone cannot tell: a record that names an inferred member
-- is joined to the founder by an inference too. A wrong merge must never open a person's data.
CREATE OR REPLACE FUNCTION hub.record_relation(r hub.record, past_retention boolean, party_roles text[]) RETURNS integer
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
      SELECT bool_or(true), bool_or(there.trust_group = here.trust_group), bool_or(there.trust_group = here.trust_group AND a.relation = 'LEAD')
      INTO linked, through, through_lead
      FROM hub.matter_member there
      JOIN hub.assignment a ON a.rid = there.rid AND a.credit_code = org
      JOIN hub.record x ON x.rid = there.rid AND x.respondent_org IS DISTINCT FROM org
      WHERE there.matter_key = here.matter_key;
      through := through AND here.trust_group <> '';
      through_lead := through_lead AND here.trust_group <> '';
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

CREATE OR REPLACE FUNCTION hub.assigned_rids() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT a.rid FROM hub.assignment a WHERE a.credit_code = hub.viewer('org')
  UNION
  SELECT there.rid
  FROM hub.assignment a
  JOIN hub.record r ON r.rid = a.rid AND r.respondent_org IS DISTINCT FROM a.credit_code
  JOIN hub.matter_member here ON here.rid = a.rid AND here.trust_group <> ''
  JOIN hub.matter_member there ON there.matter_key = here.matter_key AND there.trust_group = here.trust_group
  WHERE a.credit_code = hub.viewer('org')
$$;
