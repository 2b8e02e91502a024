/** A map that keeps the `entriesMax` entries used last. */
export interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): T;
}

export function recent<T>(entriesMax: number): Recent<T> {
  const entries = new Map<string, T>();
  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key); // a Map lists its keys in the order of insertion: the oldest is the first
      entries.set(key, value);
      return value;
    },
    set(key, value) {
      entries.set(key, value);
      const [oldest] = entries.keys();
      if (entries.size > entriesMax && oldest !== undefined) entries.delete(oldest);
      return value;
    },
  };
}
