/** A map that keeps the entries used last: at most `entriesMax` of them, and together no heavier than `weightMax`. */
export interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): T;
  readonly size: number;
}

/** What an entry weighs, in a unit of the caller's choice; one heavier than all may be together is not kept. */
export interface Weights<T> {
  weightMax: number;
  weightOf(value: T, key: string): number;
}

export function recent<T>(entriesMax: number, weights?: Weights<T>): Recent<T> {
  const entries = new Map<string, { value: T; weight: number }>();
  let total = 0;
  const forget = (key: string) => {
    total -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key); // a Map lists its keys in the order of insertion: the oldest is the first
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value) {
      const weight = weights?.weightOf(value, key) ?? 0;
      forget(key);
      if (weights && weight > weights.weightMax) return value;
      entries.set(key, { value, weight });
      total += weight;
      for (const oldest of entries.keys()) {
        if (entries.size <= entriesMax && (!weights || total <= weights.weightMax)) break;
        forget(oldest);
      }
      return value;
    },
    get size() {
      return entries.size;
    },
  };
}
