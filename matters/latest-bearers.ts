/**
 * Key → the records that bear it, the latest first. Keys are told apart by 64 bits of hash, because a million records bear
 * more keys than a Map may hold; two keys of one hash bring a few candidates too many, and lose none.
 */
export class LatestBearers {
  #keys = 0;
  #slots = new Int32Array(1 << 12).fill(-1);
  /** Of key k: both halves of its hash, and its latest entry. */
  #high = new Int32Array(1 << 11);
  #low = new Int32Array(1 << 11);
  #latest = new Int32Array(1 << 11);
  #entries = 0;
  /** Of entry e: who bears the key, and the entry before it of the same key, −1 for none. */
  #bearer = new Int32Array(1 << 12);
  #before = new Int32Array(1 << 12);

  /** Visits the last `most` that bore the key before `bearer`, which bears it from now on. */
  visit(key: string, bearer: number, most: number, each: (other: number) => void): void {
    const number = this.#numberOf(key);
    let entry = this.#latest[number]!;
    this.#add(number, bearer, entry);
    for (let count = 0; entry >= 0 && count < most; count += 1) {
      each(this.#bearer[entry]!);
      entry = this.#before[entry]!;
    }
  }

  #add(number: number, bearer: number, before: number): void {
    if (this.#entries === this.#bearer.length) [this.#bearer, this.#before] = [doubled(this.#bearer), doubled(this.#before)];
    this.#bearer[this.#entries] = bearer;
    this.#before[this.#entries] = before;
    this.#latest[number] = this.#entries++;
  }

  #numberOf(key: string): number {
    const [high, low] = [hashOf(key, 0x85ebca6b), hashOf(key, 0x01000193)];
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    for (; this.#slots[slot]! >= 0; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]!;
      if (this.#low[number] === low && this.#high[number] === high) return number;
    }
    this.#slots[slot] = this.#keys;
    return this.#newKey(high, low);
  }

  #newKey(high: number, low: number): number {
    const number = this.#keys++;
    this.#high[number] = high;
    this.#low[number] = low;
    this.#latest[number] = -1;
    if (this.#keys === this.#latest.length) this.#grow();
    return number;
  }

  #grow(): void {
    [this.#high, this.#low, this.#latest] = [doubled(this.#high), doubled(this.#low), doubled(this.#latest)];
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let number = 0; number < this.#keys; number += 1) {
      let slot = this.#low[number]! & (slots.length - 1);
      while (slots[slot]! >= 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = number;
    }
    this.#slots = slots;
  }
}

/** FNV-1a over the characters with this factor, finished as MurmurHash3 does. */
function hashOf(key: string, factor: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), factor);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
