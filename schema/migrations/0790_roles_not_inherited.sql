-- A user of DATABASE_URL that is no superuser must be able to act as the hub's roles without having their rights by itself:
-- policies for a role bind its inheriting members too, and those of yiwang_reader, asked of the tables' owner, call each other
-- without end. PostgreSQL 15 inherits by role and not by grant, so that a role between them, which does not inherit, keeps the
-- two apart on every version. From 16 on, whoever creates a role is a member that may not act as it, which 0020 took for enough.
DO $$
DECLARE name text;
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN RETURN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'yiwang_roles') THEN
    BEGIN
      CREATE ROLE yiwang_roles NOLOGIN NOINHERIT;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  FOREACH name IN ARRAY ARRAY['yiwang_reader', 'yiwang_writer', 'yiwang_log_writer', 'yiwang_log_reader'] LOOP
    EXECUTE format('GRANT %I TO yiwang_roles', name);
    EXECUTE format('REVOKE %I FROM CURRENT_USER', name);
  END LOOP;
  GRANT yiwang_roles TO CURRENT_USER;
EXCEPTION WHEN insufficient_privilege THEN
  NULL; -- an administrator made the roles, and grants them; the start says which statements are wanting
END $$;
