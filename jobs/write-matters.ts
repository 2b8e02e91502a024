import { sql } from 'drizzle-orm';
import { asColumns } from '../base/columns.ts';
import type { Transaction } from '../base/db.ts';
import type { Keys } from '../base/keys.ts';
import { planKeys } from '../matters/assign.ts';
import type { MatterCluster } from '../matters/cluster.ts';
import { matterStatus } from '../matters/status.ts';
import type { MatterDecision } from '../matters/record.ts';
import type { RecordRow } from './matter-rows.ts';

/** Rows of one statement: a parameter of many more would be too long for the driver. */
const rowsPerStatement = 5_000;

/**
 * Writes what changed: matters, memberships with their evidence, and the numbers that lead from a merged matter to its
 * successor. `rows` are all records of the clusters, `decisions` those on them. Returns the memberships that are new or changed.
 */
export async function writeClusters(tx: Transaction, keys: Keys, clusters: readonly MatterCluster[], rows: readonly RecordRow[], decisions: readonly MatterDecision[]): Promise<number> {
  const current = new Map(rows.flatMap((row) => (row.matter_key === null ? [] : [[row.rid, row.matter_key]])) as [string, string][]);
  const leaving = leavingOf(decisions, current);
  const splitFrom = new Map(rows.flatMap((row) => (row.split_from === null ? [] : [[row.rid, row.split_from] as const])));
  const plan = planKeys(clusters, { current, ...(await homes(tx, rows)), leaving, splitFrom }, keys.matterKey);
  const byRid = new Map(rows.map((row) => [row.rid, row]));
  await writeMatters(tx, clusters.map((cluster, index) => derived(plan.keys[index]!, cluster.members.map((member) => byRid.get(member.rid)!), keys)));
  await keepHomes(tx, rows, plan.mergedInto);
  const changed = await writeMembers(tx, clusters, plan.keys, leaving);
  await retireEmpty(tx, plan.mergedInto, new Set(current.values()));
  return changed;
}

/** Records that a split took out of the matter they are still in. */
function leavingOf(decisions: readonly MatterDecision[], current: ReadonlyMap<string, string>): Set<string> {
  return new Set(decisions.flatMap(({ a, b, leaves }) => (leaves && current.has(a) && current.get(a) === current.get(b) ? [leaves] : [])));
}

/** The number that each of these records bore before it was merged into another, where that number still leads to its successor. */
async function homes(tx: Transaction, rows: readonly RecordRow[]): Promise<Record<'home' | 'successor', Map<string, string>>> {
  const [home, successor] = [new Map<string, string>(), new Map<string, string>()];
  for (const part of parts(rows)) {
    const answer = await tx.execute(sql`
      SELECT h.rid, h.matter_key, m.merged_into FROM hub.matter_home h JOIN hub.matter m USING (matter_key) WHERE m.merged_into IS NOT NULL AND h.rid = ANY (${sql.param(part.map((row) => row.rid))}::text[])`);
    for (const row of answer.rows) {
      home.set(row['rid'] as string, row['matter_key'] as string);
      successor.set(row['matter_key'] as string, row['merged_into'] as string);
    }
  }
  return { home, successor };
}

/** Before the members move: a number that is given up is remembered with the records that bear it; one that was taken back is its records' own again. */
async function keepHomes(tx: Transaction, rows: readonly RecordRow[], mergedInto: ReadonlyMap<string, string>): Promise<void> {
  await tx.execute(sql`DELETE FROM hub.matter_home h USING hub.matter m WHERE m.matter_key = h.matter_key AND m.merged_into IS NULL`);
  const leaving = rows.flatMap((row) => (row.matter_key !== null && mergedInto.has(row.matter_key) ? [{ rid: row.rid, matter_key: row.matter_key }] : []));
  for (const part of parts(leaving)) {
    await tx.execute(sql`
      INSERT INTO hub.matter_home (rid, matter_key) SELECT x.rid, x.matter_key FROM jsonb_to_recordset(${JSON.stringify(part)}::jsonb) AS x(rid text, matter_key text) ON CONFLICT (rid) DO NOTHING`);
  }
}

type MatterRow = ReturnType<typeof derived>;

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

