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
  const usual = typical.exec(text);
  const spelled = usual ?? spellings.map((pattern) => pattern.exec(text)).find((match) => match !== null) ?? chinese(text);
  if (spelled) return fromParts(spelled, usual === null || text !== raw);
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

/** Groups of all: year, month, day, hour, minute, second, fraction, zone. They have no names: of those the engine makes an object for every time it reads. */
const typical = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const spellings = [
  /^(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})\s?日?(?:[T ]?\s?(\d{1,2})[:时点]\s?(?:(\d{1,2})分?)?(?:[:]?\s?(\d{1,2})(?:\.(\d{1,9}))?秒?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/i,
  /^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(?:\.?(\d{1,3}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/,
];

/** `二〇二六年三月二日`, with whatever circle stands for nought → digits, then the ordinary spelling. */
function chinese(text: string): RegExpExecArray | null {
  if (!/[〇零一二三四五六七八九十]/u.test(text)) return null;
  const digits = text.replaceAll(/[○◯]/gu, '〇').replace(/[〇零一二两三四五六七八九十]+/gu, (numeral) => String(chineseNumber(numeral) ?? numeral));
  return spellings[0]!.exec(digits);
}

function fromParts([, y, m, d, h, i, s, f, z]: readonly (string | undefined)[], repaired: boolean): SourceTime | null {
  const year = Number(y);
  const month = Number(m);
  const day = Number(d);
  const hour = Number(h ?? 0);
  const minute = Number(i ?? 0);
  const second = Number(s ?? 0);
  if (year < yearMin || year > yearMax || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return null;
  if (day > shortestMonthDays && day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  const offsetMs = zoneOffsetMs(z);
  if (offsetMs === null) return null;
  const milliseconds = f === undefined ? 0 : Number(f.padEnd(3, '0').slice(0, 3));
  const local = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  const precision = h === undefined ? 'DAY' : s === undefined ? 'MINUTE' : f === undefined ? 'SECOND' : 'MILLISECOND';
  return { instant: new Date(local - offsetMs).toISOString(), precision, repaired };
}

const shortestMonthDays = 28;

/** `null` for what is no offset (RFC 3339, section 5.6): a time that is days away from what stands there would be a guess. */
function zoneOffsetMs(zone: string | undefined): number | null {
  if (zone === undefined) return shanghaiOffsetMs;
  if (zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
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
