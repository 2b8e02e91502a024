import { sql } from 'drizzle-orm';
import { arrayText } from '../base/columns.ts';
import { inTransaction, type Pool, type Transaction } from '../base/db.ts';
import { rememberedHash, type Keys } from '../base/keys.ts';
import { frequenciesNow, linkMentions, personKeys, type Decision, type PersonEdge, type PersonKey, type PersonLinks, type PersonState, type ReviewItem } from '../linkage/persons.ts';
import { cnPersons } from '../linkage/models/cn-persons.ts';
import { isOf } from '../linkage/person-state.ts';
import type { PreviousEntity } from '../linkage/history.ts';
import type { Mention } from '../linkage/standardise/mention.ts';
import { asMention, divisionsOf, mentionRows, type MentionRow } from './mentions.ts';
import { reachedFrom, type Reach } from './reach.ts';

export interface LinkOutcome {
  touched: number;
  entities: number;
  /** Mentions that got another entity than they had. A run with nothing new changes none. */
  changed: number;
}

/** Stored beside the levels, so that a waterfall can be read without the model that made it. */
const comparisonNames = cnPersons.comparisons.map(({ name }) => name);
const lockKey = 7_201_003;

/**
 * Links the mentions of persons that syncs touched, with everything that shares a blocking key with them, and writes what
 * changed. The first run is a full one: it learns the state that incremental runs use, so that both give the same answer.
 * One transaction; running it twice changes nothing. Who gives the marks forgets them when its other steps are done.
 */
export async function linkTouched(pool: Pool, keys: Keys, given?: readonly TouchMark[]): Promise<LinkOutcome> {
  return inTransaction(pool, async (tx) => {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${lockKey})`);
    const marks = given ?? (await touchMarks(tx.$client));
    const touched = [...new Set(marks.map((mark) => mark.rid))];
    if (touched.length === 0) return { touched: 0, entities: 0, changed: 0 };
    const state = await storedState(tx);
    const changed = state === null || !isOf(cnPersons, state.modelVersion) ? await firstRun(tx, keys) : await laterRun(tx, keys, state, touched);
    if (given === undefined) await forgetTouched(tx.$client, marks);
    return { touched: touched.length, ...changed };
  });
}

/** A record that a page touched, and when (text, microseconds and all): touched again it has another row, of another time. */
export interface TouchMark {
  rid: string;
  at: string;
}

export async function touchMarks(client: Pick<Pool, 'query'>): Promise<TouchMark[]> {
  const { rows } = await client.query<TouchMark>('SELECT rid, touched_at::text AS at FROM hub.touched ORDER BY rid');
  return rows;
}

/** What a page touched again meanwhile stays: it was not read as it is now. */
export async function forgetTouched(client: Pick<Pool, 'query'>, marks: readonly TouchMark[]): Promise<void> {
  await client.query('DELETE FROM hub.touched t USING unnest($1::text[], $2::timestamptz[]) AS x(rid, at) WHERE t.rid = x.rid AND t.touched_at = x.at', [
    arrayText(marks.map((mark) => mark.rid)), arrayText(marks.map((mark) => mark.at)),
  ]);
}

/** Parsing what a million mentions taught takes longer than linking ten: the last state read is kept as long as its row is the same. */
async function storedState(tx: Transaction): Promise<PersonState | null> {
  const { rows } = await tx.execute(sql`SELECT xmin::text || ' ' || ctid::text || ' ' || current_database() || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS row FROM hub.link_state`);
  const row = rows[0]?.['row'] as string | undefined;
  if (row === undefined) return null;
  if (lastState?.row !== row) {
    const { rows: states } = await tx.execute(sql`SELECT state AS value FROM hub.link_state`);
    lastState = { row, state: states[0]!['value'] as PersonState | null };
  }
  return lastState.state;
}

let lastState: { row: string; state: PersonState | null } | undefined;

/** A purge takes away what was learnt of names and phones, rare ones among them. A model that counts none has nothing to learn again. */
function isUnlearnt({ frequencies }: PersonState): boolean {
  return Object.keys(frequencies.counts).length === 0;
}

async function purgesNow(tx: Transaction): Promise<string> {
  const { rows } = await tx.execute(sql`SELECT purges::text AS purges FROM hub.link_state`);
  return (rows[0]?.['purges'] as string | undefined) ?? '0';
}

/** Without its counts where a record was purged since `purges` was read: then they are learnt once more. Comes last in a transaction: a purge waits for this row, and this run must not wait for a purge then. */
async function keep(tx: Transaction, state: PersonState, purges: string): Promise<void> {
  const json = JSON.stringify(state);
  await tx.execute(sql`
    INSERT INTO hub.link_state AS s (state) VALUES (${json}::jsonb)
    ON CONFLICT (only_one) DO UPDATE SET state = CASE WHEN s.purges = ${purges}::bigint THEN excluded.state ELSE jsonb_set(excluded.state, '{frequencies,counts}', '{}') END`);
}

/** Names are rare or common only in numbers: a hub that has grown by half counts them again. A large one goes by the planner's estimate. */
async function hasOutgrown(tx: Transaction, state: PersonState): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    SELECT CASE WHEN c.reltuples > ${estimatedMentionsMin} THEN c.reltuples::float8 ELSE (SELECT count(*)::float8 FROM hub.mention WHERE kind = 'PERSON') END AS mentions
    FROM pg_class c WHERE c.oid = 'hub.mention'::regclass`);
  return Number(rows[0]!['mentions']) > outgrownTimes * state.frequencies.rows;
}

