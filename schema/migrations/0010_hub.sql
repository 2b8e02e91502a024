-- The hub's own tables. A department's detail tables stand in its folder under connectors/.
-- Keys that leave the database are HMACs of source keys (rid, mention_id): opaque, and the same in every rebuild.
CREATE SCHEMA hub;

-- connectors ------------------------------------------------------------------------------------------------------------
CREATE TABLE hub.stream (
  department text NOT NULL,
  stream text NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,              -- fencing: raised by every run; a page commits only with the run's epoch
  watermark jsonb,                              -- what the source kind needs to go on, never from the hub's clock
  fresh_through timestamptz,
  stale_reason text,
  paused boolean NOT NULL DEFAULT false,
  totals jsonb NOT NULL DEFAULT '{}',           -- counts since the hub was created (sources.md, Counting)
  drift jsonb NOT NULL DEFAULT '{}',            -- unknown column → times seen
  PRIMARY KEY (department, stream)
);

CREATE TABLE hub.sync_run (
  id uuid PRIMARY KEY,
  department text NOT NULL,
  stream text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('INCREMENT', 'FULL', 'DRY_RUN', 'RELEASE', 'PUSH')),
  status text NOT NULL CHECK (status IN ('DUE', 'RUNNING', 'SUCCEEDED', 'FAILED', 'BUSY', 'HELD')),
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  attempt integer NOT NULL DEFAULT 0,
  epoch bigint,
  counts jsonb NOT NULL DEFAULT '{}',
  error_code text,
  message text
);
CREATE INDEX sync_run_open ON hub.sync_run (requested_at) WHERE status IN ('DUE', 'RUNNING');
CREATE INDEX sync_run_stream ON hub.sync_run (department, stream, requested_at DESC);

CREATE TABLE hub.landed (                       -- the newest raw version of a live record, never-stored fields removed
  department text NOT NULL,
  stream text NOT NULL,
  record_key text NOT NULL,
  content jsonb NOT NULL,
  content_hash text NOT NULL,
  run_id uuid NOT NULL,
  position text NOT NULL,
  landed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (department, stream, record_key)
);

CREATE TABLE hub.version_seen (                 -- one row per version counted; of dropped ones nothing else remains
  department text NOT NULL,
  stream text NOT NULL,
  key_hmac text NOT NULL,
  content_hmac text NOT NULL,
  PRIMARY KEY (department, stream, key_hmac, content_hmac)
);

CREATE TABLE hub.record_head (                  -- the newest version of each key and how it ended: orders what comes later
  department text NOT NULL,
  stream text NOT NULL,
  key_hmac text NOT NULL,
  version_order text NOT NULL,                  -- sorts as text: padded sequence or fixed-width UTC instant
  state text NOT NULL CHECK (state IN ('LIVE', 'TOMBSTONE', 'DROPPED', 'QUARANTINED')),
  mapped_hash text,                             -- hash of what is mapped: equal = unchanged
  repaired jsonb NOT NULL DEFAULT '{}',         -- kind → values, of the newest live version
  quarantined_values jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (department, stream, key_hmac)
);

CREATE TABLE hub.quarantine (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  department text NOT NULL,
  stream text NOT NULL,
  key_hmac text,
  reason text NOT NULL,
  field text,
  position text NOT NULL,
  content_hmac text NOT NULL,
  content jsonb,                                -- null where never-stored fields cannot be told apart: release re-reads
  sample text,                                  -- masked
  run_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  released_at timestamptz,
  released_by text,
  outcome text,
  UNIQUE (department, stream, content_hmac, position)
);

CREATE TABLE hub.outbox (                       -- the queue is a doorbell: what is here is due, whatever the queue lost
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz
);
CREATE INDEX outbox_due ON hub.outbox (kind, id) WHERE done_at IS NULL;

