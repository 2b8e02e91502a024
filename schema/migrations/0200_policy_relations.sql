-- Rows of a matter that holds a record of the caller's organisation: their WORK fields are open (access.md), wherever the
-- record lies. The functions run as the owner of the tables, because the policies of record and matter_member would
-- otherwise call each other without end; they tell keys of rows, which the policies then let through, and nothing else.
CREATE FUNCTION hub.linked_rids() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT there.rid
  FROM hub.assignment a
  JOIN hub.record r ON r.rid = a.rid AND r.respondent_org IS DISTINCT FROM a.credit_code
  JOIN hub.matter_member here ON here.rid = a.rid
  JOIN hub.matter_member there ON there.matter_key = here.matter_key
  WHERE a.credit_code = hub.viewer('org') AND hub.viewer('kind') IN ('CLERK', 'ANALYST', 'APP')
$$;
REVOKE ALL ON FUNCTION hub.linked_rids() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.linked_rids() TO yiwang_reader;

-- The settings are read once a statement (sub-selects), not once a row. A territory is 2, 4, 6, 9 or 12 digits, or none.
DROP POLICY jurisdiction ON hub.record;
CREATE POLICY jurisdiction ON hub.record FOR SELECT TO yiwang_reader USING (
  (SELECT hub.viewer('kind')) IS NOT NULL
  AND (respondent_org IS NULL OR (SELECT hub.viewer('org')) IS NULL OR respondent_org <> (SELECT hub.viewer('org')))
  AND CASE WHEN (SELECT hub.viewer('kind')) = 'RESIDENT'
    THEN rid IN (SELECT s.rid FROM hub.mention_self s WHERE s.id_hmac = (SELECT hub.viewer('id_hmac')))
    ELSE (SELECT hub.viewer('kind')) IN ('CLERK', 'ANALYST', 'APP')
      AND (starts_with(division_now, (SELECT hub.viewer('division_prefix')))
        OR EXISTS (SELECT 1 FROM hub.assignment a WHERE a.rid = record.rid AND a.credit_code = (SELECT hub.viewer('org')))
        OR rid IN (SELECT hub.linked_rids()))
  END);
