-- What hangs on a record that goes is found by index. Joined with whole tables, ten records took as long as ten thousand.
CREATE INDEX mention_self_rid ON hub.mention_self (rid);
ALTER FUNCTION hub.matter_keys_gone() SET enable_hashjoin = off;
ALTER FUNCTION hub.matter_keys_gone() SET enable_mergejoin = off;
ALTER FUNCTION hub.blocking_keys_gone() SET enable_hashjoin = off;
ALTER FUNCTION hub.blocking_keys_gone() SET enable_mergejoin = off;
