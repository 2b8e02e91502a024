-- The third wall. Subgraphs read as yiwang_reader, which owns nothing and cannot bypass these policies. The viewer stands
-- in settings local to the transaction; where none is set, nothing is visible.
-- Roles belong to the cluster, not to the database: another database may have made it, even at this moment.
DO $$ BEGIN
  -- Asked first: whoever may not create roles is refused even where the role is there.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'yiwang_reader') THEN
    BEGIN
      CREATE ROLE yiwang_reader NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, 'yiwang_reader', 'MEMBER') THEN
    EXECUTE 'GRANT yiwang_reader TO CURRENT_USER';
  END IF;
END $$;
GRANT USAGE ON SCHEMA hub TO yiwang_reader;
GRANT SELECT ON hub.division, hub.organization, hub.unit, hub.place, hub.thing, hub.setting TO yiwang_reader;
GRANT SELECT ON hub.record, hub.assignment, hub.mention, hub.matter, hub.matter_member TO yiwang_reader;

CREATE FUNCTION hub.viewer(name text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('yiwang.' || name, true), '') $$;

-- Settings: kind, org, division_prefix (2, 4, 6, 9 or 12 digits by tier), id_hmac (residents only).
-- Which records name a valid ID number: a narrow table without policy of its own, so that the policies of record and
-- mention do not call each other without end.
CREATE TABLE hub.mention_self (rid text NOT NULL REFERENCES hub.record ON DELETE CASCADE, id_hmac text NOT NULL, PRIMARY KEY (id_hmac, rid));
GRANT SELECT ON hub.mention_self TO yiwang_reader;

ALTER TABLE hub.record ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.record FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.record USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY jurisdiction ON hub.record FOR SELECT TO yiwang_reader USING (
  hub.viewer('kind') IS NOT NULL
  AND (respondent_org IS NULL OR hub.viewer('org') IS NULL OR respondent_org <> hub.viewer('org'))
  AND CASE WHEN hub.viewer('kind') = 'RESIDENT'
    THEN EXISTS (SELECT 1 FROM hub.mention_self s WHERE s.rid = record.rid AND s.id_hmac = hub.viewer('id_hmac'))
    ELSE division_now LIKE hub.viewer('division_prefix') || '%'
      OR EXISTS (SELECT 1 FROM hub.assignment a WHERE a.rid = record.rid AND a.credit_code = hub.viewer('org'))
  END);

ALTER TABLE hub.mention ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.mention FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.mention USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON hub.mention FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = mention.rid));

ALTER TABLE hub.matter_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.matter_member FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.matter_member USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON hub.matter_member FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = matter_member.rid));

-- A matter is there for those who see one of its records; its derived columns are then derived again from those records.
ALTER TABLE hub.matter ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.matter FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.matter USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_member ON hub.matter FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.matter_member m WHERE m.matter_key = matter.matter_key));

ALTER TABLE hub.assignment ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.assignment FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.assignment USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY readable ON hub.assignment FOR SELECT TO yiwang_reader USING (true);
