const bands = 4;
const rowsPerBand = 3;
const hashes = bands * rowsPerBand;
const charactersMax = 400;
/** A text this short is a formula, not a copy. */
const charactersMin = 12;

/** Keys under which copied texts meet (MinHash of character 3-grams, Broder 1997): texts alike by 0.7 share one with p = 0.82. */
export function minHashBands(text: string): string[] {
  const letters = text.replace(/[^\p{L}\p{N}]+/gu, '').slice(0, charactersMax);
  if (letters.length < charactersMin) return [];
  const least = new Uint32Array(hashes).fill(0xffffffff);
  for (let at = 0; at + 3 <= letters.length; at += 1) {
    const gram = mixed(letters.charCodeAt(at) * 0x9e3779b1 + letters.charCodeAt(at + 1) * 0x85ebca6b + letters.charCodeAt(at + 2) * 0xc2b2ae35);
    for (let hash = 0; hash < hashes; hash += 1) {
      const value = mixed(gram ^ Math.imul(hash + 1, 0x27d4eb2f));
      if (value < least[hash]!) least[hash] = value;
    }
  }
  return Array.from({ length: bands }, (_, band) => `${band}:${least.subarray(band * rowsPerBand, (band + 1) * rowsPerBand).join('.')}`);
}

/** The finaliser of MurmurHash3. */
function mixed(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
