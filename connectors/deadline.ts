import { setTimeout as pause } from 'node:timers/promises';
import { YiwangError } from '../base/errors.ts';
import type { Connector } from './contract.ts';
import type { Limits } from './limits.ts';
import type { SourcePage } from './source.ts';

/**
 * The pages of a source, each within `pageDeadlineMs` and all before `endsAtMs` (of `performance.now()`), whatever the
 * source does: past either the run ends with `SOURCE_UNAVAILABLE`, and what it committed stays.
 */
export async function* pagesInTime(pages: AsyncGenerator<SourcePage>, { source }: Connector, limits: Limits, endsAtMs: number): AsyncGenerator<SourcePage> {
  const pageDeadlineMs = source.kind === 'files' ? limits.deliveryDeadlineMs : limits.pageDeadlineMs + reasonMs;
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

/** A source kind that keeps its own deadline is given the time to say why it missed it. */
const reasonMs = 5_000;

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
