-- C1: a decision tells that its matter holds, or held, another record. Where one of its records complains about the caller's
-- organisation it is absent as the record is. Asked of the owner's tables, because the caller's policies hide that record.
CREATE FUNCTION hub.about_own_organization(rids text[]) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT EXISTS (SELECT FROM hub.record r WHERE r.rid = ANY (rids) AND r.respondent_org = hub.viewer('org'))
$$;
REVOKE ALL ON FUNCTION hub.about_own_organization(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hub.about_own_organization(text[]) TO yiwang_reader;
DROP POLICY of_visible_record ON hub.matter_event;
CREATE POLICY of_visible_record ON hub.matter_event FOR SELECT TO yiwang_reader USING (
  EXISTS (SELECT 1 FROM hub.matter_member m WHERE m.rid = ANY (matter_event.rids)) AND NOT hub.about_own_organization(rids));
