import { standardiseBirthDate } from '../linkage/standardise/birth-date.ts';
import { publishedName } from '../linkage/standardise/name.ts';
import { readPhones } from '../linkage/standardise/phone.ts';
import { plainText, solidText } from '../linkage/standardise/text.ts';
import type { Row, Rule } from './contract.ts';
import { wgs84 } from './repairs/coordinates.ts';
import { cleanText } from './repairs/text.ts';
import { shanghaiDay, sourceTime } from './repairs/times.ts';

/** A value at `a.b` of a row; undefined where something on the way is missing. */
export function valueAt(row: Row, path: string): unknown {
  if (!path.includes('.')) return Object.hasOwn(row, path) ? row[path] : undefined;
  let at: unknown = row;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Row)[step];
  }
  return at;
}

/** What drop rules, closed lists and codes read: NFKC, trimmed; `null` for empty cells and placeholders. */
export function normalised(value: unknown): string | null {
  if (typeof value === 'string' && /^[0-9A-Za-z]+$/.test(value)) return value;
  return typeof value === 'object' ? null : plainText(value);
}

/** Text for people: published as written but for what cannot be shown. */
export function text(path: string): Rule<string | null> {
  return one(path, 'text', (value, found) => {
    const { text: clean, repairs } = cleanText(value);
    for (const kind of repairs) found.repairs.push({ field: path, kind });
    return clean;
  });
}

/** Several texts joined, for clustering only. */
export function texts(...paths: string[]): Rule<string | null> {
  return { reads: paths, repair: 'text', apply: (row) => paths.map((path) => cleanText(valueAt(row, path)).text).filter((part) => part !== null).join('\n') || null };
}

/** A code, a number of a document, an identifier: inner spaces go, letters and digits become ordinary. */
export function code(path: string): Rule<string | null> {
  return one(path, 'code', solidCode);
}

/** What `code` reads of a value. */
export function solidCode(value: unknown): string | null {
  if (typeof value === 'string' && /^[0-9A-Za-z]+$/.test(value)) return value;
  return typeof value === 'object' ? null : solidText(value);
}

/** A unified social credit code: GB 32100 knows no small letters, and one written with them is the same organisation. */
export function creditCode(path: string): Rule<string | null> {
  return one(path, 'credit code', (value) => solidCode(value)?.toUpperCase() ?? null);
}

/** A case number with full-width round brackets, as courts print it: `（2026）甘0102民初123号`. */
export function caseNumber(path: string): Rule<string | null> {
  return one(path, 'case number', (value, found) => {
    const plain = typeof value === 'object' ? null : solidText(value);
    const printed = plain?.replace(/[([〔【]/gu, '（').replace(/[)\]〕】]/gu, '）') ?? null;
    if (printed !== null && printed !== value) found.repairs.push({ field: path, kind: 'CASE_NUMBER' });
    return printed;
  });
}

/** An open code list: names or codes as given. */
export function codes(path: string): Rule<string[]> {
  return one(path, 'codes', (value) => (Array.isArray(value) ? value.map(normalised).filter((item) => item !== null) : []));
}

/** A person's or organisation's name as written, without the pinyin annotation and inner spaces. */
export function name(path: string): Rule<string | null> {
  return one(path, 'name', (value, found) => {
    const published = typeof value === 'object' ? null : publishedName(value);
    if (published !== null && published !== value) found.repairs.push({ field: path, kind: 'NAME' });
    return published;
  });
}

/** What of a cell is no phone is told as a repair, as data sets count it: the record is accepted, and linkage compares it. */
export function phones(path: string): Rule<string[]> {
  return one(path, 'phones', (value, found) => {
    const { valid, unreadable } = readPhones(typeof value === 'object' ? null : value);
    if (unreadable > 0) found.repairs.push({ field: path, kind: 'PHONE_UNREADABLE' });
    if (valid.length > 0 && value !== valid[0]!.slice(3)) found.repairs.push({ field: path, kind: 'PHONE' });
    return valid;
  });
}

