CREATE SCHEMA petition;
GRANT USAGE ON SCHEMA petition TO yiwang_reader;

CREATE TABLE petition.petition (                -- what only a petition has
  rid text PRIMARY KEY REFERENCES hub.record ON DELETE CASCADE,
  form text,
  headcount integer,
  content_category text,
  purpose text NOT NULL,
  place_text text,
  narrative text,
  handling text,
  handled_by text,
  accepted_on date,
  due_on date,
  extended boolean NOT NULL,
  extension_reason text,
  decision text,
  reviewed_on date,
  finally_reviewed_on date,
  satisfaction integer,
  repeat boolean NOT NULL
);
GRANT SELECT ON petition.petition TO yiwang_reader;
ALTER TABLE petition.petition ENABLE ROW LEVEL SECURITY;
ALTER TABLE petition.petition FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON petition.petition USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON petition.petition FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = petition.rid));
