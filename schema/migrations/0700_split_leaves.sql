-- Which of two records a split took out of their matter: the number stays with those that were left.
ALTER TABLE hub.matter_decision ADD COLUMN leaves text CHECK (leaves IN (a, b));
-- The matter that a split took the record out of: it counts for that one again once they are together again.
ALTER TABLE hub.matter_member ADD COLUMN split_from text;

CREATE OR REPLACE FUNCTION hub.decide_matter(in_kind text, in_rids text[], in_pairs jsonb, in_reason text, in_evidence text[], in_by text, in_org text) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  made uuid := gen_random_uuid();
BEGIN
  INSERT INTO hub.matter_event (id, kind, rids, pairs, reason, evidence, decided_by, org)
  SELECT made, in_kind, in_rids, coalesce(jsonb_agg(jsonb_build_object('a', x.a, 'b', x.b, 'decision', x.decision, 'before', d.decision, 'beforeEvent', d.event_id, 'beforeBy', d.decided_by, 'beforeLeaves', d.leaves)), '[]'), in_reason, in_evidence, in_by, in_org
  FROM jsonb_to_recordset(in_pairs) AS x(a text, b text, decision text) LEFT JOIN hub.matter_decision d ON d.a = x.a AND d.b = x.b;
  INSERT INTO hub.matter_decision (a, b, decision, leaves, decided_by, event_id)
  SELECT x.a, x.b, x.decision, x.leaves, in_by, made FROM jsonb_to_recordset(in_pairs) AS x(a text, b text, decision text, leaves text)
  ON CONFLICT (a, b) DO UPDATE SET decision = excluded.decision, leaves = excluded.leaves, decided_by = excluded.decided_by, event_id = excluded.event_id, at = now();
  PERFORM hub.ring_settle();
  RETURN made;
END $$;

CREATE OR REPLACE FUNCTION hub.undo_matter_decision(undone uuid, in_reason text, in_by text, in_org text) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  made uuid := gen_random_uuid();
  old hub.matter_event;
BEGIN
  SELECT * INTO old FROM hub.matter_event WHERE id = undone AND kind <> 'UNDONE';
  IF NOT FOUND OR EXISTS (SELECT 1 FROM hub.matter_event e WHERE e.undoes = undone) THEN RETURN NULL; END IF;
  INSERT INTO hub.matter_event (id, kind, rids, pairs, reason, decided_by, org, undoes) VALUES (made, 'UNDONE', old.rids, old.pairs, in_reason, in_by, in_org, undone);
  UPDATE hub.matter_decision d SET decision = x.before, event_id = x."beforeEvent", decided_by = x."beforeBy", leaves = x."beforeLeaves"
  FROM jsonb_to_recordset(old.pairs) AS x(a text, b text, before text, "beforeEvent" uuid, "beforeBy" text, "beforeLeaves" text)
  WHERE d.a = x.a AND d.b = x.b AND d.event_id = undone AND x.before IS NOT NULL;
  DELETE FROM hub.matter_decision d WHERE d.event_id = undone;
  PERFORM hub.ring_settle();
  RETURN made;
END $$;
