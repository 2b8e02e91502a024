import type pg from 'pg';
import { arrayText, asColumns } from '../base/columns.ts';
import { allDone, pipelining, prepared, type Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import type { Keys } from '../base/keys.ts';
import type { Connector, Row, Stream } from './contract.ts';
import { add, addCounts, countsOf, type Counts } from './counts.ts';
import { fold, versionName, type Effects, type Head, type Known, type Landed, type State } from './fold.ts';
import { formOf } from './form.ts';
import type { Judged } from './judge.ts';
import type { Delivery, Snapshot } from './source.ts';
import { presentOf, type Present } from './sources/present.ts';
import { removeAbsent, type AbsentRecord } from './absent.ts';
import { requireProtections } from './protections.ts';
import { deletedBefore, removeExpired } from './expire.ts';
import { forgetQuarantined, purgeCorrections, unlearn } from './purge.ts';
import { storable } from './sound.ts';
import { newAndKnown, whatReplaces } from './upsert.ts';
import { writeLive, removeRecords } from './write.ts';

export interface PageContext {
  connector: Connector;
  stream: Stream;
  keys: Keys;
  runId: string | null;
  epoch: number;
  now: Date;
}

export interface PageOutcome {
  counts: Counts;
  drift: Record<string, number>;
  /** Records that are new, changed or gone. */
  touched: number;
}

/** What a page settles beside its versions. */
export interface PageEnd {
  watermark?: unknown;
  present?: Present;
  complete?: Snapshot;
  deliveries?: readonly Delivery[];
  folders?: readonly string[];
  arrived?: { ids: readonly number[]; counts: Counts };
  /** The reader has the stream's lock and looked: of these versions none was counted before, but for events received, of which each counts. */
  isNew?: boolean;
  /** An operator has seen that so many records would go. */
  approveDeletes?: number;
  /** Records that are deleted for their age. */
  expired?: readonly AbsentRecord[];
}

/**
 * Writes one page inside the caller's transaction: heads, landed copies, unified rows, tombstones, purges, quarantine,
 * touched keys, counts and the watermark. Refused (`FENCED`) when a newer run took the stream over. Doing it twice changes
 * nothing the second time.
 */
export function applyPage(client: pg.ClientBase, context: PageContext, versions: readonly Judged[], page: PageEnd): Promise<PageOutcome> {
  return pipelining(client, () => applied(client, context, versions, page));
}

/** What does not depend on an answer is sent together, so that PostgreSQL works while the next page is judged here. */
async function applied(client: pg.ClientBase, context: PageContext, versions: readonly Judged[], page: PageEnd): Promise<PageOutcome> {
  const { connector, stream } = context;
  const [totals, known] = await allDone([lockStream(client, connector.department, stream.name, context.epoch), knownOf(client, connector.department, stream.name, versions, page.isNew ? [] : versions)]);
  await requireProtections(client, context, versions);
  const effects = fold(stream, versions, { ...known, landed: await landedOf(client, context, versions), deletedBefore: await deletedBefore(client, context, known) }, context.keys);
  if (page.arrived) addCounts(effects.counts, page.arrived.counts);
  const [, , removed, live] = await allDone([writeSeen(client, effects), writeHeads(client, context, known, effects), removeRecords(client, context, effects), writeLive(client, context, known, effects)]);
  const touched = [...removed, ...live];
  await purgeCorrections(client, context, known, effects);
  if (page.complete) touched.push(...(await removeAbsent(client, context, page.complete, page.approveDeletes ?? 0)));
  if (page.expired) touched.push(...(await removeExpired(client, context, page.expired)));
  await allDone([
    writeQuarantine(client, context, effects),
    writeCountedDrops(client, context, effects),
    touch(client, touched, versions.some((version) => version.receivedId !== undefined)),
    removeApplied(client, context, versions, page.arrived?.ids ?? []),
  ]);
  if (page.folders) await client.query("DELETE FROM hub.delivery WHERE department = $1 AND state IN ('REFUSED', 'WAITING') AND folder <> ALL($2)", [connector.department, page.folders]);
  await writeDeliveries(client, connector.department, page.deliveries ?? []);
  await writeStream(client, context, totals, effects, page);
  if (wasLive(known, effects) || page.expired?.length) await unlearn(client);
  return { counts: effects.counts, drift: effects.drift, touched: touched.length };
}

interface StreamTotals {
  totals: unknown;
  drift: Record<string, number>;
  watermark: unknown;
}

/** The row lock orders pages of one stream; the epoch refuses a run that lost its place. */
async function lockStream(client: pg.ClientBase, department: string, stream: string, epoch: number): Promise<StreamTotals> {
  const { rows } = await client.query<StreamTotals & { epoch: number }>('SELECT epoch, totals, drift, watermark FROM hub.stream WHERE department = $1 AND stream = $2 FOR UPDATE', [department, stream]);
  const row = rows[0];
  if (row?.epoch !== epoch) throw new YiwangError('FENCED', { detail: `${department}/${stream}` });
  return row;
}

/** `maybeSeen`: those of the versions that do not count where they were counted before. */
export async function knownOf(client: pg.ClientBase, department: string, stream: string, versions: readonly Judged[], maybeSeen: readonly Judged[] = versions): Promise<Known> {
  const keyHmacs = versions.map((version) => version.keyHmac);
  const heads = await client.query<{ key_hmac: string; version_order: string; state: State; mapped_hash: string | null; restricted: boolean; restricted_through: string | null; expired: boolean; repaired: Record<string, number>; quarantined_values: Record<string, number> }>(
    'SELECT key_hmac, version_order, state, mapped_hash, restricted, restricted_through, expired, repaired, quarantined_values FROM hub.record_head WHERE department = $1 AND stream = $2 AND key_hmac = ANY($3)',
    [department, stream, [...new Set(keyHmacs)]],
  );
  const asHead = (row: (typeof heads.rows)[number]): Head => ({ order: row.version_order, state: row.state, mappedHash: row.mapped_hash, restricted: row.restricted, restrictedThrough: row.restricted_through, expired: row.expired, repaired: row.repaired, quarantinedValues: row.quarantined_values });
  return { heads: new Map(heads.rows.map((row) => [row.key_hmac, asHead(row)])), seen: await seenOf(client, maybeSeen.map(versionName)) };
}

/** Landed copies of the records from which a version that is quarantined takes fields away. */
async function landedOf(client: pg.ClientBase, { connector, stream }: PageContext, versions: readonly Judged[]): Promise<Map<string, Landed>> {
  const restricting = new Map(versions.flatMap(({ kind, restricted, key, keyHmac }) => (kind === 'QUARANTINED' && restricted && key !== null ? [[key, keyHmac] as const] : [])));
  if (restricting.size === 0) return new Map();
  const { rows } = await client.query<{ record_key: string; content: Row; content_hash: string; position: string }>('SELECT record_key, content, content_hash, position FROM hub.landed WHERE department = $1 AND stream = $2 AND record_key = ANY($3)', [connector.department, stream.name, [...restricting.keys()]]);
  return new Map(rows.map((row) => [restricting.get(row.record_key)!, { key: row.record_key, content: row.content, contentHmac: row.content_hash, position: row.position }]));
}

/** Which of these versions, by `versionName`, were counted before. Each is looked up by its key: a join would be planned over all of the stream. */
export async function seenOf(client: Pick<pg.ClientBase, 'query'>, names: readonly string[]): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const { rows } = await client.query<{ isSeen: string }>(
    // One character a version: most of a source that is read again was counted.
    `SELECT string_agg(CASE WHEN v.found THEN '1' ELSE '0' END, '' ORDER BY x.n) AS "isSeen" FROM unnest($1::uuid[]) WITH ORDINALITY AS x(hash, n)
     LEFT JOIN LATERAL (SELECT true AS found FROM hub.version_seen v WHERE v.version_hash = x.hash LIMIT 1) v ON true`,
    [arrayText(names)],
  );
  const { isSeen } = rows[0]!;
  return new Set(names.filter((_, index) => isSeen[index] === '1'));
}

