-- What the hub's rules are and were. A hub is installed with the policy of its folder; every later one is proposed by one
-- person and approved by another, and only then in force: what lies in the folder is never read again. The files stand here,
-- so that a start finds the last good policy. A proposal and its approval each have an entry in the access log, which holds
-- the hash of the difference that was shown; a release whose entries do not say so is not loaded (policy/release.ts).
CREATE TABLE hub.policy_release (
  number integer PRIMARY KEY,                    -- 1 is the one the hub was installed with
  version text NOT NULL CHECK (version ~ '^[0-9a-f]{64}$'),
  files jsonb NOT NULL,                          -- [[name, text]]
  base text,                                     -- the version in force when it was proposed
  diff jsonb,
  diff_hash text CHECK (diff_hash ~ '^[0-9a-f]{64}$'),
  reason text,
  proposed_by text NOT NULL,                     -- the access log's pseudonym
  proposed_at timestamptz NOT NULL DEFAULT now(),
  proposed_entry bigint,
  approved_by text,
  approved_at timestamptz,
  approved_entry bigint,
  CHECK (approved_by <> proposed_by),
  CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
  CHECK (number = 1 OR (diff IS NOT NULL AND diff_hash IS NOT NULL AND proposed_entry IS NOT NULL AND (approved_at IS NULL) = (approved_entry IS NULL)))
);

-- A release is approved once and never changed after it; none is taken away.
CREATE FUNCTION hub.keep_policy_release() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.number > 1 AND OLD.approved_at IS NULL AND NEW.approved_at IS NOT NULL
    AND (NEW.number, NEW.version, NEW.files, NEW.base, NEW.diff, NEW.diff_hash, NEW.reason, NEW.proposed_by, NEW.proposed_at, NEW.proposed_entry)
      IS NOT DISTINCT FROM (OLD.number, OLD.version, OLD.files, OLD.base, OLD.diff, OLD.diff_hash, OLD.reason, OLD.proposed_by, OLD.proposed_at, OLD.proposed_entry) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'releases of the policy are only added and approved: % is refused', TG_OP;
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON hub.policy_release FOR EACH ROW EXECUTE FUNCTION hub.keep_policy_release();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hub.policy_release FOR EACH STATEMENT EXECUTE FUNCTION hub.keep_policy_release();
