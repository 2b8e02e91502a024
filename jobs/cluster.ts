import { sql } from 'drizzle-orm';
import { inTransaction, type Pool, type Transaction } from '../base/db.ts';
import type { Keys } from '../base/keys.ts';
import { planKeys } from '../matters/assign.ts';
import { clusterRecords, type MatterCluster } from '../matters/cluster.ts';
import type { MatterDecision, MatterRecord } from '../matters/record.ts';
import { matterStatus } from '../matters/status.ts';

export interface ClusterOutcome {
  matters: number;
  /** Memberships that are new or changed. A run with nothing new changes none. */
  changed: number;
}

/** The share of time in which two records can be one problem; older ones are not read again. */
const windowDays = 400;
const lockKey = 7_201_002;

/**
 * Clusters the counties that a sync touched and writes what changed: matters, memberships with their evidence, and the
 * numbers that lead from a merged matter to its successor. One transaction; running it twice changes nothing.
 */
export async function clusterTouched(pool: Pool, keys: Keys): Promise<ClusterOutcome> {
  return inTransaction(pool, async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${lockKey})`);
    const rows = await recordRows(tx);
    const clusters = clusterRecords(rows.map(asMatterRecord), await decisions(tx));
    const previous = new Map(rows.flatMap((row) => (row.matter_key === null ? [] : [[row.rid, row.matter_key]])) as [string, string][]);
    const plan = planKeys(clusters, previous, keys.matterKey);
    const byRid = new Map(rows.map((row) => [row.rid, row]));
    await writeMatters(tx, clusters, plan.keys, byRid, keys);
    const changed = await writeMembers(tx, clusters, plan.keys);
    await retireEmpty(tx, plan.mergedInto);
    return { matters: clusters.length, changed };
  });
}

interface RecordRow {
  rid: string;
  department: string;
  stream: string;
  occurred_ms: number | null;
  updated_ms: number;
  status: string | null;
  category: string | null;
  division_now: string | null;
  lead_org: string | null;
  thing_key: string | null;
  place_text: string | null;
  text_for_matching: string | null;
  matter_rule: 'CLUSTER' | 'OWN';
  parent_rid: string | null;
  parties: string[] | null;
  matter_key: string | null;
}

async function recordRows(tx: Transaction): Promise<RecordRow[]> {
  const { rows } = await tx.execute(sql`
    SELECT r.rid, r.department, r.stream, r.status, r.category, r.division_now, r.lead_org, r.thing_key, r.place_text,
      r.text_for_matching, r.matter_rule, p.rid AS parent_rid, m.matter_key,
      (extract(epoch FROM r.occurred_at) * 1000)::bigint AS occurred_ms,
      (extract(epoch FROM coalesce(r.source_updated_at, r.occurred_at, r.fetched_at)) * 1000)::bigint AS updated_ms,
      (SELECT array_agg(DISTINCT e.entity_key ORDER BY e.entity_key) FROM hub.mention e WHERE e.rid = r.rid AND e.entity_key IS NOT NULL) AS parties
    FROM hub.record r
    LEFT JOIN hub.record p ON p.department = r.department AND p.stream = r.stream AND p.record_key = r.parent_key
    LEFT JOIN hub.matter_member m ON m.rid = r.rid
    WHERE r.type_name IS NOT NULL
      AND coalesce(r.occurred_at, 'infinity') > (SELECT coalesce(max(occurred_at), now()) FROM hub.record) - make_interval(days => ${windowDays})
    ORDER BY r.rid`);
  return rows as unknown as RecordRow[];
}

function asMatterRecord(row: RecordRow): MatterRecord {
  return {
    rid: row.rid,
    department: row.department,
    stream: row.stream,
    occurredAtMs: row.occurred_ms,
    category: row.category,
    division: row.division_now,
    placeText: row.place_text ?? '',
    text: row.text_for_matching ?? '',
    thingKey: row.thing_key,
    parentRid: row.parent_rid,
    parties: row.parties ?? [],
    rule: row.matter_rule,
  };
}

async function decisions(tx: Transaction): Promise<MatterDecision[]> {
  const { rows } = await tx.execute(sql`SELECT a, b, decision FROM hub.matter_decision ORDER BY a, b`);
  return rows as unknown as MatterDecision[];
}

async function writeMatters(tx: Transaction, clusters: readonly MatterCluster[], matterKeys: readonly string[], byRid: ReadonlyMap<string, RecordRow>, keys: Keys): Promise<void> {
  const matters = clusters.map((cluster, index) => derived(matterKeys[index]!, cluster.members.map((member) => byRid.get(member.rid)!), keys));
  await tx.execute(sql`
    INSERT INTO hub.matter AS m (matter_key, matter_no, category, status, lead_org, division_now, opened_at, updated_at)
    SELECT x.matter_key, x.matter_no, x.category, x.status, x.lead_org, x.division_now, to_timestamp(x.opened_ms / 1000.0), to_timestamp(x.updated_ms / 1000.0)
    FROM jsonb_to_recordset(${JSON.stringify(matters)}::jsonb)
      AS x(matter_key text, matter_no text, category text, status text, lead_org text, division_now text, opened_ms double precision, updated_ms double precision)
    ON CONFLICT (matter_key) DO UPDATE SET category = excluded.category, status = excluded.status, lead_org = excluded.lead_org,
      division_now = excluded.division_now, opened_at = excluded.opened_at, updated_at = excluded.updated_at, merged_into = NULL
    WHERE (m.category, m.status, m.lead_org, m.division_now, m.opened_at, m.updated_at, m.merged_into)
      IS DISTINCT FROM (excluded.category, excluded.status, excluded.lead_org, excluded.division_now, excluded.opened_at, excluded.updated_at, NULL)`);
}

/** What a matter shows of itself: the first of its records names its place and category, the last change dates it. */
function derived(matterKey: string, rows: readonly RecordRow[], keys: Keys) {
  const first = <T>(pick: (row: RecordRow) => T | null) => rows.map(pick).find((value) => value !== null) ?? null;
  return {
    matter_key: matterKey,
    matter_no: keys.matterNo(matterKey),
    category: first((row) => row.category),
    status: matterStatus(rows.map((row) => row.status)),
    lead_org: first((row) => row.lead_org),
    division_now: first((row) => row.division_now),
    opened_ms: first((row) => row.occurred_ms),
    updated_ms: Math.max(...rows.map((row) => row.updated_ms)),
  };
}

async function writeMembers(tx: Transaction, clusters: readonly MatterCluster[], matterKeys: readonly string[]): Promise<number> {
  const members = clusters.flatMap((cluster, index) =>
    cluster.members.map((member) => ({ rid: member.rid, matter_key: matterKeys[index]!, basis: member.basis, trust_group: member.trustGroup, evidence: member.evidence })),
  );
  const { rowCount } = await tx.execute(sql`
    INSERT INTO hub.matter_member AS m (rid, matter_key, basis, trust_group, evidence)
    SELECT x.rid, x.matter_key, x.basis, x.trust_group, x.evidence
    FROM jsonb_to_recordset(${JSON.stringify(members)}::jsonb) AS x(rid text, matter_key text, basis text, trust_group text, evidence jsonb)
    ON CONFLICT (rid) DO UPDATE SET matter_key = excluded.matter_key, basis = excluded.basis, trust_group = excluded.trust_group, evidence = excluded.evidence
    WHERE (m.matter_key, m.basis, m.trust_group, m.evidence) IS DISTINCT FROM (excluded.matter_key, excluded.basis, excluded.trust_group, excluded.evidence)`);
  return rowCount ?? 0;
}

/** A matter without records stays as a number that leads to its successor, where one took its records over. */
async function retireEmpty(tx: Transaction, mergedInto: ReadonlyMap<string, string>): Promise<void> {
  const pairs = [...mergedInto].map(([from, into]) => ({ from_key: from, into_key: into }));
  await tx.execute(sql`
    UPDATE hub.matter m SET merged_into = x.into_key
    FROM jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) AS x(from_key text, into_key text)
    WHERE m.matter_key = x.from_key AND m.merged_into IS DISTINCT FROM x.into_key`);
  await tx.execute(sql`
    DELETE FROM hub.matter m
    WHERE m.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM hub.matter_member e WHERE e.matter_key = m.matter_key)
      AND NOT EXISTS (SELECT 1 FROM hub.matter s WHERE s.merged_into = m.matter_key)`);
}
