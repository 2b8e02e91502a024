import { sql } from 'drizzle-orm';
import { inTransaction, type Pool, type Transaction } from '../base/db.ts';
import type { Keys } from '../base/keys.ts';
import { clusterRecords } from '../matters/cluster.ts';
import { learn, type Learnt } from '../matters/describe.ts';
import { decisionsOn, divisionsOfRows, recordRows, windowStart, type RecordRow } from './matter-rows.ts';
import { keyTimes, reachedFrom, writeKeys } from './matter-keys.ts';
import { deleteEmpty, writeClusters } from './write-matters.ts';

export interface ClusterOutcome {
  /** Matters that were looked at. */
  matters: number;
  /** Memberships that are new or changed. A run with nothing new changes none. */
  changed: number;
}

const lockKey = 7_201_002;
/** Words and places are rare or common only in numbers: a hub that has grown by half learns them again. */
const outgrownTimes = 1.5;
/** Records of one online step: what they reach must fit in memory. */
const stepRecordsMax = 2_000;
/** Where more than this part of the hub changed, one full run costs less than the online steps: each record reaches some twenty others. */
const bulkShare = 1 / 10;

/**
 * Clusters the records that changed: each with its candidates, and the whole matters of these. The first run is a full one;
 * it learns what online runs use, so that both give nearly the same answer. Running it twice changes nothing.
 */
export async function clusterTouched(pool: Pool, keys: Keys): Promise<ClusterOutcome> {
  const total: ClusterOutcome = { matters: 0, changed: 0 };
  for (;;) {
    const step = await inTransaction(pool, (tx) => oneStep(tx, keys));
    total.matters += step.matters;
    total.changed += step.changed;
    if (step.done) return total;
  }
}

/** The nightly run: learns places and words again and clusters everything within the window. Matter numbers stay. Does nothing where the last full run is younger than 20 hours. */
export async function clusterNightly(pool: Pool, keys: Keys): Promise<ClusterOutcome> {
  return inTransaction(pool, async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${lockKey})`);
    const { rows } = await tx.execute(sql`SELECT 1 FROM hub.matter_state WHERE learnt_at < now() - make_interval(hours => ${nightlyAfterHours})`);
    return rows.length === 0 ? { matters: 0, changed: 0 } : fullRun(tx, keys);
  });
}

const nightlyAfterHours = 20;

async function oneStep(tx: Transaction, keys: Keys): Promise<ClusterOutcome & { done: boolean }> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${lockKey})`);
  const state = await stored(tx);
  if (state.outgrown || (await isBulk(tx, state.records))) return { ...(await fullRun(tx, keys)), done: true };
  const learnt = state.learnt ?? (await learnAgain(tx));
  const { rows } = await tx.execute(sql`SELECT DISTINCT rid FROM hub.matter_touched ORDER BY rid LIMIT ${stepRecordsMax}`);
  const touched = rows.map((row) => row['rid'] as string);
  if (touched.length === 0) {
    await deleteEmpty(tx, []);
    return { matters: 0, changed: 0, done: true };
  }
  const outcome = await onlineRun(tx, keys, learnt, touched);
  return { ...outcome, done: touched.length < stepRecordsMax };
}

/** What the last run learnt, null where a purge has taken it away; `outgrown` where none ran yet or the hub has grown by half. */
async function stored(tx: Transaction): Promise<{ learnt: Learnt | null; outgrown: boolean; records: number }> {
  const { rows } = await tx.execute(sql`SELECT s.records, s.learnt IS NULL AS unlearnt, s.learnt_at::text AS learnt_at, (SELECT reltuples FROM pg_class WHERE oid = 'hub.record'::regclass) AS estimate FROM hub.matter_state s`);
  const state = rows[0] as { records: number; unlearnt: boolean; learnt_at: string; estimate: number };
  if ((await recordsNow(tx, state.estimate)) > outgrownTimes * state.records) return { learnt: null, outgrown: true, records: state.records };
  if (state.unlearnt) return { learnt: null, outgrown: false, records: state.records };
  if (kept?.at !== state.learnt_at) kept = { at: state.learnt_at, learnt: (await tx.execute(sql`SELECT learnt FROM hub.matter_state`)).rows[0]!['learnt'] as Learnt };
  return { learnt: kept.learnt, outgrown: false, records: state.records };
}

async function isBulk(tx: Transaction, records: number): Promise<boolean> {
  const enough = Math.max(stepRecordsMax, Math.ceil(records * bulkShare));
  const { rows } = await tx.execute(sql`SELECT 1 FROM (SELECT DISTINCT rid FROM hub.matter_touched LIMIT ${enough + 1}) x OFFSET ${enough}`);
  return rows.length > 0;
}

