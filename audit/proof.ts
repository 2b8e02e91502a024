import { inArray } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { z } from 'zod';
import { YiwangError } from '../base/errors.ts';
import { readJsonFile } from '../base/json-file.ts';
import { openCheckpoint } from './checkpoint-text.ts';
import { newestCheckpoint } from './checkpoint.ts';
import { readEntry } from './entry.ts';
import { inclusionSpans, leafHash, merkleRoot, verifyInclusion } from './merkle.ts';
import { readSubjectLeaf } from './subjects.ts';
import { entries, subjects } from './tables.ts';
import { storedTree, type Queryable } from './tiles.ts';

/**
 * Proofs that entries stand in the log under its newest signed checkpoint, and that they concern these tags: the entry's
 * bytes, its path to the signed root, and for each own leaf the path to the `subjectsRoot` in the entry. Of the other
 * subjects there are only hashes of salted leaves. Entries no checkpoint covers yet are left out.
 */
export async function proveAccesses(db: Queryable, wanted: { indexes: readonly number[]; tags: readonly Buffer[]; publicKey: string }): Promise<Map<number, AccessProof>> {
  const checkpoint = await newestCheckpoint(db, wanted.publicKey);
  const size = checkpoint?.head.size ?? 0;
  const covered = wanted.indexes.filter((index) => index < size);
  if (!checkpoint || covered.length === 0) return new Map();
  const tree = storedTree(db);
  const database = drizzle({ client: db });
  const found = await database.select({ index: entries.index, bytes: entries.bytes }).from(entries).where(inArray(entries.index, covered));
  const leaves = await database.select().from(subjects).where(inArray(subjects.entryIndex, covered)).orderBy(subjects.entryIndex, subjects.position);
  const perEntry = Map.groupBy(leaves, (leaf) => leaf.entryIndex);
  const proofs = new Map<number, AccessProof>();
  for (const { index, bytes } of found) {
    const own = ownSubjects(perEntry.get(index) ?? [], wanted.tags);
    if (own.length === 0) continue; // an entry about others is not theirs to see
    const path = (await tree.inclusion(index, size)).map(base64);
    proofs.set(index, { version: 1, index, size, entry: bytes.toString('utf8'), path, checkpoint: checkpoint.note, subjects: own });
  }
  return proofs;
}

/** A proof from a file somebody was given, or `USAGE`. */
export function readAccessProof(file: string): AccessProof {
  try {
    return accessProofSchema.parse(readJsonFile(file));
  } catch (cause) {
    throw new YiwangError('USAGE', { hint: `\`${file}\` is not a proof of an access`, cause });
  }
}

const pathSchema = z.array(z.base64().length(44)).max(64);
const place = z.int().min(0);
const subjectProofSchema = z.object({ leaf: z.string(), index: place, size: place, path: pathSchema });
const accessProofSchema = z.object({ version: z.literal(1), index: place, size: place, entry: z.string(), path: pathSchema, checkpoint: z.string(), subjects: z.array(subjectProofSchema).min(1) });

/**
 * What a resident can download. Hashes are base64, as in a checkpoint. The entry is there whole, because its hash is what
 * the tree holds: it shows the caller's pseudonym and the fields of the operation, but no name and no other subject.
 */
export type AccessProof = z.output<typeof accessProofSchema>;
export type SubjectProof = z.output<typeof subjectProofSchema>;

function ownSubjects(rows: readonly { tag: Buffer; leaf: Buffer }[], tags: readonly Buffer[]): SubjectProof[] {
  const own = new Set(tags.map((tag) => tag.toString('hex')));
  const hashes = rows.map((row) => leafHash(row.leaf));
  const path = (index: number) => inclusionSpans(index, rows.length).map((span) => base64(merkleRoot(hashes.slice(span.from, span.to))));
  return rows.flatMap((row, index) => (own.has(row.tag.toString('hex')) ? [{ leaf: row.leaf.toString('utf8'), index, size: rows.length, path: path(index) }] : []));
}

function base64(hash: Buffer): string {
  return hash.toString('base64');
}

/**
 * Checks a downloaded proof with nothing but the log's public key, and says whom it is about; null when anything in it
 * does not hold.
 */
export function verifyAccessProof(proof: AccessProof, publicKey: string): { time: string; tags: string[] } | null {
  const head = openCheckpoint(proof.checkpoint, publicKey);
  const bytes = Buffer.from(proof.entry, 'utf8');
  const entry = readEntry(bytes);
  if (!head || !entry || head.size !== proof.size) return null;
  if (!verifyInclusion({ index: proof.index, size: proof.size, leaf: leafHash(bytes), path: proof.path.map(fromBase64), root: head.root })) return null;
  const tags = proof.subjects.map((subject) => subjectIn(subject, entry.subjectsRoot));
  return tags.length > 0 && tags.every((tag) => tag !== null) ? { time: entry.time, tags } : null;
}

function subjectIn(subject: SubjectProof, subjectsRoot: string): string | null {
  const leaf = Buffer.from(subject.leaf, 'utf8');
  const fits = verifyInclusion({ index: subject.index, size: subject.size, leaf: leafHash(leaf), path: subject.path.map(fromBase64), root: Buffer.from(subjectsRoot, 'hex') });
  return fits ? (readSubjectLeaf(leaf)?.tag ?? null) : null;
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