async function writeDeliveries(client: pg.ClientBase, department: string, deliveries: readonly Delivery[]): Promise<void> {
  for (const one of deliveries) {
    await client.query(
      `INSERT INTO hub.delivery AS d (department, folder, as_of, kind, manifest_sha256, state, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (department, folder) DO UPDATE SET as_of = excluded.as_of, kind = excluded.kind, manifest_sha256 = excluded.manifest_sha256, state = excluded.state, reason = excluded.reason, seen_at = now()
       WHERE (d.manifest_sha256, d.state, d.reason) IS DISTINCT FROM (excluded.manifest_sha256, excluded.state, excluded.reason)
       -- What the run of another stream found in the same delivery stands.
       AND NOT (d.manifest_sha256 = excluded.manifest_sha256 AND d.state = excluded.state AND excluded.reason IS NULL)`,
      [department, one.folder, one.asOf, one.kind, one.manifestSha256, one.state, one.reason],
    );
  }
}

async function writeSeen(client: pg.ClientBase, { seen }: Effects): Promise<void> {
  if (seen.size === 0) return;
  await client.query(prepared('INSERT INTO hub.version_seen (version_hash) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING', [arrayText([...seen])]));
}

async function writeHeads(client: pg.ClientBase, { connector, stream }: PageContext, known: Known, { heads }: Effects): Promise<void> {
  const rows = [...heads].map(([keyHmac, head]) => ({ keyHmac, head, isNew: !known.heads.has(keyHmac) }));
  await newAndKnown(rows, async (part, isNew) => {
    const { names, source, values } = asColumns(part.map(({ keyHmac, head }) => headRow(keyHmac, head)), headTypes, 3);
    const insert = `INSERT INTO hub.record_head (department, stream, ${names.join(', ')}) SELECT $1, $2, x.* FROM ${source} x`;
    await client.query(prepared(isNew ? insert : `${insert} ON CONFLICT (department, stream, key_hmac) DO UPDATE SET ${whatReplaces(names, headIdentity)}`, [connector.department, stream.name, ...values]));
  });
}