const estimatedMentionsMin = 10_000;
const outgrownTimes = 1.5;

type Changed = { entities: number; changed: number };

/** Everybody, with all keys: nothing is there yet, or by another model. */
async function firstRun(tx: Transaction, keys: Keys): Promise<Changed> {
  const purges = await purgesNow(tx);
  const { rows, mentions } = await everyMention(tx);
  await writeAllKeys(tx, mentions, personKeys(mentions, rememberedHash(keys.blockingHash)));
  return linkAll(tx, keys, rows, mentions, purges);
}

/**
 * What changed gets its keys, and is linked with what it reaches; where that is too much, or the hub has outgrown what was
 * learnt, everybody is. What a purge took away is counted again first, from who is there now; parameters and edges stay.
 */
async function laterRun(tx: Transaction, keys: Keys, state: PersonState, touched: readonly string[]): Promise<Changed> {
  const fresh = await idsOfRecords(tx, touched);
  const freshRows = await mentionRows(tx, fresh);
  const divisions = divisionsOf(freshRows);
  const freshMentions = freshRows.map((row) => asMention(row, divisions));
  await writeKeys(tx, freshMentions, personKeys(freshMentions, keys.blockingHash));
  const reach = (await hasOutgrown(tx, state)) ? null : await reachedFrom(tx, fresh);
  if (reach !== null && !isUnlearnt(state)) return linkReached(tx, keys, state, freshRows, reach);
  const purges = await purgesNow(tx);
  const { rows, mentions } = await everyMention(tx);
  if (reach === null) return linkAll(tx, keys, rows, mentions, purges);
  const learnt = { ...state, frequencies: frequenciesNow(mentions) };
  const changed = await linkReached(tx, keys, learnt, freshRows, reach);
  await keep(tx, learnt, purges);
  return changed;
}

async function everyMention(tx: Transaction): Promise<{ rows: MentionRow[]; mentions: Mention[] }> {
  const rows = await mentionRows(tx, null);
  const divisions = divisionsOf(rows);
  return { rows, mentions: rows.map((row) => asMention(row, divisions)) };
}

async function linkAll(tx: Transaction, keys: Keys, rows: readonly MentionRow[], mentions: readonly Mention[], purges: string): Promise<Changed> {
  const links = linkMentions({ mentions, decisions: await decisions(tx), previousEntities: entitiesOf(rows), newEntityId: await namer(tx, keys, rows), reason: 'FULL_RUN' });
  const changed = await writeLinks(tx, rows, links);
  await keep(tx, links.state, purges);
  return changed;
}

