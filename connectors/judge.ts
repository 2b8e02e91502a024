import { plainText, solidText } from '../linkage/standardise/text.ts';
import type { Keys } from '../base/keys.ts';
import type { Row, Stream } from './contract.ts';
import { driftOf, missingMark } from './drift.ts';
import { limits } from './limits.ts';
import { Mapping } from './mapping.ts';
import { sourceTime } from './repairs/times.ts';
import { normalised, valueAt } from './rules.ts';
import { misshapenField } from './shape.ts';
import { allSound, isTooDeep, shallow, soundness, storable, type Fault } from './sound.ts';

/** Of records, in the order in which one is counted where several apply (sources.md). */
export const quarantineReasons = ['TOO_LARGE', 'NOT_A_CLOUDEVENT', 'INVALID_BYTES', 'CELL_COUNT', 'SCHEMA', 'REQUIRED_MISSING', 'UNPARSABLE_TIME'] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

/** STANDS: as the snapshot has it. GONE: the snapshot is whole and has it not. */
export type Settled = 'STANDS' | 'GONE';

/** One version as a source kind hands it over. */
export interface Offered {
  position: string;
  /** null where its bytes or cells could not be told apart. */
  row: Row | null;
  /** What the source kind puts beside the record; no part of it where its size is measured. */
  beside?: Row;
  /** Its depth, size and characters were looked at when it arrived, and nothing was wrong with them. */
  isSound?: boolean;
  /** What the source kind itself found wrong. */
  fault?: { reason: QuarantineReason; field?: string };
  /** Of an event, checked by its envelope: its key and sequence. Of a file, its delivery. */
  event?: { subject: string | null; sequence: string | null };
  delivery?: { asOf: string; folder: string };
  /** What a later snapshot that was applied before says of the record: it may change nothing. */
  settled?: Settled;
  /** Declared columns that its source no longer has: drift. */
  absent?: readonly string[];
  /** Marks the version where the content does not: an event's ticket and sequence; bytes that could not be decoded. */
  identity?: string;
  /** Of a version that was quarantined: as it was counted then. */
  contentHmac?: string;
  /** Row of `hub.waiting_event` that it came from, with others. */
  receivedId?: number;
}

interface Common {
  position: string;
  key: string | null;
  keyHmac: string;
  contentHmac: string;
  /** Sorts as text; null where it cannot be told. */
  order: string | null;
  droppedFields: Record<string, number>;
  /** Its own readable flag says that fields of the record are never stored (`neverStoredWhen`), whatever else is wrong with it. */
  restricted: boolean;
  drift: string[];
  receivedId: number | undefined;
  settled: Settled | undefined;
  /** What a release of it would need beside its content. */
  origin: Origin;
  /** Set on a release: the reason under which it was counted before. */
  releasedFrom?: QuarantineReason;
  /** Set by a reconciliation: the landed copy of this very version was lost or altered. */
  restores?: boolean;
}

export interface Origin {
  event?: Offered['event'];
  delivery?: Offered['delivery'];
  droppedFields?: Record<string, number>;
}

export type Judged = Common &
  (
    | { kind: 'DROPPED'; rule: string; counted: { division: string; month: string } | null }
    | { kind: 'TOMBSTONE' }
    | { kind: 'QUARANTINED'; reason: QuarantineReason; field: string | null; content: Row | null }
    | { kind: 'LIVE'; mapped: Mapping; content: Row }
  );

/** What tells versions apart before anything of them is judged. */
export interface Identity {
  /** As the source gave it, cut where it is nested too deep. */
  given: Row | null;
  isDeep: boolean;
  /** With what the source kind puts beside it. */
  row: Row | null;
  key: string | null;
  keyHmac: string;
  contentHmac: string;
  /** The row as JSON, where that was needed to tell. */
  text: string | undefined;
}

/** Whose version this is, and which. */
export function identify(department: string, stream: Stream, offered: Offered, keys: Keys): Identity {
  const isDeep = offered.isSound !== true && isTooDeep(offered.row);
  const given = isDeep ? (shallow(offered.row) as Row) : offered.row;
  const row = given === null ? null : offered.beside ? { ...given, ...offered.beside } : given;
  const key = row === null ? (offered.event?.subject ?? null) : recordKey(stream, row, offered);
  const text = (offered.contentHmac ?? offered.identity) === undefined ? stableText(row) : undefined;
  return { given, isDeep, row, key, keyHmac: keys.keyHmac(department, stream.name, key ?? ''), contentHmac: offered.contentHmac ?? keys.contentHmac(offered.identity ?? text!), text };
}

/**
 * Judges one version in the order of sources.md: never stored, tombstone, quarantine, and only then what it says. Nothing
 * that a rule forbids is in the result. Pure: what is already stored is looked at later.
 */
