import { YiwangError, invariant } from '../../base/errors.ts';
import type { Pool } from '../../base/db.ts';
import type { Row, Stream } from '../contract.ts';
import type { Offered } from '../judge.ts';
import type { Limits } from '../limits.ts';
import type { OpenSource, SourceContext, SourcePage } from '../source.ts';
import { requireColumns } from './fields.ts';
import { sourceTime } from '../repairs/times.ts';
import { presentOf, trusted, type Present } from './present.ts';
import { openMysql } from './sql-mysql.ts';
import { openPostgres } from './sql-postgres.ts';

/** What both kinds of server do for the loop below. Everything comes as text: no driver guesses a zone, a float or a date. */
export interface SqlDatabase {
  columns(table: string): Promise<SqlColumn[]>;
  /** Bytes of the long cells of each row after a place, in order; a cell over the limit is counted as the limit. */
  sizes(stream: SqlStream, place: Place, rowsMax: number): Promise<number[]>;
  /** Rows after a place in (watermark, key) order. In place of a cell over the limit stands its length and digest. */
  rows(stream: SqlStream, place: Place, rowsMax: number): Promise<SqlRow[]>;
  count(table: string): Promise<number>;
  /** The server's clock, in milliseconds since 1970. */
  nowMs(): Promise<number>;
  close(): Promise<void>;
}

export interface SqlColumn {
  name: string;
  /** Its type does not bound a cell to the limit. */
  long: boolean;
}

export interface SqlStream {
  table: string;
  key: string;
  watermark: string;
  columns: readonly SqlColumn[];
  cellBytesMax: number;
}

/** `overlapSeconds` > 0: everything from that much before `time` on. `timeless`: rows that no watermark can reach. */
export interface Place {
  timeless: boolean;
  time: string | null;
  key: string;
  overlapSeconds: number;
}

export interface SqlRow {
  row: Row;
  /** The first column whose cell is over the limit. */
  tooLarge: string | null;
}

/** A page is held as text, judged, written as JSON and sent on. */
const copiesOfPage = 4;

/**
 * A department's front-end database, read by (watermark, key) from `watermark − overlap`, page by page. MySQL and what
 * speaks PostgreSQL's protocol. How much a page holds is known before it is fetched.
 */
export async function openSqlSource({ connector, env, limits, pool }: SourceContext): Promise<OpenSource> {
  invariant(connector.source.kind === 'sql', 'a SQL source is opened for a SQL declaration');
  const url = env[connector.source.urlEnv];
  if (!url) throw new YiwangError('CONFIG', { hint: `${connector.source.urlEnv} is not set` });
  const database = /^mysql:|^mariadb:/.test(url) ? await openMysql(url, limits.attemptDeadlineMs) : await openPostgres(url, limits.attemptDeadlineMs);
  return { pages: (stream, from) => pages(database, stream, from, limits, pool), close: () => database.close() };
}

async function* pages(database: SqlDatabase, stream: Stream, from: { watermark: unknown; full: boolean }, limits: Limits, pool: Pool): AsyncGenerator<SourcePage> {
  const columns = await database.columns(stream.from);
  const absent = requireColumns(stream, columns.map((column) => column.name));
  const table = { table: stream.from, key: stream.key.reads[0]!, watermark: stream.watermark, columns, cellBytesMax: limits.cellBytesMax };
  const before = from.full ? await database.count(stream.from) : 0;
  const present = await presentOf(pool, await database.nowMs());
  const until = localText(present.instant);
  const stored = trustedText((from.watermark as { time?: string } | null)?.time, present);
  let newest = stored;
  let read = 0;
  for await (const rows of pagesAfter(database, table, { timeless: true, time: null, key: '', overlapSeconds: 0 }, limits)) {
    if (rows.length > 0) yield { offered: rows.map((row, index) => offer(row, read + index, absent)), watermark: undefined };
    read += rows.length;
  }
  for await (const rows of pagesAfter(database, table, { timeless: false, time: from.full ? null : stored, key: '', overlapSeconds: stream.overlapSeconds }, limits)) {
    const last = rows.findLast(({ row }) => String(row[stream.watermark]) <= until)?.row[stream.watermark];
    if (typeof last === 'string' && (newest === null || last > newest)) newest = last;
    yield { offered: rows.map((row, index) => offer(row, read + index, absent)), watermark: newest === null ? undefined : { time: newest }, present };
    read += rows.length;
  }
  if (!from.full) return;
  const whole = before === read && before === (await database.count(stream.from));
  yield { offered: [], watermark: undefined, ...(whole ? { counted: read } : {}) };
}

