import { chineseNumber, plainText } from '../../linkage/standardise/text.ts';

export type Precision = 'DAY' | 'MINUTE' | 'SECOND' | 'MILLISECOND';

export interface SourceTime {
  /** UTC, `2026-03-02T01:30:00.000Z`. */
  instant: string;
  precision: Precision;
  /** Whether the source wrote anything but `2026-03-02[ 09:30:00]` or RFC 3339. */
  repaired: boolean;
}

/** Shanghai has had no summer time since 1991; sources' times are later. */
const shanghaiOffsetMs = 8 * 3_600_000;

/**
 * A time in any spelling of sources.md; without a zone it is Asia/Shanghai. `null` where it cannot be read, which includes
 * days that do not exist; `undefined` where the cell is empty.
 */
export function sourceTime(raw: unknown): SourceTime | null | undefined {
  if (raw === null || raw === undefined || raw === '') return undefined;
  if (typeof raw !== 'string') return readTime(raw);
  // The versions of a record repeat most of its times.
  let known = memo.get(raw);
  if (known === undefined && !memo.has(raw)) {
    known = readTime(raw);
    if (memo.size >= memoMax) memo.clear();
    if (raw.length <= timeCharactersMax) memo.set(raw, known);
  }
  return known;
}

const memo = new Map<string, SourceTime | null | undefined>();
const memoMax = 20_000;

function readTime(raw: unknown): SourceTime | null | undefined {
  const text = plainText(raw);
  if (text === null) return undefined;
  if (text.length > timeCharactersMax) return null;
  const spelled = typical.exec(text) ?? spellings.map((pattern) => pattern.exec(text)).find((match) => match !== null) ?? chinese(text);
  if (spelled?.groups) return fromParts(spelled.groups, !typical.test(typeof raw === 'string' ? raw : ''));
  return /^\d{5}(?:\.\d+)?$/.test(text) ? fromExcel(Number(text)) : null;
}

/** The calendar day of an instant in Shanghai. */
export function shanghaiDay(instant: string): string {
  const isSameDay = instant.length === isoCharacters && instant.slice(11, 13) < shanghaiMidnight;
  return isSameDay ? instant.slice(0, 10) : new Date(Date.parse(instant) + shanghaiOffsetMs).toISOString().slice(0, 10);
}

/** Of `2026-03-02T01:30:00.000Z`. */
const isoCharacters = 24;
/** The hour of UTC in which the next day begins. */
const shanghaiMidnight = '16';

/** Compares two times at the coarser of their precisions: negative, zero or positive. */
export function compareTimes(a: { instant: string; precision: Precision }, b: { instant: string; precision: Precision }): number {
  const digits = Math.min(digitsOf[a.precision], digitsOf[b.precision]);
  const [x, y] = [a, b].map(({ instant }) => new Date(Date.parse(instant) + shanghaiOffsetMs).toISOString().slice(0, digits)) as [string, string];
  return x < y ? -1 : x > y ? 1 : 0;
}

const digitsOf: Record<Precision, number> = { DAY: 10, MINUTE: 16, SECOND: 19, MILLISECOND: 23 };
const timeCharactersMax = 64;

const typical = /^(?<y>\d{4})-(?<m>\d{2})-(?<d>\d{2})(?:[T ](?<h>\d{2}):(?<i>\d{2})(?::(?<s>\d{2})(?:\.(?<f>\d{1,9}))?)?(?<z>Z|[+-]\d{2}:?\d{2})?)?$/;
const spellings = [
  /^(?<y>\d{4})\s?[-/.年]\s?(?<m>\d{1,2})\s?[-/.月]\s?(?<d>\d{1,2})\s?日?(?:[T ]?\s?(?<h>\d{1,2})[:时点]\s?(?:(?<i>\d{1,2})分?)?(?:[:]?\s?(?<s>\d{1,2})(?:\.(?<f>\d{1,9}))?秒?)?\s?(?<z>Z|[+-]\d{2}:?\d{2})?)?$/i,
  /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?:[T ]?(?<h>\d{2}):?(?<i>\d{2})(?::?(?<s>\d{2})(?:\.?(?<f>\d{1,3}))?)?(?<z>Z|[+-]\d{2}:?\d{2})?)?$/,
];

/** `二〇二六年三月二日`, with whatever circle stands for nought → digits, then the ordinary spelling. */
function chinese(text: string): RegExpExecArray | null {
  if (!/[〇零一二三四五六七八九十]/u.test(text)) return null;
  const digits = text.replaceAll(/[○◯]/gu, '〇').replace(/[〇零一二两三四五六七八九十]+/gu, (numeral) => String(chineseNumber(numeral) ?? numeral));
  return spellings[0]!.exec(digits);
}

function fromParts(parts: Record<string, string | undefined>, repaired: boolean): SourceTime | null {
  const [y, m, d, h, i, s] = [parts['y'], parts['m'], parts['d'], parts['h'], parts['i'], parts['s']].map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const lastDay = new Date(Date.UTC(y, m, 0)).getUTCDate();
  if (y < yearMin || y > yearMax || m < 1 || m > 12 || d < 1 || d > lastDay || h > 23 || i > 59 || s > 59) return null;
  const milliseconds = Number((parts['f'] ?? '').padEnd(3, '0').slice(0, 3));
  const local = Date.UTC(y, m - 1, d, h, i, s, milliseconds);
  const precision = parts['h'] === undefined ? 'DAY' : parts['s'] === undefined ? 'MINUTE' : parts['f'] === undefined ? 'SECOND' : 'MILLISECOND';
  return { instant: new Date(local - zoneOffsetMs(parts['z'])).toISOString(), precision, repaired };
}

function zoneOffsetMs(zone: string | undefined): number {
  if (zone === undefined) return shanghaiOffsetMs;
  if (zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** Excel counts days from 1899-12-30, in local time. */
function fromExcel(serial: number): SourceTime | null {
  if (serial < excelMin || serial > excelMax) return null;
  const local = Math.round(serial * 86_400) * 1000 + Date.UTC(1899, 11, 30);
  return { instant: new Date(local - shanghaiOffsetMs).toISOString(), precision: Number.isInteger(serial) ? 'DAY' : 'SECOND', repaired: true };
}

const yearMin = 1900;
const yearMax = 2199;
const excelMin = 18_264; // 1950-01-01
const excelMax = 73_050; // 2099-12-31
