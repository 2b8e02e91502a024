import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Pool } from '../base/db.ts';
import { YiwangError, invariant } from '../base/errors.ts';
import { newestCheckpoint } from './checkpoint.ts';
import { sameBytes } from './merkle.ts';
import { readVerifierKey } from './note.ts';
import { storedTree, tileHashes, tilePath } from './tiles.ts';
import { tileHashesMax } from './tree.ts';

/**
 * Writes the log as a C2SP tlog-tiles folder that any verifier of the format can read: `checkpoint`, every hash tile of
 * that size, and the entry bundles of the wanted time. Bundles are whole, so up to 255 entries before and after come
 * along. `log.vkey` is the public key; an auditor compares it with the one they were given before.
 */
export async function exportAccessLog(options: ExportOptions): Promise<Exported> {
  const { pool, out } = options;
  prepare(out);
  readVerifierKey(options.publicKey);
  const checkpoint = await newestCheckpoint(pool, options.publicKey);
  if (!checkpoint) throw new YiwangError('NOT_FOUND', { hint: 'no checkpoint was signed yet; one follows within a minute of the first entry' });
  const { size, root } = checkpoint.head;
  if (!sameBytes(await storedTree(pool).root(size), root)) throw new YiwangError('LOG_TAMPERED', { detail: `the tiles do not give the root signed at ${size} entries` });
  await writeTiles(options, size);
  const range = await indexesBetween(options, size);
  if (range) await writeBundles(options, range, size);
  write(out, 'log.vkey', `${options.publicKey}\n`);
  write(out, 'checkpoint', checkpoint.note);
  const summary = { origin: checkpoint.head.origin, size, from: options.from?.toISOString() ?? null, to: options.to?.toISOString() ?? null, firstIndex: range?.first ?? null, lastIndex: range?.last ?? null };
  write(out, 'export.json', `${JSON.stringify(summary, null, 2)}\n`);
  return { size, firstIndex: summary.firstIndex, lastIndex: summary.lastIndex };
}

export interface ExportOptions {
  pool: Pool;
  publicKey: string;
  /** A folder that is empty or does not exist. */
  out: string;
  /** Entries from this instant on, */
  from?: Date;
  /** and before this one; everything unless told. */
  to?: Date;
  progress?: (filesDone: number, files: number) => void;
}

export interface Exported {
  /** Entries under the exported checkpoint. */
  size: number;
  /** The first and last entry of the wanted time, or null when there is none. */
  firstIndex: number | null;
  lastIndex: number | null;
}

function prepare(out: string): void {
  mkdirSync(out, { recursive: true });
  if (readdirSync(out).length > 0) throw new YiwangError('USAGE', { hint: `\`${out}\` is not empty; an export needs a folder of its own` });
}

function write(out: string, name: string, content: string | Uint8Array): void {
  const file = join(out, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode: 0o640 });
}

async function writeTiles(options: ExportOptions, size: number): Promise<void> {
  const files = Math.ceil(size / tileHashesMax);
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / tileHashesMax)) {
    for (let index = 0; index * tileHashesMax < count; index += 1) {
      const width = Math.min(tileHashesMax, count - index * tileHashesMax);
      const hashes = (await tileHashes(options.pool, level, index)).slice(0, width);
      if (hashes.length < width) throw new YiwangError('LOG_TAMPERED', { detail: `tile ${index} of level ${level} has ${hashes.length} hashes of ${width}` });
      write(options.out, tilePath(level, index, width), Buffer.concat(hashes));
      if (level === 0) options.progress?.(index + 1, files);
    }
  }
}

async function indexesBetween(options: ExportOptions, size: number): Promise<{ first: number; last: number } | null> {
  const between = 'SELECT min(index) AS first, max(index) AS last FROM audit.entry WHERE index < $1 AND at >= coalesce($2, at) AND at < coalesce($3, $4::timestamptz)';
  const { rows } = await options.pool.query<{ first: number | null; last: number | null }>(between, [size, options.from ?? null, options.to ?? null, 'infinity']);
  const { first, last } = rows[0]!;
  return first === null || last === null ? null : { first, last };
}

async function writeBundles(options: ExportOptions, range: { first: number; last: number }, size: number): Promise<void> {
  for (let index = Math.floor(range.first / tileHashesMax); index <= Math.floor(range.last / tileHashesMax); index += 1) {
    const from = index * tileHashesMax;
    const width = Math.min(tileHashesMax, size - from);
    const { rows } = await options.pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry WHERE index >= $1 AND index < $2 ORDER BY index', [from, from + width]);
    if (rows.length < width) throw new YiwangError('LOG_TAMPERED', { detail: `entries are missing between ${from} and ${from + width}` });
    write(options.out, tilePath('entries', index, width), Buffer.concat(rows.flatMap(({ bytes }) => [lengthOf(bytes), bytes])));
  }
}

/** Each entry of a bundle follows its length in 16 bits, big-endian. */
function lengthOf(bytes: Buffer): Buffer {
  invariant(bytes.length <= 0xffff, 'an entry is shorter than 64 KiB');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return length;
}