const headIdentity: ReadonlySet<string> = new Set(['key_hmac']);

function headRow(key_hmac: string, head: Head): Record<string, unknown> {
  return { key_hmac, version_order: head.order, state: head.state, mapped_hash: head.mappedHash, restricted: head.restricted, restricted_through: head.restrictedThrough ?? null, expired: head.expired ?? false, repaired: head.repaired, quarantined_values: head.quarantinedValues };
}

/** Types of the columns that are no text. */
const headTypes = { restricted: 'boolean', expired: 'boolean', repaired: 'jsonb', quarantined_values: 'jsonb' };

async function writeQuarantine(client: pg.ClientBase, context: PageContext, { purged, quarantined }: Effects): Promise<void> {
  const { connector, stream, runId } = context;
  await forgetQuarantined(client, context, [...purged]);
  if (quarantined.length === 0) return;
  const rows = quarantined.map((one) => ({ key_hmac: one.keyHmac, reason: one.reason, field: one.field, position: one.position, content_hmac: one.contentHmac, content: one.content, sample: one.content === null ? null : JSON.stringify(formOf(one.content)), origin: one.origin }));
  await client.query(
    `INSERT INTO hub.quarantine (department, stream, run_id, key_hmac, reason, field, position, content_hmac, content, sample, origin)
     SELECT $1, $2, $3, x.key_hmac, x.reason, x.field, x.position, x.content_hmac, x.content, x.sample, x.origin
     FROM json_to_recordset($4) AS x(key_hmac text, reason text, field text, position text, content_hmac text, content jsonb, sample text, origin jsonb)
     ON CONFLICT (department, stream, content_hmac, position) DO NOTHING`,
    [connector.department, stream.name, runId, wellFormedJson(rows)],
  );
}

