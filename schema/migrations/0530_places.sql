-- A place is seen through the visible records that lie there, and by nobody else.
ALTER TABLE hub.place ENABLE ROW LEVEL SECURITY;
ALTER TABLE hub.place FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_writes ON hub.place USING (current_user <> 'yiwang_reader') WITH CHECK (current_user <> 'yiwang_reader');
CREATE POLICY of_visible_record ON hub.place FOR SELECT TO yiwang_reader USING (EXISTS (SELECT 1 FROM hub.record r WHERE r.place_key = place.place_key));
