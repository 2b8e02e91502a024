import type { Config } from '../base/config.ts';
import type { Pool } from '../base/db.ts';
import { recordKeys, type Keys } from '../base/keys.ts';
import { span } from '../base/trace.ts';
import { refreshClocks } from './clocks.ts';
import { clusterNightly, clusterTouched } from './cluster.ts';
import { forgetTouched, linkTouched, touchMarks } from './link.ts';
import { generateOrganizations } from './organizations.ts';
import { placeTouched } from './places.ts';
import { refreshSituations } from './situations.ts';
import { takeSnapshot } from './snapshot.ts';
import { settleThings } from './things.ts';

/**
 * What follows a sync: organisations that only records name, places, things, clocks, and beside them persons linked; matters clustered,
 * hotspots, and a snapshot of statistics where one was asked for. Each step may be repeated; the doorbell rows go only when all are done.
 */
export async function settle({ config, pool }: { config: Config; pool: Pool }): Promise<void> {
  await settleTouched(config, pool);
  await snapshotAsked(config, pool);
}

async function settleTouched(config: Config, pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ id: number }>("SELECT id FROM hub.outbox WHERE kind = 'TOUCHED' AND done_at IS NULL");
  if (rows.length > 0) await span('settle', {}, () => settled(config, pool, rows.map((row) => row.id)));
}

/** `doorbells`: those seen before anything was read; one of a page that is committed meanwhile may have a smaller number. */
async function settled(config: Config, pool: Pool, doorbells: readonly number[]): Promise<void> {
  const keys = recordKeys(config.masterSecret);
  const marks = await touchMarks(pool);
  // Persons are linked by what their mentions say, whatever becomes of the records: one waits for PostgreSQL while the other computes.
  const described = describeTouched(pool, keys);
  const [{ touched }] = await bothEnded(span('link', {}, () => linkTouched(pool, keys, marks)), described);
  await forgetTouched(pool, marks);
  const isBulk = await isMuch(pool, touched);
  await bothEnded(span('cluster', {}, () => clusterTouched(pool, keys)), isBulk ? pool.query(analyzeRecords) : Promise.resolve(null));
  await span('corrections', {}, () => pool.query('SELECT hub.answer_by_source()'));
  await span('situations', {}, () => refreshSituations(pool, config.masterSecret));
  if (isBulk) await pool.query(analyzeMatters);
  await pool.query('DELETE FROM hub.outbox WHERE id = ANY($1::bigint[])', [doorbells]);
}

async function describeTouched(pool: Pool, keys: Keys): Promise<void> {
  await span('organisations', {}, () => generateOrganizations(pool));
  await span('places', {}, () => placeTouched(pool, keys));
  await span('things', {}, () => settleThings(pool));
  await span('clocks', {}, () => refreshClocks(pool));
}

/** Whoever does this again must not meet what is still under way: a failure of one is told when the other has ended. */
async function bothEnded<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}

/** Statistics are counted when a sync that is waited for has settled, and every night. */
async function snapshotAsked(config: Config, pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ last: number | null }>("SELECT max(id) AS last FROM hub.outbox WHERE kind = 'SNAPSHOT' AND done_at IS NULL AND NOT EXISTS (SELECT 1 FROM hub.outbox WHERE kind = 'TOUCHED' AND done_at IS NULL)");
  const last = rows[0]?.last;
  if (last === null || last === undefined) return;
  await span('recluster', {}, () => clusterNightly(pool, recordKeys(config.masterSecret)));
  await span('snapshot', {}, () => takeSnapshot(pool, config.masterSecret));
  await pool.query("DELETE FROM hub.outbox WHERE kind = 'SNAPSHOT' AND id <= $1", [last]);
}

/** After a bulk sync the planner still believes the tables empty, and a first question would take seconds. What is less, PostgreSQL counts by itself in time. */
async function isMuch(pool: Pool, touched: number): Promise<boolean> {
  const { rows } = await pool.query<{ estimate: number }>("SELECT reltuples AS estimate FROM pg_class WHERE oid = 'hub.record'::regclass");
  return touched >= Math.max(analyzeRecordsMin, rows[0]!.estimate * analyzeShare);
}

const analyzeRecords = 'ANALYZE hub.record, hub.mention, hub.mention_self, hub.assignment, hub.place, hub.clock';
const analyzeMatters = 'ANALYZE hub.matter, hub.matter_member';
const analyzeRecordsMin = 200;
const analyzeShare = 1 / 5;
