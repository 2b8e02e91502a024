import { sql } from 'drizzle-orm';
import type { Transaction } from '../base/db.ts';
import type { DivisionIndex } from '../linkage/standardise/division-index.ts';
import { partiesByRecord, type PartyRow } from '../matters/parties.ts';
import type { MatterDecision, MatterRecord, Thing } from '../matters/record.ts';
import { divisionsOf } from './mentions.ts';

export interface RecordRow {
  rid: string;
  occurred_ms: number | null;
  updated_ms: number;
  status: string | null;
  category: string | null;
  lead_org: string | null;
  division_now: string | null;
  matter_key: string | null;
  split_from: string | null;
  record: MatterRecord;
}

/** Two records further apart are not one problem; older ones that are in a matter already are not read by a full run. */
const windowDays = 400;

/** Where the window begins. It ends with the latest day that has come: one record of a day to come must not move it past all others. */
export const windowStart = sql`(SELECT coalesce(max(occurred_at), hub.business_now()) FROM hub.record WHERE occurred_at <= hub.business_now()) - make_interval(days => ${windowDays})`;

/**
 * Records as clustering reads them, with the key of the matter each is in: those of `rids`, or all within the window, all that
 * are in no matter yet, and with them the older ones of their matters and of those in `takenUp`.
 */
export async function recordRows(tx: Transaction, rids: readonly string[] | null, takenUp: readonly string[] = []): Promise<RecordRow[]> {
  const which = rids === null
    ? sql`(coalesce(r.occurred_at, 'infinity') > ${windowStart} OR m.rid IS NULL OR m.matter_key = ANY (${sql.param([...takenUp])}::text[])
        OR EXISTS (SELECT 1 FROM hub.matter_member n JOIN hub.record w ON w.rid = n.rid WHERE n.matter_key = m.matter_key AND w.occurred_at > ${windowStart}))`
    : sql`r.rid = ANY (${sql.param([...rids])}::text[])`;
  const { rows } = await tx.execute(sql`
    SELECT r.rid, r.department, r.stream, r.status, r.category, r.division_now, r.lead_org, r.place_text, r.text_for_matching, r.matter_rule,
      p.rid AS parent_rid, m.matter_key, m.split_from, CASE WHEN t.thing_key IS NOT NULL THEN jsonb_build_object('kind', t.kind, 'name', t.name, 'identifier', t.identifier) END AS thing,
      (extract(epoch FROM r.occurred_at) * 1000)::bigint AS occurred_ms,
      (extract(epoch FROM coalesce(r.source_updated_at, r.occurred_at, r.fetched_at)) * 1000)::bigint AS updated_ms
    FROM hub.record r
    LEFT JOIN hub.record p ON p.department = r.department AND p.stream = r.stream AND p.record_key = r.parent_key
    LEFT JOIN hub.thing t ON t.thing_key = r.thing_key
    LEFT JOIN hub.matter_member m ON m.rid = r.rid
    WHERE r.type_name IS NOT NULL AND ${which} ORDER BY r.rid`);
  const parties = partiesByRecord(await partyRows(tx, rids));
  return (rows as unknown as Columns[]).map((row) => ({ ...row, record: asRecord(row, parties.get(row.rid)) }));
}

/** The names of the divisions of the provinces that these rows lie in. */
export function divisionsOfRows(rows: readonly RecordRow[]): DivisionIndex {
  return divisionsOf(rows.map((row) => ({ division: row.division_now })));
}

export async function decisionsOn(tx: Transaction, rids: readonly string[] | null): Promise<MatterDecision[]> {
  const which = rids === null ? sql`true` : sql`a = ANY (${sql.param([...rids])}::text[]) AND b = ANY (${sql.param([...rids])}::text[])`;
  const { rows } = await tx.execute(sql`SELECT a, b, decision, leaves FROM hub.matter_decision WHERE ${which} ORDER BY a, b`);
  return rows as unknown as MatterDecision[];
}

interface Columns extends Omit<RecordRow, 'record'> {
  department: string;
  stream: string;
  place_text: string | null;
  text_for_matching: string | null;
  matter_rule: 'CLUSTER' | 'OWN';
  parent_rid: string | null;
  thing: Thing | null;
}

/** Mentions of these records, and of the same persons in the household register: who lives with whom stands there. */
async function partyRows(tx: Transaction, rids: readonly string[] | null): Promise<PartyRow[]> {
  const which = rids === null
    ? sql`true`
    : sql`e.rid = ANY (${sql.param([...rids])}::text[]) OR e.entity_key IN (SELECT entity_key FROM hub.mention WHERE rid = ANY (${sql.param([...rids])}::text[]) AND entity_key IS NOT NULL)`;
  const { rows } = await tx.execute(sql`
    SELECT e.rid, CASE WHEN e.kind = 'PERSON' THEN coalesce(e.entity_key, e.mention_id) END AS entity, CASE WHEN e.kind = 'ORG' THEN e.name END AS organisation,
      e.phones, e.address, e.household_no AS household
    FROM hub.mention e WHERE ${which}`);
  return rows as unknown as PartyRow[];
}

function asRecord(row: Columns, parties: ReturnType<typeof partiesByRecord> extends Map<string, infer P> ? P | undefined : never): MatterRecord {
  return {
    rid: row.rid,
    department: row.department,
    stream: row.stream,
    occurredAtMs: row.occurred_ms,
    category: row.category,
    division: row.division_now,
    placeText: row.place_text ?? '',
    text: row.text_for_matching ?? '',
    thing: row.thing,
    parentRid: row.parent_rid,
    parties: parties?.parties ?? [],
    circle: parties?.circle ?? [],
    organisations: parties?.organisations ?? [],
    rule: row.matter_rule,
  };
}
