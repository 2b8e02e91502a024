import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { sha256Hex } from '../../base/canonical.ts';
import { YiwangError, invariant } from '../../base/errors.ts';
import { log } from '../../base/log.ts';
import type { Row, Stream } from '../contract.ts';
import type { Offered } from '../judge.ts';
import { sourceTime } from '../repairs/times.ts';
import type { Delivery, OpenSource, SourceContext, SourcePage } from '../source.ts';
import { csvRows } from './csv.ts';
import { sheetRows } from './xlsx.ts';

const manifestBytesMax = 1 << 20;
const foldersMax = 100_000;

/** What a run remembers of a stream's deliveries. */
interface Watermark {
  /** Folder → identity of the delivery that was settled there. */
  done?: Record<string, string>;
  /** Of the newest snapshot applied: what is older changes nothing that it settled. */
  snapshotAsOf?: string;
}

/**
 * Deliveries that were dropped in a folder, in the order of `asOf`. One without a manifest is still being written; one whose
 * hashes do not match is refused whole and stays where it is; one repeated byte for byte counts once.
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
  for (const found of await deliveries(root)) {
    if (!found.files.some((file) => file.stream === stream.name)) continue;
    if (!from.full && mark.done[found.folder] === found.identity) continue;
    const fault = await deliveryFault(found, context.limits.fileBytesMax);
    if (fault !== null) {
      log.warn({ department: context.connector.department, delivery: found.folder, reason: fault }, 'delivery refused');
      yield { offered: [], watermark: undefined, deliveries: [settled(found, 'REFUSED', fault)] };
      continue;
    }
    if (!firstFolder.has(found.identity)) firstFolder.set(found.identity, found.folder);
    yield* deliveryPages(context, stream, found, mark, firstFolder.get(found.identity) !== found.folder);
  }
}

interface FoundDelivery {
  folder: string;
  path: string;
  kind: 'INCREMENT' | 'SNAPSHOT';
  /** UTC. */
  asOf: string;
  /** Sorts: `20260310-2` before `20260310-10`. */
  order: string;
  /** The same for deliveries that are equal byte for byte. */
  identity: string;
  manifestSha256: string;
  files: z.infer<typeof manifestShape>['files'];
}

const manifestShape = z.object({
  kind: z.enum(['INCREMENT', 'SNAPSHOT']),
  asOf: z.string(),
  files: z.array(z.object({ name: z.string(), stream: z.string(), rows: z.number().int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/i), encoding: z.string() })),
});

async function deliveries(root: string): Promise<FoundDelivery[]> {
  let names: string[];
  try {
    names = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory() && /^\d{8}(?:-\d{1,4})?$/.test(entry.name)).map((entry) => entry.name);
  } catch (error) {
    throw new YiwangError('SOURCE_UNAVAILABLE', { hint: 'the folder of deliveries cannot be read', cause: error });
  }
  const found: FoundDelivery[] = [];
  for (const folder of names.slice(0, foldersMax)) {
    const delivery = await readManifest(join(root, folder), folder);
    if (delivery) found.push(delivery);
  }
  return found.sort((a, b) => (a.asOf < b.asOf ? -1 : a.asOf > b.asOf ? 1 : a.order < b.order ? -1 : 1));
}

