-- The access log (audit/). Everything here is written once and only added to.
--
-- `entry` holds the canonical bytes that were hashed; its other columns repeat a part of them for queries and are checked
-- against the bytes by `yiwang audit verify`. `batch` is one row per group commit: it chains to the batch before it by
-- `prev_size`, which is unique, so that two writers can never both continue the same tree. `tile` holds full tiles of 256
-- hashes (C2SP tlog-tiles); unfinished ones are computed from `batch.leaves`. `subject` finds the entries of one mention.

CREATE SCHEMA IF NOT EXISTS audit;

CREATE TABLE audit.batch (
  size        bigint      PRIMARY KEY,
  prev_size   bigint      NOT NULL UNIQUE,
  root        bytea       NOT NULL CHECK (octet_length(root) = 32),
  leaves      bytea       NOT NULL,
  writer      text        NOT NULL,
  written_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (size > prev_size AND prev_size >= 0 AND octet_length(leaves) = 32 * (size - prev_size))
);

CREATE TABLE audit.entry (
  index           bigint      PRIMARY KEY CHECK (index >= 0),
  bytes           bytea       NOT NULL CHECK (octet_length(bytes) <= 65535),
  at              timestamptz NOT NULL,
  viewer          text,
  org             text,
  department      text,
  purpose         text,
  operation       text,
  decision        text        NOT NULL,
  code            text,
  trace_id        text,
  disclosed_from  timestamptz
);
CREATE INDEX entry_at ON audit.entry USING brin (at) WITH (pages_per_range = 16);
CREATE INDEX entry_viewer ON audit.entry (viewer, index);
CREATE INDEX entry_org ON audit.entry (org, index);
CREATE INDEX entry_trace ON audit.entry (trace_id);

CREATE TABLE audit.tile (
  level   smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
  index   bigint   NOT NULL CHECK (index >= 0),
  hashes  bytea    NOT NULL CHECK (octet_length(hashes) = 8192),
  root    bytea    NOT NULL CHECK (octet_length(root) = 32),
  PRIMARY KEY (level, index)
);

CREATE TABLE audit.subject (
  entry_index  bigint  NOT NULL,
  position     integer NOT NULL CHECK (position >= 0),
  key_id       text    NOT NULL,
  tag          bytea   NOT NULL CHECK (octet_length(tag) = 32),
  leaf         bytea   NOT NULL,
  PRIMARY KEY (entry_index, position)
);
CREATE INDEX subject_tag ON audit.subject (tag, entry_index);

CREATE TABLE audit.checkpoint (
  size  bigint      NOT NULL,
  at    timestamptz NOT NULL,
  note  text        NOT NULL,
  PRIMARY KEY (size, at)
);

-- Hashes do not compress: keep them as they are.
ALTER TABLE audit.batch ALTER COLUMN leaves SET STORAGE EXTERNAL;
ALTER TABLE audit.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Against accidents, not against an attacker who owns the tables: that one is found by the tree and the checkpoints.
CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the access log is only added to: % on audit.% is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['batch', 'entry', 'tile', 'subject', 'checkpoint'] LOOP
    EXECUTE format('CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.%I FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', name);
  END LOOP;
END
$$;

-- Roles belong to the cluster, not to the database: another database may have created them, even at this moment.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['yiwang_log_writer', 'yiwang_log_reader'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
      END;
    END IF;
    IF NOT pg_has_role(current_user, name, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', name);
    END IF;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA audit TO yiwang_log_writer, yiwang_log_reader;
-- The writer reads hashes (to continue the tree) and no entry.
GRANT INSERT ON audit.batch, audit.entry, audit.tile, audit.subject, audit.checkpoint TO yiwang_log_writer;
GRANT SELECT ON audit.batch, audit.tile TO yiwang_log_writer;
GRANT SELECT ON audit.batch, audit.entry, audit.tile, audit.subject, audit.checkpoint TO yiwang_log_reader;
