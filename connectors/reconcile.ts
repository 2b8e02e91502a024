import type pg from 'pg';
import type { Client } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import { refuseTooMany, removeGone, type AbsentRecord } from './absent.ts';
import type { Stream } from './contract.ts';
import { pagesInTime } from './deadline.ts';
import { offeredEvent, type StoredEvent } from './events.ts';
import { versionName } from './fold.ts';
import { judge, type Judged } from './judge.ts';
import { limits } from './limits.ts';
import { applyPage, knownOf, touch, type PageContext } from './page.ts';
import { begin, withStream, type StreamRequest } from './pull.ts';
import { openSource } from './source.ts';
import { inOneTransaction } from './transaction.ts';

export interface ReconcileRequest extends StreamRequest {
  /** Reports only. */
  dryRun: boolean;
  /** An operator has seen that so many records would go; 0: nobody has. */
  approveDeletes: number;
  env: NodeJS.ProcessEnv;
}

/** What a comparison found. Positions are places in the source or of the last landing; never a key, never content. */
export interface Reconciliation {
  /** Versions that the source holds. */
  compared: number;
  /** Records whose key the hub has never seen. */
  missing: number;
  /** Records whose content the hub has never seen under their key, or of which it holds another. */
  different: number;
  /** Live records that the source no longer holds. */
  extra: number;
  /** Of the different ones: landed copies that were lost or altered here, and are whole again. */
  restored: number;
  /** Of the extra ones: removed, because a whole and counted read means that they were deleted at the source. */
  removed: number;
  positions: { kind: 'MISSING' | 'DIFFERENT' | 'EXTRA'; position: string }[];
}

export interface ReconcileOutcome {
  found: Reconciliation;
  epoch: number;
  /** Records touched here; what is missing or different comes with an ordinary full run. */
  touched: number;
  /** Deletions that wait for an operator. */
  held: YiwangError | null;
}

const positionsMax = 100;

/**
 * Compares everything the source holds with what was landed, by key and content hash, in one whole read that lands nothing.
 * Removes what is gone at the source where the stream's declaration and a counted read allow it (beyond 5 % and 20 records
 * only with an operator's approval) and writes again what got lost in the hub. A dry run changes nothing.
 */
export async function reconcileStream(request: ReconcileRequest): Promise<ReconcileOutcome> {
  return withStream(request.pool, request.connector, request.stream, async (client) => {
    await client.query('CREATE TEMP TABLE reconciled (key_hmac text PRIMARY KEY)');
    try {
      return await reconciled(request, client);
    } finally {
      await client.query('DROP TABLE IF EXISTS reconciled').catch((error: unknown) => log.warn({ err: safeError(error) }, 'a comparison left its table behind'));
    }
  });
}

async function reconciled(request: ReconcileRequest, client: Client): Promise<ReconcileOutcome> {
  const { connector, stream, pool, keys, env, runId, now } = request;
  const kept = { ...limits, ...request.limits };
  const { epoch } = await begin(client, connector.department, stream.name, !request.dryRun);
  const context: PageContext = { connector, stream, keys, runId, epoch, now: now() };
  const outcome: ReconcileOutcome = { found: { compared: 0, missing: 0, different: 0, extra: 0, restored: 0, removed: 0, positions: [] }, epoch, touched: 0, held: null };
  const source = await openSource({ connector, env, pool, keys, limits: kept });
  let counted = false;
  let allKeysRead = true;
  try {
    const pages = source.pages(stream, { watermark: null, full: true, comparing: true });
    for await (const page of pagesInTime(pages, connector, kept, performance.now() + kept.runDeadlineMs)) {
      const versions = page.offered.map((offered) => judge(connector.department, stream, offered, keys));
      counted ||= page.counted !== undefined;
      allKeysRead &&= versions.every((version) => version.key !== null);
      const damaged = await comparePage(client, context, versions, outcome.found);
      if (!request.dryRun && damaged.length > 0) outcome.touched += await restored(client, context, damaged, outcome.found);
    }
  } finally {
    await source.close().catch((error: unknown) => log.warn({ err: safeError(error), stream: stream.name }, 'source did not close'));
  }
  const { extra, known } = await extraRecords(client, context, outcome.found);
  if (stream.absentIsDeleted && counted && allKeysRead && !request.dryRun && extra.length > 0) await removeExtra(client, context, extra, known, request.approveDeletes, outcome);
  return outcome;
}

