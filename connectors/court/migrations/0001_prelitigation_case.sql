CREATE SCHEMA court;
GRANT USAGE ON SCHEMA court TO yiwang_reader;

CREATE TABLE court.prelitigation_case (         -- cases before registration: what only a case has
  rid text PRIMARY KEY REFERENCES hub.record ON DELETE CASCADE,
  case_no text,
  court_code text,
  case_type text,
  cause_code text,
  cause_name text,
  received_on date NOT NULL,
  filed_on date,
  diverted_on date,
  mediation_due_on date,
  confirmation_filed_on date,
  confirmed_on date,
  diverted_to text,
  outcome text,
  fulfilment text,
  claim_amount_yuan numeric,
  summary text,
  address text
);
GRANT SELECT ON court.prelitigation_case TO yiwang_reader;
ALTER TABLE court.prelitigation_case ENABLE ROW LEVEL SECURITY;
ALTER TABLE court.prelitigation_case FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON court.prelitigation_case USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON court.prelitigation_case FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.rid = prelitigation_case.rid));
