import { z } from 'zod';
import { YiwangError } from '../../base/errors.ts';
import type { Row, Rule, Stream } from '../contract.ts';
import { sourceTime } from '../repairs/times.ts';
import { normalised } from '../rules.ts';

/** Below this many records, a field that none of them has may be chance: then each record is judged for itself. */
const wholePageRowsMin = 20;

/** A record as JSON gives it, untouched: a copy would lose names such as `__proto__`, which are to be refused. */
export const rowShape = z.custom<Row>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));

/**
 * Of a table or a file with a header, which show whether a column is there: one that must be and is not stops the stream, and
 * so does the loss of one from which a protection is read, because every record would be taken for unprotected. Returns the
 * other declared columns that are gone, for the report of drift.
 */
export function requireColumns(stream: Stream, names: readonly string[]): string[] {
  const has = new Set(names);
  const deciding = [stream.drop?.reads, stream.tombstone?.reads, stream.neverStoredWhen?.reads].filter((column) => column !== undefined);
  refuseMissing(stream, 'required', [...stream.required, ...stream.key.reads, ...deciding].filter((column) => !has.has(column)));
  const { flags, values } = protectionsOf(stream);
  refuseMissing(stream, 'protecting', [...flags, ...values].filter((column) => !has.has(column)));
  return Object.keys(stream.shape.shape).filter((column) => !has.has(column));
}

/**
 * Where no record of a page has a required field, or a flag that every record states, the source has dropped or renamed it:
 * the stream stops, nothing is judged. Records may leave out what is empty, so that a value which protects (the unit complained
 * about) is taken to be renamed only where a field that nobody declared is on the page. On a short page, of two records on, a
 * required field has gone where a strange one in each of them could hold its values; a single record may have been written
 * wrong by itself. Returns those that are not there.
 */
export function requireFields(stream: Stream, rows: readonly Row[]): string[] {
  if (rows.length < renamedRowsMin) return [];
  const isGone = (field: string) => rows.every((row) => !Object.hasOwn(row, field));
  const isShort = rows.length < wholePageRowsMin;
  refuseMissing(stream, 'required', stream.required.filter((field) => isGone(field) && (!isShort || isRenamed(stream, rows, field))));
  if (isShort) return [];
  const { flags, values } = protectionsOf(stream);
  refuseMissing(stream, 'protecting', flags.filter(isGone));
  const gone = values.filter(isGone);
  const isDeclared = (field: string) => Object.hasOwn(stream.shape.shape, field) || stream.neverStored.includes(field);
  if (gone.length > 0 && rows.some((row) => !Object.keys(row).every(isDeclared))) refuseMissing(stream, 'protecting', gone);
  return gone;
}

/** Of records that were pushed and cannot be asked for again: fields that protect and that none of a page has. */
export function absentProtections(stream: Stream, rows: readonly Row[]): string[] {
  if (rows.length < wholePageRowsMin) return [];
  const { flags, values } = protectionsOf(stream);
  return [...flags, ...values].filter((field) => rows.every((row) => !Object.hasOwn(row, field)));
}

/**
 * Fields of a record from which protections are read (access.md, C1 to C4 and C7). An ID number tells a minor's age wherever
 * the event has a date; those in lists are judged with their list's elements.
 */
function protectionsOf({ record, mentions, neverStoredWhen, drop }: Stream): { flags: string[]; values: string[] } {
  const ages = record?.occurredAt ? mentions.filter(({ list }) => list === undefined).flatMap(({ fields }) => [fields.idNumber, fields.birthDate]) : [];
  const readBy = (rules: readonly (Rule | undefined)[]) => rules.flatMap((rule) => (rule?.reads ?? []).map((path) => path.split('.')[0]!));
  const flags = [...readBy([record?.confidential, record?.minor, record?.familyViolence]), ...[neverStoredWhen?.reads, drop?.reads].filter((field) => field !== undefined)];
  // Petitions name a petitioner in blocks or on their own: a field that stands in a list as well may be missing.
  const listed = new Set(mentions.filter(({ list }) => list !== undefined).flatMap(({ fields }) => readBy([fields.idNumber, fields.birthDate])));
  return { flags: [...new Set(flags)], values: [...new Set([...readBy([record?.respondentOrg]), ...readBy(ages).filter((field) => !listed.has(field))])] };
}

function refuseMissing(stream: Stream, kind: 'required' | 'protecting', columns: readonly string[]): void {
  const missing = [...new Set(columns)];
  if (missing.length === 0) return;
  const named = `column${missing.length > 1 ? 's' : ''} ${missing.map((column) => `\`${column}\``).join(', ')}`;
  throw new YiwangError('SOURCE_SCHEMA', { hint: kind === 'required' ? `\`${stream.name}\` lacks the required ${named}` : `\`${stream.name}\` lacks the ${named}, from which protections of its records are read` });
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
