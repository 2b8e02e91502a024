import { readFileSync } from 'node:fs';
import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { openCheckpoint, type TreeHead } from './checkpoint-text.ts';
import { newFindings, type Finding, type Findings } from './findings.ts';
import { emptyRoot, sameBytes } from './merkle.ts';
import { noteSigners, readVerifierKey } from './note.ts';
import { outsideNotes } from './outside.ts';
import { treeRoot } from './tree.ts';
import { walkLog, type Walk } from './walk.ts';

/**
 * Re-hashes every entry from its bytes, batch by batch, and compares what it finds with everything that was written
 * beside it: leaf hashes, roots, tiles, index of subjects, columns, checkpoints in the database, and checkpoints kept
 * outside. Trusts nothing in the database and nothing but `publicKey` outside. Memory does not grow with the entries; it may
 * run while the log is written, and speaks of the entries there were when it began.
 */
export async function verifyAccessLog(options: VerifyOptions): Promise<Verification> {
  readVerifierKey(options.publicKey);
  const findings = newFindings();
  // Outside first: a checkpoint published while we look must not seem to be ahead of the database.
  const outside = signedHeads(notesOutside(options), options.publicKey, findings);
  const stated = await statedSizes(options.pool);
  const walk = await walkLog({ pool: options.pool, size: stated.size, rootsAt: outside.map((head) => head.size), findings, progress: options.progress });
  const inside = await compareInside(options, stated.checkpointed, walk, findings);
  compareEnd(stated, inside.ahead, outside, findings);
  compareOutside(outside, walk, inside.agreed, findings);
  return { ok: findings.list.length === 0, size: stated.size, root: treeRoot(walk.tree).toString('hex'), outsideCheckpoints: outside.length, findings: findings.list };
}

export interface VerifyOptions {
  pool: Pool;
  /** The verifier key of the log, `name+id+base64`, kept where the database's owner cannot change it. */
  publicKey: string;
  /** One checkpoint kept outside the database, */
  checkpointFile?: string;
  /** or the folder of them. */
  checkpointFolder?: string;
  progress?: (entriesDone: number, entries: number) => void;
}

export interface Verification {
  ok: boolean;
  /** Entries in the log when the check began. */
  size: number;
  root: string;
  /** How many outside checkpoints the log was compared with; with none, a history rewritten with care is not found. */
  outsideCheckpoints: number;
  findings: Finding[];
}

const checkpointsPageMax = 1_000;
const entriesMax = Number.MAX_SAFE_INTEGER;

function notesOutside(options: VerifyOptions): string[] {
  const notes = options.checkpointFolder ? outsideNotes(options.checkpointFolder) : [];
  return options.checkpointFile ? [...notes, noteIn(options.checkpointFile)] : notes;
}

/** `USAGE` for a file that is none: one that was named by mistake says nothing of the log. */
function noteIn(file: string): string {
  let note: string;
  try {
    note = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new YiwangError('USAGE', { hint: `the checkpoint \`${file}\` cannot be read`, cause });
  }
  if (noteSigners(note).length === 0) throw new YiwangError('USAGE', { hint: `\`${file}\` is no checkpoint: nobody signed it` });
  return note;
}

function signedHeads(notes: readonly string[], publicKey: string, findings: Findings): TreeHead[] {
  return notes.flatMap((note) => signedHead(note, publicKey, findings) ?? []);
}

function signedHead(note: string, publicKey: string, findings: Findings): TreeHead | null {
  const head = openCheckpoint(note, publicKey);
  if (head) return head;
  const key = readVerifierKey(publicKey);
  const claimed = noteSigners(note).some((signer) => signer.name === key.name && signer.keyId === key.keyId);
  findings.add(claimed ? 'CHECKPOINT_FORGED' : 'KEY_SWAPPED');
  return null;
}

interface StatedSizes {
  size: number;
  entries: number;
  tiled: number;
  indexed: number;
  checkpointed: number;
}