/** Phones of an organisation, as those of persons, in one text. A cell that holds anything else stays as it is written: service numbers are no phones. */
export function publicPhones(path: string): Rule<string | null> {
  const written = text(path);
  return one(path, 'phones', (value, found) => {
    const { valid, unreadable } = readPhones(typeof value === 'object' ? null : value);
    if (valid.length === 0 || unreadable > 0) return written.apply({ [path]: value }, found);
    const read = valid.join('、');
    if (read !== value) found.repairs.push({ field: path, kind: 'PHONE' });
    return read;
  });
}

/** The number as given; `judge` checks it together with the type of the document. */
export function idNumber(path: string): Rule<unknown> {
  return one(path, 'id number', (value) => (typeof value === 'object' ? null : value));
}

/** `YYYYMMDD`, or the year where only that is known. */
export function birthDate(path: string): Rule<string | null> {
  return one(path, 'birth date', (value) => {
    const date = typeof value === 'object' ? null : standardiseBirthDate(value);
    return date === null ? null : date.length === 10 ? date.replaceAll('-', '') : date.slice(0, 4);
  });
}

/** An instant in UTC. One that cannot be read is a quarantined value. */
export function time(path: string): Rule<string | null> {
  return one(path, 'time', (value, found) => instantOf(path, value, found));
}

/** A calendar day in Shanghai. */
export function date(path: string): Rule<string | null> {
  return one(path, 'date', (value, found) => {
    const instant = instantOf(path, value, found);
    return instant === null ? null : shanghaiDay(instant);
  });
}

/** True where the normalised value is one of `yes`. */
export function flag(path: string, ...yes: string[]): Rule<boolean> {
  return one(path, 'flag', (value) => yes.includes(normalised(value) ?? ''));
}

/** True, false, or null where the source does not say. */
export function truth(path: string): Rule<boolean | null> {
  return one(path, 'truth', (value) => (typeof value === 'boolean' ? value : null));
}

/** A count. One that cannot be read is a quarantined value: `三人` is not guessed at. */
export function integer(path: string): Rule<number | null> {
  return one(path, 'integer', (value, found) => {
    const plain = numberText(path, value, /^-?\d{1,9}(?:\.0+)?$/, found);
    return plain === null ? null : Number(plain);
  });
}

/** A decimal as text: amounts never become floating point. One that cannot be read is a quarantined value. */
export function decimal(path: string): Rule<string | null> {
  return one(path, 'decimal', (value, found) => numberText(path, value, /^-?\d{1,15}(?:\.\d{1,6})?$/, found, ','));
}

function numberText(path: string, value: unknown, form: RegExp, found: Parameters<Rule['apply']>[1], separator = ''): string | null {
  const plain = normalised(value);
  if (plain === null) return null;
  const number = separator === '' ? plain : plain.replaceAll(separator, '');
  if (form.test(number)) return number;
  found.quarantined.push({ field: path, reason: 'OTHER' });
  return null;
}

export function longitude(lng: string, lat: string): Rule<string | null> {
  return { reads: [lng, lat], repair: 'GCJ-02 to WGS 84', apply: (row) => wgs84(valueAt(row, lng), valueAt(row, lat))?.lng ?? null };
}

export function latitude(lng: string, lat: string): Rule<string | null> {
  return { reads: [lng, lat], repair: 'GCJ-02 to WGS 84', apply: (row) => wgs84(valueAt(row, lng), valueAt(row, lat))?.lat ?? null };
}

/** A value decided by several columns. `decide` sees normalised values. */
export function derived<T>(paths: readonly string[], repair: string, decide: (...values: (string | null)[]) => T): Rule<T> {
  return { reads: paths, repair, apply: (row) => decide(...paths.map((path) => normalised(valueAt(row, path)))) };
}

function one<T>(path: string, repair: string, read: (value: unknown, found: Parameters<Rule['apply']>[1]) => T): Rule<T> {
  return { reads: [path], repair, apply: (row, found) => read(valueAt(row, path), found) };
}

function instantOf(path: string, value: unknown, found: Parameters<Rule['apply']>[1]): string | null {
  const read = typeof value === 'object' && value !== null ? null : sourceTime(value);
  if (read === undefined) return null;
  if (read === null) {
    found.quarantined.push({ field: path, reason: 'UNPARSABLE_TIME' });
    return null;
  }
  if (read.repaired) found.repairs.push({ field: path, kind: 'TIME' });
  return read.instant;
}
