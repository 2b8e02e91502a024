import { population, sharersOf, type Population } from './bearers.ts';
import type { Level, Model } from './model.ts';
import { valueCounts, type Column, type Table } from './table.ts';

/** How often values occur, from the table itself or from the last full run. */
export interface Frequencies {
  rows: number;
  /** By `frequencyName` and value; absent means once, of known bearers none. */
  counts: Record<string, Record<string, number>>;
  /** By `frequencyName`, of the levels that count bearers. */
  populations?: Record<string, Population>;
}

/** Bits that the rarity of the value which two rows share adds to their level. */
export type Rarity = (i: number, j: number) => number;

/** log2(u / frequency of the value that both have), bounded so that no value alone decides. */
export function rarity(model: Model, level: Level, table: Table, u: number, frequencies: Frequencies | null): Rarity {
  const source = table.columns.get(level.termFrequency as string) as Column;
  const shares = level.bearers === true ? bearerShares(model, level, table, u, frequencies) : rowShares(level, table, u, frequencies);
  const bitsMax = level.bearers === true ? bearerBitsMax : rarityBitsMax;
  const bonus = shares.map((share) => Math.max(-rarityBitsMax, Math.min(bitsMax, Math.log2(u / share))));
  return (i, j) => {
    const code = sharedCode(source, i, j);
    return code < 0 ? 0 : bonus[code]!;
  };
}

/** What a later, smaller run must know of this table: values that occur once are left out, and those that no known bearer has. */
export function frequenciesOf(model: Model, table: Table): Frequencies {
  const frequencies: Required<Frequencies> = { rows: table.rows, counts: {}, populations: {} };
  for (const level of model.comparisons.flatMap((comparison) => comparison.levels)) {
    const name = level.termFrequency === undefined ? undefined : frequencyName(level);
    if (name === undefined || frequencies.counts[name] !== undefined) continue;
    const { values } = table.columns.get(level.termFrequency as string) as Column;
    const found = frequencyCounts(level, table);
    const least = level.bearers === true ? 1 : 2;
    frequencies.counts[name] = Object.fromEntries(values.flatMap((value, code) => (found[code]! >= least ? [[value, found[code]!]] : [])));
    if (level.bearers === true) frequencies.populations[name] = population(model, level, table, found);
  }
  return frequencies;
}

/** A small table tells little of how common a value is: so many rows at the level's own rate are added to what it shows. */
function rowShares(level: Level, table: Table, u: number, frequencies: Frequencies | null): Float64Array {
  const rows = frequencies?.rows ?? table.rows;
  const share = (count: number) => (Math.max(count - 1, 1) + rowsBefore * u) / (rows + rowsBefore);
  return Float64Array.from(knownCounts(level, table, frequencies) ?? frequencyCounts(level, table), share);
}

/** The same of persons: how likely somebody else, known or not, has the value too. */
function bearerShares(model: Model, level: Level, table: Table, u: number, frequencies: Frequencies | null): Float64Array {
  const here = frequencyCounts(level, table);
  const before = knownCounts(level, table, frequencies);
  const people = frequencies?.populations?.[frequencyName(level)] ?? population(model, level, table, here);
  return Float64Array.from(here, (count, code) => (sharersOf(Math.max(count, before?.[code] ?? 0), people) + bearersBefore * u) / (people.persons + bearersBefore));
}

function knownCounts(level: Level, table: Table, frequencies: Frequencies | null): number[] | null {
  const known = frequencies?.counts[frequencyName(level)];
  const absent = level.bearers === true ? 0 : 1;
  return known === undefined ? null : (table.columns.get(level.termFrequency as string) as Column).values.map((value) => (Object.hasOwn(known, value) ? known[value]! : absent));
}

/** The counts behind a level's term frequencies. */
function frequencyCounts(level: Level, table: Table): Int32Array {
  const by = level.frequencyBy === undefined ? null : (table.columns.get(level.frequencyBy) as Column);
  return valueCounts(table.columns.get(level.termFrequency as string) as Column, by);
}

function frequencyName(level: Level): string {
  return level.frequencyBy === undefined ? (level.termFrequency as string) : `${level.termFrequency} by ${level.frequencyBy}`;
}

function sharedCode(source: Column, i: number, j: number): number {
  const { codes, offsets } = source;
  if (offsets === null) return codes[i] === codes[j] ? codes[i]! : -1;
  for (let a = offsets[i]!; a < offsets[i + 1]!; a += 1) {
    for (let b = offsets[j]!; b < offsets[j + 1]!; b += 1) if (codes[a] === codes[b]) return codes[a]!;
  }
  return -1;
}

const rarityBitsMax = 8;
const bearerBitsMax = 12;
const rowsBefore = 1000;
const bearersBefore = 50;
