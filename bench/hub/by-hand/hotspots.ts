import { channelNames, coded, named } from '../../../schema/codes.ts';
import { notice, type SituationColumns } from '../../../subgraphs/matter/situations.ts';
import { plain, rowsOf, type Asked } from './asked.ts';

/** 5: the latest situations on public facilities, streets and estates. */
export async function hotspots(asked: Asked<{ first: number }>) {
  const { first } = asked.variables;
  const rows = await rowsOf<SituationColumns & { division_name: string | null }>(asked, 'hotspots',
    `SELECT s.situation_key, s.kind, s.name, s.identifier, s.facility_kind, s.category, s.division, s.from_at::text, s.to_at::text, s.records, s.requesters, s.channels, s.keywords, s.trend, s.facts, v.name AS division_name
     FROM hub.situation s LEFT JOIN hub.division v ON v.code = s.division ORDER BY s.to_at DESC, s.situation_key DESC LIMIT $1`,
    [first + 1],
  );
  const nodes = rows.slice(0, first).map((row) => ({
    subject: { kind: row.kind, name: row.name, identifier: row.identifier, facilityKind: row.facility_kind, category: plain(coded(row.category, 'dispute-type')), division: { code: row.division, name: row.division_name } },
    from: new Date(row.from_at), to: new Date(row.to_at), records: row.records, requesters: row.requesters,
    channels: row.channels.map((channel) => plain(named(channel, 'channel', channelNames))), keywords: row.keywords, trend: row.trend,
    facts: row.facts.map(({ name, value, unit, reports }) => ({ name, value, unit, reports })), notice: notice(row),
  }));
  return { situations: { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: null } } };
}
