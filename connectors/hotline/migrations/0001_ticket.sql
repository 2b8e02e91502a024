CREATE SCHEMA hotline;
GRANT USAGE ON SCHEMA hotline TO yiwang_reader;

CREATE TABLE hotline.ticket (                   -- 12345 tickets: what only a ticket has
  rid text PRIMARY KEY REFERENCES hub.record ON DELETE CASCADE,
  status text NOT NULL,
  withdrawn boolean NOT NULL,
  channel text,
  appeal_type text,
  category_code text,
  category_path text[] NOT NULL,
  title text,
  body text,
  address text,
  lng numeric(10, 6),
  lat numeric(10, 6),
  urgency text,
  assigned_at timestamptz,
  contacted_at timestamptz,
  accepted_at timestamptz,
  returned_at timestamptz,
  due_at timestamptz,
  closed_at timestamptz,
  reply text,
  follow_up_at timestamptz,
  resolved_by_resident boolean,
  satisfaction integer,
  parent_ticket_no text,
  subject_kind text,
  facility_kind text,
  facility_name text,
  facility_identifier text
);
GRANT SELECT ON hotline.ticket TO yiwang_reader;
ALTER TABLE hotline.ticket ENABLE ROW LEVEL SECURITY;
ALTER TABLE hotline.ticket FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hotline.ticket USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON hotline.ticket FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = ticket.rid));
