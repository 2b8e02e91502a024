import { sql } from 'drizzle-orm';
import { arrayText } from '../base/columns.ts';
import type { Transaction } from '../base/db.ts';
import { rememberedHash, type Keys } from '../base/keys.ts';
import type { DivisionIndex } from '../linkage/standardise/division-index.ts';
import { reachDays } from '../matters/candidates.ts';
import { countedKeys, describe, type Learnt } from '../matters/describe.ts';
import { candidateKeys } from '../matters/keys.ts';
import type { MatterRecord } from '../matters/record.ts';

const rowsPerStatement = 20_000;
const keyType = 'matter';

/** Writes the keys of these records, under which online runs find candidates and count how many bear a key. */
export async function writeKeys(tx: Transaction, keys: Keys, records: readonly MatterRecord[], divisions: DivisionIndex, learnt: Learnt, everything: boolean): Promise<void> {
  if (everything) await emptied(tx);
  else await tx.execute(sql`DELETE FROM hub.matter_key WHERE rid = ANY (${sql.param(records.map((record) => record.rid))}::text[])`);
  const described = describe(records, divisions, learnt, new Map());
  const hash = rememberedHash(keys.blockingHash);
  const rows = records.flatMap((record, index) => {
    const own = new Map<string, number | null>(countedKeys(record, described.details[index]!).map((key) => [key, null]));
    for (const { key, neighboursMax } of candidateKeys(described, index)) own.set(key, neighboursMax);
    return [...own].map(([key, most]) => ({ rid: record.rid, key: hash(keyType, key), most, at: record.occurredAtMs }));
  });
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    const part = rows.slice(from, from + rowsPerStatement);
    // A record that is gone by now gets no keys, and one that is there stays until they are written.
    await tx.execute(sql`
      WITH there AS MATERIALIZED (SELECT rid FROM hub.record WHERE rid = ANY (${sql.param([...new Set(part.map((row) => row.rid))])}::text[]) FOR KEY SHARE)
      INSERT INTO hub.matter_key (rid, key_hash, neighbours_max, occurred_at)
      SELECT r, k, n, to_timestamp(t / 1000.0) FROM unnest(${arrayText(part.map((row) => row.rid))}::text[], ${arrayText(part.map((row) => row.key))}::uuid[],
        ${sql.param(part.map((row) => row.most))}::int[], ${sql.param(part.map((row) => row.at))}::float8[]) AS x(r, k, n, t) JOIN there ON there.rid = x.r`);
  }
  if (everything) await indexed(tx);
}

/** The table is filled anew: indexes made of all rows at once cost a tenth of those that grow row by row. */
async function emptied(tx: Transaction): Promise<void> {
  await tx.execute(sql`TRUNCATE hub.matter_key`);
  await tx.execute(sql`DROP INDEX hub.matter_key_rid, hub.matter_key_time`);
}

async function indexed(tx: Transaction): Promise<void> {
  await tx.execute(sql`CREATE INDEX matter_key_rid ON hub.matter_key (rid)`);
  await tx.execute(sql`CREATE INDEX matter_key_time ON hub.matter_key (key_hash, occurred_at, rid)`);
}

/**
 * The records that these may be one problem with: bearers of a shared key nearest in time, before and after; what an
 * explicit reference or a person's decision names; and all records of the matters of any of them.
 */
export async function reachedFrom(tx: Transaction, rids: readonly string[]): Promise<string[]> {
  const list = sql.param([...rids]);
  const { rows } = await tx.execute(sql`
    WITH own AS (SELECT rid, key_hash, neighbours_max, coalesce(occurred_at, 'epoch') AS at FROM hub.matter_key WHERE rid = ANY (${list}::text[]) AND neighbours_max IS NOT NULL),
    near AS (
      SELECT n.rid FROM own o CROSS JOIN LATERAL (
        (SELECT k.rid FROM hub.matter_key k WHERE k.key_hash = o.key_hash AND k.occurred_at <= o.at AND k.occurred_at > o.at - make_interval(days => ${reachDays}) ORDER BY k.occurred_at DESC LIMIT o.neighbours_max)
        UNION ALL
        (SELECT k.rid FROM hub.matter_key k WHERE k.key_hash = o.key_hash AND k.occurred_at > o.at AND k.occurred_at < o.at + make_interval(days => ${reachDays}) ORDER BY k.occurred_at LIMIT o.neighbours_max)) n
      UNION SELECT unnest(${list}::text[])
      UNION SELECT p.rid FROM hub.record r JOIN hub.record p ON p.department = r.department AND p.stream = r.stream AND p.record_key = r.parent_key WHERE r.rid = ANY (${list}::text[])
      UNION SELECT c.rid FROM hub.record r JOIN hub.record c ON c.department = r.department AND c.stream = r.stream AND c.parent_key = r.record_key WHERE r.rid = ANY (${list}::text[])
      UNION SELECT d.b FROM hub.matter_decision d WHERE d.a = ANY (${list}::text[])
      UNION SELECT d.a FROM hub.matter_decision d WHERE d.b = ANY (${list}::text[]))
    SELECT rid FROM near
    UNION SELECT m.rid FROM near JOIN hub.matter_member here USING (rid) JOIN hub.matter_member m ON m.matter_key = here.matter_key`);
  return rows.map((row) => row['rid'] as string);
}

/** How many records of the hub bear each key whose rarity counts. */
export async function keyTimes(tx: Transaction, keys: Keys, records: readonly MatterRecord[], divisions: DivisionIndex, learnt: Learnt): Promise<Map<string, number>> {
  const { details } = describe(records, divisions, learnt, new Map());
  const hash = rememberedHash(keys.blockingHash);
  const names = new Map(records.flatMap((record, index) => countedKeys(record, details[index]!).map((key) => [hash(keyType, key), key] as const)));
  const { rows } = await tx.execute(sql`SELECT encode(uuid_send(key_hash), 'hex') AS key_hash, count(*) AS times FROM hub.matter_key WHERE key_hash = ANY (${arrayText([...names.keys()])}::uuid[]) GROUP BY 1`);
  return new Map(rows.map((row) => [names.get(row['key_hash'] as string)!, row['times'] as number]));
}
