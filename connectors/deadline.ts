import { setTimeout as pause } from 'node:timers/promises';
import { YiwangError } from '../base/errors.ts';
import type { SourcePage } from './source.ts';

/**
 * The pages of a source, each within `pageDeadlineMs` and all before `endsAtMs` (of `performance.now()`), whatever the
 * source does: past either the run ends with `SOURCE_UNAVAILABLE`, and what it committed stays.
 */
export async function* pagesInTime(pages: AsyncGenerator<SourcePage>, pageDeadlineMs: number, endsAtMs: number): AsyncGenerator<SourcePage> {
  let late = false;
  try {
    for (;;) {
      const waitMs = Math.min(pageDeadlineMs, endsAtMs - performance.now());
      const next = waitMs <= 0 ? undefined : await inTime(pages.next(), waitMs);
      if (next === undefined) {
        late = true;
        throw new YiwangError('SOURCE_UNAVAILABLE', { hint: waitMs < pageDeadlineMs ? 'the run was not through within its deadline; it goes on later' : 'the source gave no page within the deadline' });
      }
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // A source that hangs would let `return` hang as well: it ends with its connection.
    const ending = pages.return(undefined).catch(() => undefined);
    if (!late) await ending;
  }
}

/** The value, or undefined where it is not there in time. */
async function inTime<T>(value: Promise<T>, waitMs: number): Promise<T | undefined> {
  const there = new AbortController();
  value.catch(() => undefined); // it may reject after its deadline, when nobody waits any more
  try {
    return await Promise.race([value, pause(waitMs, undefined, { signal: there.signal }).catch(() => undefined)]);
  } finally {
    there.abort();
  }
}