/** How long the log says it is, by each of its tables, in one snapshot. */
async function statedSizes(pool: Pool): Promise<StatedSizes> {
  // Whoever put a row in may have numbered it beyond what a bigint, or a number here, can hold.
  const { rows } = await pool.query<StatedSizes>(`
    SELECT least(size, ${entriesMax})::bigint AS size, least(entries, ${entriesMax})::bigint AS entries, least(tiled, ${entriesMax})::bigint AS tiled,
           least(indexed, ${entriesMax})::bigint AS indexed, least(checkpointed, ${entriesMax})::bigint AS checkpointed
    FROM (SELECT (SELECT coalesce(max(size), 0) FROM audit.batch) AS size,
                 (SELECT coalesce(max(index)::numeric + 1, 0) FROM audit.entry) AS entries,
                 (SELECT coalesce(max((index + 1::numeric) * 256::numeric ^ (level + 1)), 0) FROM audit.tile) AS tiled,
                 (SELECT coalesce(max(entry_index)::numeric + 1, 0) FROM audit.subject) AS indexed,
                 (SELECT coalesce(max(size), 0) FROM audit.checkpoint) AS checkpointed) AS told`);
  return rows[0]!;
}

/** The checkpoints there were when the check began: `agreed` is the longest that fits the entries, `ahead` the longest of all. */
async function compareInside(options: VerifyOptions, sizeMax: number, walk: Walk, findings: Findings): Promise<{ agreed: number; ahead: number }> {
  const result = { agreed: 0, ahead: 0 };
  // `at` as text: a row that somebody put in between two milliseconds would come again and again after its `Date`.
  const page = 'SELECT size, at::text, note FROM audit.checkpoint c WHERE (size, c.at) > ($1, $2) AND size <= $3 ORDER BY size, c.at LIMIT $4';
  let last: { size: number; at: string } = { size: -1, at: '-infinity' };
  for (;;) {
    const { rows } = await options.pool.query<{ size: number; at: string; note: string }>(page, [last.size, last.at, sizeMax, checkpointsPageMax]);
    for (const row of rows) {
      const head = signedHead(row.note, options.publicKey, findings);
      if (!head) continue;
      if (head.size > walk.tree.size) result.ahead = Math.max(result.ahead, head.size);
      else if (agrees(head, walk)) result.agreed = Math.max(result.agreed, head.size);
      else findings.add('CHECKPOINT_CONTRADICTED', Math.max(0, head.size - 1));
    }
    const end = rows.at(-1);
    if (!end) return result;
    last = end;
  }
}

function agrees(head: TreeHead, walk: Walk): boolean {
  const root = head.size === 0 ? emptyRoot() : walk.roots.get(head.size);
  return root !== undefined && sameBytes(root, head.root);
}

/** Is the log as long as everything around it says? */
function compareEnd(stated: StatedSizes, checkpointAhead: number, outside: readonly TreeHead[], findings: Findings): void {
  const { size, entries } = stated;
  if (entries > size) findings.add('ENTRY_UNSEQUENCED', size, entries - 1);
  const ahead = Math.max(checkpointAhead, stated.tiled, stated.indexed);
  const outsideAhead = Math.max(0, ...outside.map((head) => head.size));
  if (ahead > size) findings.add('TAIL_TRUNCATED', size, Math.max(ahead, outsideAhead) - 1);
  else if (outsideAhead > size) findings.add('BACKUP_RESTORED', size, outsideAhead - 1);
}

function compareOutside(outside: readonly TreeHead[], walk: Walk, agreedInside: number, findings: Findings): void {
  const known = outside.filter((head) => head.size <= walk.tree.size);
  const wrong = known.filter((head) => !agrees(head, walk)).map((head) => head.size);
  if (wrong.length === 0) return;
  const first = Math.min(...wrong);
  const agreed = Math.max(0, ...known.filter((head) => head.size < first && agrees(head, walk)).map((head) => head.size));
  findings.add(agreedInside >= first ? 'HISTORY_FORKED' : 'HISTORY_REWRITTEN', agreed, first - 1);
}
