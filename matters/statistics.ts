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

/**
 * Every cell of the snapshot: official divisions × category × calendar period × at most one more dimension. A count below
 * its floor is told as `<k`, and every other one with the noise of its own set of records, so that differences of cells
 * give nothing away. Topics that are sensitive are counted from the county up; below it they are in no cell at all. A cell
 * of which nothing may be told is left out: it reads the same as one in which there is nothing.
 */
export function cellsOf(records: readonly CountedRecord[], secret: Uint8Array, hasWhole: (code: string) => boolean): Cell[] {
  const sorted = records.toSorted((a, b) => (a.rid < b.rid ? -1 : 1)); // as the noise of a set sorts them
  return [...partsOf(sorted)].filter(([, whole]) => whole.length >= statisticFloors.ordinary).map(([name, whole]) => asCell(name, whole, secret, hasWhole)).filter(tellsSomething);
}

/** `2026-09-30` → all time, year, quarter, month. */
export function periodsOf(day: string): string[] {
  return [everything, day.slice(0, 4), `${day.slice(0, 4)}-Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`, day.slice(0, 7)];
}

type CellName = Pick<Cell, 'code' | 'division' | 'category' | 'period' | 'extra'>;

/** Which records each cell counts. A record is in some forty cells, so that these are found by a number and not by their names. */
function* partsOf(records: readonly CountedRecord[]): Generator<[CellName, CountedRecord[]]> {
  const [codes, divisions, periods, categories, extras] = [numbered(), numbered(), numbered(), numbered(), numbered()];
  const places = records.map((record) => ({
    codes: codes.of([record.code]), divisions: divisions.of(divisionsOf(record)), periods: periods.of(periodsOf(record.day)), categories: categories.of(withAll(record.category)), extras: extras.of(withAll(record.extra)),
  }));
  const cells = new Map<number, CountedRecord[]>();
  records.forEach((record, index) => {
    const at = places[index]!;
    for (const code of at.codes) for (const division of at.divisions) for (const period of at.periods) for (const category of at.categories) for (const extra of at.extras) {
      const key = (((code * divisions.names.length + division) * periods.names.length + period) * categories.names.length + category) * extras.names.length + extra;
      const cell = cells.get(key);
      if (cell) cell.push(record);
      else cells.set(key, [record]);
    }
  });
  for (const [key, whole] of cells) {
    let left = key;
    const next = ({ names }: Numbered) => {
      const name = names[left % names.length]!;
      left = Math.floor(left / names.length);
      return name;
    };
    const [extra, category, period, division, code] = [next(extras), next(categories), next(periods), next(divisions), next(codes)];
    yield [{ code, division, category, period, extra }, whole];
  }
}

interface Numbered {
  names: readonly string[];
  of(names: readonly string[]): number[];
}

/** Gives each name a number, in the order in which they come. */
function numbered(): Numbered {
  const known = new Map<string, number>();
  const names: string[] = [];
  const numberOf = (name: string) => {
    const number = known.get(name) ?? names.push(name) - 1;
    known.set(name, number);
    return number;
  };
  return { names, of: (all) => all.map(numberOf) };
}

function divisionsOf({ division, sensitive, category }: CountedRecord): string[] {
  const isSensitive = sensitive || (category !== null && sensitiveCategories.includes(category));
  return [...new Set(tierDigits.filter((digits) => !isSensitive || digits <= countyDigits).map((digits) => division.slice(0, digits).padEnd(12, '0')))];
}

function withAll(name: string | null): string[] {
  return name === null ? [everything] : [name, everything];
}

function tellsSomething({ numerator, denominator, all_counted }: Cell): boolean {
  return [numerator, denominator, all_counted].some((text) => text !== null && /^\d+$/.test(text));
}

function asCell(name: CellName, whole: readonly CountedRecord[], secret: Uint8Array, hasWhole: (code: string) => boolean): Cell {
  const floor = sensitiveCategories.includes(name.category) ? statisticFloors.sensitive : statisticFloors.ordinary;
  const count = (part: readonly CountedRecord[]): Counted => perturbed(part.map((record) => record.rid), secret, floor);
  const denominator = whole.filter((record) => record.denominator);
  return { ...name, numerator: count(denominator.filter((record) => record.numerator)).text, denominator: count(denominator).text, all_counted: hasWhole(name.code) ? count(whole).text : null };
}

/** A ratio of what is told: hundredths of a percent rounded to a tenth; null where a part of it is below its floor. */
export function percentOf(part: string, whole: string): string | null {
  const [numerator, denominator] = [Number(part), Number(whole)];
  if (!/^\d+$/.test(part) || !/^\d+$/.test(whole) || denominator === 0) return null;
  return (Math.min(1, numerator / denominator) * 100).toFixed(1);
}
