-- The relation of the caller to a row, within the statement that reads the row: a function called for each row took some
-- 60 µs, and the keys of linked records took longer to find than a page. Views of the owner tell what the caller's policies
-- would hide, of the caller alone (the organisation, the ID number and the matter of the settings) and as keys and roles.
-- A view is read with the rights of its owner; `owner_writes` asks who the session acts as, so these name the owner. Where
-- the tables are another's afterwards, the views are empty and open nothing.
DO $$
DECLARE guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['record', 'matter_member', 'assignment', 'mention'] LOOP
    EXECUTE format('CREATE POLICY owner_reads ON hub.%I FOR SELECT TO %I USING (true)', guarded, current_user);
  END LOOP;
END $$;

-- Records of a matter that holds one assigned to the caller's organisation, once for each that is. An assignment extends within
-- the trust group of the assigned record and no further, because a wrong merge must never open a person's data; a record
-- about the caller's own organisation lends it to none (C1).
CREATE VIEW hub.linked_record WITH (security_barrier) AS
  SELECT here.rid, there.trust_group = here.trust_group AND here.trust_group <> '' AS is_assigned, a.relation
  FROM hub.matter_member here
  JOIN hub.matter_member there ON there.matter_key = here.matter_key
  JOIN hub.assignment a ON a.rid = there.rid AND a.credit_code = hub.viewer('org')
  JOIN hub.record x ON x.rid = there.rid AND x.respondent_org IS DISTINCT FROM a.credit_code
  WHERE hub.viewer('kind') IN ('CLERK', 'ANALYST', 'APP');

-- Roles in which records name the resident.
CREATE VIEW hub.own_mention WITH (security_barrier) AS SELECT m.rid, m.role FROM hub.mention m WHERE m.id_hmac = hub.viewer('id_hmac');

-- Records of the matter of `X-Matter`.
CREATE VIEW hub.matter_record WITH (security_barrier) AS SELECT m.rid FROM hub.matter_member m WHERE m.matter_key = hub.viewer('matter_key');

-- Records by which a matter is the caller's: in the territory or assigned, and none about their own organisation.
CREATE VIEW hub.near_member WITH (security_barrier) AS
  SELECT m.matter_key, x.rid, x.department, a.relation, coalesce(starts_with(x.division_now, hub.viewer('division_prefix')), false) AS is_near
  FROM hub.matter_member m
  JOIN hub.record x ON x.rid = m.rid AND (hub.viewer('org') IS NULL OR x.respondent_org IS DISTINCT FROM hub.viewer('org'))
  LEFT JOIN hub.assignment a ON a.rid = m.rid AND a.credit_code = hub.viewer('org')
  WHERE a.rid IS NOT NULL OR starts_with(x.division_now, hub.viewer('division_prefix'));

-- Records of a matter that name the resident.
CREATE VIEW hub.own_member WITH (security_barrier) AS
  SELECT m.matter_key, m.rid FROM hub.mention_self s JOIN hub.matter_member m ON m.rid = s.rid WHERE s.id_hmac = hub.viewer('id_hmac');

GRANT SELECT ON hub.linked_record, hub.own_mention, hub.matter_record, hub.near_member, hub.own_member TO yiwang_reader;

-- The policy of 0200; whether a record is linked is asked of the row, or of all at once, as PostgreSQL finds cheaper.
DROP POLICY jurisdiction ON hub.record;
CREATE POLICY jurisdiction ON hub.record FOR SELECT TO yiwang_reader USING (
  (SELECT hub.viewer('kind')) IS NOT NULL
  AND (respondent_org IS NULL OR (SELECT hub.viewer('org')) IS NULL OR respondent_org <> (SELECT hub.viewer('org')))
  AND CASE WHEN (SELECT hub.viewer('kind')) = 'RESIDENT'
    THEN EXISTS (SELECT 1 FROM hub.mention_self s WHERE s.rid = record.rid AND s.id_hmac = (SELECT hub.viewer('id_hmac')))
    ELSE (SELECT hub.viewer('kind')) IN ('CLERK', 'ANALYST', 'APP')
      AND (starts_with(division_now, (SELECT hub.viewer('division_prefix')))
        OR EXISTS (SELECT 1 FROM hub.assignment a WHERE a.rid = record.rid AND a.credit_code = (SELECT hub.viewer('org')))
        OR EXISTS (SELECT 1 FROM hub.linked_record l WHERE l.rid = record.rid))
  END);

DROP FUNCTION hub.record_relation(hub.record, boolean, text[]), hub.matter_relation(text), hub.linked_rids(), hub.assigned_rids(), hub.kept_rids(text, text), hub.keep_rids(text, text, text[]), hub.rids_of();

-- Who is in a matter, and in which trust group, without a look at the table.
CREATE INDEX matter_member_of ON hub.matter_member (matter_key, rid, trust_group);
DROP INDEX hub.matter_member_matter;
