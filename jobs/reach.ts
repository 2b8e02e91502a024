import { sql } from 'drizzle-orm';
import type { Transaction } from '../base/db.ts';
import { keyBearersMax, keyMentionsMax } from '../linkage/persons.ts';
import { cnPersons } from '../linkage/models/cn-persons.ts';

/** A component larger than this is no work for an increment: the caller runs in full. */
export const reachMentionsMax = 20_000;

export interface Reach {
  mentions: string[];
  /** `type:hash` of the keys of these mentions that too many share in the whole hub: they link nobody. */
  generic: Set<string>;
}

/**
 * What an increment must look at again: the touched mentions, those that share a key with them, and the whole connected
 * component of all these along stored edges and entities, so that a split or a merge reaches everybody it concerns. Null
 * where that is more than `reachMentionsMax`.
 */
export async function reachedFrom(tx: Transaction, fresh: readonly string[]): Promise<Reach | null> {
  const shared = await sharing(tx, fresh, await genericKeysOf(tx, fresh, 1));
  const { rows } = await tx.execute(sql`
    WITH RECURSIVE reach(id) AS (
      SELECT unnest(${sql.param([...new Set([...fresh, ...shared])])}::text[])
      UNION
      SELECT next.id FROM reach CROSS JOIN LATERAL (
        SELECT e.b AS id FROM hub.link_edge e WHERE e.a = reach.id
        UNION ALL SELECT e.a FROM hub.link_edge e WHERE e.b = reach.id
        UNION ALL SELECT o.mention_id FROM hub.mention m JOIN hub.mention o USING (entity_key) WHERE m.mention_id = reach.id) next)
    SELECT id FROM reach LIMIT ${reachMentionsMax + 1}`);
  if (rows.length > reachMentionsMax) return null;
  const mentions = rows.map((row) => row['id'] as string);
  return { mentions, generic: await genericKeysOf(tx, mentions, 2) }; // a key that one of them bears alone pairs nobody
}

async function sharing(tx: Transaction, ids: readonly string[], generic: ReadonlySet<string>): Promise<string[]> {
  const { rows } = await tx.execute(sql`
    SELECT DISTINCT o.mention_id FROM hub.blocking_key k JOIN hub.blocking_key o USING (key_type, key_hash)
    WHERE k.mention_id = ANY(${sql.param([...ids])}::text[]) AND NOT (k.key_type || ':' || k.key_hash = ANY(${sql.param([...generic])}::text[]))`);
  return rows.map((row) => row['mention_id'] as string);
}

/**
 * Keys that too many mentions share (the hotline's own number, a shelter's address), or too many persons with an ID number (a
 * name that several have), of the keys that `timesMin` of `ids` bear. Counting stops where it is certain.
 */
async function genericKeysOf(tx: Transaction, ids: readonly string[], timesMin: number): Promise<Set<string>> {
  const { rows } = await tx.execute(sql`
    SELECT k.key_type, k.key_hash, c.mentions, c.bearers FROM (SELECT key_type, key_hash FROM hub.blocking_key WHERE mention_id = ANY(${sql.param([...ids])}::text[]) GROUP BY 1, 2 HAVING count(*) >= ${timesMin}) k
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS mentions, count(DISTINCT m.id_number)::int AS bearers
      FROM (SELECT mention_id FROM hub.blocking_key o WHERE o.key_type = k.key_type AND o.key_hash = k.key_hash LIMIT ${countedMax}) o
      LEFT JOIN hub.mention m ON m.mention_id = o.mention_id AND k.key_type = ANY(${sql.param(bearerTypes)}::text[]) AND coalesce(m.id_type, '') IN ('', '111')) c
    WHERE c.mentions > ${smallestGeneric} OR c.bearers > 1`);
  const counted = rows as unknown as { key_type: string; key_hash: string; mentions: number; bearers: number }[];
  return new Set(counted.filter((row) => row.mentions > keyMentionsMax(row.key_type) || row.bearers > keyBearersMax(row.key_type)).map((row) => `${row.key_type}:${row.key_hash}`));
}

const bearerTypes = cnPersons.blocking.flatMap((rule) => (rule.bearersMax === undefined ? [] : [rule.name]));
const smallestGeneric = 10; // no key type is generic below this
const countedMax = 501; // the largest bound of a key type, and one
