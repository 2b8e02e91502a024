import { randomBytes } from 'node:crypto';
import type { Dataset, Version } from './dataset.ts';
import { sameText, thrice } from './hotline.ts';
import { json, type Answer, type Request } from './http.ts';
import type { LineFile } from './lines.ts';
import type { Misbehaviour } from './misbehave.ts';
import { instantMs } from './time.ts';

const tokenSeconds = 300;
const tokensMax = 1_000;
const pageCasesMax = 500;
const pageCasesUsual = 100;

/** The court's REST service: `/oauth/token` and `/api/v1/prelitigation-cases`, at the versions of the current round. */
export function serveCases(dataset: Dataset, file: LineFile, round: () => number, client: { id: string; secret: string }): (request: Request, wrong?: Misbehaviour) => Answer {
  const tokens = new Map<string, number>();
  return (request, wrong) => {
    if (request.url.pathname === '/oauth/token' && request.method === 'POST') return issued(request, client, tokens);
    if (request.url.pathname !== '/api/v1/prelitigation-cases' || request.method !== 'GET') return json(404, { error: 'not_found' });
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (wrong?.kind === 'expire') tokens.delete(token);
    if ((tokens.get(token) ?? 0) <= Date.now()) return json(401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer error="invalid_token"' });
    return page(request.url.searchParams, current(dataset.cases.versions, round()), file, dataset.info.asOf, wrong?.kind === 'repeat');
  };
}

/** Of each key the version of the highest round so far. */
export function current(versions: readonly Version[], round: number): Version[] {
  const newest = new Map<string, Version>();
  const keyless: Version[] = [];
  for (const version of versions) {
    if (version.round > round) continue;
    if (version.key === '') keyless.push(version);
    else newest.set(version.key, version);
  }
  return [...newest.values(), ...keyless].sort(byWatermark);
}

function byWatermark(a: Version, b: Version): number {
  if (a.watermarkMs !== b.watermarkMs) return a.watermarkMs < b.watermarkMs ? -1 : 1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : a.offset - b.offset;
}

function issued(request: Request, client: { id: string; secret: string }, tokens: Map<string, number>): Answer {
  const basic = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  if (!sameText(request.headers.authorization ?? '', `Basic ${basic}`)) return json(401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic' });
  if (new URLSearchParams(request.body).get('grant_type') !== 'client_credentials') return json(400, { error: 'unsupported_grant_type' });
  if (tokens.size >= tokensMax) tokens.clear();
  const token = randomBytes(24).toString('base64url');
  tokens.set(token, Date.now() + tokenSeconds * 1000);
  return json(200, { access_token: token, token_type: 'Bearer', expires_in: tokenSeconds }, { 'cache-control': 'no-store' });
}

interface Cursor {
  ms: number | null;
  key: string;
  offset: number;
  since: number;
}

function page(query: URLSearchParams, versions: Version[], file: LineFile, asOf: string, repeated: boolean): Answer {
  const size = Number(query.get('pageSize') ?? pageCasesUsual);
  if (!Number.isInteger(size) || size < 1 || size > pageCasesMax) return json(400, { error: `pageSize is 1 to ${pageCasesMax}` });
  const since = query.get('updatedSince');
  const sinceMs = since === null ? -Infinity : instantMs(since);
  if (sinceMs === Infinity) return json(400, { error: 'updatedSince is not an RFC 3339 time' });
  const cursor = query.get('cursor');
  const after = cursor === null ? undefined : readCursor(cursor);
  if (after === null) return json(410, { error: 'cursor_expired' });
  const rest = versions.filter((version) => version.watermarkMs >= sinceMs && (after === undefined || isAfter(version, after)));
  const shown = rest.slice(0, size);
  const last = shown.at(-1);
  const more = rest.length > shown.length && last !== undefined;
  return json(200, { data: thrice(shown, repeated).map((version) => file.value(version)), nextCursor: more ? writeCursor(last, sinceMs) : null, asOf });
}

function isAfter(version: Version, cursor: Cursor): boolean {
  const ms = cursor.ms ?? Infinity;
  return byWatermark(version, { key: cursor.key, watermarkMs: ms, offset: cursor.offset, round: 0, length: 0 }) > 0;
}

function writeCursor(version: Version, since: number): string {
  return Buffer.from(JSON.stringify({ ms: Number.isFinite(version.watermarkMs) ? version.watermarkMs : null, key: version.key, offset: version.offset, since: Number.isFinite(since) ? since : 0 })).toString('base64url');
}

function readCursor(text: string): Cursor | null {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Cursor;
    return typeof value.key === 'string' && typeof value.offset === 'number' ? value : null;
  } catch {
    return null;
  }
}