/** Whether a record goes of which something was stored and learnt. */
function wasLive({ heads }: Known, { purged }: Effects): boolean {
  return [...purged].some((keyHmac) => heads.get(keyHmac)?.state === 'LIVE');
}

/** A quarantined row may hold what `jsonb` refuses: NUL and lone surrogates, which are what is wrong with it. */
function wellFormedJson(value: unknown): string {
  return JSON.stringify(storable(value), (_, part: unknown) => (typeof part === 'string' ? part.toWellFormed().replaceAll('\ufffd', '') : part));
}

async function writeCountedDrops(client: pg.ClientBase, { connector, stream }: PageContext, { countedDrops }: Effects): Promise<void> {
  if (countedDrops.length === 0) return;
  await client.query(
    `INSERT INTO hub.counted_drop AS c (department, stream, rule, division, month, count)
     SELECT $1, $2, x.rule, x.division, x.month, count(*) FROM unnest($3::text[], $4::text[], $5::text[]) AS x(rule, division, month) GROUP BY x.rule, x.division, x.month
     ON CONFLICT (department, stream, rule, division, month) DO UPDATE SET count = c.count + excluded.count`,
    [connector.department, stream.name, countedDrops.map((one) => one.rule), countedDrops.map((one) => one.division), countedDrops.map((one) => one.month)],
  );
}

/** `pushed`: more of it may come at any moment. */
export async function touch(client: pg.ClientBase, rids: readonly string[], pushed = false): Promise<void> {
  if (rids.length === 0) return;
  const text = "WITH told AS (INSERT INTO hub.outbox (kind, payload) VALUES ('TOUCHED', $2)) INSERT INTO hub.touched (rid) SELECT DISTINCT unnest($1::text[])";
  await client.query(prepared(text, [arrayText(rids), JSON.stringify(pushed ? { pushed } : {})]));
}

async function removeApplied(client: pg.ClientBase, { connector, stream }: PageContext, versions: readonly Judged[], counted: readonly number[]): Promise<void> {
  const ids = [...new Set([...versions.map((version) => version.receivedId).filter((id) => id !== undefined), ...counted])];
  if (ids.length > 0) await client.query('DELETE FROM hub.waiting_event WHERE department = $1 AND stream = $2 AND id = ANY($3::bigint[])', [connector.department, stream.name, ids]);
}

/** A source that invents a column a row must not fill the report. */
const driftColumnsMax = 200;

async function writeStream(client: pg.ClientBase, { connector, stream }: PageContext, before: StreamTotals, effects: Effects, { watermark, present }: PageEnd): Promise<void> {
  const moved = watermark !== undefined && JSON.stringify(watermark) !== JSON.stringify(before.watermark);
  if (effects.counts.offered === 0 && !moved) return;
  const until = (present ?? (await presentOf(client as Pick<Pool, 'query'>, undefined))).instant;
  const newest = [...effects.live.values()].reduce((latest, { mapped: { sourceUpdatedAt: at } }) => (at !== null && at > latest && at <= until ? at : latest), '');
  const drift = { ...before.drift };
  for (const [column, n] of Object.entries(effects.drift)) if (Object.hasOwn(drift, column) || Object.keys(drift).length < driftColumnsMax) add(drift, column, n);
  await client.query(
    `UPDATE hub.stream SET totals = $3, drift = $4, watermark = coalesce($5, watermark), fresh_through = greatest(CASE WHEN fresh_through <= $7::timestamptz THEN fresh_through END, $6::timestamptz) WHERE department = $1 AND stream = $2`,
    [connector.department, stream.name, JSON.stringify(addCounts(countsOf(before.totals), effects.counts)), JSON.stringify(drift), watermark === undefined ? null : JSON.stringify(watermark), newest || null, until],
  );
}
