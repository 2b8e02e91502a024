/** A priority queue by time; of equal times the first added comes first. */
export class Queue<T> {
  readonly #heap: { ms: number; order: number; value: T }[] = [];
  #added = 0;

  add(ms: number, value: T): void {
    const heap = this.#heap;
    const entry = { ms, order: this.#added++, value };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Takes the earliest if it is before `ms`. */
  takeBefore(ms: number): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (!first || first.ms >= ms) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return first.value;
  }

  #sink(entry: { ms: number; order: number; value: T }): void {
    const heap = this.#heap;
    let at = 0;
    for (let child = 1; child < heap.length; child = at * 2 + 1) {
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}

function before(a: { ms: number; order: number }, b: { ms: number; order: number }): boolean {
  return a.ms < b.ms || (a.ms === b.ms && a.order < b.order);
}
