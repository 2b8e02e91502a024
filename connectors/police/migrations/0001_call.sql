CREATE SCHEMA police;
GRANT USAGE ON SCHEMA police TO yiwang_reader;

CREATE TABLE police.call (                      -- 110 calls: what only a call has
  rid text PRIMARY KEY REFERENCES hub.record ON DELETE CASCADE,
  receiving_unit text,
  call_category text,
  dispatched_at timestamptz,
  finished_at timestamptz,
  result text,
  address text,
  lng numeric(10, 6),
  lat numeric(10, 6),
  narrative text,
  handed_to_mediation boolean NOT NULL,
  handed_at timestamptz,
  family_violence_warning boolean NOT NULL
);
GRANT SELECT ON police.call TO yiwang_reader;
ALTER TABLE police.call ENABLE ROW LEVEL SECURITY;
ALTER TABLE police.call FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON police.call USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON police.call FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = call.rid));