/** `2026-03-02 09:30:00.000` in Shanghai, as the source writes its own times; compared as text. */
function localText(instant: string): string {
  return new Date(Date.parse(instant) + shanghaiOffsetMs).toISOString().slice(0, 23).replace('T', ' ');
}

const shanghaiOffsetMs = 8 * 3_600_000;

function trustedText(stored: string | undefined, present: Present): string | null {
  const instant = sourceTime(stored)?.instant;
  // A spelling that only the server reads is taken as it is.
  if (stored === undefined || instant === undefined) return stored ?? null;
  const from = trusted(instant, present);
  return from === undefined ? null : from === instant ? stored : localText(from);
}

async function* pagesAfter(database: SqlDatabase, table: SqlStream, start: Place, limits: Limits): AsyncGenerator<SqlRow[]> {
  for (let at = start; ; ) {
    const sizes = await database.sizes(table, at, limits.pageRowsMax);
    const fitting = rowsFitting(sizes, limits.pageBytesMax / copiesOfPage);
    const rows = fitting === 0 ? [] : await database.rows(table, at, fitting);
    yield rows;
    const last = rows.at(-1);
    if (!last || (sizes.length < limits.pageRowsMax && fitting === sizes.length && rows.length === fitting)) return;
    at = { timeless: at.timeless, time: at.timeless ? null : String(last.row[table.watermark]), key: String(last.row[table.key]), overlapSeconds: 0 };
  }
}

/** At least one where there is any, so that the read goes on. */
function rowsFitting(sizes: readonly number[], bytesMax: number): number {
  let bytes = 0;
  for (const [index, size] of sizes.entries()) {
    bytes += size;
    if (bytes > bytesMax) return Math.max(1, index);
  }
  return sizes.length;
}

function offer({ row, tooLarge }: SqlRow, index: number, absent: readonly string[]): Offered {
  return { row, position: `row ${index + 1}`, absent, ...(tooLarge === null ? {} : { fault: { reason: 'TOO_LARGE' as const, field: tooLarge } }) };
}

/** Rows as the guarded selection gives them: `over 3` holds what stands for the long cell of column 3. */
export function guardedRows(rows: readonly Row[], columns: readonly SqlColumn[]): SqlRow[] {
  const long = columns.flatMap((column, index) => (column.long ? [{ name: column.name, over: overName(index) }] : []));
  return rows.map((given) => {
    let tooLarge: string | null = null;
    const row = { ...given };
    for (const { name, over } of long) {
      if (row[over] !== null && row[over] !== undefined) {
        tooLarge ??= name;
        row[name] = row[over];
      }
      delete row[over];
    }
    return { row, tooLarge };
  });
}

export function overName(index: number): string {
  return `yiwang over ${index}`;
}

/** Driver errors in the terms of the closed table, without what they quote. */
export async function sourceAnswer<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? '');
    if (/^(?:28|42501|3D000)|ER_ACCESS_DENIED|ER_TABLEACCESS_DENIED|ER_DBACCESS/.test(code)) throw new YiwangError('SOURCE_REFUSED', { detail: code, cause: error });
    if (/^42P01$|^42703$|ER_NO_SUCH_TABLE|ER_BAD_FIELD/.test(code)) throw new YiwangError('SOURCE_SCHEMA', { hint: 'a table or column that the stream needs is not there', detail: code, cause: error });
    if (/^42883$|^42804$|^22007$|^22008$|^22P02$/.test(code)) throw new YiwangError('SOURCE_SCHEMA', { hint: 'the key or the update time of a table has another type than before', detail: code, cause: error });
    throw new YiwangError('SOURCE_UNAVAILABLE', { detail: code, cause: error });
  }
}
