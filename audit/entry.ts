import { z } from 'zod';
import { canonicalJson } from '../base/canonical.ts';
import { Invariant, YiwangError } from '../base/errors.ts';
import { withoutSecrets } from '../base/log.ts';
import { leafHash } from './merkle.ts';
import { sealedSubjects, subjectSchema, type SubjectLeaf } from './subjects.ts';

/**
 * Turns what the gateway reports of one operation into an entry: canonical bytes (RFC 8785), its leaf hash, and the leaves
 * of its subjects for the index beside the log. An entry never fails for its length: over `entryBytesMax` its coordinates
 * are added up per type, then to one line each. What does not fit the schema at all is `BAD_REQUEST`, because no entry
 * means no answer.
 */
export function sealEntry(input: AccessEntryInput, chance: { now: Date; randomBytes: (count: number) => Uint8Array }): SealedEntry {
  const parsed = accessEntryInputSchema.safeParse(input);
  if (!parsed.success) {
    const at = parsed.error.issues.map((issue) => issue.path.slice(0, 2).join('.')).join(', ');
    throw new YiwangError('BAD_REQUEST', { detail: `the access entry is malformed at ${at}` });
  }
  const { subjects, ...facts } = parsed.data;
  const sealed = sealedSubjects(subjects, chance.randomBytes);
  const entry: AccessEntry = {
    version: 1,
    ...facts,
    time: chance.now.toISOString(),
    nonce: Buffer.from(chance.randomBytes(nonceBytes)).toString('hex'),
    aggregated: 'NONE',
    subjectsRoot: sealed.root.toString('hex'),
  };
  return { ...fitted(entry), subjects: sealed.leaves };
}

export interface SealedEntry {
  entry: AccessEntry;
  bytes: Buffer;
  leaf: Buffer;
  subjects: SubjectLeaf[];
}

/** One less than 64 KiB: an entry bundle of C2SP tlog-tiles gives each entry's length in 16 bits. */
export const entryBytesMax = 65_535;
const nonceBytes = 16;
const textCharsMax = 256;
const coordinatesMax = 20_000;
const subjectsMax = 20_000;

/** Text of our own (codes, numbers, pseudonyms), cut and freed of what PostgreSQL or canonical JSON cannot hold. */
const text = z.string().transform((value) => [...value.toWellFormed().replaceAll('\u0000', '')].slice(0, textCharsMax).join(''));
/** An operation's name is the caller's own choice: a number in it may be somebody's phone or ID number. */
const operationName = text.transform(withoutSecrets);
const count = z.int().min(0);
const instant = z.iso.datetime({ offset: true });
/** `Type.field` → how many positions of the answer it filled. One check for the whole: an entry has hundreds, in every answer. */
const counts = z.custom<Record<string, number>>((value) => isObject(value) && Object.keys(value).length <= coordinatesMax && Object.entries(value).every(([coordinate, positions]) => isCoordinate(coordinate) && Number.isSafeInteger(positions) && (positions as number) >= 0));

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Coordinates that were found to be ones: as many as the schema has fields. */
const knownCoordinates = new Set<string>();
const knownCoordinatesMax = 50_000;

function isCoordinate(text: string): boolean {
  if (knownCoordinates.has(text)) return true;
  if (text.length > textCharsMax || !/^[_A-Za-z][_0-9A-Za-z]*\.[_A-Za-z][_0-9A-Za-z]*$/.test(text)) return false;
  if (knownCoordinates.size < knownCoordinatesMax) knownCoordinates.add(text);
  return true;
}

