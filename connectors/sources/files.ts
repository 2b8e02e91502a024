import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { YiwangError, invariant } from '../../base/errors.ts';
import { log } from '../../base/log.ts';
import type { Stream } from '../contract.ts';
import type { Offered } from '../judge.ts';
import type { OpenSource, SourceContext, SourcePage } from '../source.ts';
import { contentFault } from './file-content.ts';
import { deliveries, deliveryFault, isAfter, settledAs, type FoundDelivery } from './deliveries.ts';
import { offeredRows } from './file-rows.ts';
import { settledIn, type SettledKeys } from './settled-keys.ts';

/** What a run remembers of a stream's deliveries. */
interface Watermark {
  /** Folder → identity of the delivery that was settled there. */
  done?: Record<string, string>;
  /** Of the newest snapshot applied: what is older changes nothing that it settled. */
  snapshotAsOf?: string;
}

/**
 * Deliveries that were dropped in a folder, in the order of `asOf`; in whatever order they arrive, the records end as they
 * would in that one. One without a manifest is still being written and told as waiting; one whose hashes do not match, or of which a file
 * cannot be read at all, is refused whole and stays where it is; one repeated byte for byte counts once.
 */
export async function openFilesSource(context: SourceContext): Promise<OpenSource> {
  const { source } = context.connector;
  invariant(source.kind === 'files', 'a files source is opened for a files declaration');
  const url = context.env[source.urlEnv];
  if (!url?.startsWith('file://')) throw new YiwangError('CONFIG', { hint: `${source.urlEnv} must be a file:// URL` });
  return { pages: (stream, from) => pages(context, stream, fileURLToPath(url), from), close: async () => undefined };
}

async function* pages(context: SourceContext, stream: Stream, root: string, from: { watermark: unknown; full: boolean }): AsyncGenerator<SourcePage> {
  const stored = (from.watermark ?? {}) as Watermark;
  const mark = { done: { ...stored.done }, snapshotAsOf: stored.snapshotAsOf ?? '' };
  const firstFolder = new Map<string, string>();
  for (const [folder, identity] of Object.entries(mark.done).sort()) if (!firstFolder.has(identity)) firstFolder.set(identity, folder);
  const { whole, waiting, folders } = await deliveries(root);
  yield { offered: [], watermark: undefined, deliveries: waiting, folders };
  const all = whole.filter((found) => found.files.some((file) => file.stream === stream.name));
  for (const found of all) {
    const isKnown = mark.done[found.folder] === found.identity;
    if (!from.full && isKnown) continue;
    const fault = (await deliveryFault(found, context.limits.fileBytesMax)) ?? (await contentFault(found, context.connector.streams));
    if (fault !== null) {
      log.warn({ department: context.connector.department, delivery: found.folder, reason: fault }, 'delivery refused');
      yield { offered: [], watermark: undefined, deliveries: [settledAs(found, 'REFUSED', fault)] };
      continue;
    }
    if (!firstFolder.has(found.identity)) firstFolder.set(found.identity, found.folder);
    const settled = isKnown ? nothingSettled : await settledLater(context, stream, found, all, mark);
    yield* deliveryPages(context, stream, found, mark, firstFolder.get(found.identity) !== found.folder, settled);
  }
}

const nothingSettled: SettledKeys = () => undefined;
const settledWhole: SettledKeys = () => 'STANDS';

/** What snapshots that were applied already and are of a later time say of the keys of a delivery that comes late. */
async function settledLater(context: SourceContext, stream: Stream, found: FoundDelivery, all: readonly FoundDelivery[], mark: Required<Watermark>): Promise<SettledKeys> {
  if (found.asOf > mark.snapshotAsOf) return nothingSettled;
  const later = all.filter((one) => one.kind === 'SNAPSHOT' && mark.done[one.folder] === one.identity && isAfter(one, found));
  // Its folder or a file of it was cleared away: what it held is not known any more, so it is taken to have settled everything.
  if (later.length === 0 && found.asOf < mark.snapshotAsOf) return settledWhole;
  const said: SettledKeys[] = [];
  for (const snapshot of later) said.push((await deliveryFault(snapshot, context.limits.fileBytesMax)) === null ? await settledIn(context, stream, snapshot) : settledWhole);
  return (keyHmac) => {
    const verdicts = said.map((settled) => settled(keyHmac));
    return verdicts.find((one) => one === 'STANDS') ?? verdicts.find((one) => one === 'GONE');
  };
}

/** A delivery's pages; the last one settles it. */
async function* deliveryPages({ connector, keys, limits }: SourceContext, stream: Stream, found: FoundDelivery, mark: Required<Watermark>, repeated: boolean, settled: SettledKeys): AsyncGenerator<SourcePage> {
  const keyHmacs = new Set<string>();
  let rows = 0;
  let allKeysRead = true;
  let page: Offered[] = [];
  for (const file of found.files.filter((one) => one.stream === stream.name)) {
    for await (const offered of offeredRows(stream, join(found.path, file.name), file.encoding)) {
      rows += 1;
      const key = offered.row === null ? null : stream.key.apply(offered.row, { spreadsheet: false, eventDate: null, repairs: [], quarantined: [] });
      const keyHmac = key === null ? null : keys.keyHmac(connector.department, stream.name, key);
      if (keyHmac === null) allKeysRead = false;
      else if (found.kind === 'SNAPSHOT') keyHmacs.add(keyHmac);
      const verdict = keyHmac === null ? undefined : settled(keyHmac);
      page.push({ ...offered, identity: `${found.identity}|${stream.name}|${rows}`, delivery: { asOf: found.asOf, folder: found.order }, ...(verdict ? { settled: verdict } : {}) });
      if (page.length < limits.pageRowsMax) continue;
      yield { offered: page, watermark: undefined };
      page = [];
    }
  }
  const counted = rows === found.files.filter((file) => file.stream === stream.name).reduce((sum, file) => sum + file.rows, 0);
  if (!counted) log.warn({ department: connector.department, delivery: found.folder, stream: stream.name, rows }, 'a delivery holds another number of rows than its manifest says');
  const whole = found.kind === 'SNAPSHOT' && counted && allKeysRead;
  mark.done = { ...mark.done, [found.folder]: found.identity };
  if (found.kind === 'SNAPSHOT' && found.asOf > mark.snapshotAsOf) mark.snapshotAsOf = found.asOf;
  yield { offered: page, watermark: { ...mark }, deliveries: [settledAs(found, repeated ? 'REPEATED' : 'ACCEPTED', counted ? null : 'ROW_COUNT')], ...(whole ? { complete: { asOf: found.asOf, folder: found.order, keyHmacs } } : {}) };
}