export function judge(department: string, stream: Stream, offered: Offered, keys: Keys, identity: Identity = identify(department, stream, offered, keys)): Judged {
  const { given, isDeep, row, key, keyHmac, contentHmac, text } = identity;
  const common: Common = {
    position: offered.position,
    key,
    keyHmac,
    contentHmac,
    order: row === null ? null : versionOrder(stream, row, offered),
    droppedFields: {},
    restricted: false,
    drift: [],
    receivedId: offered.receivedId,
    settled: offered.settled,
    origin: { ...(offered.event ? { event: offered.event } : {}), ...(offered.delivery ? { delivery: offered.delivery } : {}) },
  };
  const refused = (reason: QuarantineReason, field: string | null, content: Row | null): Judged => ({ ...common, kind: 'QUARANTINED', reason, field, content });
  if (row === null) return refused(offered.fault?.reason ?? 'SCHEMA', offered.fault?.field ?? null, null);

  const drop = stream.drop;
  if (drop?.when(normalised(valueAt(row, drop.reads)) ?? '')) return { ...common, kind: 'DROPPED', rule: drop.rule, counted: countedDrop(stream, row) };
  const unreadable = undecidedField(stream, row);
  const flag = stream.neverStoredWhen === undefined ? '' : decisive(valueAt(row, stream.neverStoredWhen.reads));
  const restricted = stream.neverStoredWhen?.when.includes(flag) === true;
  common.restricted = stream.neverStoredWhen?.when.map(String).includes(String(flag)) === true; // `"true"` is no valid flag, but nobody doubts what it says
  const content = withoutForbidden(stream, row, restricted || unreadable !== null, common.droppedFields, restricted);
  common.drift = driftOf(stream, content).concat((offered.absent ?? []).map((column) => `${column}${missingMark}`));
  if (stream.tombstone?.when.includes(decisive(valueAt(row, stream.tombstone.reads)) ?? '') && key !== null) return { ...common, kind: 'TOMBSTONE' };

  const { large, ill, storableAsIs } = offered.isSound === true ? allSound : soundness(given ?? row, row, isDeep, offered.beside, text);
  const fault = large ?? offered.fault ?? ill ?? firstFault(stream, row, offered, key);
  if (fault) return refused(fault.reason, fault.field ?? null, unreadable === null && ill === null && fault.reason !== 'TOO_LARGE' && fault.reason !== 'INVALID_BYTES' ? content : null);
  return { ...common, kind: 'LIVE', mapped: new Mapping(stream, content, keys, restricted), content: storableAsIs ? content : storable(content) };
}

/** JSON with sorted keys: one text for one content, whatever the order of columns. */
export function stableText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const isFlat = !Array.isArray(value) && Object.values(value).every((part) => typeof part !== 'object' || part === null);
  // The list of keys orders them natively, but would also filter what is nested.
  if (isFlat) return JSON.stringify(value, Object.keys(value).sort());
  return JSON.stringify(withSortedKeys(value));
}

function withSortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, withSortedKeys((value as Row)[key])]));
}

function recordKey(stream: Stream, row: Row, offered: Offered): string | null {
  return offered.event?.subject ?? stream.key.apply(row, { spreadsheet: false, eventDate: null, repairs: [], quarantined: [] });
}

function versionOrder(stream: Stream, row: Row, offered: Offered): string | null {
  if (stream.order === 'SEQUENCE') return sequenceOrder(offered.event?.sequence ?? null);
  const time = sourceTime(valueAt(row, stream.watermark));
  if (!time) return null;
  if (stream.order === 'WATERMARK') return time.instant;
  return [time.instant, time.precision, offered.delivery?.asOf ?? '', offered.delivery?.folder ?? ''].join('|');
}

/** Padded; one with more digits than that sorts after all padded ones, by its length first. */
function sequenceOrder(sequence: string | null): string | null {
  if (sequence === null || sequence.length <= sequenceDigits) return sequence?.padStart(sequenceDigits, '0') ?? null;
  return `x${String(sequence.length).padStart(3, '0')}${sequence}`;
}

const sequenceDigits = 20;

/** Booleans stay booleans, everything else is normalised text. */
function decisive(value: unknown): string | boolean {
  return typeof value === 'boolean' ? value : (normalised(value) ?? '');
}

/** A field that decides what may be stored and cannot be read: then nothing of the row may be kept. */
function undecidedField(stream: Stream, row: Row): string | null {
  const deciding = [stream.drop?.reads, stream.neverStoredWhen?.reads].filter((field) => field !== undefined);
  return deciding.find((field) => stream.closedLists[field] !== undefined && !stream.closedLists[field].includes(decisive(valueAt(row, field)))) ?? null;
}

