import { connect, type Client, type Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { log } from '../base/log.ts';
import { openCheckpoint, type TreeHead } from './checkpoint-text.ts';
import { readHead } from './flush.ts';
import { emptyRoot } from './merkle.ts';
import { keepOutside } from './outside.ts';
import type { Signer } from './signer.ts';
import { storedTree, type Queryable } from './tiles.ts';

/**
 * Publishes checkpoints: every second while the log grows, every minute while it does not, until closed. Failures of the
 * database are waited out; a log that does not continue what was signed stops the publishing and calls `tampered`.
 */
export function publishCheckpoints(options: PublisherOptions): { close: () => Promise<void> } {
  const { busyEveryMs = 1_000, idleEveryMs = 60_000 } = options;
  let last: { size: number; at: number } | null = null;
  let closed = false;
  const tick = async (): Promise<void> => {
    try {
      const published = await publishCheckpoint({ ...options, unless: (size) => last?.size === size && performance.now() - last.at < idleEveryMs });
      if (published) last = { size: published.size, at: performance.now() };
    } catch (error) {
      if (error instanceof YiwangError && error.code === 'LOG_TAMPERED') {
        closed = true;
        log.error({ err: error, detail: error.detail }, 'no checkpoint is signed any more');
        options.tampered?.(error);
      } else {
        log.warn({ err: error }, 'no checkpoint this time');
      }
    }
  };
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  const next = (): void => {
    if (closed) return;
    timer = setTimeout(() => (running = tick().then(next)), busyEveryMs);
  };
  running = tick().then(next);
  return {
    close: async () => {
      closed = true;
      if (timer) clearTimeout(timer);
      await running;
    },
  };
}

export interface PublisherOptions extends PublishOptions {
  busyEveryMs?: number;
  idleEveryMs?: number;
  tampered?: (error: YiwangError) => void;
}

export interface PublishOptions {
  pool: Pool;
  signer: Signer;
  /** The folder outside the database, `$YIWANG_HOME/checkpoints`. */
  folder: string;
  now?: () => Date;
  unless?: (size: number) => boolean;
}

/** The advisory lock after the sequencer's (flush.ts). */
const publisherLock = 7_957_879_002;

/**
 * Signs the newest tree head and keeps it in the database and outside. Returns null when another process is publishing or
 * `unless` says so. The proof for the signer is computed from the stored tiles, so a rewritten log is refused here.
 */
export async function publishCheckpoint(options: PublishOptions): Promise<{ size: number; at: Date; note: string } | null> {
  const client = await connect(options.pool);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const published = await publishLocked(client, options);
    await client.query('COMMIT');
    if (published) keepOutside(options.folder, published);
    return published;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollback: Error) => (broken = rollback));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function publishLocked(client: Client, options: PublishOptions): Promise<{ size: number; at: Date; note: string } | null> {
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS locked', [publisherLock]);
  if (!rows[0]?.locked) return null;
  const head = (await readHead(client)) ?? { size: 0, root: emptyRoot() };
  if (options.unless?.(head.size)) return null;
  const first = options.signer.lastSigned().size;
  if (first > head.size) throw new YiwangError('LOG_TAMPERED', { detail: `the database holds ${head.size} entries, ${first} were signed` });
  const proof = await storedTree(client).consistency(first, head.size);
  const note = options.signer.sign({ ...head, proof });
  const at = options.now?.() ?? new Date();
  await client.query('INSERT INTO audit.checkpoint (size, at, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [head.size, at, note]);
  return { size: head.size, at, note };
}

/** The newest checkpoint in the database that is signed with this key, or null. */
export async function newestCheckpoint(db: Queryable, publicKey: string): Promise<StoredCheckpoint | null> {
  const newest = 'SELECT note, at FROM audit.checkpoint ORDER BY size DESC, at DESC LIMIT 1';
  const { rows } = await db.query<{ note: string; at: Date | string }>(newest);
  if (!rows[0]) return null;
  const head = openCheckpoint(rows[0].note, publicKey);
  if (!head) throw new YiwangError('LOG_TAMPERED', { detail: 'the newest checkpoint in the database is not signed with the key of this log' });
  return { head, note: rows[0].note, at: new Date(rows[0].at) };
}

export interface StoredCheckpoint {
  head: TreeHead;
  note: string;
  at: Date;
}
