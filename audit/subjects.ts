import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, derivedKey } from '../base/canonical.ts';
import { hashBytes, leafHash, merkleRoot } from './merkle.ts';

/**
 * Who an entry touched, without saying who. A tag is an HMAC of the *mention* (the place of a person in a record; merges
 * change entities, not mentions) under a key that changes every month. Each tag gets a fresh salt and becomes a leaf of a
 * small tree whose root stands in the entry: a subject can be shown their own leaf and the path to the root, and the
 * hashes on that path tell nothing of the other subjects, not even whether they are the same as in another entry.
 */
export function sealedSubjects(subjects: readonly Subject[], randomBytes: (count: number) => Uint8Array): { root: Buffer; leaves: SubjectLeaf[] } {
  const leaves = [...perTag(subjects)].map(([tag, { keyId, coordinates }]) => {
    const salt = Buffer.from(randomBytes(saltBytes)).toString('hex');
    const bytes = Buffer.from(canonicalJson({ coordinates: [...coordinates].sort(), keyId, salt, tag, version: 1 }), 'utf8');
    return { keyId, tag, bytes, hash: leafHash(bytes) };
  });
  leaves.sort((a, b) => Buffer.compare(a.hash, b.hash)); // by salted hash, so that a place tells nothing of the answer's order
  return { root: merkleRoot(leaves.map((leaf) => leaf.hash)), leaves: leaves.map(({ keyId, tag, bytes }) => ({ keyId, tag, bytes })) };
}

const saltBytes = 16;
const coordinatesOfSubjectMax = 500;
const monthsMax = 240;

export const subjectTagSchema = z.object({ keyId: z.string().regex(/^\d{4}-\d{2}$/), tag: z.string().regex(/^[0-9a-f]{64}$/) });
/** A tag and the coordinates that were given of this mention, in full or masked. */
export const subjectSchema = subjectTagSchema.extend({ coordinates: z.array(z.string().max(256)).max(coordinatesOfSubjectMax).default([]) });

export type SubjectTag = z.output<typeof subjectTagSchema>;
export type Subject = z.output<typeof subjectSchema>;

/** One leaf of an entry's subject tree; the bytes are canonical JSON {coordinates, keyId, salt, tag, version}. */
export interface SubjectLeaf extends SubjectTag {
  bytes: Buffer;
}

/**
 * The tag of a mention at an instant. `secret` is the hub's master secret; `mention` any text that names one place of a
 * person in one record for ever (department, stream, record key, role, ordinal).
 */
export function subjectTag(secret: Uint8Array, mention: string, at: Date): SubjectTag {
  return taggedIn(secret, mention, at.toISOString().slice(0, 7));
}

/** Every tag the mention had from one instant to another, for reading a history: one a month, at most 240. */
export function subjectTags(secret: Uint8Array, mention: string, from: Date, to: Date): SubjectTag[] {
  const tags: SubjectTag[] = [];
  const month = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), 1));
  while (month <= to && tags.length < monthsMax) {
    tags.push(subjectTag(secret, mention, month));
    month.setUTCMonth(month.getUTCMonth() + 1);
  }
  return tags;
}

function taggedIn(secret: Uint8Array, mention: string, keyId: string): SubjectTag {
  const key = monthKey(secret, keyId);
  return { keyId, tag: createHmac('sha256', key).update(mention, 'utf8').digest('hex') };
}

/** HKDF costs more than the HMAC itself; one key serves a month of tags. */
function monthKey(secret: Uint8Array, keyId: string): Buffer {
  const known = monthKeys.get(secret) ?? new Map<string, Buffer>();
  monthKeys.set(secret, known);
  const key = known.get(keyId) ?? derivedKey(secret, `audit-subject:${keyId}`);
  if (known.size < monthsMax) known.set(keyId, key);
  return key;
}

const monthKeys = new WeakMap<Uint8Array, Map<string, Buffer>>();

function perTag(subjects: readonly Subject[]): Map<string, { keyId: string; coordinates: Set<string> }> {
  const tags = new Map<string, { keyId: string; coordinates: Set<string> }>();
  for (const subject of subjects) {
    const known = tags.get(subject.tag) ?? { keyId: subject.keyId, coordinates: new Set() };
    for (const coordinate of subject.coordinates) known.coordinates.add(coordinate);
    tags.set(subject.tag, known);
  }
  return tags;
}

/** The hash of a stored subject leaf; the tree over an entry's leaves, in their order, must give its `subjectsRoot`. */
export function subjectsRoot(leaves: readonly Uint8Array[]): Buffer {
  return merkleRoot(leaves.map((bytes) => leafHash(bytes)));
}

/** A subject leaf read back, or null. */
export function readSubjectLeaf(bytes: Uint8Array): { keyId: string; tag: string; coordinates: string[] } | null {
  try {
    const parsed = subjectSchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** A tag as the 32 bytes that the index holds. */
export function tagBytes(tag: SubjectTag): Buffer {
  return Buffer.from(tag.tag, 'hex').subarray(0, hashBytes);
}
