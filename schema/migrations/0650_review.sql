-- The review of how mentions were linked. Neither the reading nor the writing role may touch the tables of linkage: pairs
-- leave through these functions, which run as the owner and ask the viewer's settings themselves. A pair is open to an
-- operator (levels, no values), and to a clerk of a department that owns one side of it, in the clerk's territory. The
-- other side then must not be protected (C1 to C4): that two records are one person already tells who the other one is.
CREATE TABLE hub.review_answer (                -- every answer, never changed: what `undo` goes back along
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  a text NOT NULL,
  b text NOT NULL,
  answer text NOT NULL CHECK (answer IN ('SAME', 'DIFFERENT', 'UNSURE', 'UNDONE')),
  before text,                                  -- the decision that held until then; null where there was none
  department text NOT NULL,
  org text NOT NULL,
  answered_by text NOT NULL,                    -- the access log's pseudonym of the caller
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX review_answer_pair ON hub.review_answer (a, b, id);
CREATE INDEX review_page ON hub.review (weight DESC, a, b);
CREATE INDEX link_edge_b ON hub.link_edge (b);
CREATE INDEX link_decision_b ON hub.link_decision (b);

CREATE FUNCTION hub.owns_record(r hub.record) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT upper(r.department) = hub.viewer('department') AND (coalesce(starts_with(r.division_now, hub.viewer('division_prefix')), false)
    OR EXISTS (SELECT 1 FROM hub.assignment a WHERE a.rid = r.rid AND a.credit_code = hub.viewer('org')))
$$;

CREATE FUNCTION hub.pair_open(ra hub.record, rb hub.record) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT CASE hub.viewer('kind')
    WHEN 'OPERATOR' THEN true
    WHEN 'CLERK' THEN (SELECT bool_or(s.owned) AND bool_and(s.r_org IS DISTINCT FROM hub.viewer('org') AND (s.owned OR (s.near AND NOT s.protected))) FROM (
      SELECT hub.owns_record(x) AS owned, x.respondent_org AS r_org, x.confidential OR x.minor OR x.family_violence AS protected,
        coalesce(starts_with(x.division_now, hub.viewer('division_prefix')), false) AS near
      FROM unnest(ARRAY[ra, rb]) x) s)
    ELSE false END
$$;

CREATE TYPE hub.linkage_pair AS (
  a text, b text, weight double precision, levels jsonb, model_version text, reason text, decision text, answers integer, together boolean,
  a_rid text, a_department text, a_role text, a_owned boolean, b_rid text, b_department text, b_role text, b_owned boolean);

CREATE FUNCTION hub.pair_of(ma hub.mention, mb hub.mention, e hub.link_edge) RETURNS hub.linkage_pair LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT (ma.mention_id, mb.mention_id, e.weight, e.levels, e.model_version,
    (SELECT v.reason FROM hub.review v WHERE v.a = e.a AND v.b = e.b),
    (SELECT d.decision FROM hub.link_decision d WHERE (d.a, d.b) IN ((e.a, e.b), (e.b, e.a)) ORDER BY d.at DESC LIMIT 1),
    (SELECT count(*)::integer FROM hub.review_answer w WHERE w.a = e.a AND w.b = e.b),
    coalesce(ma.entity_key = mb.entity_key, false),
    ra.rid, ra.department, ma.role, coalesce(hub.owns_record(ra), false), rb.rid, rb.department, mb.role, coalesce(hub.owns_record(rb), false))::hub.linkage_pair
  FROM hub.record ra, hub.record rb WHERE ra.rid = ma.rid AND rb.rid = mb.rid
$$;

-- The queue, the likeliest first, after a position of an earlier page.
CREATE FUNCTION hub.review_pairs(after_weight double precision, after_a text, after_b text, rows_max integer) RETURNS SETOF hub.linkage_pair
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT p.* FROM (
    SELECT ma, mb, e FROM hub.review v JOIN hub.link_edge e USING (a, b)
    JOIN hub.mention ma ON ma.mention_id = v.a JOIN hub.mention mb ON mb.mention_id = v.b
    JOIN hub.record ra ON ra.rid = ma.rid JOIN hub.record rb ON rb.rid = mb.rid
    WHERE (after_a IS NULL OR (-v.weight, v.a, v.b) > (-after_weight, after_a, after_b)) AND hub.pair_open(ra, rb)
    ORDER BY v.weight DESC, v.a, v.b LIMIT rows_max) q, hub.pair_of(q.ma, q.mb, q.e) p
  ORDER BY p.weight DESC, p.a, p.b
$$;

-- What records of the caller's own department that the caller's organisation handles were linked to: one record, or those
-- of the matter that the caller has open.
CREATE FUNCTION hub.record_pairs(in_rid text, in_type text, rows_max integer) RETURNS SETOF hub.linkage_pair
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT p.* FROM (
    SELECT DISTINCT e.weight, e.a, e.b FROM hub.record r
    JOIN hub.assignment s ON s.rid = r.rid AND s.credit_code = hub.viewer('org')
    JOIN hub.mention m ON m.rid = r.rid AND m.kind = 'PERSON'
    JOIN hub.link_edge e ON e.a = m.mention_id OR e.b = m.mention_id
    JOIN hub.mention ma ON ma.mention_id = e.a JOIN hub.mention mb ON mb.mention_id = e.b
    JOIN hub.record ra ON ra.rid = ma.rid JOIN hub.record rb ON rb.rid = mb.rid
    WHERE CASE WHEN in_rid IS NULL THEN r.rid IN (SELECT h.rid FROM hub.matter_member h WHERE h.matter_key = hub.viewer('matter_key')) ELSE r.rid = in_rid AND r.type_name = in_type END
      AND hub.viewer('kind') = 'CLERK' AND hub.owns_record(r) AND hub.pair_open(ra, rb)
    ORDER BY e.weight DESC, e.a, e.b LIMIT rows_max) q
  JOIN hub.link_edge e ON e.a = q.a AND e.b = q.b
  JOIN hub.mention ma ON ma.mention_id = e.a JOIN hub.mention mb ON mb.mention_id = e.b, hub.pair_of(ma, mb, e) p
  ORDER BY p.weight DESC, p.a, p.b
$$;

CREATE FUNCTION hub.one_pair(in_a text, in_b text) RETURNS SETOF hub.linkage_pair
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT p.* FROM hub.link_edge e
  JOIN hub.mention ma ON ma.mention_id = e.a JOIN hub.mention mb ON mb.mention_id = e.b
  JOIN hub.record ra ON ra.rid = ma.rid JOIN hub.record rb ON rb.rid = mb.rid, hub.pair_of(ma, mb, e) p
  WHERE e.a = in_a AND e.b = in_b AND hub.pair_open(ra, rb)
$$;

-- One answer: kept for ever, turned into the decision that every later run obeys, and the next run is rung for. `UNDONE`
-- goes back to what held before the last answer that was not undone. Gives OK, or why nothing was done.
CREATE FUNCTION hub.answer_review(in_a text, in_b text, in_answer text, in_by text, in_reason text) RETURNS text
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
  INSERT INTO hub.touched (rid) VALUES (pair.a_rid), (pair.b_rid) ON CONFLICT (rid) DO NOTHING;
  INSERT INTO hub.outbox (kind, payload) VALUES ('TOUCHED', jsonb_build_object('review', true));
  RETURN 'OK';
END $$;

REVOKE ALL ON FUNCTION hub.owns_record(hub.record), hub.pair_open(hub.record, hub.record), hub.pair_of(hub.mention, hub.mention, hub.link_edge),
  hub.review_pairs(double precision, text, text, integer), hub.record_pairs(text, text, integer), hub.one_pair(text, text),
  hub.answer_review(text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.review_pairs(double precision, text, text, integer), hub.record_pairs(text, text, integer), hub.one_pair(text, text) TO yiwang_reader;
GRANT EXECUTE ON FUNCTION hub.answer_review(text, text, text, text, text) TO yiwang_writer;
