import { z } from 'zod';
import { YiwangError } from '../../base/errors.ts';
import type { Row, Stream } from '../contract.ts';
import { sourceTime } from '../repairs/times.ts';
import { normalised } from '../rules.ts';

/** Below this many records, a field that none of them has may be chance: then each record is judged for itself. */
const wholePageRowsMin = 20;

/** A record as JSON gives it, untouched: a copy would lose names such as `__proto__`, which are to be refused. */
export const rowShape = z.custom<Row>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));

/**
 * Of a table or a file with a header, which show whether a column is there: one that must be and is not stops the stream.
 * Returns the other declared columns that are not there, for the report of drift; what they protected is looked at when the
 * page is written (protections.ts).
 */
export function requireColumns(stream: Stream, names: readonly string[]): string[] {
  const has = new Set(names);
  const deciding = [stream.drop?.reads, stream.tombstone?.reads, stream.neverStoredWhen?.reads].filter((column) => column !== undefined);
  refuseMissing(stream, [...stream.required, ...stream.key.reads, ...deciding].filter((column) => !has.has(column)));
  return Object.keys(stream.shape.shape).filter((column) => !has.has(column));
}

/**
 * Where no record of a page has a required field, the source has dropped or renamed it: the stream stops, nothing is judged.
 * On a short page, of two records on, it has gone where a strange field in each of them could hold its values; a single record
 * may have been written wrong by itself. Returns fields that protect and that no record has: drift, for records may leave out
 * what is empty.
 */
export function requireFields(stream: Stream, rows: readonly Row[]): string[] {
  if (rows.length < renamedRowsMin) return [];
  const isShort = rows.length < wholePageRowsMin;
  refuseMissing(stream, stream.required.filter((field) => rows.every((row) => !Object.hasOwn(row, field)) && (!isShort || isRenamed(stream, rows, field))));
  return absentProtections(stream, rows);
}

/** Fields from which protections are read (access.md, C1 to C4) and that none of a page's records has. */
export function absentProtections({ record }: Stream, rows: readonly Row[]): string[] {
  if (rows.length < wholePageRowsMin) return [];
  const fields = [record?.confidential, record?.minor, record?.familyViolence, record?.respondentOrg].flatMap((rule) => (rule?.reads ?? []).map((path) => path.split('.')[0]!));
  return [...new Set(fields)].filter((field) => rows.every((row) => !Object.hasOwn(row, field)));
}

function refuseMissing(stream: Stream, columns: readonly string[]): void {
  const missing = [...new Set(columns)];
  if (missing.length === 0) return;
  throw new YiwangError('SOURCE_SCHEMA', { hint: `\`${stream.name}\` lacks the required column${missing.length > 1 ? 's' : ''} ${missing.map((column) => `\`${column}\``).join(', ')}` });
}

const renamedRowsMin = 2;

function isRenamed(stream: Stream, rows: readonly Row[], field: string): boolean {
  const strange = Object.keys(rows[0]!).filter((name) => !Object.hasOwn(stream.shape.shape, name) && !stream.neverStored.includes(name));
  return strange.some((name) => rows.every((row) => Object.hasOwn(row, name) && couldBe(stream, field, row[name])));
}

function couldBe(stream: Stream, field: string, value: unknown): boolean {
  if (typeof value === 'boolean') return stream.closedLists[field]?.includes(value) === true;
  if (stream.requiredTimes.includes(field)) return Boolean(sourceTime(typeof value === 'object' ? null : value));
  const plain = normalised(value);
  return plain !== null && (stream.closedLists[field] === undefined || stream.closedLists[field].includes(plain));
}
