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
  const near = await bearersOf(tx, fresh);
  const shared = near.filter((key) => !isGeneric(key)).flatMap((key) => key.members);
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
  const further = await furtherKeys(tx, mentions, fresh);
  return { mentions, generic: new Set([...near, ...further].filter(isGeneric).map((key) => `${key.key_type}:${key.key_hash}`)) };
}

interface CountedKey {
  key_type: string;
  key_hash: string;
  mentions: number;
  bearers: number;
}

/**
 * Too many mentions share the key (the hotline's own number, a shelter's address), or too many persons with an ID number (a
 * name that several have).
 */
function isGeneric(key: CountedKey): boolean {
  return key.mentions > keyMentionsMax(key.key_type) || key.bearers > keyBearersMax(key.key_type);
}

/** The keys that these mentions share with others, and who bears them: one pass counts and collects. */
async function bearersOf(tx: Transaction, ids: readonly string[]): Promise<(CountedKey & { members: string[] })[]> {
  const { rows } = await tx.execute(sql`
    SELECT k.key_type, k.key_hash, c.mentions, c.bearers, c.members FROM (SELECT DISTINCT key_type, key_hash FROM hub.blocking_key WHERE mention_id = ANY(${sql.param([...ids])}::text[])) k
    JOIN ${bounds} USING (key_type) CROSS JOIN LATERAL (SELECT ${counts}, array_agg(o.mention_id) AS members FROM ${bearersOfKey}) c WHERE c.mentions > 1`);
  return rows as unknown as (CountedKey & { members: string[] })[];
}

/** The keys that at least two of `ids` share and none of `known` bears, as far as they may be generic: one that a mention bears alone pairs nobody. */
async function furtherKeys(tx: Transaction, ids: readonly string[], known: readonly string[]): Promise<CountedKey[]> {
  const { rows } = await tx.execute(sql`
    SELECT k.key_type, k.key_hash, c.mentions, c.bearers FROM (
      SELECT key_type, key_hash FROM hub.blocking_key WHERE mention_id = ANY(${sql.param([...ids])}::text[])
      GROUP BY 1, 2 HAVING count(*) > 1 AND NOT bool_or(mention_id = ANY(${sql.param([...known])}::text[]))) k
    JOIN ${bounds} USING (key_type) CROSS JOIN LATERAL (SELECT ${counts} FROM ${bearersOfKey}) c WHERE c.mentions > ${smallestGeneric} OR c.bearers > 1`);
  return rows as unknown as CountedKey[];
}

const bearerTypes = cnPersons.blocking.flatMap((rule) => (rule.bearersMax === undefined ? [] : [rule.name]));
const smallestGeneric = 10; // no key type is generic below this
/** How many rows of a key are counted, by type: its bound, and one. */
const bounds = sql`unnest(${sql.param(cnPersons.blocking.map(({ name }) => name))}::text[], ${sql.param(cnPersons.blocking.map(({ name }) => keyMentionsMax(name) + 1))}::int[]) AS bound(key_type, counted)`;
const counts = sql`count(*)::int AS mentions, count(DISTINCT m.id_number)::int AS bearers`;
/** Counting stops where it is certain. Bearers are looked up for the types that are judged by them alone. */
const bearersOfKey = sql`
  (SELECT mention_id FROM hub.blocking_key o WHERE o.key_type = k.key_type AND o.key_hash = k.key_hash LIMIT bound.counted) o
  LEFT JOIN hub.mention m ON m.mention_id = CASE WHEN k.key_type = ANY(${sql.param(bearerTypes)}::text[]) THEN o.mention_id END AND coalesce(m.id_type, '') IN ('', '111')`;
