-- Clerks' decisions on matters, remembered by every later run. KEEP_TOGETHER keeps the other records of merged matters with
-- them and confirms nothing: only MUST_LINK joins trust groups, and so lets an assignment extend.
ALTER TABLE hub.matter_decision DROP CONSTRAINT matter_decision_decision_check;
ALTER TABLE hub.matter_decision ADD CHECK (decision IN ('MUST_LINK', 'KEEP_TOGETHER', 'CANNOT_LINK'));
ALTER TABLE hub.matter_decision ADD COLUMN event_id uuid;

CREATE TABLE hub.matter_event (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('CONFIRMED', 'SPLIT', 'MERGED', 'UNDONE')),
  rids text[] NOT NULL,                         -- the records it is about
  pairs jsonb NOT NULL,                         -- [{a, b, decision, before}]: what was decided of each pair, and what stood there
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  evidence text[] NOT NULL DEFAULT '{}',
  decided_by text NOT NULL,                     -- the access log's pseudonym
  org text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  undoes uuid UNIQUE REFERENCES hub.matter_event
);
CREATE INDEX matter_event_rids ON hub.matter_event USING gin (rids);

-- Seen by whoever sees one of its records.
ALTER TABLE hub.matter_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.matter_event FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.matter_event USING (current_user NOT IN ('yiwang_reader', 'yiwang_writer')) WITH CHECK (current_user NOT IN ('yiwang_reader', 'yiwang_writer'));
CREATE POLICY of_visible_record ON hub.matter_event FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.matter_member m WHERE m.rid = ANY (matter_event.rids)));
GRANT SELECT ON hub.matter_event TO yiwang_reader;
CREATE POLICY clerks ON hub.matter_event TO yiwang_writer USING (hub.viewer('kind') = 'CLERK') WITH CHECK (hub.viewer('kind') = 'CLERK' AND org = hub.viewer('org'));
GRANT SELECT, INSERT ON hub.matter_event TO yiwang_writer;
ALTER TABLE hub.matter_decision ENABLE ROW LEVEL SECURITY;
CREATE POLICY clerks ON hub.matter_decision TO yiwang_writer USING (hub.viewer('kind') = 'CLERK') WITH CHECK (hub.viewer('kind') = 'CLERK');
GRANT SELECT, INSERT, UPDATE, DELETE ON hub.matter_decision TO yiwang_writer;

-- The doorbell of the job that clusters again.
CREATE FUNCTION hub.ring_settle() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO hub.outbox (kind, payload) VALUES ('TOUCHED', '{"by": "decision"}')
$$;

CREATE FUNCTION hub.decide_matter(in_kind text, in_rids text[], in_pairs jsonb, in_reason text, in_evidence text[], in_by text, in_org text) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  made uuid := gen_random_uuid();
BEGIN
  INSERT INTO hub.matter_event (id, kind, rids, pairs, reason, evidence, decided_by, org)
  SELECT made, in_kind, in_rids, coalesce(jsonb_agg(jsonb_build_object('a', x.a, 'b', x.b, 'decision', x.decision, 'before', d.decision, 'beforeEvent', d.event_id, 'beforeBy', d.decided_by)), '[]'), in_reason, in_evidence, in_by, in_org
  FROM jsonb_to_recordset(in_pairs) AS x(a text, b text, decision text) LEFT JOIN hub.matter_decision d ON d.a = x.a AND d.b = x.b;
  INSERT INTO hub.matter_decision (a, b, decision, decided_by, event_id)
  SELECT x.a, x.b, x.decision, in_by, made FROM jsonb_to_recordset(in_pairs) AS x(a text, b text, decision text)
  ON CONFLICT (a, b) DO UPDATE SET decision = excluded.decision, decided_by = excluded.decided_by, event_id = excluded.event_id, at = now();
  PERFORM hub.ring_settle();
  RETURN made;
END $$;

-- What stood before stands again, but where somebody has decided anew since. Null: undone already.
CREATE FUNCTION hub.undo_matter_decision(undone uuid, in_reason text, in_by text, in_org text) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  made uuid := gen_random_uuid();
  old hub.matter_event;
BEGIN
  SELECT * INTO old FROM hub.matter_event WHERE id = undone AND kind <> 'UNDONE';
  IF NOT FOUND OR EXISTS (SELECT 1 FROM hub.matter_event e WHERE e.undoes = undone) THEN RETURN NULL; END IF;
  INSERT INTO hub.matter_event (id, kind, rids, pairs, reason, decided_by, org, undoes) VALUES (made, 'UNDONE', old.rids, old.pairs, in_reason, in_by, in_org, undone);
  UPDATE hub.matter_decision d SET decision = x.before, event_id = x."beforeEvent", decided_by = x."beforeBy"
  FROM jsonb_to_recordset(old.pairs) AS x(a text, b text, before text, "beforeEvent" uuid, "beforeBy" text)
  WHERE d.a = x.a AND d.b = x.b AND d.event_id = undone AND x.before IS NOT NULL;
  DELETE FROM hub.matter_decision d WHERE d.event_id = undone;
  PERFORM hub.ring_settle();
  RETURN made;
END $$;

-- Whether the clusters of these records are as the decisions say: false while the job has them before it.
CREATE FUNCTION hub.decision_applied(rids text[]) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT NOT EXISTS (SELECT 1 FROM hub.matter_touched t WHERE t.rid = ANY (rids))
$$;
REVOKE ALL ON FUNCTION hub.ring_settle(), hub.decide_matter(text, text[], jsonb, text, text[], text, text), hub.undo_matter_decision(uuid, text, text, text), hub.decision_applied(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.ring_settle(), hub.decide_matter(text, text[], jsonb, text, text[], text, text), hub.undo_matter_decision(uuid, text, text, text) TO yiwang_writer;
GRANT EXECUTE ON FUNCTION hub.decision_applied(text[]) TO yiwang_reader;
