-- Break-glass (C6): in an emergency a clerk who is not assigned reads the records of one matter as its lead organisation
-- would. One person asks, another of supervising rank opens it, for hours; it is written down and the resident is told
-- afterwards. A grant names its records: what clustering adds to the matter later is not opened.
CREATE TABLE hub.break_glass (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  matter_no text NOT NULL,                       -- as asked for; a grant goes by its records
  requested_by text NOT NULL CHECK (length(requested_by) = 64), -- hash of the person's subject (policy/session.ts)
  org text NOT NULL,
  department text,
  tier text NOT NULL CHECK (tier IN ('VILLAGE', 'TOWNSHIP', 'COUNTY', 'CITY')),
  purpose text NOT NULL CHECK (purpose IN ('MATTER_HANDLING', 'MEDIATION')),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  hours integer NOT NULL CHECK (hours BETWEEN 1 AND 24),
  divisions text[] NOT NULL CHECK (cardinality(divisions) > 0), -- of the records, as they lay when it was asked for
  requested_at timestamptz NOT NULL DEFAULT now(),
  approved_by text,
  approver_org text,
  approved_at timestamptz,
  open_until timestamptz,
  ended_by text,
  ended_at timestamptz,
  CHECK (approved_by <> requested_by),
  CHECK ((approved_by IS NULL) = (approved_at IS NULL) AND (approved_at IS NULL) = (open_until IS NULL)),
  CHECK (open_until <= approved_at + make_interval(hours => hours)),
  CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE INDEX break_glass_requester ON hub.break_glass (requested_by, requested_at DESC);
CREATE INDEX break_glass_page ON hub.break_glass (requested_at DESC, id DESC);
CREATE TABLE hub.break_glass_record (
  id uuid NOT NULL REFERENCES hub.break_glass,
  rid text NOT NULL REFERENCES hub.record ON DELETE CASCADE,
  PRIMARY KEY (id, rid)
);
CREATE INDEX break_glass_record_rid ON hub.break_glass_record (rid);

-- A request that nobody approved within half a day has lapsed.
CREATE FUNCTION hub.break_glass_state(b hub.break_glass) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT CASE
    WHEN b.ended_at IS NOT NULL THEN 'ENDED'
    WHEN b.approved_at IS NULL AND statement_timestamp() < b.requested_at + interval '12 hours' THEN 'REQUESTED'
    WHEN statement_timestamp() < b.open_until THEN 'OPEN'
    ELSE 'EXPIRED' END
$$;

-- Whether the caller is of supervising rank over what is asked for: a county or city, not below the requester's tier, and
-- every record in its territory; never the organisation that a record complains about.
CREATE FUNCTION hub.supervises(b hub.break_glass) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce(hub.viewer('kind') = 'CLERK' AND hub.viewer('purpose') = 'SUPERVISION'
    AND (hub.viewer('tier') = 'CITY' OR hub.viewer('tier') = 'COUNTY' AND b.tier <> 'CITY')
    AND NOT EXISTS (SELECT FROM unnest(b.divisions) d WHERE NOT starts_with(d, hub.viewer('division_prefix')))
    AND NOT EXISTS (SELECT FROM hub.break_glass_record g JOIN hub.record r ON r.rid = g.rid WHERE g.id = b.id AND r.respondent_org = hub.viewer('org')), false)
$$;

ALTER TABLE hub.break_glass ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.break_glass FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.break_glass USING (current_user NOT IN ('yiwang_reader', 'yiwang_writer')) WITH CHECK (current_user NOT IN ('yiwang_reader', 'yiwang_writer'));
CREATE POLICY sides ON hub.break_glass FOR SELECT TO yiwang_reader USING (
  (SELECT hub.viewer('kind')) = 'AUDITOR'
  OR (SELECT hub.viewer('kind')) = 'CLERK' AND (requested_by = (SELECT hub.viewer('caller')) OR hub.supervises(break_glass)));
ALTER TABLE hub.break_glass_record ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.break_glass_record FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.break_glass_record USING (current_user NOT IN ('yiwang_reader', 'yiwang_writer')) WITH CHECK (current_user NOT IN ('yiwang_reader', 'yiwang_writer'));
CREATE POLICY of_seen_grant ON hub.break_glass_record FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.break_glass b WHERE b.id = break_glass_record.id));
GRANT SELECT ON hub.break_glass, hub.break_glass_record TO yiwang_reader;
GRANT EXECUTE ON FUNCTION hub.break_glass_state(hub.break_glass), hub.supervises(hub.break_glass) TO yiwang_reader, yiwang_writer;

