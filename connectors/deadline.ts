import { YiwangError } from '../base/errors.ts';
import { withinMs } from '../base/within.ts';
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
      const missed = () => {
        late = true;
        return new YiwangError('SOURCE_UNAVAILABLE', { hint: waitMs < pageDeadlineMs ? 'the run was not through within its deadline; it goes on later' : 'the source gave no page within the deadline' });
      };
      if (waitMs <= 0) throw missed();
      const next = await withinMs(waitMs, pages.next(), missed);
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
