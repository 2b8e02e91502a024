import type { Described } from './describe.ts';
import { candidateKeys } from './keys.ts';

/** Pairs worth scoring, `left[k] < right[k]`, each once. */
export interface Pairs {
  left: Int32Array;
  right: Int32Array;
}

/**
 * Candidates by explicit reference and by shared keys. `records` are in the order of time; of a key that many share, each
 * record meets those just before it.
 */
export function candidatePairs(described: Described): Pairs {
  const indexOf = new Map(described.records.map((record, index) => [record.rid, index]));
  const blocks = new Blocks();
  const pairs = new PairList(described.records.length);
  described.records.forEach((record, i) => {
    const parent = record.parentRid === null ? undefined : indexOf.get(record.parentRid);
    if (parent !== undefined && parent !== i) pairs.add(Math.min(parent, i), Math.max(parent, i));
    if (record.rule === 'CLUSTER') for (const { key, neighboursMax } of candidateKeys(described, i)) for (const j of blocks.latest(key, i, neighboursMax)) pairs.add(j, i);
    pairs.endOfRow();
  });
  return pairs.done();
}

/** Key → records that bear it, in the order they came. */
class Blocks {
  readonly #members = new Map<string, number[]>();

  /** The last `most` that bore the key before `index`, which now bears it too. */
  latest(key: string, index: number, most: number): readonly number[] {
    const members = this.#members.get(key);
    if (!members) {
      this.#members.set(key, [index]);
      return [];
    }
    const found = members.slice(-most);
    members.push(index);
    return found;
  }
}

class PairList {
  #left = new Int32Array(1 << 12);
  #right = new Int32Array(1 << 12);
  #count = 0;
  #row = new Set<number>();
  readonly #records: number;

  constructor(records: number) {
    this.#records = records;
  }

  add(a: number, b: number): void {
    const code = a * this.#records + b;
    if (this.#row.has(code)) return;
    this.#row.add(code);
    if (this.#count === this.#left.length) {
      this.#left = grown(this.#left);
      this.#right = grown(this.#right);
    }
    this.#left[this.#count] = a;
    this.#right[this.#count] = b;
    this.#count += 1;
  }

  endOfRow(): void {
    this.#row.clear();
  }

  done(): Pairs {
    return { left: this.#left.slice(0, this.#count), right: this.#right.slice(0, this.#count) };
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
