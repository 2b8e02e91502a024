-- What subgraphs read of the access log: entries for auditors, and for a resident the entries whose subjects carry a tag that
-- the hub derives from the resident's own mentions (a tag tells nothing to whoever lacks the hub's secret). Entries under a
-- lawful delay appear to residents when it has ended.
CREATE VIEW hub.access_entry_report WITH (security_barrier) AS
  SELECT index, bytes, at, org, purpose FROM audit.entry WHERE hub.viewer('kind') = 'AUDITOR';
CREATE VIEW hub.own_access_report WITH (security_barrier) AS
  SELECT s.tag, s.leaf, e.index, e.bytes FROM audit.subject s JOIN audit.entry e ON e.index = s.entry_index
  WHERE hub.viewer('kind') = 'RESIDENT' AND (e.disclosed_from IS NULL OR e.disclosed_from <= now());
GRANT SELECT ON hub.access_entry_report, hub.own_access_report TO yiwang_reader;