CREATE TABLE hub.touched (                      -- records whose mentions are to be linked and matters re-clustered
  rid text PRIMARY KEY,
  touched_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE hub.received_event (               -- CloudEvents acknowledged, durable before the 202
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  department text NOT NULL,
  stream text NOT NULL,
  event_hmac text NOT NULL,
  content jsonb,
  received_at timestamptz NOT NULL DEFAULT now(),
  applied_at timestamptz
);
CREATE INDEX received_event_due ON hub.received_event (department, stream, id) WHERE applied_at IS NULL;

-- 地 and organisations ----------------------------------------------------------------------------------------------------
CREATE TABLE hub.division (
  code text PRIMARY KEY,
  name text NOT NULL,
  tier text NOT NULL CHECK (tier IN ('PROVINCE', 'CITY', 'COUNTY', 'TOWNSHIP', 'VILLAGE')),
  parent text,
  valid_from date,
  valid_to date,
  successor text,
  source text NOT NULL
);
CREATE INDEX division_parent ON hub.division (parent);
CREATE INDEX division_successor ON hub.division (successor) WHERE successor IS NOT NULL;

CREATE TABLE hub.organization (
  credit_code text PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,                           -- MEDIATION_CENTRE, POLICE, COURT, CIVIL, SOCIAL_ORGANIZATION, OTHER …
  department text,
  tier text,
  division text,
  public_phone text,
  hours text,
  address text,
  mediates text[] NOT NULL DEFAULT '{}',
  source text NOT NULL                          -- REGISTER or GENERATED
);

CREATE TABLE hub.unit (                         -- receiving unit, court and agency codes → credit code
  kind text NOT NULL,
  code text NOT NULL,
  credit_code text NOT NULL,
  PRIMARY KEY (kind, code)
);

CREATE TABLE hub.place (
  place_key text PRIMARY KEY,
  kind text NOT NULL,
  standard_address text NOT NULL,
  division text NOT NULL,
  grid_code text,
  lng numeric(10, 6),
  lat numeric(10, 6)
);

CREATE TABLE hub.thing (
  thing_key text PRIMARY KEY,
  kind text NOT NULL,
  name text NOT NULL,
  identifier text,
  operator text,
  place_key text,
  division text,
  facts jsonb NOT NULL DEFAULT '{}'
);

-- 事 ----------------------------------------------------------------------------------------------------------------------
CREATE TABLE hub.record (
  rid text PRIMARY KEY,
  department text NOT NULL,
  stream text NOT NULL,
  record_key text NOT NULL,
  type_name text,                               -- the GraphQL type; null for identity streams (household registration)
  occurred_at timestamptz,
  source_updated_at timestamptz,
  fetched_at timestamptz NOT NULL,
  run_id uuid,
  status text,
  category text,                                -- dispute type 01–99
  division text,                            -- as valid at the event's date
  division_now text,                        -- its successor today: jurisdiction is decided on this one
  grid_code text,
  place_key text,
  thing_key text,
  subject_kind text,
  text_for_matching text,                       -- title and body, for clustering only: no subgraph reads it
  place_text text,
  parent_key text,                              -- explicit reference to another record of the stream
  lead_org text,
  assist_orgs text[] NOT NULL DEFAULT '{}',
  respondent_org text,                          -- RESTRICTED: rules only
  confidential boolean NOT NULL DEFAULT false,
  minor boolean NOT NULL DEFAULT false,
  family_violence boolean NOT NULL DEFAULT false,
  repairs jsonb NOT NULL DEFAULT '[]',          -- [{field, kind}]
  UNIQUE (department, stream, record_key)
);
CREATE INDEX record_page ON hub.record (occurred_at DESC, rid DESC);
CREATE INDEX record_division ON hub.record (division_now text_pattern_ops);
CREATE INDEX record_lead ON hub.record (lead_org);
CREATE INDEX record_place ON hub.record (place_key, category) WHERE place_key IS NOT NULL;

CREATE TABLE hub.assignment (                   -- a fact of the record, never an inference
  rid text NOT NULL REFERENCES hub.record ON DELETE CASCADE,
  credit_code text NOT NULL,
  relation text NOT NULL CHECK (relation IN ('LEAD', 'ASSIST')),
  PRIMARY KEY (rid, credit_code)
);
CREATE INDEX assignment_org ON hub.assignment (credit_code);

-- 人 ----------------------------------------------------------------------------------------------------------------------
CREATE TABLE hub.mention (                      -- a person or organisation as one record names it
  mention_id text PRIMARY KEY,
  rid text NOT NULL REFERENCES hub.record ON DELETE CASCADE,
  department text NOT NULL,
  role text NOT NULL,
  ordinal integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('PERSON', 'ORG')),
  name text,
  form_of_address text,
  sex text,
  birth_date text,                              -- YYYYMMDD, or YYYY where only the year is known
  id_type text,
  id_number text,                               -- valid ones only; a suspect number is never published
  id_suspect text,                              -- HMAC of a number that failed its check, for linkage only
  id_hmac text,                                 -- HMAC of the valid number: how `me` and residents' rows are found
  phones text[] NOT NULL DEFAULT '{}',
  address text,
  household_no text,
  relation_to_head text,
  source_updated_at timestamptz,
  standard jsonb NOT NULL DEFAULT '{}',         -- what linkage standardised
  entity_key text,
  UNIQUE (rid, role, ordinal)
);
CREATE INDEX mention_entity ON hub.mention (entity_key);
CREATE INDEX mention_id_hmac ON hub.mention (id_hmac) WHERE id_hmac IS NOT NULL;

