-- What mutations write. A subgraph reads as yiwang_reader in a transaction of its own; a change runs in another one as
-- yiwang_writer, which may read and write what the grants below and those of later migrations name and nothing else. It is
-- no member of yiwang_reader and has no right to any table of records or people: the policies `owner_writes` ask only
-- whether somebody is the reader.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'yiwang_writer') THEN
    BEGIN
      CREATE ROLE yiwang_writer NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, 'yiwang_writer', 'MEMBER') THEN
    EXECUTE 'GRANT yiwang_writer TO CURRENT_USER';
  END IF;
END $$;
GRANT USAGE ON SCHEMA hub TO yiwang_writer;

-- One row per change, written in the change's own transaction: no change without a word on who made it, by which
-- mutation, for which purpose. The access log's entry follows before the answer leaves and marks the row; a row that
-- stays unmarked (the gateway died in between) is put into the log later.
CREATE TABLE hub.effect (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  trace_id text NOT NULL,
  coordinate text NOT NULL,                     -- `Mutation.field`
  caller text NOT NULL,                         -- the access log's pseudonym of the caller
  kind text NOT NULL,
  org text,
  department text,
  tier text,
  division text,
  purpose text,
  matter_no text,
  subject text NOT NULL,                        -- what was changed: opaque ids and names of streams, never a value
  policy_version text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  logged_at timestamptz
);
CREATE INDEX effect_unlogged ON hub.effect (at) WHERE logged_at IS NULL;
CREATE INDEX effect_trace ON hub.effect (trace_id);
GRANT INSERT (trace_id, coordinate, caller, kind, org, department, tier, division, purpose, matter_no, subject, policy_version) ON hub.effect TO yiwang_writer;
ALTER TABLE hub.effect ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON hub.effect FOR INSERT TO yiwang_writer WITH CHECK (kind = hub.viewer('kind') AND org IS NOT DISTINCT FROM hub.viewer('org'));