/** Adds a page to what was found. Returns the versions whose landed copy is not what it was. */
async function comparePage(client: pg.ClientBase, context: PageContext, versions: readonly Judged[], found: Reconciliation): Promise<Judged[]> {
  const { connector, stream } = context;
  if (versions.length === 0) return [];
  await client.query('INSERT INTO reconciled SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING', [versions.map((version) => version.keyHmac)]);
  const known = await knownOf(client, connector.department, stream.name, versions);
  const waiting = connector.source.kind === 'events' ? await waitingEvents(client, context, versions) : new Set<string>();
  const landed = await landedHashes(client, context, versions);
  const damaged: Judged[] = [];
  for (const version of versions) {
    found.compared += 1;
    const head = known.heads.get(version.keyHmac);
    if (waiting.has(version.contentHmac)) continue; // acknowledged, and applied by the next run
    if (!known.seen.has(versionName(version))) note(found, head ? 'DIFFERENT' : 'MISSING', version.position);
    else if (version.kind === 'LIVE' && head?.state === 'LIVE' && head.order === version.order && isDamaged(stream, version, landed.get(version.key!))) {
      note(found, 'DIFFERENT', version.position);
      damaged.push(version);
    }
  }
  return damaged;
}

/** Of deliveries several rows may have one order, and the last of them is landed: there only a copy that is gone is damage. */
function isDamaged(stream: Stream, version: Judged, landedHash: string | undefined): boolean {
  return landedHash === undefined || (stream.order !== 'DELIVERY' && landedHash !== version.contentHmac);
}

function note(found: Reconciliation, kind: Reconciliation['positions'][number]['kind'], position: string): void {
  found[({ MISSING: 'missing', DIFFERENT: 'different', EXTRA: 'extra' } as const)[kind]] += 1;
  if (found.positions.length < positionsMax) found.positions.push({ kind, position });
}

/** Content hashes of events that are durable and not yet applied. */
async function waitingEvents(client: pg.ClientBase, { connector, stream, keys }: PageContext, versions: readonly Judged[]): Promise<Set<string>> {
  const { rows } = await client.query<{ content: StoredEvent }>(
    "SELECT x::jsonb - 'row' AS content FROM hub.waiting_event CROSS JOIN LATERAL json_array_elements(content::json) x WHERE department = $1 AND stream = $2 AND x ->> 'subject' = ANY($3)",
    [connector.department, stream.name, versions.map((version) => version.key).filter((key) => key !== null)],
  );
  return new Set(rows.map(({ content }) => offeredEvent({ ...content, row: {} }, '', undefined).identity).filter((identity) => identity !== undefined).map((identity) => keys.contentHmac(identity)));
}

async function landedHashes(client: pg.ClientBase, { connector, stream }: PageContext, versions: readonly Judged[]): Promise<Map<string, string>> {
  const { rows } = await client.query<{ record_key: string; content_hash: string }>('SELECT record_key, content_hash FROM hub.landed WHERE department = $1 AND stream = $2 AND record_key = ANY($3)', [
    connector.department, stream.name, versions.map((version) => version.key).filter((key) => key !== null),
  ]);
  return new Map(rows.map((row) => [row.record_key, row.content_hash]));
}

async function restored(client: pg.ClientBase, context: PageContext, damaged: readonly Judged[], found: Reconciliation): Promise<number> {
  return inOneTransaction(client, async () => {
    const { touched } = await applyPage(client, context, damaged.map((version) => ({ ...version, restores: true })), {});
    found.restored += damaged.length;
    return touched;
  });
}

const batchRecords = 5_000;

/** Live records that the source did not name, found batch by batch so that memory stays flat. */
async function extraRecords(client: pg.ClientBase, { connector, stream, keys }: PageContext, found: Reconciliation): Promise<{ extra: AbsentRecord[]; known: number }> {
  const extra: AbsentRecord[] = [];
  let known = 0;
  for (let after = ''; ; ) {
    const { rows } = await client.query<{ record_key: string; position: string }>(
      'SELECT record_key, position FROM hub.landed WHERE department = $1 AND stream = $2 AND record_key > $3 ORDER BY record_key LIMIT $4', [connector.department, stream.name, after, batchRecords],
    );
    const records = rows.map((row) => ({ key: row.record_key, keyHmac: keys.keyHmac(connector.department, stream.name, row.record_key), position: row.position }));
    const named = await client.query<{ key_hmac: string }>('SELECT key_hmac FROM reconciled WHERE key_hmac = ANY($1)', [records.map((one) => one.keyHmac)]);
    const isNamed = new Set(named.rows.map((row) => row.key_hmac));
    for (const { key, keyHmac, position } of records.filter((one) => !isNamed.has(one.keyHmac))) {
      note(found, 'EXTRA', position);
      extra.push({ key, keyHmac });
    }
    known += rows.length;
    if (rows.length < batchRecords) return { extra, known };
    after = rows.at(-1)!.record_key;
  }
}

async function removeExtra(client: pg.ClientBase, context: PageContext, extra: readonly AbsentRecord[], known: number, approvedMax: number, outcome: ReconcileOutcome): Promise<void> {
  try {
    refuseTooMany(context.stream.name, extra.length, known, approvedMax);
  } catch (error) {
    outcome.held = error as YiwangError;
    return;
  }
  await inOneTransaction(client, async () => {
    await applyPage(client, context, [], {}); // refuses a run that lost its place
    const rids = await removeGone(client, context, extra);
    await touch(client, rids);
    outcome.touched += rids.length;
    outcome.found.removed = extra.length;
  });
}
