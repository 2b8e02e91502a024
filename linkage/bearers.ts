import type { Level, Model } from './model.ts';
import type { Column, Table } from './table.ts';

/**
 * Whose value it is. Rows with a value of the model's `distinct` (a valid ID number) are of known persons, each counted once
 * however often it occurs; others may be of these or of somebody unknown. JSON.
 */
export interface Population {
  /** Known and unknown together, as estimated. */
  persons: number;
  /** Unknown persons for each known one. */
  unknown: number;
  /** How many bearers of a value are to be expected in another sample of as many persons, where 0, 1, 2 were seen (Good 1953). */
  again: number[];
}

export function population(model: Model, level: Level, table: Table, bearers: Int32Array): Population {
  const identity = table.columns.get(model.distinct as string) as Column;
  const values = table.columns.get(level.termFrequency as string) as Column;
  const borneBy = [0, 0, 0, 0];
  let known = 0;
  for (const count of bearers) {
    known += count;
    if (count < borneBy.length) borneBy[count]! += 1;
  }
  const again = [0, 1, 2].map((seen) => (seen === 0 ? 1 : expectedAgain(seen, borneBy)));
  const unknown = known < personsMin ? unknownUnlessSeen : unknownShare(identity.codes, values.codes, bearers, borneBy[1]! / known);
  return { persons: Math.max(1, known * (1 + unknown)), unknown, again };
}

/** How many other persons share a value with the one who is meant: other known bearers, and unknown ones in expectation. */
export function sharersOf(bearers: number, { unknown, again }: Population): number {
  if (bearers === 0) return 1 + unknown;
  return bearers - 1 + unknown * (again[bearers] ?? bearers);
}

/** r* = (r + 1) · N(r + 1) / N(r), never above r itself. */
function expectedAgain(seen: number, borneBy: readonly number[]): number {
  const [now, next] = [borneBy[seen]!, borneBy[seen + 1]!];
  return Math.min(seen, ((seen + 1) * (next + 0.5)) / (now + 0.5));
}

/**
 * Unknown persons for each known one, without labels: a known person's value has always been seen, a stranger's is new with
 * the probability that the next value is (the share of values seen once, Good–Turing). From how many of the rows without an
 * identity have a value never seen beside one follows how many are of strangers. A slip of the pen makes a new value as well.
 */
function unknownShare(identity: Int32Array, values: Int32Array, bearers: Int32Array, newRate: number): number {
  if (newRate < newRateMin) return unknownUnlessSeen;
  let [rows, fresh] = [0, 0];
  for (let row = 0; row < values.length; row += 1) {
    if (identity[row]! >= 0 || values[row]! < 0) continue;
    rows += 1;
    if (bearers[values[row]!] === 0) fresh += 1;
  }
  if (rows < rowsMin) return unknownUnlessSeen;
  const strangers = Math.min(strangersMax, Math.max(strangersMin, (fresh / rows - slipRate) / newRate));
  return strangers / (1 - strangers);
}

/** One person in four unknown, where the data cannot tell. */
const unknownUnlessSeen = 1 / 3;
const personsMin = 500;
const rowsMin = 500;
const newRateMin = 0.02;
const slipRate = 0.02;
const strangersMin = 0.03;
const strangersMax = 0.9;