async function linkReached(tx: Transaction, keys: Keys, state: PersonState, freshRows: readonly MentionRow[], reach: Reach): Promise<Changed> {
  const known = new Set(freshRows.map((row) => row.mention_id));
  const rows = [...freshRows, ...(await mentionRows(tx, reach.mentions.filter((mention) => !known.has(mention))))].sort((x, y) => (x.mention_id < y.mention_id ? -1 : 1));
  const index = divisionsOf(rows);
  const mentions = rows.map((row) => asMention(row, index));
  const links = linkMentions({ mentions, decisions: await decisions(tx), previousEntities: entitiesOf(rows), state, genericKeys: reach.generic, hash: keys.blockingHash, newEntityId: await namer(tx, keys, rows), reason: 'SYNC' });
  return writeLinks(tx, rows, links, known);
}

async function idsOfRecords(tx: Transaction, rids: readonly string[]): Promise<string[]> {
  const { rows } = await tx.execute(sql`SELECT mention_id FROM hub.mention WHERE kind = 'PERSON' AND rid = ANY(${sql.param([...rids])}::text[])`);
  return rows.map((row) => row['mention_id'] as string);
}

function entitiesOf(rows: readonly { mention_id: string; entity_key: string | null }[]): PreviousEntity[] {
  const groups = Map.groupBy(rows.filter((row) => row.entity_key !== null), (row) => row.entity_key as string);
  return [...groups].map(([id, group]) => ({ id, mentions: group.map((row) => row.mention_id) }));
}

/** A new entity is named by the first of its mentions whose name is free: the same in every rebuild. */
async function namer(tx: Transaction, keys: Keys, mentions: readonly MentionRow[]): Promise<(mentions: readonly string[]) => string> {
  const names = mentions.map(({ mention_id: mention }) => keys.entityKey(mention));
  const { rows } = await tx.execute(sql`SELECT entity_key FROM hub.entity WHERE entity_key = ANY(${sql.param(names)}::text[])`);
  const taken = new Set(rows.map((row) => row['entity_key'] as string));
  return (mentions) => {
    const free = mentions.map((mention) => keys.entityKey(mention)).find((key) => !taken.has(key)) ?? keys.entityKey(`split ${mentions.join(' ')}`);
    taken.add(free);
    return free;
  };
}

async function decisions(tx: Transaction): Promise<Decision[]> {
  const { rows } = await tx.execute(sql`SELECT decision AS kind, a, b FROM hub.link_decision ORDER BY at, a, b`);
  return rows as unknown as Decision[];
}

/** A hub's first keys: indexes made of all rows at once cost a part of those that grow row by row. Later, whoever deletes a mention must not wait for a whole run. */
async function writeAllKeys(tx: Transaction, mentions: readonly Mention[], keys: readonly PersonKey[]): Promise<void> {
  const { rows } = await tx.execute(sql`SELECT 1 FROM hub.blocking_key LIMIT 1`);
  if (rows.length > 0) return writeKeys(tx, mentions, keys);
  await tx.execute(sql`ALTER TABLE hub.blocking_key DROP CONSTRAINT blocking_key_pkey`);
  await tx.execute(sql`DROP INDEX hub.blocking_key_mention`);
  await writeKeys(tx, mentions, keys, true);
  await tx.execute(sql`ALTER TABLE hub.blocking_key ADD CONSTRAINT blocking_key_pkey PRIMARY KEY (key_type, key_hash, mention_id)`);
  await tx.execute(sql`CREATE INDEX blocking_key_mention ON hub.blocking_key (mention_id)`);
}

async function writeKeys(tx: Transaction, mentions: readonly Mention[], keys: readonly PersonKey[], areFirst = false): Promise<void> {
  const found = Map.groupBy(keys, (key) => key.mention);
  for (const part of portions(mentions)) await writeKeysOf(tx, part, found, areFirst);
}

