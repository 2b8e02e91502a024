import { perturbed, type Counted } from './noise.ts';
import { sensitiveCategories, statisticFloors } from './statistic-rules.ts';

/** One record as a statistic counts it: a part of the whole, of the denominator, of the numerator. */
export interface CountedRecord {
  rid: string;
  code: string;
  /** Twelve digits. */
  division: string;
  category: string | null;
  /** The day it counts for, `YYYY-MM-DD` in Shanghai. */
  day: string;
  extra: string | null;
  numerator: boolean;
  denominator: boolean;
  /** Of a family, about health, with a minor. */
  sensitive: boolean;
}

export interface Cell {
  code: string;
  division: string;
  category: string;
  period: string;
  extra: string;
  numerator: string;
  denominator: string;
  all_counted: string | null;
}

export const everything = '*';
const tierDigits = [2, 4, 6, 9, 12];
const countyDigits = 6;

interface Parts {
  whole: string[];
  denominator: string[];
  numerator: string[];
  sensitive: boolean;
}

/**
 * Every cell of the snapshot: official divisions × category × calendar period × at most one more dimension. A count below
 * its floor is told as `<k`, and every other one with the noise of its own set of records, so that differences of cells
 * give nothing away. Topics that are sensitive are counted from the county up; below it they are in no cell at all. A cell
 * of which nothing may be told is left out: it reads the same as one in which there is nothing.
 */
export function cellsOf(records: readonly CountedRecord[], secret: Uint8Array, hasWhole: (code: string) => boolean): Cell[] {
  const cells = new Map<string, Parts>();
  for (const record of records) for (const key of keysOf(record)) add(cells, key, record);
  return [...cells].filter(([, parts]) => parts.whole.length >= statisticFloors.ordinary).map(([key, parts]) => asCell(key, parts, secret, hasWhole)).filter(tellsSomething);
}

/** `2026-09-30` → all time, year, quarter, month. */
export function periodsOf(day: string): string[] {
  return [everything, day.slice(0, 4), `${day.slice(0, 4)}-Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`, day.slice(0, 7)];
}

function keysOf(record: CountedRecord): string[] {
  const isSensitive = record.sensitive || (record.category !== null && sensitiveCategories.includes(record.category));
  const divisions = tierDigits.filter((digits) => !isSensitive || digits <= countyDigits).map((digits) => record.division.slice(0, digits).padEnd(12, '0'));
  const categories = record.category === null ? [everything] : [record.category, everything];
  const extras = record.extra === null ? [everything] : [record.extra, everything];
  return [...new Set(divisions)].flatMap((division) => periodsOf(record.day).flatMap((period) => categories.flatMap((category) => extras.map((extra) => [record.code, division, category, period, extra].join('|')))));
}

function add(cells: Map<string, Parts>, key: string, record: CountedRecord): void {
  let parts = cells.get(key);
  if (!parts) cells.set(key, (parts = { whole: [], denominator: [], numerator: [], sensitive: false }));
  parts.whole.push(record.rid);
  if (record.denominator) parts.denominator.push(record.rid);
  if (record.denominator && record.numerator) parts.numerator.push(record.rid);
}

function tellsSomething({ numerator, denominator, all_counted }: Cell): boolean {
  return [numerator, denominator, all_counted].some((text) => text !== null && /^\d+$/.test(text));
}

function asCell(key: string, parts: Parts, secret: Uint8Array, hasWhole: (code: string) => boolean): Cell {
  const [code, division, category, period, extra] = key.split('|') as [string, string, string, string, string];
  const floor = sensitiveCategories.includes(category) ? statisticFloors.sensitive : statisticFloors.ordinary;
  const count = (keys: readonly string[]): Counted => perturbed(keys, secret, floor);
  return { code, division, category, period, extra, numerator: count(parts.numerator).text, denominator: count(parts.denominator).text, all_counted: hasWhole(code) ? count(parts.whole).text : null };
}

/** A ratio of what is told: hundredths of a percent rounded to a tenth; null where a part of it is below its floor. */
export function percentOf(part: string, whole: string): string | null {
  const [numerator, denominator] = [Number(part), Number(whole)];
  if (!/^\d+$/.test(part) || !/^\d+$/.test(whole) || denominator === 0) return null;
  return (Math.min(1, numerator / denominator) * 100).toFixed(1);
}
