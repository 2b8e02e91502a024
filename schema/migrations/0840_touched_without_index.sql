-- What is to be clustered again is read and taken away by the step, or whole. An index over it, grown at random by every
-- record and every mention that comes, costs a first sync what no step saves; and since nothing waits for anything there
-- (0690), an order is of no use.
DROP INDEX hub.matter_touched_rid;
CREATE OR REPLACE FUNCTION hub.touch_records() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO hub.matter_touched SELECT rid FROM fresh;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION hub.touch_mentions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO hub.matter_touched SELECT DISTINCT rid FROM fresh;
  ELSE
    INSERT INTO hub.matter_touched SELECT DISTINCT o.rid FROM old_rows o JOIN hub.record r USING (rid);
  END IF;
  RETURN NULL;
END $$;

-- Mostly one side says all that the other does, and then nothing has to be put together.
CREATE OR REPLACE FUNCTION hub.earliest(a jsonb, b jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF a @> b THEN RETURN a; END IF;
  IF b @> a THEN RETURN b; END IF;
  RETURN (SELECT coalesce(jsonb_object_agg(k, v), '{}') FROM (
    SELECT k, min(v COLLATE "C") AS v FROM (SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)) AS e(k, v) GROUP BY k) x);
END $$;
