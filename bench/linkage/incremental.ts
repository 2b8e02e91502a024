import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { openPool, type Pool } from '../../base/db.ts';
import { recordKeys, type Keys } from '../../base/keys.ts';
import { migrate } from '../../base/migrate.ts';
import { linkTouched } from '../../jobs/link.ts';
import { evaluate } from '../../linkage/evaluate.ts';
import { standardiseIdNumber } from '../../linkage/standardise/id-number.ts';
import { publishedName } from '../../linkage/standardise/name.ts';
import { standardisePhones } from '../../linkage/standardise/phone.ts';
import { inBenchHome } from '../home.ts';
import { writeMentions } from './mentions.ts';

export interface IncrementalRow {
  mentions: number;
  fullSeconds: number;
  fullCpuSeconds: number;
  /** One record at a time, each its own run: how long somebody waits. */
  p50Ms: number;
  p95Ms: number;
  /** In runs of a hundred records, as a sync brings them. */
  recordsPerSecond: number;
  cpuMsPerRecord: number;
  /** Mentions that were there before the last hundredth came and kept their entity. */
  stableShare: number;
  f1: number;
  f1Batch: number;
}

/** The hub's own linkage on PostgreSQL: all but a hundredth in a full run, the rest as increments, then everything anew. */
export async function incremental(mentions: number, seed: string): Promise<IncrementalRow> {
  const { rows, truth } = await generated(mentions, seed);
  return inBenchHome('linkage', () => undefined, async (_home, databaseUrl) => {
    const pool = openPool(databaseUrl, { connectionsMax: 4 });
    try {
      await migrate(pool);
      return await measured(pool, rows, truth);
    } finally {
      await pool.end();
    }
  });
}

type Row = Record<string, string>;

async function generated(mentions: number, seed: string): Promise<{ rows: Row[]; truth: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-bench-increment-'));
  try {
    const { truth } = await writeMentions(join(folder, 'mentions.csv'), { mentions, seed, errors: 1 });
    return { rows: parse(readFileSync(join(folder, 'mentions.csv')), { columns: true }) as Row[], truth: Array.from(truth, String) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(pool: Pool, rows: readonly Row[], truth: readonly string[]): Promise<IncrementalRow> {
  const keys = recordKeys(Buffer.alloc(32, 5));
  const old = Math.floor(rows.length * 0.99);
  await land(pool, keys, rows.slice(0, old));
  const full = await timed(() => linkTouched(pool, keys));
  await pool.query('ANALYZE');
  const before = await entities(pool);
  const single: number[] = [];
  for (let at = old; at < old + Math.min(singlesMax, (rows.length - old) / 2); at += 1) {
    await land(pool, keys, rows.slice(at, at + 1));
    single.push((await timed(() => linkTouched(pool, keys))).seconds * 1000);
  }
  const groups = { records: 0, seconds: 0, cpuSeconds: 0 };
  for (let at = old + single.length; at < rows.length; at += groupRecords) {
    const group = rows.slice(at, at + groupRecords);
    await land(pool, keys, group);
    const { seconds, cpuSeconds } = await timed(() => linkTouched(pool, keys));
    groups.records += group.length;
    groups.seconds += seconds;
    groups.cpuSeconds += cpuSeconds;
  }
  const after = await entities(pool);
  await pool.query('DELETE FROM hub.link_state');
  await pool.query('INSERT INTO hub.touched SELECT rid FROM hub.record ON CONFLICT DO NOTHING');
  await linkTouched(pool, keys);
  const batch = await entities(pool);
  const kept = [...before].filter(([id, entity]) => after.get(id) === entity).length;
  const f1 = (found: ReadonlyMap<string, string>) => evaluate(rows.map((row) => found.get(row['id']!)!), truth).pairwise.f1;
  single.sort((a, b) => a - b);
  const at = (share: number) => single[Math.min(single.length - 1, Math.floor(single.length * share))]!;
  return {
    mentions: rows.length, fullSeconds: full.seconds, fullCpuSeconds: full.cpuSeconds, p50Ms: at(0.5), p95Ms: at(0.95),
    recordsPerSecond: groups.records / groups.seconds, cpuMsPerRecord: (groups.cpuSeconds * 1000) / groups.records,
    stableShare: kept / before.size, f1: f1(after), f1Batch: f1(batch),
  };
}

/** Records as a connector leaves them. */
async function land(pool: Pool, keys: Keys, rows: readonly Row[]): Promise<void> {
  const landed = rows.map((row) => {
    const rid = keys.rid('hotline', 'tickets', row['id']!);
    const id = standardiseIdNumber(row['id_number']);
    return {
      rid, key: row['id'], mention: keys.mentionId(rid, 'REQUESTER', 0), name: publishedName(row['name']), number: id.value, suspect: id.suspect === null ? null : keys.suspectHmac(id.suspect),
      phones: standardisePhones(row['phone']).valid, birth: row['birth_date'] || null, sex: row['sex'] || null, address: row['address'] || null,
    };
  });
  const columns = 'rid text, key text, mention text, name text, number text, suspect text, phones text[], birth text, sex text, address text';
  for (let from = 0; from < landed.length; from += landRows) {
    const part = [JSON.stringify(landed.slice(from, from + landRows))];
    await pool.query(`INSERT INTO hub.record (rid, department, stream, record_key, type_name, fetched_at) SELECT rid, 'hotline', 'tickets', key, 'HotlineTicket', now() FROM jsonb_to_recordset($1::jsonb) AS x(${columns})`, part);
    await pool.query(
      `INSERT INTO hub.mention (mention_id, rid, department, role, ordinal, kind, name, id_number, id_suspect, phones, birth_date, sex, address)
       SELECT mention, rid, 'hotline', 'REQUESTER', 0, 'PERSON', name, number, suspect, phones, birth, sex, address FROM jsonb_to_recordset($1::jsonb) AS x(${columns})`,
      part,
    );
    await pool.query(`INSERT INTO hub.touched (rid) SELECT rid FROM jsonb_to_recordset($1::jsonb) AS x(${columns})`, part);
  }
}

async function entities(pool: Pool): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ record_key: string; entity_key: string }>('SELECT r.record_key, m.entity_key FROM hub.mention m JOIN hub.record r USING (rid)');
  return new Map(rows.map((row) => [row.record_key, row.entity_key]));
}

/** CPU of this process: PostgreSQL's is not in it. */
async function timed(work: () => Promise<unknown>): Promise<{ seconds: number; cpuSeconds: number }> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 };
}

const singlesMax = 200;
const groupRecords = 100;
const landRows = 5_000;
