-- What is touched, and which matters lost a record, is written down without looking whether it stands there already, as for
-- clustering (0690). A record that goes touches records of other streams: two pages that touched the same ones waited for
-- each other, in no order that both kept, and PostgreSQL ended one of them after a second. What is touched while it settles
-- now has a row of its own and stays, by whatever hand.
ALTER TABLE hub.touched DROP CONSTRAINT touched_pkey;
CREATE INDEX touched_rid ON hub.touched (rid);
ALTER TABLE hub.matter_left DROP CONSTRAINT matter_left_pkey;

CREATE OR REPLACE FUNCTION hub.mentions_gone() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO hub.touched (rid)
  SELECT DISTINCT m.rid FROM gone JOIN hub.mention m ON m.entity_key = gone.entity_key WHERE gone.kind = 'PERSON';
  DELETE FROM hub.entity e USING gone
  WHERE e.entity_key = gone.entity_key AND e.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM hub.mention m WHERE m.entity_key = e.entity_key);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.answer_review(in_a text, in_b text, in_answer text, in_by text, in_reason text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  pair hub.linkage_pair;
  held text; wanted text; numbers bigint;
BEGIN
  IF hub.viewer('kind') IS DISTINCT FROM 'CLERK' THEN RETURN 'NOT_FOUND'; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(in_a || in_b, 7201004));
  SELECT * INTO pair FROM hub.one_pair(in_a, in_b);
  IF pair.a IS NULL THEN RETURN 'NOT_FOUND'; END IF;
  held := pair.decision;
  IF in_answer = 'UNDONE' THEN
    SELECT w.before INTO wanted FROM hub.review_answer w WHERE w.a = in_a AND w.b = in_b AND w.answer <> 'UNDONE'
    ORDER BY w.id DESC OFFSET (SELECT count(*) FROM hub.review_answer u WHERE u.a = in_a AND u.b = in_b AND u.answer = 'UNDONE') LIMIT 1;
    IF NOT FOUND THEN RETURN 'NOTHING_TO_UNDO'; END IF;
  ELSE
    wanted := CASE in_answer WHEN 'SAME' THEN 'MUST_LINK' WHEN 'DIFFERENT' THEN 'CANNOT_LINK' ELSE held END;
  END IF;
  IF wanted = 'MUST_LINK' THEN
    SELECT count(DISTINCT m.id_number) INTO numbers FROM hub.mention m WHERE m.mention_id IN (in_a, in_b) AND m.id_number IS NOT NULL;
    IF numbers > 1 THEN RETURN 'TWO_NUMBERS'; END IF;
  END IF;
  INSERT INTO hub.review_answer (a, b, answer, before, department, org, answered_by, reason)
  VALUES (in_a, in_b, in_answer, held, hub.viewer('department'), hub.viewer('org'), in_by, in_reason);
  IF wanted IS NOT DISTINCT FROM held THEN RETURN 'OK'; END IF;
  DELETE FROM hub.link_decision d WHERE (d.a, d.b) IN ((in_a, in_b), (in_b, in_a));
  IF wanted IS NOT NULL THEN
    INSERT INTO hub.link_decision (a, b, decision, decided_by, reason) VALUES (in_a, in_b, wanted, in_by, in_reason);
    DELETE FROM hub.review v WHERE v.a = in_a AND v.b = in_b;
  END IF;
  INSERT INTO hub.touched (rid) VALUES (pair.a_rid), (pair.b_rid);
  INSERT INTO hub.outbox (kind, payload) VALUES ('TOUCHED', jsonb_build_object('review', true));
  RETURN 'OK';
END $$;