/** Learns from what is there now, without clustering it again: a purged record must not go on in what was learnt from it. */
async function learnAgain(tx: Transaction): Promise<Learnt> {
  const purges = await purgesNow(tx);
  const rows = await recordRows(tx, null);
  const clustered = rows.map((row) => row.record).filter((record) => record.rule === 'CLUSTER');
  const learnt = learn(clustered, divisionsOfRows(rows));
  await keep(tx, learnt, clustered.length, purges);
  return learnt;
}

async function purgesNow(tx: Transaction): Promise<string> {
  const { rows } = await tx.execute(sql`SELECT purges::text AS purges FROM hub.matter_state`);
  return rows[0]!['purges'] as string;
}

/** Kept unless a record was purged since `purges` was read: then it is learnt once more. */
async function keep(tx: Transaction, learnt: Learnt, records: number, purges: string): Promise<void> {
  await tx.execute(sql`
    UPDATE hub.matter_state SET learnt = CASE WHEN purges = ${purges}::bigint THEN ${JSON.stringify(learnt)}::jsonb END, records = ${records}, learnt_at = clock_timestamp()`);
}

/** The last one read: it is large and the same for every run of a day. */
let kept: { at: string; learnt: Learnt } | undefined;

/** Within the window, as a full run counts them at least. A large hub is not counted: the planner's estimate will do. */
async function recordsNow(tx: Transaction, estimate: number): Promise<number> {
  if (estimate > countedMax) return 0;
  const { rows } = await tx.execute(sql`SELECT count(*)::int AS records FROM hub.record WHERE type_name IS NOT NULL AND matter_rule = 'CLUSTER' AND coalesce(occurred_at, 'infinity') > ${windowStart}`);
  return rows[0]!['records'] as number;
}

const countedMax = 200_000;

async function fullRun(tx: Transaction, keys: Keys): Promise<ClusterOutcome> {
  const takenUp = await mattersTakenUp(tx);
  const purges = await purgesNow(tx);
  const rows = await recordRows(tx, null, takenUp);
  const divisions = divisionsOfRows(rows);
  const records = rows.map((row) => row.record);
  const clustered = records.filter((record) => record.rule === 'CLUSTER');
  const learnt = learn(clustered, divisions);
  await writeKeys(tx, keys, clustered, divisions, learnt, true);
  const decisions = await decisionsOn(tx, null);
  const clusters = clusterRecords({ records, divisions, learnt, decisions });
  const changed = await writeClusters(tx, keys, clusters, rows, decisions);
  await keep(tx, learnt, clustered.length, purges); // last: a purge waits for this row, and this run must not wait for a purge then
  return { matters: clusters.length, changed };
}

/** Takes what was touched off the list. Gives the matters of those of them that are older than the window, which would not be read otherwise. */
async function mattersTakenUp(tx: Transaction): Promise<string[]> {
  const { rows } = await tx.execute(sql`
    WITH touched AS (DELETE FROM hub.matter_touched RETURNING rid)
    SELECT DISTINCT m.matter_key FROM touched t JOIN hub.record r ON r.rid = t.rid JOIN hub.matter_member m ON m.rid = t.rid WHERE r.occurred_at <= ${windowStart}`);
  return rows.map((row) => row['matter_key'] as string);
}

async function onlineRun(tx: Transaction, keys: Keys, learnt: Learnt, touched: readonly string[]): Promise<ClusterOutcome> {
  await tx.execute(sql`DELETE FROM hub.matter_touched WHERE rid = ANY (${sql.param([...touched])}::text[])`);
  const fresh = await recordRows(tx, touched);
  const divisions = divisionsOfRows(fresh);
  await writeKeys(tx, keys, fresh.map((row) => row.record).filter((record) => record.rule === 'CLUSTER'), divisions, learnt, false);
  const reached = await reachedFrom(tx, fresh.map((row) => row.rid));
  const known = new Set(fresh.map((row) => row.rid));
  const rows: RecordRow[] = [...fresh, ...(await recordRows(tx, reached.filter((rid) => !known.has(rid))))];
  const records = rows.map((row) => row.record);
  const times = await keyTimes(tx, keys, records, divisionsOfRows(rows), learnt);
  const decisions = await decisionsOn(tx, records.map((record) => record.rid));
  const clusters = clusterRecords({ records, divisions: divisionsOfRows(rows), learnt, times, decisions });
  return { matters: clusters.length, changed: await writeClusters(tx, keys, clusters, rows, decisions) };
}
