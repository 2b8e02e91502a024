-- Hotspots: a facility, a place or a topic in a division, never a person. Made again by every settle from the records that are
-- there, so that nothing of a purged one stays. `records` is exact; what is told of it has its floors and its noise.
CREATE TABLE hub.situation (
  situation_key text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('PUBLIC_FACILITY', 'PLACE', 'TOPIC')),
  name text NOT NULL,
  identifier text,
  facility_kind text,
  category text,
  division text NOT NULL,
  from_at timestamptz NOT NULL,
  to_at timestamptz NOT NULL,
  sensitive boolean NOT NULL,
  records text NOT NULL,                        -- as it is told: exact for a facility, perturbed for others
  requesters text NOT NULL,                     -- a floor, never a number
  channels text[] NOT NULL,
  keywords text[] NOT NULL,
  trend text NOT NULL,
  matter_keys text[] NOT NULL,
  facts jsonb NOT NULL
);
CREATE INDEX situation_page ON hub.situation (to_at DESC, situation_key DESC);
GRANT SELECT ON hub.situation TO yiwang_reader;
ALTER TABLE hub.situation ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.situation FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.situation USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
-- Sensitive ones not below the county.
CREATE POLICY jurisdiction ON hub.situation FOR SELECT TO yiwang_reader USING (
  (SELECT hub.viewer('kind')) IN ('CLERK', 'ANALYST', 'APP') AND starts_with(division, (SELECT hub.viewer('division_prefix')))
  AND (NOT sensitive OR (SELECT hub.viewer('tier')) IN ('COUNTY', 'CITY', 'PROVINCE')));
