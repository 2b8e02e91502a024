-- Corrections (校核): a request to the department that owns a value to look at it again. The hub never edits a source's
-- value; it shows that the value is in dispute until the source answers. What is proposed is personal data: it stands in a
-- table of its own, is read by who asked and by the department that is asked, and goes with its record.
CREATE TABLE hub.correction_period (             -- how long a department has; what connectors declare, `*` for the others
  department text PRIMARY KEY,
  working_days integer NOT NULL CHECK (working_days BETWEEN 1 AND 60),
  basis text NOT NULL
);
INSERT INTO hub.correction_period VALUES ('*', 10, '政务数据共享条例（数据校核）；个人信息保护法 第46条');
GRANT SELECT ON hub.correction_period TO yiwang_reader;

CREATE TABLE hub.correction (
  id uuid PRIMARY KEY,
  rid text NOT NULL REFERENCES hub.record ON DELETE CASCADE,
  mention_id text,                               -- of a person's field
  department text NOT NULL,
  division_now text,
  coordinate text NOT NULL,
  requester text NOT NULL,                       -- `resident:` and the keyed hash of the ID number, or `org:` and the credit code
  state text NOT NULL DEFAULT 'SENT' CHECK (state IN ('SENT', 'ANSWERED')),
  outcome text CHECK (outcome IN ('CORRECTED', 'CONFIRMED', 'SOURCE_CHANGED')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  due_on date NOT NULL,
  basis text NOT NULL,
  answered_at timestamptz,
  value_in text NOT NULL,                        -- table and column of the value, and a salted hash of it when it was disputed
  value_column text NOT NULL,
  value_digest text NOT NULL,
  CHECK ((state = 'ANSWERED') = (outcome IS NOT NULL AND answered_at IS NOT NULL))
);
-- Asking again while the department has not answered is the same request.
CREATE UNIQUE INDEX correction_open ON hub.correction (rid, coalesce(mention_id, ''), coordinate, requester) WHERE state = 'SENT';
CREATE INDEX correction_page ON hub.correction (requested_at DESC, id DESC);
CREATE TABLE hub.correction_text (
  id uuid PRIMARY KEY REFERENCES hub.correction ON DELETE CASCADE,
  proposed text,
  reason text NOT NULL,
  note text                                      -- what the department says to it
);

CREATE FUNCTION hub.requester() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN hub.viewer('kind') = 'RESIDENT' THEN 'resident:' || hub.viewer('id_hmac') ELSE 'org:' || hub.viewer('org') END
$$;
-- Whether the caller works for the department that is asked, in the territory where the record lies.
CREATE FUNCTION hub.is_asked(department text, division_now text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(hub.viewer('kind') IN ('CLERK', 'OPERATOR') AND upper(department) = hub.viewer('department') AND starts_with(division_now, hub.viewer('division_prefix')), false)
$$;

ALTER TABLE hub.correction ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.correction FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.correction USING (current_user NOT IN ('yiwang_reader', 'yiwang_writer')) WITH CHECK (current_user NOT IN ('yiwang_reader', 'yiwang_writer'));
-- A clerk sees it with the record, and so never where their own organisation is the one complained about; operators see no record.
CREATE POLICY of_visible_record ON hub.correction FOR SELECT TO yiwang_reader USING (
  EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = correction.rid) OR hub.viewer('kind') = 'OPERATOR' AND hub.is_asked(department, division_now));
CREATE POLICY own ON hub.correction FOR INSERT TO yiwang_writer WITH CHECK (requester = hub.requester() AND hub.viewer('kind') IN ('RESIDENT', 'CLERK') AND state = 'SENT');
CREATE POLICY own_or_asked ON hub.correction FOR SELECT TO yiwang_writer USING (requester = hub.requester() OR hub.is_asked(department, division_now));
CREATE POLICY asked ON hub.correction FOR UPDATE TO yiwang_writer USING (hub.is_asked(department, division_now)) WITH CHECK (hub.is_asked(department, division_now));
ALTER TABLE hub.correction_text ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.correction_text FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.correction_text USING (current_user NOT IN ('yiwang_reader', 'yiwang_writer')) WITH CHECK (current_user NOT IN ('yiwang_reader', 'yiwang_writer'));
CREATE POLICY parties ON hub.correction_text FOR SELECT TO yiwang_reader USING (EXISTS (
  SELECT 1 FROM hub.correction c WHERE c.id = correction_text.id AND (c.requester = hub.requester() OR hub.viewer('kind') = 'CLERK' AND hub.is_asked(c.department, c.division_now))));
CREATE POLICY own ON hub.correction_text FOR INSERT TO yiwang_writer WITH CHECK (EXISTS (SELECT 1 FROM hub.correction c WHERE c.id = correction_text.id AND c.requester = hub.requester()));
CREATE POLICY asked_select ON hub.correction_text FOR SELECT TO yiwang_writer USING (EXISTS (SELECT 1 FROM hub.correction c WHERE c.id = correction_text.id AND hub.is_asked(c.department, c.division_now)));
CREATE POLICY asked ON hub.correction_text FOR UPDATE TO yiwang_writer USING (EXISTS (SELECT 1 FROM hub.correction c WHERE c.id = correction_text.id AND hub.is_asked(c.department, c.division_now)));
GRANT SELECT (id, rid, mention_id, department, division_now, coordinate, requester, state, outcome, requested_at, due_on, basis, answered_at) ON hub.correction TO yiwang_reader;
GRANT SELECT ON hub.correction_text TO yiwang_reader;
GRANT SELECT (id, rid, mention_id, department, division_now, coordinate, requester, state), INSERT, UPDATE (state, outcome, answered_at) ON hub.correction TO yiwang_writer;
GRANT SELECT (id), INSERT, UPDATE (note) ON hub.correction_text TO yiwang_writer;

-- The salted hash of a value as it stands now: it tells whether the value changed, and nothing else of it.
CREATE FUNCTION hub.value_digest(salt uuid, value_in text, value_column text, rid text, mention_id text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  found text;
BEGIN
  IF to_regclass(value_in) IS NULL THEN RETURN NULL; END IF;
  EXECUTE format('SELECT t.%I::text FROM %s t WHERE t.%I = $1', value_column, to_regclass(value_in), CASE WHEN value_in = 'hub.mention' THEN 'mention_id' ELSE 'rid' END)
    INTO found USING CASE WHEN value_in = 'hub.mention' THEN mention_id ELSE rid END;
  RETURN encode(sha256(convert_to(salt::text || coalesce(found, ''), 'UTF8')), 'hex');
END $$;
REVOKE ALL ON FUNCTION hub.value_digest(uuid, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.value_digest(uuid, text, text, text, text) TO yiwang_writer;

-- In which table of a record's department a field of it stands, by the column's name; else the hub's own table of records.
CREATE FUNCTION hub.value_place(department text, column_name text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
    AND (n.nspname = department AND EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.confrelid = 'hub.record'::regclass)
      OR n.nspname = 'hub' AND c.relname = 'record' AND column_name IN ('occurred_at', 'category', 'division', 'status', 'grid_code', 'lead_org', 'place_key'))
  ORDER BY n.nspname = 'hub', c.relname LIMIT 1
$$;
GRANT EXECUTE ON FUNCTION hub.value_place(text, text) TO yiwang_reader;

-- A newer version in which the disputed value is another is the source's answer. Returns how many were answered.
CREATE FUNCTION hub.answer_by_source() RETURNS integer LANGUAGE sql SET search_path = pg_catalog AS $$
  WITH answered AS (
    UPDATE hub.correction SET state = 'ANSWERED', outcome = 'SOURCE_CHANGED', answered_at = now()
    WHERE state = 'SENT' AND hub.value_digest(id, value_in, value_column, rid, mention_id) IS DISTINCT FROM value_digest RETURNING 1)
  SELECT count(*)::integer FROM answered
$$;
REVOKE ALL ON FUNCTION hub.answer_by_source() FROM PUBLIC;

CREATE VIEW hub.correction_count WITH (security_barrier) AS
  SELECT department, count(*) FILTER (WHERE state = 'SENT' AND due_on >= (now() AT TIME ZONE 'Asia/Shanghai')::date) AS sent,
    count(*) FILTER (WHERE state = 'SENT' AND due_on < (now() AT TIME ZONE 'Asia/Shanghai')::date) AS overdue, count(*) FILTER (WHERE state = 'ANSWERED') AS answered
  FROM hub.correction WHERE hub.viewer('kind') = 'OPERATOR' GROUP BY department;
GRANT SELECT ON hub.correction_count TO yiwang_reader;
