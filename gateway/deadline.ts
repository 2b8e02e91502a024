/** The time by which an operation must be done. One timer for all the calls that it makes. */
export interface Deadline {
  readonly passed: boolean;
  /** Runs `stop` when the time has come, at once if it has; gives what takes it back. */
  onPassed(stop: () => void): () => void;
  /** No time is kept any more. */
  end(): void;
}

export function openDeadline(ms: number): Deadline {
  const stops = new Set<() => void>();
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    for (const stop of stops) stop();
    stops.clear();
  }, ms);
  timer.unref();
  return {
    get passed() {
      return passed;
    },
    onPassed(stop) {
      if (passed) stop();
      else stops.add(stop);
      return () => void stops.delete(stop);
    },
    end() {
      clearTimeout(timer);
      stops.clear();
    },
  };
}