CREATE TABLE hub.blocking_key (
  key_type text NOT NULL,
  key_hash text NOT NULL,
  mention_id text NOT NULL REFERENCES hub.mention ON DELETE CASCADE,
  PRIMARY KEY (key_type, key_hash, mention_id)
);
CREATE INDEX blocking_key_mention ON hub.blocking_key (mention_id);

CREATE TABLE hub.entity (
  entity_key text PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  merged_into text
);

CREATE TABLE hub.entity_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,                           -- CREATED, MERGED, SPLIT, UNDONE
  entity_key text NOT NULL,
  other_key text,
  reason text NOT NULL,
  model_version text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE hub.link_edge (
  a text NOT NULL REFERENCES hub.mention ON DELETE CASCADE,
  b text NOT NULL REFERENCES hub.mention ON DELETE CASCADE,
  weight double precision NOT NULL,             -- log2 Bayes factor
  levels jsonb NOT NULL,                        -- comparison levels and their weights: the waterfall is a read
  model_version text NOT NULL,
  PRIMARY KEY (a, b)
);

CREATE TABLE hub.link_decision (                -- people's decisions outlive every re-run
  a text NOT NULL,
  b text NOT NULL,
  decision text NOT NULL CHECK (decision IN ('MUST_LINK', 'CANNOT_LINK')),
  decided_by text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (a, b)
);

CREATE TABLE hub.review (
  a text NOT NULL REFERENCES hub.mention ON DELETE CASCADE,
  b text NOT NULL REFERENCES hub.mention ON DELETE CASCADE,
  weight double precision NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (a, b)
);

-- matters -----------------------------------------------------------------------------------------------------------------
CREATE TABLE hub.matter (
  matter_key text PRIMARY KEY,
  matter_no text NOT NULL UNIQUE,
  category text,
  status text NOT NULL,
  lead_org text,
  division_now text,
  opened_at timestamptz,
  updated_at timestamptz NOT NULL,
  merged_into text
);
CREATE INDEX matter_page ON hub.matter (opened_at DESC, matter_key DESC);

CREATE TABLE hub.matter_member (
  rid text PRIMARY KEY REFERENCES hub.record ON DELETE CASCADE,
  matter_key text NOT NULL REFERENCES hub.matter,
  basis text NOT NULL CHECK (basis IN ('FOUNDING', 'EXPLICIT', 'CONFIRMED', 'INFERRED')),
  evidence jsonb NOT NULL,                      -- [{kind, otherRid, weight?}] in the terms of linkage.md, no values
  joined_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX matter_member_matter ON hub.matter_member (matter_key);

CREATE TABLE hub.matter_decision (
  a text NOT NULL,
  b text NOT NULL,
  decision text NOT NULL CHECK (decision IN ('MUST_LINK', 'CANNOT_LINK')),
  decided_by text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (a, b)
);

CREATE TABLE hub.counted_drop (                 -- accusations per division and month: all that remains of them
  department text NOT NULL,
  stream text NOT NULL,
  rule text NOT NULL,
  division text NOT NULL,
  month text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (department, stream, rule, division, month)
);

CREATE TABLE hub.setting (                      -- business clock of a data set, pointer of what was loaded
  name text PRIMARY KEY,
  value jsonb NOT NULL
);
