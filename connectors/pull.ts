import type pg from 'pg';
import { asOperatingError, connect, isContention, type Client, type Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { log, safeError } from '../base/log.ts';
import type { Keys } from '../base/keys.ts';
import { span } from '../base/trace.ts';
import { ahead } from './ahead.ts';
import type { Connector, Stream } from './contract.ts';
import { addCounts, noCounts, type Counts } from './counts.ts';
import { pagesInTime } from './deadline.ts';
import { versionName } from './fold.ts';
import { identify, judge, type Judged } from './judge.ts';
import { limits, type Limits } from './limits.ts';
import { applyPage, seenOf, type PageContext, type PageOutcome } from './page.ts';
import { periodPages, type Period } from './period.ts';
import { received } from './sources/events.ts';
import { openSource, type OpenSource, type SourceContext, type SourcePage } from './source.ts';

export type RunMode = 'INCREMENT' | 'FULL' | 'DRY_RUN' | 'PUSH' | 'RECONCILE' | 'RETAIN';

/** What any work on one stream is told. */
export interface StreamRequest {
  pool: Pool;
  keys: Keys;
  connector: Connector;
  stream: Stream;
  runId: string | null;
  now: () => Date;
  limits?: Partial<Limits>;
}

export interface PullRequest extends StreamRequest {
  mode: RunMode;
  /** A dry run may be of either. */
  full?: boolean;
  /** Only what lies in this part of the past; the watermark stays. */
  period?: Period;
  /** Deletions by absence that were held before may go on, up to so many. */
  approveDeletes?: number;
  env: NodeJS.ProcessEnv;
}

export interface PullOutcome {
  counts: Counts;
  /** Records that are new, changed or gone: a second run has 0. */
  touched: number;
  epoch: number;
}

/**
 * One run of one stream: the loop that every department shares. One run at a time (session lock, and an epoch that fences
 * off a run that lost it); pages are judged in order and each is committed with its watermark before the next is, which is
 * read and judged meanwhile.
 */
export async function pullStream(request: PullRequest): Promise<PullOutcome> {
  return withStream(request.pool, request.connector, request.stream, (client) => pulled(request, client));
}

/** Does `work` while this process alone has the stream, on the client that holds its lock; `STREAM_BUSY` where another has it. */
export async function withStream<T>(pool: Pool, connector: Connector, stream: Stream, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  const lockName = `${connector.department}/${stream.name}`;
  let broken: Error | undefined;
  const lost = (error: Error) => (broken = error);
  client.on('error', lost);
  try {
    const { rows } = await client.query<{ locked: boolean }>("SELECT pg_try_advisory_lock(hashtext('yiwang stream'), hashtext($1)) AS locked", [lockName]);
    if (!rows[0]!.locked) throw new YiwangError('STREAM_BUSY', { detail: lockName });
    try {
      return await work(client);
    } finally {
      await client.query("SELECT pg_advisory_unlock(hashtext('yiwang stream'), hashtext($1))", [lockName]).catch((error: Error) => (broken = error));
    }
  } catch (error) {
    throw asOperatingError(error);
  } finally {
    client.off('error', lost); // and no other: the pool's own stays, for whoever uses the client next
    client.release(broken);
  }
}

async function pulled(request: PullRequest, client: Client): Promise<PullOutcome> {
  const { connector, stream, mode } = request;
  const { epoch, watermark } = await begin(client, connector.department, stream.name, mode !== 'DRY_RUN');
  const kept = { ...limits, ...request.limits };
  const sourceContext: SourceContext = { connector, env: request.env, pool: request.pool, keys: request.keys, limits: kept };
  const endsAtMs = performance.now() + kept.runDeadlineMs;
  const outcome: PullOutcome = { counts: noCounts(), touched: 0, epoch };
  let source: OpenSource | undefined;
  try {
    source = mode === 'PUSH' ? undefined : await openSource(sourceContext);
    const pages = source ? pagesOf(request, source, watermark) : received(sourceContext, stream);
    for await (const judged of ahead(judgedPages(request, pagesInTime(pages, connector, kept, endsAtMs)))) await span('page', { rows: judged.page.offered.length }, () => commitPage(request, client, epoch, judged, outcome));
    // What was pushed is here already: that it could be applied says nothing of the source.
    if (mode !== 'DRY_RUN' && mode !== 'PUSH') await client.query('UPDATE hub.stream SET stale_reason = NULL WHERE department = $1 AND stream = $2 AND stale_reason IS NOT NULL', [connector.department, stream.name]);
    return outcome;
  } catch (error) {
    if (mode !== 'DRY_RUN') await markStale(request, error);
    throw error;
  } finally {
    await source?.close().catch((error: unknown) => log.warn({ err: safeError(error), stream: stream.name }, 'source did not close'));
  }
}

function pagesOf({ connector, stream, mode, full, period }: PullRequest, source: OpenSource, watermark: unknown): AsyncGenerator<SourcePage> {
  return period ? periodPages(source, connector.source.kind, stream, watermark, period) : source.pages(stream, { watermark, full: full ?? mode === 'FULL' });
}

/** Raises the epoch, which fences off whoever had it before; a dry run only reads it. */
export async function begin(client: pg.ClientBase, department: string, stream: string, raise: boolean): Promise<{ epoch: number; watermark: unknown }> {
  await client.query('INSERT INTO hub.stream (department, stream) VALUES ($1, $2) ON CONFLICT DO NOTHING', [department, stream]);
  const { rows } = await client.query<{ epoch: number; watermark: unknown }>(
    raise ? 'UPDATE hub.stream SET epoch = epoch + 1 WHERE department = $1 AND stream = $2 RETURNING epoch, watermark' : 'SELECT epoch, watermark FROM hub.stream WHERE department = $1 AND stream = $2',
    [department, stream],
  );
  return rows[0]!;
}

interface JudgedPage {
  page: SourcePage;
  versions: Judged[];
}

/**
 * The versions of each page, judged, but for those that were counted before: they change nothing, whatever they say, and most
 * of what an overlap or a full read brings is such. Nobody else counts versions of this stream meanwhile: its lock is held.
 * The page before may not be committed yet, and of a dry run none ever is, so that what they bring is told from memory.
 * Every event received counts.
 */
async function* judgedPages({ pool, connector, stream, keys, mode }: PullRequest, pages: AsyncGenerator<SourcePage>): AsyncGenerator<JudgedPage> {
  const { department } = connector;
  let before = new Set<string>();
  for await (const page of pages) {
    const { offered } = page;
    const identities = offered.map((one) => identify(department, stream, one, keys));
    const names = identities.map(versionName);
    const seen = await seenOf(pool, names.filter((_, index) => offered[index]!.receivedId === undefined));
    const isCounted = (index: number) => offered[index]!.receivedId === undefined && (seen.has(names[index]!) || before.has(names[index]!));
    const versions = offered.flatMap((one, index) => (isCounted(index) ? [] : [judge(department, stream, one, keys, identities[index])]));
    mapNewest(versions);
    yield { page, versions };
    if (mode !== 'DRY_RUN') before = new Set();
    for (const name of names) before.add(name);
  }
}

/** The last version of each record is mapped while the page before is written: it is mostly the newest, which will be. */
function mapNewest(versions: readonly Judged[]): void {
  for (const version of new Map(versions.map((one) => [one.keyHmac, one])).values()) if (version.kind === 'LIVE') void version.mapped.whole;
}

/**
 * Streams meet in what their records share (a matter that several of them touch): where PostgreSQL ends one of two that wait
 * for each other, that page is written again, and nothing of the first try is left.
 */
async function commitPage(request: PullRequest, client: pg.ClientBase, epoch: number, { page, versions }: JudgedPage, outcome: PullOutcome): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const done = await writePage(request, client, epoch, page, versions);
      addCounts(outcome.counts, done.counts);
      outcome.touched += done.touched;
      return;
    } catch (error) {
      if (!isContention(error) || attempt >= writeAttemptsMax) throw error;
    }
  }
}