const facts = {
  /** A pseudonym of the caller, never a name; null when nobody signed in. */
  viewer: text.nullable().default(null),
  /** The application (`client_id`). */
  client: text.nullable().default(null),
  /** Unified social credit code of the caller's organisation. */
  org: text.nullable().default(null),
  department: text.nullable().default(null),
  tier: z.enum(['VILLAGE', 'TOWNSHIP', 'COUNTY', 'CITY', 'PROVINCE']).nullable().default(null),
  division: text.nullable().default(null),
  purpose: text.nullable().default(null),
  /** A matter number the gateway resolved; never the raw header, which may hold anything. */
  matter: text.nullable().default(null),
  legalBasis: text.nullable().default(null),
  /** Id of the emergency (break-glass) that opened something of it. */
  breakGlass: z.uuid().nullable().default(null),
  operation: z.object({ name: operationName.nullable(), hash: z.string().regex(/^[0-9a-f]{64}$/) }).nullable().default(null),
  coordinates: z.object({ full: counts, masked: counts, withheld: counts }).default({ full: {}, masked: {}, withheld: {} }),
  recordCount: count.default(0),
  decision: z.enum(['ALLOWED', 'REFUSED']),
  /** Why it was refused: a code of base/errors.ts. */
  code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/).nullable().default(null),
  policyVersion: text.nullable().default(null),
  traceId: z.string().regex(/^[0-9A-Za-z-]{1,64}$/).nullable().default(null),
  /** How many operations this entry stands for: more than 1 only for refusals without a sign-in, one entry a second. */
  operations: z.int().min(1).default(1),
  /** The entry, already committed, whose answer was withheld after all. */
  withdraws: count.nullable().default(null),
  /** A lawful delay: the subjects' own history shows the entry from then on. */
  disclosedFrom: instant.nullable().default(null),
};

export const accessEntryInputSchema = z
  .strictObject({ ...facts, subjects: z.array(subjectSchema).max(subjectsMax).default([]) })
  .refine((value) => (value.decision === 'REFUSED') === (value.code !== null), { message: 'a refusal has a code, an allowed operation has none', path: ['code'] });

export const accessEntrySchema = z.object({
  version: z.literal(1),
  ...facts,
  coordinates: z.object({ full: z.record(z.string(), count), masked: z.record(z.string(), count), withheld: z.record(z.string(), count) }),
  time: instant,
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  /** `TYPE`: counts are added up as `Type.*`; `ALL`: as `*`. */
  aggregated: z.enum(['NONE', 'TYPE', 'ALL']),
  /** Root of the tree over the salted tags of the subjects (subjects.ts). */
  subjectsRoot: z.string().regex(/^[0-9a-f]{64}$/),
});

export type AccessEntryInput = z.input<typeof accessEntryInputSchema>;
export type AccessEntry = z.output<typeof accessEntrySchema>;
type Counts = Record<string, number>;

/** The entry of stored bytes, or null when they are not one. */
export function readEntry(bytes: Uint8Array): AccessEntry | null {
  try {
    const parsed = accessEntrySchema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // somebody changed the bytes: the caller says so, with the index
  }
}

function fitted(entry: AccessEntry): { entry: AccessEntry; bytes: Buffer; leaf: Buffer } {
  const written = [entry.aggregated, 'TYPE', 'ALL'] as const;
  for (const aggregated of written) {
    const shorter = { ...entry, aggregated, coordinates: addedUpAll(entry.coordinates, aggregated) };
    const bytes = Buffer.from(canonicalJson(shorter), 'utf8');
    if (bytes.length <= entryBytesMax) return { entry: shorter, bytes, leaf: leafHash(bytes) };
  }
  // Every other text is bounded by `textCharsMax`, so that this cannot happen.
  throw new Invariant('an entry without coordinates is shorter than 64 KiB');
}

function addedUpAll(coordinates: AccessEntry['coordinates'], aggregated: AccessEntry['aggregated']): AccessEntry['coordinates'] {
  const { full, masked, withheld } = coordinates;
  return { full: addedUp(full, aggregated), masked: addedUp(masked, aggregated), withheld: addedUp(withheld, aggregated) };
}

function addedUp(counts: Counts, aggregated: AccessEntry['aggregated']): Counts {
  if (aggregated === 'NONE') return counts;
  const sums = new Map<string, number>();
  for (const [coordinate, count] of Object.entries(counts)) {
    const group = aggregated === 'TYPE' ? `${coordinate.slice(0, coordinate.indexOf('.'))}.*` : '*';
    sums.set(group, Math.min((sums.get(group) ?? 0) + count, Number.MAX_SAFE_INTEGER));
  }
  return Object.fromEntries(sums);
}