-- What a resident is told of the emergencies under which their data was read, by the ids in their own entries, when they
-- are over: no person, no words.
CREATE FUNCTION hub.break_glass_notices(ids uuid[]) RETURNS TABLE (id uuid, approver_org text, approved_at timestamptz, open_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT b.id, b.approver_org, b.approved_at, b.open_until FROM hub.break_glass b
  WHERE b.id = ANY (ids) AND hub.viewer('kind') = 'RESIDENT' AND b.open_until <= statement_timestamp()
$$;

-- The writing role has no right to the tables: it asks these, which look at the viewer's settings for themselves. Null: refused.
-- Asking again while an equal request waits or is open is the same request.
CREATE FUNCTION hub.request_break_glass(in_matter_no text, in_rids text[], in_reason text, in_hours integer) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  made uuid;
BEGIN
  IF hub.viewer('kind') IS DISTINCT FROM 'CLERK' OR hub.viewer('caller') IS NULL OR hub.viewer('org') IS NULL THEN RETURN NULL; END IF;
  IF cardinality(in_rids) = 0 OR EXISTS (SELECT FROM unnest(in_rids) AS x(rid) LEFT JOIN hub.record r ON r.rid = x.rid
    WHERE r.rid IS NULL OR r.respondent_org = hub.viewer('org') OR starts_with(r.division_now, hub.viewer('division_prefix')) IS NOT TRUE) THEN RETURN NULL; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('break-glass ' || hub.viewer('caller'), 0));
  SELECT b.id INTO made FROM hub.break_glass b
  WHERE b.requested_by = hub.viewer('caller') AND b.org = hub.viewer('org') AND b.purpose = hub.viewer('purpose') AND hub.break_glass_state(b) IN ('REQUESTED', 'OPEN')
    AND NOT EXISTS (SELECT FROM unnest(in_rids) AS x(rid) WHERE NOT EXISTS (SELECT FROM hub.break_glass_record g WHERE g.id = b.id AND g.rid = x.rid)) LIMIT 1;
  IF made IS NOT NULL THEN RETURN made; END IF;
  -- A person in need of more than these at once is not in an emergency.
  IF (SELECT count(*) FROM hub.break_glass b WHERE b.requested_by = hub.viewer('caller') AND hub.break_glass_state(b) IN ('REQUESTED', 'OPEN')) >= 5 THEN RETURN NULL; END IF;
  INSERT INTO hub.break_glass (matter_no, requested_by, org, department, tier, purpose, reason, hours, divisions)
  SELECT in_matter_no, hub.viewer('caller'), hub.viewer('org'), hub.viewer('department'), hub.viewer('tier'), hub.viewer('purpose'), in_reason, in_hours, array_agg(DISTINCT r.division_now)
  FROM hub.record r WHERE r.rid = ANY (in_rids) RETURNING id INTO made;
  INSERT INTO hub.break_glass_record SELECT made, x.rid FROM (SELECT DISTINCT unnest(in_rids) AS rid) x;
  RETURN made;
END $$;

CREATE FUNCTION hub.approve_break_glass(in_id uuid) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH opened AS (
    UPDATE hub.break_glass b SET approved_by = hub.viewer('caller'), approver_org = hub.viewer('org'), approved_at = now(), open_until = now() + make_interval(hours => b.hours)
    WHERE b.id = in_id AND hub.break_glass_state(b) = 'REQUESTED' AND hub.supervises(b) AND b.requested_by <> hub.viewer('caller') RETURNING 1)
  SELECT EXISTS (SELECT FROM opened)
$$;

-- By who asked, or by whoever supervises it: a request is taken back or refused, an open one is closed at once.
CREATE FUNCTION hub.end_break_glass(in_id uuid) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH ended AS (
    UPDATE hub.break_glass b SET ended_by = hub.viewer('caller'), ended_at = now()
    WHERE b.id = in_id AND hub.break_glass_state(b) IN ('REQUESTED', 'OPEN') AND (b.requested_by = hub.viewer('caller') OR hub.supervises(b)) RETURNING 1)
  SELECT EXISTS (SELECT FROM ended)
$$;

-- The grant under which this caller reads records of a matter now, if any: the one that is open longest.
CREATE FUNCTION hub.open_break_glass(key text) RETURNS TABLE (id uuid, until timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT b.id, b.open_until FROM hub.break_glass b
  WHERE b.requested_by = hub.viewer('caller') AND b.org = hub.viewer('org') AND b.purpose = hub.viewer('purpose') AND hub.break_glass_state(b) = 'OPEN'
    AND EXISTS (SELECT FROM hub.break_glass_record g JOIN hub.matter_member m ON m.rid = g.rid WHERE g.id = b.id AND m.matter_key = key)
  ORDER BY b.open_until DESC LIMIT 1
$$;

-- The records that the grant of the viewer's settings opens at this moment. The gateway named it; whether it is this
-- person's, for this purpose, and open, is asked here again.
CREATE FUNCTION hub.break_glass_rids() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT g.rid FROM hub.break_glass b JOIN hub.break_glass_record g ON g.id = b.id
  WHERE b.id = hub.viewer('break_glass')::uuid AND b.requested_by = hub.viewer('caller') AND b.org = hub.viewer('org') AND b.purpose = hub.viewer('purpose') AND hub.break_glass_state(b) = 'OPEN'
$$;

REVOKE ALL ON FUNCTION hub.request_break_glass(text, text[], text, integer), hub.approve_break_glass(uuid), hub.end_break_glass(uuid), hub.open_break_glass(text), hub.break_glass_rids(), hub.break_glass_notices(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.request_break_glass(text, text[], text, integer), hub.approve_break_glass(uuid), hub.end_break_glass(uuid) TO yiwang_writer;
GRANT EXECUTE ON FUNCTION hub.open_break_glass(text), hub.break_glass_rids(), hub.break_glass_notices(uuid[]) TO yiwang_reader;

-- The functions of 0201 and 0520 with one more bit, breakGlass 8192: in the caller's own territory only.
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
    + CASE WHEN past_retention THEN 4096 ELSE 0 END
    + CASE WHEN near AND hub.viewer('break_glass') IS NOT NULL AND r.rid IN (SELECT hub.break_glass_rids()) THEN 8192 ELSE 0 END;
END $$;

CREATE OR REPLACE FUNCTION hub.matter_relation(key text) RETURNS integer
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
    + CASE WHEN key = hub.viewer('matter_key') THEN 128 ELSE 0 END
    + CASE WHEN hub.viewer('break_glass') IS NOT NULL AND EXISTS (SELECT FROM hub.matter_member m WHERE m.matter_key = key AND m.rid IN (SELECT hub.break_glass_rids())) THEN 8192 ELSE 0 END;
END $$;
