import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { YiwangError } from '../base/errors.ts';
import { openCheckpoint, type TreeHead } from './checkpoint-text.ts';
import { sameBytes } from './merkle.ts';
import { writeDurably } from './signer.ts';
import { storedTree, type Queryable } from './tiles.ts';

/**
 * Checkpoints kept outside the database: `checkpoint` is the newest, replaced whole; `<day>.ndjson` keeps one a minute, so
 * that a rewritten history can be dated. Whoever owns the database alone cannot make them agree with another history.
 */
export function keepOutside(folder: string, checkpoint: { at: Date; note: string }): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeDurably(join(folder, newestFile), checkpoint.note, 0o644);
  const at = checkpoint.at.toISOString();
  const minute = at.slice(0, 16);
  if (lastKeptMinute.get(folder) === minute) return;
  lastKeptMinute.set(folder, minute);
  appendFileSync(join(folder, `${at.slice(0, 10)}.ndjson`), `${JSON.stringify({ at, note: checkpoint.note })}\n`);
}

const newestFile = 'checkpoint';
const lastKeptMinute = new Map<string, string>();

/** Every note in the folder, oldest first, the newest last; lines that were cut off by a crash are left out. */
export function outsideNotes(folder: string): string[] {
  const names = namesIn(folder);
  const notes = daysOf(names).flatMap((name) => notesOf(folder, name));
  return names.includes(newestFile) ? [...notes, readFileSync(join(folder, newestFile), 'utf8')] : notes;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // a hub that has published nothing yet
    throw error;
  }
}

function daysOf(names: readonly string[]): string[] {
  return names.filter((name) => name.endsWith('.ndjson')).sort();
}

function notesOf(folder: string, day: string): string[] {
  return readFileSync(join(folder, day), 'utf8').split('\n').flatMap(noteOf);
}

function noteOf(line: string): string[] {
  try {
    const { note } = JSON.parse(line) as { note?: unknown };
    return typeof note === 'string' ? [note] : [];
  } catch {
    return []; // the last line of a crash; the newest checkpoint stands in its own file
  }
}

/** The newest checkpoint of the folder, or null when there is none. A broken signature is `LOG_TAMPERED`. */
export function newestOutside(folder: string, publicKey: string): TreeHead | null {
  const note = newestNote(folder);
  if (note === undefined) return null;
  const head = openCheckpoint(note, publicKey);
  if (!head) throw new YiwangError('LOG_TAMPERED', { detail: 'the newest checkpoint outside the database is not signed with the key of this log' });
  return head;
}

/** Where the newest was taken away, the last that was kept of the last day. */
function newestNote(folder: string): string | undefined {
  const names = namesIn(folder);
  if (names.includes(newestFile)) return readFileSync(join(folder, newestFile), 'utf8');
  const day = daysOf(names).at(-1);
  return day === undefined ? undefined : notesOf(folder, day).at(-1);
}

/** Fails with `LOG_TAMPERED` unless the stored log contains what was last published: a restored backup does not. */
export async function agreesWithOutside(check: { db: Queryable; size: number; folder: string; publicKey: string }): Promise<void> {
  const head = newestOutside(check.folder, check.publicKey);
  if (!head || head.size === 0) return;
  if (head.size > check.size) throw new YiwangError('LOG_TAMPERED', { detail: `the database holds ${check.size} entries, ${head.size} were published` });
  if (!sameBytes(await storedTree(check.db).root(head.size), head.root)) {
    throw new YiwangError('LOG_TAMPERED', { detail: `the first ${head.size} entries are not the ones that were published` });
  }
}
