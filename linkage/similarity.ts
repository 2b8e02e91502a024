import type { Measure } from './model.ts';

/** Whether two values are near by a measure of a model. */
export function measure(name: Measure, limit: number): (a: string, b: string) => boolean {
  switch (name) {
    case 'jaro_winkler':
      return (a, b) => jaroWinkler(a, b) >= limit;
    case 'edits':
      return (a, b) => edits(a, b, limit) <= limit;
    case 'omission':
      return (a, b) => omission(a, b) <= limit;
    case 'shared_words':
      return (a, b) => sharedWords(a, b) >= limit;
    case 'days':
      return (a, b) => daysApart(a, b) <= limit;
    case 'number':
      return (a, b) => Math.abs(Number(a) - Number(b)) <= limit;
    default:
      return (a, b) => a.length >= limit && b.length >= limit && a.slice(0, limit) === b.slice(0, limit);
  }
}

/** Jaro–Winkler similarity, 0 to 1, with the usual prefix scale 0.1 over at most four characters. */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1;
  const [n, m] = [Math.min(a.length, lengthMax), Math.min(b.length, lengthMax)];
  if (n === 0 || m === 0) return 0;
  const reach = Math.max(0, (Math.max(n, m) >> 1) - 1);
  leftHit.fill(0, 0, n);
  rightHit.fill(0, 0, m);
  let matches = 0;
  for (let i = 0; i < n; i += 1) {
    const code = a.charCodeAt(i);
    const to = Math.min(m - 1, i + reach);
    for (let j = Math.max(0, i - reach); j <= to; j += 1) {
      if (rightHit[j] === 1 || b.charCodeAt(j) !== code) continue;
      leftHit[i] = 1;
      rightHit[j] = 1;
      matches += 1;
      break;
    }
  }
  if (matches === 0) return 0;
  const jaro = (matches / n + matches / m + (matches - transpositions(a, b, n) / 2) / matches) / 3;
  let prefix = 0;
  while (prefix < 4 && prefix < n && prefix < m && a.charCodeAt(prefix) === b.charCodeAt(prefix)) prefix += 1;
  return jaro + prefix * 0.1 * (1 - jaro);
}

/** Damerau–Levenshtein distance (adjacent letters swapped count one), or `limit + 1` as soon as it must exceed `limit`. */
export function edits(a: string, b: string, limit: number): number {
  const [n, m] = [Math.min(a.length, lengthMax), Math.min(b.length, lengthMax)];
  if (Math.abs(n - m) > limit) return limit + 1;
  if (limit === 1) return a === b ? 0 : isOneEdit(a, b, n, m) ? 1 : 2;
  let [before, previous, current] = editRows;
  for (let j = 0; j <= m; j += 1) previous[j] = j;
  let leastBefore = 0;
  for (let i = 1; i <= n; i += 1) {
    const code = a.charCodeAt(i - 1);
    current[0] = i;
    let least = i;
    for (let j = 1; j <= m; j += 1) {
      const other = b.charCodeAt(j - 1);
      let cost = (previous[j - 1] as number) + (code === other ? 0 : 1);
      cost = Math.min(cost, (previous[j] as number) + 1, (current[j - 1] as number) + 1);
      const swapped = i > 1 && j > 1 && code === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === other;
      if (swapped) cost = Math.min(cost, (before[j - 2] as number) + 1);
      current[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap looks two rows back, so both must be beyond the limit before nothing can come back under it.
    if (least > limit && leastBefore > limit) return limit + 1;
    leastBefore = least;
    [before, previous, current] = [previous, current, before];
  }
  return Math.min(previous[m] as number, limit + 1);
}

/** One slip is found without a table of distances: up to the first difference, then from the end. */
function isOneEdit(a: string, b: string, n: number, m: number): boolean {
  let at = 0;
  while (at < n && at < m && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (n === m) {
    const swapped = at + 1 < n && a.charCodeAt(at) === b.charCodeAt(at + 1) && a.charCodeAt(at + 1) === b.charCodeAt(at) && sameTail(a, at + 2, b, at + 2, n, m);
    return swapped || sameTail(a, at + 1, b, at + 1, n, m);
  }
  return n > m ? sameTail(a, at + 1, b, at, n, m) : sameTail(a, at, b, at + 1, n, m);
}

function sameTail(a: string, i: number, b: string, j: number, n: number, m: number): boolean {
  for (; i < n && j < m; i += 1, j += 1) if (a.charCodeAt(i) !== b.charCodeAt(j)) return false;
  return i >= n && j >= m;
}

/** How many characters the longer text has more, where the shorter is the longer with some left out; else infinite. */
export function omission(a: string, b: string): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  let at = 0;
  for (let index = 0; index < long.length && at < short.length; index += 1) if (long[index] === short[at]) at += 1;
  return at === short.length ? long.length - short.length : Infinity;
}

/** The share of the shorter text's words that the other has too. */
export function sharedWords(a: string, b: string): number {
  const left = new Set(a.split(' '));
  const right = new Set(b.split(' '));
  let shared = 0;
  for (const word of left) if (right.has(word)) shared += 1;
  return shared / Math.min(left.size, right.size);
}

/** Days between two dates `YYYY-MM-DD`; infinite where one is partial. */
export function daysApart(a: string, b: string): number {
  if (a.length !== 10 || b.length !== 10) return Infinity;
  return Math.abs(Date.parse(a) - Date.parse(b)) / 86_400_000;
}

function transpositions(a: string, b: string, n: number): number {
  let count = 0;
  let j = 0;
  for (let i = 0; i < n; i += 1) {
    if (leftHit[i] !== 1) continue;
    while (rightHit[j] !== 1) j += 1;
    if (a.charCodeAt(i) !== b.charCodeAt(j)) count += 1;
    j += 1;
  }
  return count;
}

/** Longer texts are compared by their beginnings. */
const lengthMax = 128;
const leftHit = new Uint8Array(lengthMax);
const rightHit = new Uint8Array(lengthMax);
const editRows: [Uint16Array, Uint16Array, Uint16Array] = [new Uint16Array(lengthMax + 1), new Uint16Array(lengthMax + 1), new Uint16Array(lengthMax + 1)];