async function writeKeysOf(tx: Transaction, mentions: readonly Mention[], all: ReadonlyMap<string, readonly PersonKey[]>, areFirst: boolean): Promise<void> {
  const ids = sql.param(arrayText(mentions.map((mention) => mention.id)));
  const wanted = mentions.flatMap((mention) => all.get(mention.id) ?? []);
  const columns = (['type', 'hash', 'mention'] as const).map((name) => sql`${arrayText(wanted.map((key) => key[name]))}::text[]`);
  const rows = sql`unnest(${sql.join(columns, sql`, `)}) AS x(type, hash, mention)`;
  if (!areFirst) await tx.execute(sql`
    DELETE FROM hub.blocking_key k WHERE k.mention_id = ANY(${ids}::text[]) AND NOT EXISTS (
      SELECT 1 FROM ${rows} WHERE x.mention = k.mention_id AND x.type = k.key_type AND x.hash = k.key_hash)`);
  // What is gone by now gets no keys, and what is there stays until they are written; in the order of the index, where there is one.
  await tx.execute(sql`
    WITH there AS MATERIALIZED (SELECT mention_id FROM hub.mention WHERE mention_id = ANY(${ids}::text[]) FOR KEY SHARE)
    INSERT INTO hub.blocking_key (key_type, key_hash, mention_id)
    SELECT x.type, x.hash, x.mention FROM ${rows} JOIN there ON there.mention_id = x.mention ${areFirst ? sql`` : sql`ORDER BY 1, 2, 3`} ON CONFLICT DO NOTHING`);
}

/** `rows`: the mentions as they were before, all there are unless `fresh` tells which of them changed themselves. */
async function writeLinks(tx: Transaction, rows: readonly MentionRow[], links: PersonLinks, fresh?: ReadonlySet<string>): Promise<Changed> {
  const had = new Map(rows.map((row) => [row.mention_id, row.entity_key]));
  await writeEntities(tx, links, had);
  let changed = 0;
  for (const part of portions(links.entities.flatMap(({ id, mentions }) => mentions.filter((mention) => had.get(mention) !== id).map((mention) => ({ mention, entity: id }))))) {
    const { rowCount } = await tx.execute(sql`
      UPDATE hub.mention m SET entity_key = x.entity FROM unnest(${arrayText(part.map(({ mention }) => mention))}::text[], ${arrayText(part.map(({ entity }) => entity))}::text[]) AS x(mention, entity)
      WHERE m.mention_id = x.mention AND m.entity_key IS DISTINCT FROM x.entity`);
    changed += rowCount ?? 0;
  }
  await writeEvents(tx, links);
  await tx.execute(sql`
    DELETE FROM hub.entity e WHERE e.entity_key = ANY(${sql.param([...new Set(had.values())])}::text[]) AND e.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM hub.mention m WHERE m.entity_key = e.entity_key)`);
  const ids = [...had.keys()];
  if (fresh) await writeEdges(tx, await changedEdges(tx, ids, links.edges, fresh));
  else {
    await tx.execute(sql`DELETE FROM hub.link_edge`);
    await writeEdges(tx, links.edges);
  }
  const list = sql.param(ids);
  await tx.execute(fresh ? sql`DELETE FROM hub.review WHERE a = ANY(${list}::text[]) AND b = ANY(${list}::text[])` : sql`DELETE FROM hub.review`);
  await writeReview(tx, links.review);
  return { entities: links.entities.length, changed };
}

/** Whoever gets a mention is there, even if the last one it `had` is deleted at this moment; the others were there before. */
async function writeEntities(tx: Transaction, links: PersonLinks, had: ReadonlyMap<string, string | null>): Promise<void> {
  const ids = links.entities.filter(({ id, mentions }) => mentions.some((mention) => had.get(mention) !== id)).map(({ id }) => id);
  if (ids.length > 0) await tx.execute(sql`INSERT INTO hub.entity (entity_key) SELECT unnest(${sql.param(ids)}::text[]) ON CONFLICT (entity_key) DO UPDATE SET merged_into = NULL WHERE hub.entity.merged_into IS NOT NULL`);
  const merged = links.events.flatMap((event) => (event.kind === 'MERGED' ? [{ old: event.from, into: event.entity }] : []));
  if (merged.length === 0) return;
  await tx.execute(sql`UPDATE hub.entity e SET merged_into = x."into" FROM jsonb_to_recordset(${JSON.stringify(merged)}::jsonb) AS x(old text, "into" text) WHERE e.entity_key = x.old`);
}

async function writeEvents(tx: Transaction, links: PersonLinks): Promise<void> {
  const events = links.events.filter((event) => event.kind !== 'CREATED').map((event) => ({ kind: event.kind, entity: event.entity, other: 'from' in event ? event.from : null, reason: event.reason, version: event.modelVersion }));
  if (events.length === 0) return;
  await tx.execute(sql`
    INSERT INTO hub.entity_event (kind, entity_key, other_key, reason, model_version)
    SELECT x.kind, x.entity, x.other, x.reason, x.version FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS x(kind text, entity text, other text, reason text, version text)`);
}

