import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { sha256Hex } from '../../base/canonical.ts';
import { YiwangError } from '../../base/errors.ts';
import { log } from '../../base/log.ts';
import { sourceTime } from '../repairs/times.ts';
import type { Delivery } from '../source.ts';

const manifestBytesMax = 1 << 20;
const foldersMax = 100_000;

export interface FoundDelivery {
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

/** Condition over hub.delivery: somebody has to look at it. The view `hub.delivery_report` says the same to operators (0771). */
export const isOpenSql = "(state IN ('REFUSED', 'WAITING') OR reason IS NOT NULL)";

export interface FoundDeliveries {
  /** Whole ones, in the order in which they apply. */
  whole: FoundDelivery[];
  /** Those without a manifest that can be read: they are still being written, or somebody has to look. */
  waiting: Delivery[];
  folders: string[];
}

export async function deliveries(root: string): Promise<FoundDeliveries> {
  let names: string[];
  try {
    names = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory() && /^\d{8}(?:-\d{1,4})?$/.test(entry.name)).map((entry) => entry.name);
  } catch (error) {
    throw new YiwangError('SOURCE_UNAVAILABLE', { hint: 'the folder of deliveries cannot be read', cause: error });
  }
  const whole: FoundDelivery[] = [];
  const waiting: Delivery[] = [];
  const folders = names.slice(0, foldersMax);
  for (const folder of folders) {
    const delivery = await readManifest(join(root, folder), folder);
    if (typeof delivery !== 'string') whole.push(delivery);
    else waiting.push({ folder, asOf: null, kind: null, manifestSha256: null, state: 'WAITING', reason: delivery });
  }
  return { whole: whole.sort((a, b) => (isAfter(a, b) ? 1 : -1)), waiting, folders };
}

/** In the order in which deliveries apply: by `asOf`, then by folder. */
export function isAfter(a: FoundDelivery, b: FoundDelivery): boolean {
  return a.asOf === b.asOf ? a.order > b.order : a.asOf > b.asOf;
}

/** Why it waits, while there is no whole manifest. */
async function readManifest(path: string, folder: string): Promise<FoundDelivery | 'NO_MANIFEST' | 'MANIFEST_TOO_LARGE' | 'MANIFEST_UNREADABLE'> {
  let text: string;
  try {
    if ((await stat(join(path, 'manifest.json'))).size > manifestBytesMax) return 'MANIFEST_TOO_LARGE';
    text = await readFile(join(path, 'manifest.json'), 'utf8');
  } catch {
    return 'NO_MANIFEST';
  }
  const parsed = manifestShape.safeParse(jsonOf(text));
  const asOf = parsed.success ? sourceTime(parsed.data.asOf) : undefined;
  if (!parsed.success || !asOf) {
    log.warn({ delivery: folder }, 'delivery waits: its manifest cannot be read');
    return 'MANIFEST_UNREADABLE';
  }
  const { kind, files } = parsed.data;
  const contents = files.map((file) => `${file.stream}|${file.sha256.toLowerCase()}`).sort();
  const [day = '', number = '1'] = folder.split('-');
  return { folder, path, kind, asOf: asOf.instant, order: `${day}-${number.padStart(4, '0')}`, identity: sha256Hex([kind, asOf.instant, ...contents].join('\n')), manifestSha256: sha256Hex(text), files };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(byteOrderMark, ''));
  } catch {
    return undefined; // cut off while it was written
  }
}

/** Written by tools that take UTF-8 for an encoding with one. */
const byteOrderMark = /^\ufeff/;

/** Why a delivery is refused whole; null where every file is there as the manifest says. */
export async function deliveryFault(delivery: FoundDelivery, fileBytesMax: number): Promise<string | null> {
  for (const file of delivery.files) {
    if (basename(file.name) !== file.name || file.name === '..') return 'FILE_NAME';
    const path = join(delivery.path, file.name);
    const size = await stat(path).then((found) => found.size, () => -1);
    if (size < 0) return 'FILE_MISSING';
    if (size > fileBytesMax) return 'FILE_TOO_LARGE';
    const sha256 = await fileSha256(path).catch(() => null);
    if (sha256 === null) return 'FILE_UNREADABLE'; // looked at again by the next run, as all that are refused
    if (sha256 !== file.sha256.toLowerCase()) return 'HASH_MISMATCH';
  }
  return null;
}

async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

export function settledAs(found: FoundDelivery, state: Delivery['state'], reason: string | null): Delivery {
  return { folder: found.folder, asOf: found.asOf, kind: found.kind, manifestSha256: found.manifestSha256, state, reason };
}
