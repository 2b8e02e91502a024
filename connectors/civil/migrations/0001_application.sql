CREATE SCHEMA civil;
GRANT USAGE ON SCHEMA civil TO yiwang_reader;

CREATE TABLE civil.application (                -- assistance applications: what only an application has
  rid text PRIMARY KEY REFERENCES hub.record ON DELETE CASCADE,
  household_no text,
  household_size integer,
  assistance_kind text,
  applied_on date NOT NULL,
  status text NOT NULL,
  decided_on date,
  monthly_amount_yuan numeric,
  address text,
  agency_code text
);
GRANT SELECT ON civil.application TO yiwang_reader;
ALTER TABLE civil.application ENABLE ROW LEVEL SECURITY;
ALTER TABLE civil.application FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON civil.application USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON civil.application FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = application.rid));
