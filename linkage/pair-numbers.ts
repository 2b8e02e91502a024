/** Numbers pairs of numbers in the order they are first seen: an open table in typed arrays, for a Map of a million takes a second. */
export class PairNumbers {
  size = 0;
  readonly #mask: number;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #number: Int32Array;

  constructor(pairsMax: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, pairsMax * 2)));
    this.#mask = slots - 1;
    this.#left = new Int32Array(slots);
    this.#right = new Int32Array(slots);
    this.#number = new Int32Array(slots).fill(-1);
  }

  of(left: number, right: number): number {
    let slot = mixed(left, right) & this.#mask;
    while (this.#number[slot]! >= 0) {
      if (this.#left[slot] === left && this.#right[slot] === right) return this.#number[slot]!;
      slot = (slot + 1) & this.#mask;
    }
    this.#left[slot] = left;
    this.#right[slot] = right;
    this.#number[slot] = this.size;
    return this.size++;
  }
}

/** The finaliser of MurmurHash3 over both numbers. */
function mixed(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
