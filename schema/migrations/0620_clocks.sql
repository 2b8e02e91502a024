-- What clocks, timelines, docking and statistics are computed from: facts of the record (class WORK, as the connector declares
-- them) and the source's update time of the first version that fulfilled a milestone. Both go with the record.
ALTER TABLE hub.record ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
ALTER TABLE hub.record ADD COLUMN first_seen jsonb NOT NULL DEFAULT '{}';

-- Per name the earlier of two instants, written in UTC in one form: history does not depend on the order of arrival.
CREATE FUNCTION hub.earliest(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(jsonb_object_agg(k, v), '{}') FROM (
    SELECT k, min(v COLLATE "C") AS v FROM (SELECT * FROM jsonb_each_text(a) UNION ALL SELECT * FROM jsonb_each_text(b)) AS e(k, v) GROUP BY k) x
$$;

-- The business clock: with a data set it starts at the set's `asOf` and runs on from there; without one it is the real time.
ALTER TABLE hub.setting ADD COLUMN set_at timestamptz NOT NULL DEFAULT now();
CREATE FUNCTION hub.business_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT (value #>> '{}')::timestamptz + (now() - set_at) FROM hub.setting WHERE name = 'as_of'), now())
$$;

-- One row per record and rule that concerns it: when it is due follows from the record alone; its state is asked at a time.
CREATE TABLE hub.clock (
  rid text NOT NULL REFERENCES hub.record ON DELETE CASCADE,
  rule text NOT NULL,
  started_at timestamptz,                       -- null: the source does not tell when it started
  due_at timestamptz,                           -- null: not applicable
  soon_at timestamptz,
  stopped_at timestamptz,
  paused_since timestamptz,
  extended boolean NOT NULL DEFAULT false,
  provisional boolean NOT NULL DEFAULT false,   -- the State Council has not announced the year's working days yet
  stated_due_at timestamptz,
  is_right boolean NOT NULL DEFAULT false,      -- no duty: when its time has passed it has lapsed, and nobody is late
  PRIMARY KEY (rid, rule)
);
CREATE INDEX clock_running ON hub.clock (due_at) WHERE stopped_at IS NULL AND paused_since IS NULL AND due_at IS NOT NULL;
GRANT SELECT ON hub.clock TO yiwang_reader;
ALTER TABLE hub.clock ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.clock FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.clock USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON hub.clock FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = clock.rid));

-- A last day ends at 24:00, which is still in time.
CREATE FUNCTION hub.clock_state(due_at timestamptz, soon_at timestamptz, stopped_at timestamptz, paused_since timestamptz, is_right boolean, at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN due_at IS NULL THEN 'NOT_APPLICABLE'
    WHEN stopped_at IS NOT NULL THEN CASE WHEN stopped_at <= due_at THEN 'MET' ELSE 'OVERDUE' END
    WHEN paused_since IS NOT NULL THEN 'PAUSED'
    WHEN at > due_at THEN CASE WHEN is_right THEN 'NOT_APPLICABLE' ELSE 'OVERDUE' END
    WHEN at >= soon_at THEN 'DUE_SOON'
    ELSE 'PENDING' END
$$;
