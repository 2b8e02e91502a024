/** Numbers that depend on the seed and on nothing else: the same parts give the same numbers on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** A whole number in [low, high]. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  weighted<T>(list: readonly (readonly [T, number])[]): T;
}

/** A stream of numbers named by `parts`, e.g. `random(seed, 'household', 12)`; two names are independent. */
export function random(...parts: (string | number)[]): Random {
  const next = sfc32(parts.join('\u0000'));
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)]!,
    weighted(list) {
      let point = next() * list.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of list) if ((point -= weight) < 0) return value;
      return list.at(-1)![0];
    },
  };
}

/** Chris Doty-Humphrey's small fast counter, seeded by a string hash (xmur3, public domain). */
function sfc32(name: string): () => number {
  let hash = 1779033703 ^ name.length;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 3432918353);
    hash = (hash << 13) | (hash >>> 19);
  }
  const seed = () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
    hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
    return (hash ^= hash >>> 16) >>> 0;
  };
  let [a, b, c, d] = [seed(), seed(), seed(), seed()];
  return () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
}
