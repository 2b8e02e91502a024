-- Decisions made one after the other. A merge speaks of all its records: what an earlier split holds apart among them is held
-- together now, or the merged matter would fall apart again. What is only kept along takes no confirmation away.
CREATE OR REPLACE FUNCTION hub.decide_matter(in_kind text, in_rids text[], in_pairs jsonb, in_reason text, in_evidence text[], in_by text, in_org text) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  made uuid := gen_random_uuid();
  wanted jsonb;
BEGIN
  SELECT coalesce(jsonb_agg(jsonb_build_object('a', w.a, 'b', w.b, 'decision', w.decision, 'leaves', w.leaves)), '[]') INTO wanted FROM (
    SELECT x.a, x.b, x.decision, x.leaves FROM jsonb_to_recordset(in_pairs) AS x(a text, b text, decision text, leaves text)
      LEFT JOIN hub.matter_decision d ON d.a = x.a AND d.b = x.b AND d.decision = 'MUST_LINK' WHERE x.decision <> 'KEEP_TOGETHER' OR d.a IS NULL
    UNION ALL
    SELECT d.a, d.b, 'KEEP_TOGETHER', NULL FROM hub.matter_decision d LEFT JOIN jsonb_to_recordset(in_pairs) AS x(a text, b text) ON x.a = d.a AND x.b = d.b
      WHERE in_kind = 'MERGED' AND d.decision = 'CANNOT_LINK' AND d.a = ANY (in_rids) AND d.b = ANY (in_rids) AND x.a IS NULL) w;
  INSERT INTO hub.matter_event (id, kind, rids, pairs, reason, evidence, decided_by, org)
  SELECT made, in_kind, in_rids, coalesce(jsonb_agg(jsonb_build_object('a', x.a, 'b', x.b, 'decision', x.decision, 'before', d.decision, 'beforeEvent', d.event_id, 'beforeBy', d.decided_by, 'beforeLeaves', d.leaves)), '[]'), in_reason, in_evidence, in_by, in_org
  FROM jsonb_to_recordset(wanted) AS x(a text, b text, decision text) LEFT JOIN hub.matter_decision d ON d.a = x.a AND d.b = x.b;
  INSERT INTO hub.matter_decision (a, b, decision, leaves, decided_by, event_id)
  SELECT x.a, x.b, x.decision, x.leaves, in_by, made FROM jsonb_to_recordset(wanted) AS x(a text, b text, decision text, leaves text)
  ON CONFLICT (a, b) DO UPDATE SET decision = excluded.decision, leaves = excluded.leaves, decided_by = excluded.decided_by, event_id = excluded.event_id, at = now();
  PERFORM hub.ring_settle();
  RETURN made;
END $$;

-- What stood before stands again, unless it has been undone since: then what stood before that.
CREATE OR REPLACE FUNCTION hub.undo_matter_decision(undone uuid, in_reason text, in_by text, in_org text) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  made uuid := gen_random_uuid();
  old hub.matter_event;
BEGIN
  SELECT * INTO old FROM hub.matter_event WHERE id = undone AND kind <> 'UNDONE';
  IF NOT FOUND OR EXISTS (SELECT 1 FROM hub.matter_event e WHERE e.undoes = undone) THEN RETURN NULL; END IF;
  INSERT INTO hub.matter_event (id, kind, rids, pairs, reason, decided_by, org, undoes) VALUES (made, 'UNDONE', old.rids, old.pairs, in_reason, in_by, in_org, undone);
  WITH RECURSIVE taken_back AS MATERIALIZED (
    SELECT e.id, x.* FROM hub.matter_event e JOIN hub.matter_event u ON u.undoes = e.id
      CROSS JOIN LATERAL jsonb_to_recordset(e.pairs) AS x(a text, b text, before text, "beforeEvent" uuid, "beforeBy" text, "beforeLeaves" text)
    WHERE e.rids && old.rids AND e.id <> undone),
  earlier AS (
    SELECT x.* FROM jsonb_to_recordset(old.pairs) AS x(a text, b text, before text, "beforeEvent" uuid, "beforeBy" text, "beforeLeaves" text)
    UNION ALL
    SELECT t.a, t.b, t.before, t."beforeEvent", t."beforeBy", t."beforeLeaves" FROM earlier y JOIN taken_back t ON t.id = y."beforeEvent" AND t.a = y.a AND t.b = y.b)
  UPDATE hub.matter_decision d SET decision = x.before, event_id = x."beforeEvent", decided_by = x."beforeBy", leaves = x."beforeLeaves"
  FROM earlier x
  WHERE d.a = x.a AND d.b = x.b AND d.event_id = undone AND x.before IS NOT NULL AND NOT EXISTS (SELECT 1 FROM taken_back t WHERE t.id = x."beforeEvent");
  DELETE FROM hub.matter_decision d WHERE d.event_id = undone;
  PERFORM hub.ring_settle();
  RETURN made;
END $$;
