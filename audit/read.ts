import { and, desc, eq, exists, gte, inArray, isNull, lt, lte, or, sql, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { YiwangError } from '../base/errors.ts';
import { readEntry, type AccessEntry } from './entry.ts';
import { proveAccesses, type AccessProof } from './proof.ts';
import { readSubjectLeaf, tagBytes, type SubjectTag } from './subjects.ts';
import { entries, subjects } from './tables.ts';
import type { Queryable } from './tiles.ts';

/**
 * The log for auditors, newest first. Everything shown is read from the bytes that were hashed, never from the columns,
 * which only find it. The next page begins `before` the last index of this one.
 */
export async function readAccessLog(db: Queryable, wanted: AccessLogPage): Promise<{ entries: StoredAccess[]; hasNextPage: boolean }> {
  const { filter = {}, before } = wanted;
  const first = pageSize(wanted.first);
  const conditions: (SQL | undefined)[] = [
    before === undefined ? undefined : lt(entries.index, before),
    filter.from && gte(entries.at, filter.from),
    filter.before && lt(entries.at, filter.before),
    filter.viewer && eq(entries.viewer, filter.viewer),
    filter.org && eq(entries.org, filter.org),
    filter.department && eq(entries.department, filter.department),
    filter.purpose && eq(entries.purpose, filter.purpose),
    filter.operation && eq(entries.operation, filter.operation),
    filter.decision && eq(entries.decision, filter.decision),
    filter.code && eq(entries.code, filter.code),
    filter.traceId && eq(entries.traceId, filter.traceId),
  ].map((condition) => condition || undefined);
  const page = drizzle({ client: db }).select({ index: entries.index, bytes: entries.bytes }).from(entries);
  const rows = await page.where(and(...conditions)).orderBy(desc(entries.index)).limit(first + 1);
  return { entries: rows.slice(0, first).map((row) => ({ index: row.index, entry: readable(row) })), hasNextPage: rows.length > first };
}

export interface AccessLogPage {
  filter?: AccessLogFilter;
  /** At most 100. */
  first: number;
  /** Entries older than this index. */
  before?: number;
}

export interface AccessLogFilter {
  from?: Date;
  before?: Date;
  viewer?: string;
  org?: string;
  department?: string;
  purpose?: string;
  operation?: string;
  decision?: 'ALLOWED' | 'REFUSED';
  code?: string;
  traceId?: string;
}

export interface StoredAccess {
  index: number;
  entry: AccessEntry;
}

const pageEntriesMax = 100;
const tagsMax = 10_000;

function pageSize(first: number): number {
  if (Number.isInteger(first) && first >= 1 && first <= pageEntriesMax) return first;
  throw new YiwangError('LIMIT_EXCEEDED', { hint: `\`first\` is from 1 to ${pageEntriesMax}` });
}

function readable(row: { index: number; bytes: Buffer }): AccessEntry {
  const entry = readEntry(row.bytes);
  if (!entry) throw new YiwangError('LOG_TAMPERED', { detail: `entry ${row.index} cannot be read` });
  return entry;
}

/**
 * Who looked at the mentions behind these tags, newest first: time, organisation, purpose, fields, legal basis. Nothing of
 * who else was in the same answer, and no pseudonym of the official. Entries under a lawful delay are not there until it
 * has ended, and nothing counts them.
 */
export async function accessHistory(db: Queryable, wanted: AccessHistoryPage): Promise<{ accesses: OwnAccess[]; hasNextPage: boolean }> {
  const first = pageSize(wanted.first);
  if (wanted.tags.length > tagsMax) throw new YiwangError('LIMIT_EXCEEDED', { detail: 'too many tags for one history' });
  const tags = wanted.tags.map(tagBytes);
  if (tags.length === 0) return { accesses: [], hasNextPage: false };
  const database = drizzle({ client: db });
  const mine = database.select({ one: sql`1` }).from(subjects).where(and(eq(subjects.entryIndex, entries.index), inArray(subjects.tag, tags)));
  const rows = await database
    .select({ index: entries.index, bytes: entries.bytes })
    .from(entries)
    .where(and(exists(mine), or(isNull(entries.disclosedFrom), lte(entries.disclosedFrom, wanted.now)), wanted.before === undefined ? undefined : lt(entries.index, wanted.before)))
    .orderBy(desc(entries.index))
    .limit(first + 1);
  const shown = rows.slice(0, first);
  const leaves = await ownLeaves(db, shown.map((row) => row.index), tags);
  const proofs = wanted.publicKey ? await proveAccesses(db, { indexes: shown.map((row) => row.index), tags, publicKey: wanted.publicKey }) : new Map<number, AccessProof>();
  const accesses = shown.map((row) => ownAccess(row.index, readable(row), leaves.get(row.index) ?? [], proofs.get(row.index) ?? null));
  return { accesses, hasNextPage: rows.length > first };
}

export interface AccessHistoryPage {
  /** The tags of the caller's own mentions, of every month they may stand under (`subjectTags`). */
  tags: readonly SubjectTag[];
  first: number;
  before?: number;
  now: Date;
  /** With the log's public key, each access comes with its proof. */
  publicKey?: string;
}

export interface OwnAccess {
  index: number;
  time: string;
  org: string | null;
  department: string | null;
  purpose: string | null;
  legalBasis: string | null;
  /** Coordinates that were given of the caller, in full or masked. */
  fields: string[];
  /** Null until a checkpoint covers the entry, which takes a second or a minute. */
  proof: AccessProof | null;
}

async function ownLeaves(db: Queryable, indexes: readonly number[], tags: readonly Buffer[]): Promise<Map<number, Buffer[]>> {
  if (indexes.length === 0) return new Map();
  const rows = await drizzle({ client: db })
    .select({ index: subjects.entryIndex, leaf: subjects.leaf })
    .from(subjects)
    .where(and(inArray(subjects.entryIndex, [...indexes]), inArray(subjects.tag, [...tags])));
  const leaves = new Map<number, Buffer[]>();
  for (const row of rows) leaves.set(row.index, [...(leaves.get(row.index) ?? []), row.leaf]);
  return leaves;
}

/** The coordinates of the own leaves; where an entry has none for its subjects, those of the whole operation. */
function ownAccess(index: number, entry: AccessEntry, leaves: readonly Buffer[], proof: AccessProof | null): OwnAccess {
  const own = new Set(leaves.flatMap((leaf) => readSubjectLeaf(leaf)?.coordinates ?? []));
  const all = [...Object.keys(entry.coordinates.full), ...Object.keys(entry.coordinates.masked)];
  const { time, org, department, purpose, legalBasis } = entry;
  return { index, time, org, department, purpose, legalBasis, fields: [...(own.size > 0 ? own : new Set(all))].sort(), proof };
}
