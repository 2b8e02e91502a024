-- A row of membership is there for those who see its record, and used to look the record up to find out: half of the index
-- lookups of a page of matters. It holds what that depends on now: territory and respondent, copied from its record.
ALTER TABLE hub.matter_member ADD COLUMN division_now text, ADD COLUMN respondent_org text;
UPDATE hub.matter_member m SET division_now = r.division_now, respondent_org = r.respondent_org FROM hub.record r WHERE r.rid = m.rid;

CREATE FUNCTION hub.copy_to_member() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  SELECT r.division_now, r.respondent_org INTO NEW.division_now, NEW.respondent_org FROM hub.record r WHERE r.rid = NEW.rid;
  RETURN NEW;
END $$;
-- Clustering gives both (jobs/write-matters.ts), so that this is for whoever does not.
CREATE TRIGGER copy_to_member BEFORE INSERT ON hub.matter_member FOR EACH ROW WHEN (NEW.division_now IS NULL AND NEW.respondent_org IS NULL) EXECUTE FUNCTION hub.copy_to_member();

-- A change that commits while clustering adds the record to a matter is not seen here. Such a record is touched, and settled
-- once more, which copies it again; until then the membership is seen, or is not, as the record was before.
CREATE FUNCTION hub.tell_member() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  UPDATE hub.matter_member SET division_now = NEW.division_now, respondent_org = NEW.respondent_org WHERE rid = NEW.rid;
  RETURN NULL;
END $$;
CREATE TRIGGER tell_member AFTER UPDATE OF division_now, respondent_org ON hub.record FOR EACH ROW
  WHEN ((OLD.division_now, OLD.respondent_org) IS DISTINCT FROM (NEW.division_now, NEW.respondent_org)) EXECUTE FUNCTION hub.tell_member();

-- As in 0760, with the respondent of the membership.
CREATE OR REPLACE VIEW hub.linked_record WITH (security_barrier) AS
  SELECT here.rid, there.trust_group = here.trust_group AND here.trust_group <> '' AS is_assigned, a.relation
  FROM hub.matter_member here
  JOIN hub.matter_member there ON there.matter_key = here.matter_key
  JOIN hub.assignment a ON a.rid = there.rid AND a.credit_code = hub.viewer('org')
  WHERE there.respondent_org IS DISTINCT FROM a.credit_code AND hub.viewer('kind') IN ('CLERK', 'ANALYST', 'APP');

-- Matters of those records, once for each that is assigned: all of a matter's records are linked, or none.
CREATE VIEW hub.linked_matter WITH (security_barrier) AS
  SELECT there.matter_key
  FROM hub.matter_member there JOIN hub.assignment a ON a.rid = there.rid AND a.credit_code = hub.viewer('org')
  WHERE there.respondent_org IS DISTINCT FROM a.credit_code AND hub.viewer('kind') IN ('CLERK', 'ANALYST', 'APP');

-- Records that are assigned to the organisation, and those that name the resident.
CREATE VIEW hub.assigned_record WITH (security_barrier) AS
  SELECT a.rid FROM hub.assignment a WHERE a.credit_code = hub.viewer('org') AND hub.viewer('kind') IN ('CLERK', 'ANALYST', 'APP');
CREATE VIEW hub.own_record WITH (security_barrier) AS
  SELECT s.rid FROM hub.mention_self s WHERE s.id_hmac = hub.viewer('id_hmac') AND hub.viewer('kind') = 'RESIDENT';

GRANT SELECT ON hub.linked_matter, hub.assigned_record, hub.own_record TO yiwang_reader;

-- The policy of 0760 with fewer plans to open at each statement: most rows have no respondent and lie in the territory, and
-- each of the views is empty for whom it is not.
DROP POLICY jurisdiction ON hub.record;
CREATE POLICY jurisdiction ON hub.record FOR SELECT TO yiwang_reader USING (
  (respondent_org IS NULL OR respondent_org IS DISTINCT FROM hub.viewer('org'))
  AND (starts_with(division_now, (SELECT hub.viewer('division_prefix') WHERE hub.viewer('kind') IN ('CLERK', 'ANALYST', 'APP')))
    OR EXISTS (SELECT 1 FROM hub.assigned_record a WHERE a.rid = record.rid)
    OR EXISTS (SELECT 1 FROM hub.linked_record l WHERE l.rid = record.rid)
    OR EXISTS (SELECT 1 FROM hub.own_record o WHERE o.rid = record.rid)));

-- The same of a membership. What is assigned to the organisation is a linked record of its own matter.
DROP POLICY of_visible_record ON hub.matter_member;
CREATE POLICY of_visible_record ON hub.matter_member FOR SELECT TO yiwang_reader USING (
  (respondent_org IS NULL OR respondent_org IS DISTINCT FROM hub.viewer('org'))
  AND (starts_with(division_now, (SELECT hub.viewer('division_prefix') WHERE hub.viewer('kind') IN ('CLERK', 'ANALYST', 'APP')))
    OR EXISTS (SELECT 1 FROM hub.linked_matter l WHERE l.matter_key = matter_member.matter_key)
    OR EXISTS (SELECT 1 FROM hub.own_record o WHERE o.rid = matter_member.rid)));

-- PostgreSQL asks a table's policies in the reverse order of their names, and who acts takes longer to find out than whether
-- a row is the caller's: asked last, it is asked of rows that are not.
ALTER POLICY owner_writes ON hub.record RENAME TO hub_writes;
ALTER POLICY owner_writes ON hub.mention RENAME TO hub_writes;
ALTER POLICY owner_writes ON hub.matter_member RENAME TO hub_writes;
ALTER POLICY owner_writes ON hub.matter RENAME TO hub_writes;

-- Reads a matter's memberships without a look at the table, for the policies as well.
DROP INDEX hub.matter_member_of;
CREATE INDEX matter_member_of ON hub.matter_member (matter_key, rid, trust_group) INCLUDE (division_now, respondent_org);