/** Undefined while there is no whole manifest: then the delivery is still being written. */
async function readManifest(path: string, folder: string): Promise<FoundDelivery | undefined> {
  let text: string;
  try {
    if ((await stat(join(path, 'manifest.json'))).size > manifestBytesMax) return undefined;
    text = await readFile(join(path, 'manifest.json'), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = manifestShape.safeParse(jsonOf(text));
  const asOf = parsed.success ? sourceTime(parsed.data.asOf) : undefined;
  if (!parsed.success || !asOf) {
    log.warn({ delivery: folder }, 'delivery waits: its manifest cannot be read');
    return undefined;
  }
  const { kind, files } = parsed.data;
  const contents = files.map((file) => `${file.stream}|${file.sha256.toLowerCase()}`).sort();
  const [day = '', number = '1'] = folder.split('-');
  return { folder, path, kind, asOf: asOf.instant, order: `${day}-${number.padStart(4, '0')}`, identity: sha256Hex([kind, asOf.instant, ...contents].join('\n')), manifestSha256: sha256Hex(text), files };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut off while it was written
  }
}

/** Why a delivery is refused whole; null where every file is there as the manifest says. */
async function deliveryFault(delivery: FoundDelivery, fileBytesMax: number): Promise<string | null> {
  for (const file of delivery.files) {
    if (basename(file.name) !== file.name || file.name === '..') return 'FILE_NAME';
    const path = join(delivery.path, file.name);
    const size = await stat(path).then((found) => found.size, () => -1);
    if (size < 0) return 'FILE_MISSING';
    if (size > fileBytesMax) return 'FILE_TOO_LARGE';
    if ((await fileSha256(path)) !== file.sha256.toLowerCase()) return 'HASH_MISMATCH';
  }
  return null;
}

async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

function settled(found: FoundDelivery, state: Delivery['state'], reason: string | null): Delivery {
  return { folder: found.folder, asOf: found.asOf, kind: found.kind, manifestSha256: found.manifestSha256, state, reason };
}

/** A delivery's pages; the last one settles it. */
async function* deliveryPages({ connector, keys, limits }: SourceContext, stream: Stream, found: FoundDelivery, mark: Required<Watermark>, repeated: boolean): AsyncGenerator<SourcePage> {
  const late = found.kind === 'INCREMENT' && found.asOf < mark.snapshotAsOf;
  const keyHmacs = new Set<string>();
  let rows = 0;
  let allKeysRead = true;
  let page: Offered[] = [];
  for (const file of found.files.filter((one) => one.stream === stream.name)) {
    for await (const offered of offeredRows(stream, join(found.path, file.name), file.encoding)) {
      rows += 1;
      const key = offered.row === null ? null : stream.key.apply(offered.row, { spreadsheet: false, eventDate: null, repairs: [], quarantined: [] });
      if (key === null) allKeysRead = false;
      else if (found.kind === 'SNAPSHOT') keyHmacs.add(keys.keyHmac(connector.department, stream.name, key));
      page.push({ ...offered, identity: `${found.identity}|${stream.name}|${rows}`, delivery: { asOf: found.asOf, folder: found.order }, settled: late });
      if (page.length < limits.pageRowsMax) continue;
      yield { offered: page, watermark: undefined };
      page = [];
    }
  }
  const counted = rows === found.files.filter((file) => file.stream === stream.name).reduce((sum, file) => sum + file.rows, 0);
  if (!counted) log.warn({ department: connector.department, delivery: found.folder, stream: stream.name, rows }, 'a delivery holds another number of rows than its manifest says');
  const whole = found.kind === 'SNAPSHOT' && counted && allKeysRead && found.asOf >= mark.snapshotAsOf;
  mark.done = { ...mark.done, [found.folder]: found.identity };
  if (found.kind === 'SNAPSHOT' && found.asOf > mark.snapshotAsOf) mark.snapshotAsOf = found.asOf;
  yield { offered: page, watermark: { ...mark }, deliveries: [settled(found, repeated ? 'REPEATED' : 'ACCEPTED', counted ? null : 'ROW_COUNT')], ...(whole ? { complete: { asOf: found.asOf, keyHmacs } } : {}) };
}

type RawRow = Pick<Offered, 'row' | 'fault' | 'position'>;

function offeredRows(stream: Stream, path: string, encoding: string): AsyncGenerator<RawRow> {
  return path.toLowerCase().endsWith('.xlsx') ? workbookRows(stream, path) : textRows(stream, path, encoding);
}

async function* textRows(stream: Stream, path: string, encoding: string): AsyncGenerator<RawRow> {
  const decoder = strictDecoder(encoding);
  let header: string[] | undefined;
  let number = 0;
  for await (const { offset, cells } of csvRows(path)) {
    if (cells.length === 1 && cells[0]!.length === 0) continue; // an empty line is no row
    if (!header) {
      header = requiredHeader(stream, cells.map((cell) => decoded(decoder, cell)?.replace(/^\ufeff/, '') ?? ''));
      continue;
    }
    number += 1;
    yield textRow(header, cells, decoder, `${basename(path)} row ${number} byte ${offset}`);
  }
  if (!header) requiredHeader(stream, []);
}

function textRow(header: readonly string[], cells: readonly Buffer[], decoder: TextDecoder, position: string): RawRow {
  if (cells.length !== header.length) return { row: null, fault: { reason: 'CELL_COUNT' }, position };
  const row: Row = {};
  let bad: string | undefined;
  header.forEach((column, index) => {
    const value = decoded(decoder, cells[index]!);
    if (value === undefined) bad ??= column;
    // Where a cell cannot be read, what stands for it is empty of content and yet not nothing.
    row[column] = value ?? '\ufffd\ufffd';
  });
  return bad === undefined ? { row, position } : { row, fault: { reason: 'INVALID_BYTES', field: bad }, position };
}

function strictDecoder(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding.trim(), { fatal: true, ignoreBOM: true });
  } catch (error) {
    throw new YiwangError('SOURCE_SCHEMA', { hint: `a file declares the encoding \`${encoding.slice(0, 20)}\`, which nobody knows`, cause: error });
  }
}

function decoded(decoder: TextDecoder, bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // not valid in the declared encoding: the row goes to quarantine
  }
}

async function* workbookRows(stream: Stream, path: string): AsyncGenerator<RawRow> {
  let header: string[] | undefined;
  let number = 0;
  for await (const cells of sheetRows(path)) {
    if (!header) {
      header = requiredHeader(stream, cells);
      continue;
    }
    if (cells.every((cell) => cell === '')) continue;
    number += 1;
    const position = `${basename(path)} row ${number}`;
    // A workbook leaves out empty cells at the end of a row.
    if (cells.length > header.length) yield { row: null, fault: { reason: 'CELL_COUNT' }, position };
    else yield { row: Object.fromEntries(header.map((column, index) => [column, cells[index] ?? ''])), position };
  }
  if (!header) requiredHeader(stream, []);
}

/** Names of columns, normalised; a required one that is missing stops the stream. */
function requiredHeader(stream: Stream, cells: readonly string[]): string[] {
  const header = cells.map((cell) => cell.normalize('NFKC').trim());
  const missing = stream.required.filter((column) => !header.includes(column));
  if (missing.length > 0) throw new YiwangError('SOURCE_SCHEMA', { hint: `\`${stream.name}\` lacks the required column${missing.length > 1 ? 's' : ''} ${missing.map((column) => `\`${column}\``).join(', ')}` });
  return header;
}