/**
 * The row without what is never stored, counting the non-empty values that went. Names that are never stored go at whatever
 * depth: a source may put an element in a block where nobody expects it. What goes under a condition is the record's own field.
 */
function withoutForbidden(stream: Stream, row: Row, restricted: boolean, counts: Record<string, number>, counted: boolean): Row {
  const named = stream.neverStored.length === 0 ? row : (withoutNames(row, stream.neverStored, counts) as Row);
  const conditional = restricted ? (stream.neverStoredWhen?.fields ?? []).filter((column) => Object.hasOwn(named, column)) : [];
  if (conditional.length === 0) return named;
  if (counted) for (const column of conditional) count(counts, column, named[column]);
  return withoutFields(named, conditional);
}

/** The same value where nothing goes from it. It is not nested deeper than `isTooDeep` allows. */
function withoutNames(value: unknown, names: readonly string[], counts: Record<string, number>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const parts = value.map((part) => withoutNames(part, names, counts));
    return parts.every((part, index) => part === value[index]) ? value : parts;
  }
  const kept = Object.entries(value).filter(([column, part]) => {
    if (names.includes(column)) count(counts, column, part);
    return !names.includes(column);
  });
  const cleaned = kept.map(([column, part]) => [column, withoutNames(part, names, counts)] as const);
  const isWhole = cleaned.length === Object.keys(value).length && cleaned.every(([, part], index) => part === kept[index]![1]);
  return isWhole ? value : Object.fromEntries(cleaned); // a column may have any name
}

/** The content without these fields of its own. */
export function withoutFields(content: Row, fields: readonly string[]): Row {
  return Object.fromEntries(Object.entries(content).filter(([column]) => !fields.includes(column)));
}

function count(counts: Record<string, number>, column: string, value: unknown): void {
  if (!isEmpty(value)) counts[column] = (counts[column] ?? 0) + 1;
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object') return value === null || Object.values(value).every(isEmpty);
  return plainText(value) === null;
}

function countedDrop(stream: Stream, row: Row): { division: string; month: string } | null {
  const counted = stream.drop?.counted;
  if (!counted) return null;
  const division = normalised(valueAt(row, counted.division)) ?? '';
  const time = sourceTime(valueAt(row, counted.month));
  const local = time ? new Date(Date.parse(time.instant) + 8 * 3_600_000).toISOString().slice(0, 7) : 'unknown';
  return { division: /^\d{2,12}$/.test(division) ? division : 'unknown', month: local };
}

/** The first fault in the order of sources.md, after TOO_LARGE, what the source kind found and what cannot be stored. */
function firstFault(stream: Stream, row: Row, offered: Offered, key: string | null): Fault | null {
  return badShape(stream, row, offered) ?? longKey(stream, key) ?? missing(stream, row, key) ?? badTime(stream, row);
}

function badShape(stream: Stream, row: Row, offered: Offered): Fault | null {
  if (offered.event) {
    if (offered.event.subject === null) return { reason: 'SCHEMA', field: 'subject' };
    if (offered.event.sequence === null) return { reason: 'SCHEMA', field: 'sequence' };
    const own = stream.key.apply(row, { spreadsheet: false, eventDate: null, repairs: [], quarantined: [] });
    if (own !== null && own !== offered.event.subject) return { reason: 'SCHEMA', field: 'subject' };
  }
  const misshapen = misshapenField(stream, row);
  if (misshapen !== null) return { reason: 'SCHEMA', field: misshapen };
  for (const [field, allowed] of Object.entries(stream.closedLists)) {
    const value = valueAt(row, field);
    if (!isEmpty(value) && !allowed.includes(decisive(value))) return { reason: 'SCHEMA', field };
  }
  return null;
}

/** No table could be looked up by it: one such record would stop all others of its stream. */
function longKey(stream: Stream, key: string | null): Fault | null {
  return key !== null && Buffer.byteLength(key) > limits.keyBytesMax ? { reason: 'SCHEMA', field: stream.key.reads[0]! } : null;
}

function missing(stream: Stream, row: Row, key: string | null): Fault | null {
  // Codes and names are read without inner spaces: `不 详` says as little as `不详`.
  const field = stream.required.find((column) => isEmpty(valueAt(row, column)) || solidText(valueAt(row, column)) === null);
  if (field !== undefined) return { reason: 'REQUIRED_MISSING', field };
  return key === null ? { reason: 'REQUIRED_MISSING', field: stream.key.reads[0]! } : null;
}

function badTime(stream: Stream, row: Row): Fault | null {
  const field = stream.requiredTimes.find((column) => !sourceTime(valueAt(row, column)));
  return field === undefined ? null : { reason: 'UNPARSABLE_TIME', field };
}