async function writeMatters(tx: Transaction, matters: readonly MatterRow[]): Promise<void> {
  for (const part of parts(matters)) {
    await tx.execute(sql`
      INSERT INTO hub.matter AS m (matter_key, matter_no, category, status, lead_org, division_now, opened_at, updated_at)
      SELECT x.matter_key, x.matter_no, x.category, x.status, x.lead_org, x.division_now, to_timestamp(x.opened_ms / 1000.0), to_timestamp(x.updated_ms / 1000.0)
      FROM jsonb_to_recordset(${JSON.stringify(part)}::jsonb)
        AS x(matter_key text, matter_no text, category text, status text, lead_org text, division_now text, opened_ms double precision, updated_ms double precision)
      ON CONFLICT (matter_key) DO UPDATE SET category = excluded.category, status = excluded.status, lead_org = excluded.lead_org,
        division_now = excluded.division_now, opened_at = excluded.opened_at, updated_at = excluded.updated_at, merged_into = NULL
      WHERE (m.category, m.status, m.lead_org, m.division_now, m.opened_at, m.updated_at, m.merged_into)
        IS DISTINCT FROM (excluded.category, excluded.status, excluded.lead_org, excluded.division_now, excluded.opened_at, excluded.updated_at, NULL)`);
  }
}

async function writeMembers(tx: Transaction, clusters: readonly MatterCluster[], matterKeys: readonly string[], leaving: ReadonlySet<string>): Promise<number> {
  const members = clusters.flatMap((cluster, index) =>
    cluster.members.map((member) => ({ rid: member.rid, matter_key: matterKeys[index]!, basis: member.basis, trust_group: member.trustGroup, evidence: member.evidence, leaves: leaving.has(member.rid) })),
  );
  let changed = 0;
  for (const part of parts(members)) {
    const { source, values } = asColumns(part, { evidence: 'jsonb', leaves: 'boolean' });
    const { rowCount } = await tx.$client.query(
      `INSERT INTO hub.matter_member AS m (rid, matter_key, basis, trust_group, evidence, split_from, division_now, respondent_org)
       SELECT x.rid, x.matter_key, x.basis, x.trust_group, x.evidence, old.matter_key, r.division_now, r.respondent_org
       FROM ${source} x JOIN hub.record r ON r.rid = x.rid LEFT JOIN hub.matter_member old ON x.leaves AND old.rid = x.rid
       ON CONFLICT (rid) DO UPDATE SET matter_key = excluded.matter_key, basis = excluded.basis, trust_group = excluded.trust_group, evidence = excluded.evidence,
         division_now = excluded.division_now, respondent_org = excluded.respondent_org,
         split_from = nullif(coalesce(excluded.split_from, m.split_from), excluded.matter_key),
         joined_at = CASE WHEN m.matter_key = excluded.matter_key THEN m.joined_at ELSE now() END
       WHERE (m.matter_key, m.basis, m.trust_group, m.evidence, m.division_now, m.respondent_org)
         IS DISTINCT FROM (excluded.matter_key, excluded.basis, excluded.trust_group, excluded.evidence, excluded.division_now, excluded.respondent_org)`,
      values,
    );
    changed += rowCount ?? 0;
  }
  return changed;
}

/** A matter without records stays as a number that leads to its successor, where one took its records over. */
async function retireEmpty(tx: Transaction, mergedInto: ReadonlyMap<string, string>, before: ReadonlySet<string>): Promise<void> {
  const pairs = [...mergedInto].map(([from, into]) => ({ from_key: from, into_key: into }));
  await tx.execute(sql`
    UPDATE hub.matter m SET merged_into = x.into_key
    FROM jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) AS x(from_key text, into_key text)
    WHERE m.matter_key = x.from_key AND m.merged_into IS DISTINCT FROM x.into_key`);
  await deleteEmpty(tx, [...before]);
}

/** Of these, and of those that lost a record otherwise, the matters that hold none and lead nowhere and that nothing leads to. */
export async function deleteEmpty(tx: Transaction, matterKeys: readonly string[]): Promise<void> {
  await tx.execute(sql`
    WITH lost AS (DELETE FROM hub.matter_left RETURNING matter_key)
    DELETE FROM hub.matter m
    WHERE (m.matter_key = ANY (${sql.param([...matterKeys])}::text[]) OR m.matter_key IN (SELECT matter_key FROM lost)) AND m.merged_into IS NULL
      AND NOT EXISTS (SELECT 1 FROM hub.matter_member e WHERE e.matter_key = m.matter_key)
      AND NOT EXISTS (SELECT 1 FROM hub.matter s WHERE s.merged_into = m.matter_key)`);
}

function parts<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / rowsPerStatement) }, (_, part) => rows.slice(part * rowsPerStatement, (part + 1) * rowsPerStatement));
}
