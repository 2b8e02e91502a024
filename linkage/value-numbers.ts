/**
 * Numbers texts by their bytes in the order they are first seen. A Map of strings would make and hash a string for every cell;
 * here a text becomes a string once, however often it occurs.
 */
export class ValueNumbers {
  #count = 0;
  #slots = new Int32Array(1024).fill(-1);
  #hashes = new Int32Array(512);
  /** Value n is `#bytes` from `#ends[n]` up to `#ends[n + 1]`. */
  #ends = new Float64Array(513);
  #bytes: Buffer = Buffer.allocUnsafe(1 << 14);

  get size(): number {
    return this.#count;
  }

  of(bytes: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    hash ^= hash >>> 13;
    let slot = hash & (this.#slots.length - 1);
    for (; this.#slots[slot]! >= 0; slot = (slot + 1) & (this.#slots.length - 1)) {
      const number = this.#slots[slot]!;
      if (this.#hashes[number] === hash && this.#equals(number, bytes, start, end)) return number;
    }
    this.#slots[slot] = this.#count;
    return this.#added(hash, bytes, start, end);
  }

  /** The values of the numbers from `from` up to `to`. */
  texts(from: number, to: number): string[] {
    const texts = new Array<string>(to - from);
    for (let number = from; number < to; number += 1) texts[number - from] = this.#bytes.toString('utf8', this.#ends[number], this.#ends[number + 1]);
    return texts;
  }

  #equals(number: number, bytes: Buffer, start: number, end: number): boolean {
    const from = this.#ends[number]!;
    if (this.#ends[number + 1]! - from !== end - start) return false;
    const own = this.#bytes;
    for (let at = start; at < end; at += 1) if (own[from + at - start] !== bytes[at]) return false;
    return true;
  }

  #added(hash: number, bytes: Buffer, start: number, end: number): number {
    const number = this.#count;
    const from = this.#ends[number]!;
    if (from + end - start > this.#bytes.length) this.#bytes = grownBytes(this.#bytes, from + end - start);
    bytes.copy(this.#bytes, from, start, end);
    this.#hashes[number] = hash;
    this.#ends[number + 1] = from + end - start;
    this.#count += 1;
    if (this.#count === this.#hashes.length) this.#grow();
    return number;
  }

  #grow(): void {
    const hashes = new Int32Array(this.#count * 2);
    hashes.set(this.#hashes);
    const ends = new Float64Array(this.#count * 2 + 1);
    ends.set(this.#ends);
    const slots = new Int32Array(this.#count * 4).fill(-1);
    for (let number = 0; number < this.#count; number += 1) {
      let slot = hashes[number]! & (slots.length - 1);
      while (slots[slot]! >= 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = number;
    }
    [this.#hashes, this.#ends, this.#slots] = [hashes, ends, slots];
  }
}

function grownBytes(bytes: Buffer, least: number): Buffer {
  const grown = Buffer.allocUnsafe(Math.max(least, bytes.length * 2));
  bytes.copy(grown);
  return grown;
}
