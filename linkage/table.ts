import { PairNumbers } from './pair-numbers.ts';

/** A column of many rows: each distinct value once, and per row its number, −1 where it is missing. */
export interface Column {
  values: readonly string[];
  /** One per row; with `offsets`, the values of row r are `codes[offsets[r]]` up to `codes[offsets[r + 1]]`. */
  codes: Int32Array;
  offsets: Int32Array | null;
}

export interface Table {
  rows: number;
  columns: Map<string, Column>;
  /** The number of each row's input. */
  inputs: Uint8Array;
}

/** A column of one value per row. */
export function column(rows: number, value: (row: number) => string | null): Column {
  const numbers = new Map<string, number>();
  const values: string[] = [];
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) codes[row] = numberOf(value(row), numbers, values);
  return { values, codes, offsets: null };
}

/** A column of several values per row. */
export function listColumn(rows: number, list: (row: number) => readonly string[]): Column {
  const numbers = new Map<string, number>();
  const values: string[] = [];
  const codes: number[] = [];
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row += 1) {
    for (const value of list(row)) codes.push(numberOf(value, numbers, values));
    offsets[row + 1] = codes.length;
  }
  return { values, codes: Int32Array.from(codes), offsets };
}

/** A column whose every value is worked out once from a value of another. */
export function mappedColumn(source: Column, map: (value: string, index: number) => string | null): Column {
  const numbers = new Map<string, number>();
  const values: string[] = [];
  const mapped = new Int32Array(source.values.length);
  for (let index = 0; index < mapped.length; index += 1) mapped[index] = numberOf(map(source.values[index] as string, index), numbers, values);
  const codes = new Int32Array(source.codes.length);
  for (let at = 0; at < codes.length; at += 1) codes[at] = source.codes[at]! < 0 ? -1 : mapped[source.codes[at]!]!;
  return { values, codes, offsets: source.offsets };
}

/** A list column whose every list is worked out once from a value of another column of one value per row. */
export function mappedListColumn(source: Column, map: (value: string, index: number) => readonly string[]): Column {
  const numbers = new Map<string, number>();
  const values: string[] = [];
  const lists = source.values.map((value, index) => map(value, index).map((one) => numberOf(one, numbers, values)));
  const rows = source.codes.length;
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row += 1) offsets[row + 1] = (offsets[row] as number) + (lists[source.codes[row] as number]?.length ?? 0);
  const codes = new Int32Array(offsets[rows] as number);
  for (let row = 0; row < rows; row += 1) codes.set(lists[source.codes[row] as number] ?? [], offsets[row]);
  return { values, codes, offsets };
}

/** What one column of several takes from a value that was parsed: one value, or a list. */
export type Take<Parts> = { one: (parts: Parts) => string | null } | { list: (parts: Parts) => readonly string[] };

interface Growing<Parts> {
  name: string;
  take: Take<Parts>;
  numbers: Map<string, number>;
  values: string[];
  codes: number[];
  /** Of a list column: where each row's codes end. */
  ends: number[];
}

/** Columns worked out together: row r is the r-th value, which is parsed once and forgotten before the next. */
export class ParsedColumns<Parts> {
  readonly #parse: (value: string) => Parts | null;
  readonly #columns: Growing<Parts>[];

  constructor(parse: (value: string) => Parts | null, takes: Readonly<Record<string, Take<Parts>>>) {
    this.#parse = parse;
    this.#columns = Object.entries(takes).map(([name, take]) => ({ name, take, numbers: new Map(), values: [], codes: [], ends: [] }));
  }

  /** A value that cannot be parsed has nothing in any column. */
  add(value: string): void {
    const parts = this.#parse(value);
    for (const { take, numbers, values, codes, ends } of this.#columns) {
      if ('one' in take) codes.push(parts === null ? -1 : numberOf(take.one(parts), numbers, values));
      else {
        if (parts !== null) for (const one of take.list(parts)) codes.push(numberOf(one, numbers, values));
        ends.push(codes.length);
      }
    }
  }

  /** Rows that were worked out elsewhere follow those added here. */
  append(columns: ReadonlyMap<string, Column>): void {
    for (const { name, numbers, values, codes, ends } of this.#columns) {
      const other = columns.get(name)!;
      const number = renumbered(other.values, numbers, values);
      const before = codes.length;
      for (const code of other.codes) codes.push(code < 0 ? -1 : number[code]!);
      if (other.offsets !== null) for (let row = 1; row < other.offsets.length; row += 1) ends.push(before + other.offsets[row]!);
    }
  }

  columns(): Map<string, Column> {
    return new Map(this.#columns.map(({ name, take, values, codes, ends }) => [name, { values, codes: new Int32Array(codes), offsets: 'one' in take ? null : startsOf(ends) }]));
  }
}

function startsOf(ends: readonly number[]): Int32Array {
  const starts = new Int32Array(ends.length + 1);
  starts.set(ends, 1);
  return starts;
}

/** The first value that any of several columns of one value per row has. */
export function firstColumn(rows: number, sources: readonly Column[]): Column {
  const numbers = new Map<string, number>();
  const values: string[] = [];
  const merged = sources.map((source) => renumbered(source.values, numbers, values));
  const codes = new Int32Array(rows).fill(-1);
  for (let row = 0; row < rows; row += 1) {
    for (let k = 0; k < sources.length && (codes[row] as number) < 0; k += 1) {
      const code = sources[k]?.codes[row] as number;
      if (code >= 0) codes[row] = merged[k]?.[code] as number;
    }
  }
  return { values, codes, offsets: null };
}

/** The values of a row. */
export function valuesAt(source: Column, row: number): string[] {
  const from = source.offsets === null ? row : (source.offsets[row] as number);
  const to = source.offsets === null ? row + 1 : (source.offsets[row + 1] as number);
  const found: string[] = [];
  for (let index = from; index < to; index += 1) {
    const code = source.codes[index] as number;
    if (code >= 0) found.push(source.values[code] as string);
  }
  return found;
}

/** How many rows carry each value; with `by`, how many distinct values of that column stand beside it. */
export function valueCounts(source: Column, by: Column | null = null): Int32Array {
  const counts = new Int32Array(source.values.length);
  const seen = by === null ? null : new PairNumbers(source.codes.length);
  const rows = source.offsets === null ? source.codes.length : source.offsets.length - 1;
  for (let row = 0; row < rows; row += 1) {
    const from = source.offsets === null ? row : source.offsets[row]!;
    const to = source.offsets === null ? row + 1 : source.offsets[row + 1]!;
    for (let index = from; index < to; index += 1) {
      const code = source.codes[index]!;
      if (code >= 0 && (seen === null || isNew(seen, code, by!.codes[row]!))) counts[code]! += 1;
    }
  }
  return counts;
}

function isNew(seen: PairNumbers, code: number, other: number): boolean {
  if (other < 0) return false;
  const { size } = seen;
  return seen.of(code, other) === size;
}

function renumbered(own: readonly string[], numbers: Map<string, number>, values: string[]): Int32Array {
  const found = new Int32Array(own.length);
  for (let code = 0; code < own.length; code += 1) found[code] = numberOf(own[code]!, numbers, values);
  return found;
}

function numberOf(value: string | null, numbers: Map<string, number>, values: string[]): number {
  if (value === null || value === '') return -1;
  let number = numbers.get(value);
  if (number === undefined) {
    number = values.length;
    numbers.set(value, number);
    values.push(value);
  }
  return number;
}