/**
 * Deletes the edges among `ids` that are no longer there; gives those that are new, of a fresh mention, or weigh otherwise.
 * An increment reaches ten times what it changes, and two mentions that stayed as they were have the edge that they had.
 */
async function changedEdges(tx: Transaction, ids: readonly string[], edges: readonly PersonEdge[], fresh: ReadonlySet<string>): Promise<PersonEdge[]> {
  const list = sql.param([...ids]);
  const { rows } = await tx.execute(sql`SELECT a, b, weight, model_version FROM hub.link_edge WHERE a = ANY(${list}::text[]) AND b = ANY(${list}::text[])`);
  const stored = new Map((rows as unknown as { a: string; b: string; weight: number; model_version: string }[]).map((row) => [`${row.a} ${row.b}`, row]));
  const changed = edges.filter((edge) => {
    const name = `${edge.a} ${edge.b}`;
    const old = stored.get(name);
    stored.delete(name);
    return !old || fresh.has(edge.a) || fresh.has(edge.b) || old.weight !== edge.weight || old.model_version !== edge.modelVersion;
  });
  await deleteEdges(tx, [...stored.values()]);
  return changed;
}

/** By the index on `a`: a join with the pairs alone would read every edge of the hub. */
async function deleteEdges(tx: Transaction, edges: readonly { a: string; b: string }[]): Promise<void> {
  if (edges.length === 0) return;
  const [a, b] = [sql.param(edges.map((edge) => edge.a)), sql.param(edges.map((edge) => edge.b))];
  await tx.execute(sql`DELETE FROM hub.link_edge WHERE a = ANY(${a}::text[]) AND (a, b) IN (SELECT * FROM unnest(${a}::text[], ${b}::text[]))`);
}

async function writeEdges(tx: Transaction, edges: readonly PersonEdge[]): Promise<void> {
  for (const part of portions(edges)) {
    const levels = part.map((edge) => JSON.stringify({ prior: edge.prior, levels: edge.levels, weights: edge.weights, comparisons: comparisonNames }));
    // Of a mention that is gone by now there are no edges, and one that is there stays until they are written.
    await tx.execute(sql`
      WITH there AS MATERIALIZED (SELECT mention_id FROM hub.mention WHERE mention_id = ANY(${arrayText([...new Set(part.flatMap(({ a, b }) => [a, b]))])}::text[]) FOR KEY SHARE)
      INSERT INTO hub.link_edge (a, b, weight, levels, model_version)
      SELECT x.a, x.b, x.weight, x.levels::jsonb, x.version FROM unnest(${arrayText(part.map(({ a }) => a))}::text[], ${arrayText(part.map(({ b }) => b))}::text[], ${arrayText(part.map(({ weight }) => String(weight)))}::float8[],
        string_to_array(${levels.join('\n')}, E'\\n'), ${arrayText(part.map(({ modelVersion }) => modelVersion))}::text[]) AS x(a, b, weight, levels, version)
      WHERE x.a IN (SELECT mention_id FROM there) AND x.b IN (SELECT mention_id FROM there)
      ON CONFLICT (a, b) DO UPDATE SET weight = excluded.weight, levels = excluded.levels, model_version = excluded.model_version`);
  }
}

async function writeReview(tx: Transaction, items: readonly ReviewItem[]): Promise<void> {
  if (items.length === 0) return;
  await tx.execute(sql`
    INSERT INTO hub.review (a, b, weight, reason)
    SELECT x.a, x.b, x.weight, x.reason FROM jsonb_to_recordset(${JSON.stringify(items)}::jsonb) AS x(a text, b text, weight double precision, reason text) ON CONFLICT (a, b) DO NOTHING`);
}

/** What one statement carries: a parameter holds no more than half a gigabyte, and a full run has millions of rows. */
function* portions<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let from = 0; from < rows.length; from += portionRows) yield rows.slice(from, from + portionRows);
}

const portionRows = 20_000;
