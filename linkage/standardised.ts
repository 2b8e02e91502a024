import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { crossed, crossing } from '../base/thread-error.ts';
import { fieldColumns } from './fields.ts';
import type { FieldKind } from './model.ts';
import type { Column } from './table.ts';

export interface WantedField {
  name: string;
  kind: FieldKind;
  /** The ends of the names of the columns that somebody reads. */
  ends: readonly string[];
}

/** Further distinct values of a field. */
export interface Batch {
  field: number;
  values: string[];
}

/**
 * Standardises the distinct values of every field once, while they are still being read: of a large table a second thread
 * takes two batches in three as they come, and this one the rest when the reading is over.
 */
export class Standardiser {
  readonly #fields: readonly WantedField[];
  readonly #threadFrom: number;
  readonly #waiting: Batch[] = [];
  /** Per field, who has each batch and how many values it is of. */
  readonly #shares: { there: boolean; count: number }[][];
  #thread: StandardiseThread | null = null;
  #values = 0;

  /** From so many values on, a second thread helps. */
  constructor(fields: readonly WantedField[], threadFrom = availableParallelism() > 1 ? threadValuesMin : Infinity) {
    this.#fields = fields;
    this.#threadFrom = threadFrom;
    this.#shares = fields.map(() => []);
  }

  /** Values of one field, numbered on from those before. */
  add(batch: Batch): void {
    this.#values += batch.values.length;
    const shares = this.#shares[batch.field]!;
    const there = this.#values >= this.#threadFrom && shares.length % 3 !== 2;
    shares.push({ there, count: batch.values.length });
    if (there) (this.#thread ??= new StandardiseThread(this.#fields)).add(batch);
    else this.#waiting.push(batch);
  }

  /** The columns of every field. `codes[f]` is per row the number of its value of field f, −1 for none. */
  async columns(codes: readonly Int32Array[]): Promise<Map<string, Column>> {
    const elsewhere = this.#thread?.columns();
    const here = this.#fields.map(({ kind, ends }) => fieldColumns(kind, ends));
    for (const { field, values } of this.#waiting) for (const value of values) here[field]!.add(value);
    const there = await elsewhere;
    const columns = new Map<string, Column>();
    for (const [field, { name }] of this.#fields.entries()) {
      if (there !== undefined) here[field]!.append(there[field]!);
      const rows = there === undefined ? codes[field]! : moved(codes[field]!, places(this.#shares[field]!));
      for (const [end, column] of here[field]!.columns()) columns.set(name + end, spread(column, rows));
    }
    return columns;
  }

  /** Ends the thread, wherever it is. */
  close(): void {
    this.#thread?.end();
  }
}

/** Where each value stands once the thread's values follow those of this side. */
function places(shares: readonly { there: boolean; count: number }[]): Int32Array {
  const total = (of: boolean) => shares.reduce((sum, { there, count }) => (there === of ? sum + count : sum), 0);
  const place = new Int32Array(total(false) + total(true));
  let [value, here, there] = [0, 0, total(false)];
  for (const share of shares) for (let k = 0; k < share.count; k += 1) place[value++] = share.there ? there++ : here++;
  return place;
}

function moved(codes: Int32Array, place: Int32Array): Int32Array {
  return codes.map((code) => (code < 0 ? -1 : place[code]!));
}

/** A failure in the thread is that of `columns`. */
class StandardiseThread {
  readonly #worker: Worker;
  readonly #answer: Promise<Map<string, Column>[]>;

  constructor(fields: readonly WantedField[]) {
    this.#worker = new Worker(new URL('./standardise-thread.ts', import.meta.url), { workerData: fields });
    this.#answer = new Promise((resolve, reject) => {
      this.#worker.once('message', resolve);
      this.#worker.once('error', (error) => reject(crossed(crossing(error))));
      this.#worker.once('exit', (code) => reject(crossed(crossing(`the thread ended early with ${code}`))));
    });
    this.#answer.catch(() => undefined); // nobody asks for it where the reading failed
  }

  add(batch: Batch): void {
    this.#worker.postMessage(batch);
  }

  columns(): Promise<Map<string, Column>[]> {
    this.#worker.postMessage(null);
    return this.#answer;
  }

  end(): void {
    void this.#worker.terminate();
  }
}

/** From one row per distinct value to one per row of the table; −1 is a row without a value. */
function spread(column: Column, codes: Int32Array): Column {
  const { values, offsets } = column;
  if (offsets === null) return { values, codes: codes.map((code) => (code < 0 ? -1 : column.codes[code]!)), offsets };
  const starts = new Int32Array(codes.length + 1);
  for (let row = 0; row < codes.length; row += 1) {
    const code = codes[row]!;
    starts[row + 1] = starts[row]! + (code < 0 ? 0 : offsets[code + 1]! - offsets[code]!);
  }
  const lists = new Int32Array(starts[codes.length]!);
  for (let row = 0; row < codes.length; row += 1) {
    const code = codes[row]!;
    if (code < 0) continue;
    for (let from = offsets[code]!, to = starts[row]!; to < starts[row + 1]!; from += 1, to += 1) lists[to] = column.codes[from]!;
  }
  return { values, codes: lists, offsets: starts };
}

/** Below this a thread takes longer to start than it saves. */
const threadValuesMin = 60_000;
