import { sourceTime } from './repairs/times.ts';
import { valueAt } from './rules.ts';
import type { SourceDeclaration, Stream } from './contract.ts';
import type { Offered } from './judge.ts';
import type { OpenSource, SourcePage } from './source.ts';

/** A part of a stream's past, by its watermark (of files, by the `asOf` of deliveries). RFC 3339; `until` is not in it. */
export interface Period {
  since?: string;
  until?: string;
}

/**
 * The pages of a source that lie in a period, for a back-fill. The stored watermark stays where it is, in both directions,
 * and nothing is deleted by absence: a part of the past says nothing of what is gone.
 */
export async function* periodPages(source: OpenSource, kind: SourceDeclaration['kind'], stream: Stream, watermark: unknown, period: Period): AsyncGenerator<SourcePage> {
  const since = period.since === undefined ? -Infinity : Date.parse(period.since);
  const until = period.until === undefined ? Infinity : Date.parse(period.until);
  const start = period.since !== undefined && kind !== 'files' ? { watermark: startMark(kind, since), full: false } : { watermark, full: true };
  for await (const page of source.pages(stream, start)) {
    const times = page.offered.map((offered) => timeOf(offered, kind, stream));
    yield { offered: page.offered.filter((_, index) => times[index] !== undefined && times[index] >= since && times[index] < until), watermark: undefined };
    // Rows come in the order of the watermark; those of an overlap or without one come first.
    if (inOrder.has(kind) && times.length > 0 && times.every((time) => time !== undefined && time >= until)) return;
  }
}

const inOrder: ReadonlySet<string> = new Set(['sql', 'rest', 'soap']);

/** The watermark from which a source of this kind reads everything since an instant; sources without a zone write Shanghai's time. */
function startMark(kind: SourceDeclaration['kind'], sinceMs: number): unknown {
  const instant = new Date(sinceMs).toISOString();
  return kind === 'sql' ? { time: new Date(sinceMs + shanghaiOffsetMs).toISOString().slice(0, 19).replace('T', ' ') } : { since: instant };
}

const shanghaiOffsetMs = 8 * 3_600_000;

function timeOf(offered: Offered, kind: SourceDeclaration['kind'], stream: Stream): number | undefined {
  if (kind === 'files') return offered.delivery === undefined ? undefined : Date.parse(offered.delivery.asOf);
  const time = offered.row === null ? undefined : sourceTime(valueAt(offered.row, stream.watermark));
  return time ? Date.parse(time.instant) : undefined;
}
