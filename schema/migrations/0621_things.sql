-- A thing is seen through the visible records about it, and by nobody else.
CREATE INDEX record_thing ON hub.record (thing_key) WHERE thing_key IS NOT NULL;
ALTER TABLE hub.thing ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.thing FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.thing USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON hub.thing FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.thing_key = thing.thing_key));
