/** Numbers pairs of numbers in the order they are first seen: an open table in typed arrays, for a Map of a million takes a second. */
export class PairNumbers {
  size = 0;
  readonly #mask: number;
  /** Per slot the number and one, 0 for none, and the pair; what belongs together lies together. */
  readonly #slots: Int32Array;

  constructor(pairsMax: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, pairsMax * 2)));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots * slotWords);
  }

  of(left: number, right: number): number {
    const slots = this.#slots;
    let slot = mixed(left, right) & this.#mask;
    for (;;) {
      const at = slot * slotWords;
      const number = slots[at]!;
      if (number === 0) break;
      if (slots[at + 1] === left && slots[at + 2] === right) return number - 1;
      slot = (slot + 1) & this.#mask;
    }
    this.size += 1;
    slots[slot * slotWords] = this.size;
    slots[slot * slotWords + 1] = left;
    slots[slot * slotWords + 2] = right;
    return this.size - 1;
  }
}

/** A fourth word, so that no slot lies across two lines of the cache. */
const slotWords = 4;

/** The finaliser of MurmurHash3 over both numbers. */
function mixed(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
