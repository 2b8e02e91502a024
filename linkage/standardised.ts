import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { crossed, crossing } from '../base/thread-error.ts';
import { fieldColumns } from './fields.ts';
import type { FieldKind } from './model.ts';
import { joinedColumns, type Column } from './table.ts';

export interface RawField {
  name: string;
  kind: FieldKind;
  raw: Column;
}

export interface FieldValues {
  kind: FieldKind;
  values: string[];
}

/** The columns of every field: distinct values are standardised once. Of a large table a second thread takes half. */
export async function standardised(fields: readonly RawField[]): Promise<Map<string, Column>> {
  const total = fields.reduce((sum, { raw }) => sum + raw.values.length, 0);
  const share = total >= threadValuesMin && availableParallelism() > 1 ? 0.5 : 1;
  const split = fields.map(({ name, kind, raw }) => ({ name, kind, raw, at: Math.ceil(raw.values.length * share) }));
  const elsewhere = share < 1 ? inThread(split.map(({ kind, raw, at }) => ({ kind, values: raw.values.slice(at) }))) : null;
  const here = split.map(({ kind, raw, at }) => ofValues(kind, raw.values.slice(0, at)));
  const there = await elsewhere;
  const columns = new Map<string, Column>();
  for (const [index, { name, raw }] of split.entries()) {
    for (const [end, first] of here[index] as Map<string, Column>) {
      const rest = there?.[index]?.get(end);
      columns.set(name + end, spread(rest === undefined ? first : joinedColumns([first, rest]), raw.codes));
    }
  }
  return columns;
}

/** The columns of distinct values: row r is value r. */
export function ofValues(kind: FieldKind, values: string[]): Map<string, Column> {
  return fieldColumns(kind, { values, codes: Int32Array.from(values.keys()), offsets: null });
}

/** A failure in the thread is this promise's. */
function inThread(fields: readonly FieldValues[]): Promise<Map<string, Column>[]> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./standardise-thread.ts', import.meta.url), { workerData: fields });
    thread.once('message', resolve);
    thread.once('error', (error) => reject(crossed(crossing(error))));
    thread.once('exit', (code) => reject(crossed(crossing(`the thread ended early with ${code}`))));
  });
}

/** From one row per distinct value to one per row of the table; −1 is a row without a value. */
function spread(column: Column, codes: Int32Array): Column {
  const { values, offsets } = column;
  if (offsets === null) return { values, codes: codes.map((code) => (code < 0 ? -1 : (column.codes[code] as number))), offsets };
  const starts = new Int32Array(codes.length + 1);
  for (let row = 0; row < codes.length; row += 1) {
    const code = codes[row] as number;
    starts[row + 1] = (starts[row] as number) + (code < 0 ? 0 : (offsets[code + 1] as number) - (offsets[code] as number));
  }
  const lists = new Int32Array(starts[codes.length] as number);
  for (let row = 0; row < codes.length; row += 1) {
    const code = codes[row] as number;
    if (code < 0) continue;
    for (let from = offsets[code]!, to = starts[row]!; to < starts[row + 1]!; from += 1, to += 1) lists[to] = column.codes[from]!;
  }
  return { values, codes: lists, offsets: starts };
}

/** Below this a thread takes longer to start than it saves. */
const threadValuesMin = 60_000;