async function writePage(request: PullRequest, client: pg.ClientBase, epoch: number, page: SourcePage, versions: readonly Judged[]): Promise<PageOutcome> {
  const { connector, stream, keys, runId, now } = request;
  const context: PageContext = { connector, stream, keys, runId, epoch, now: now() };
  // Not waited for until it is on disk: lost in a crash, the page is read again from the watermark that stands in the same
  // transaction, and that the run ended is durable only with all that was committed before it.
  await client.query('BEGIN; SET LOCAL synchronous_commit TO off');
  try {
    const done = await applyPage(client, context, versions, { ...page, isNew: true, approveDeletes: request.approveDeletes ?? 0 });
    await client.query(request.mode === 'DRY_RUN' ? 'ROLLBACK' : 'COMMIT');
    return done;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined); // the connection is gone; so is the transaction
    throw error;
  }
}

const writeAttemptsMax = 8;

/** The last good data stays and says that it is old. */
async function markStale({ pool, connector, stream }: PullRequest, error: unknown): Promise<void> {
  const code = error instanceof YiwangError ? error.code : 'INTERNAL';
  if (code === 'FENCED' || code === 'STREAM_BUSY') return;
  const reason = error instanceof YiwangError && error.hint !== undefined ? `${code}: ${error.hint}` : code;
  await pool.query('UPDATE hub.stream SET stale_reason = $3 WHERE department = $1 AND stream = $2', [connector.department, stream.name, reason]).catch((failure: unknown) => log.warn({ err: safeError(failure) }, 'stream could not be marked stale'));
}
