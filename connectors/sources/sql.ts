import { createConnection, type Connection } from 'mysql2/promise';
import pg from 'pg';
import { YiwangError, invariant } from '../../base/errors.ts';
import type { Row, Stream } from '../contract.ts';
import type { Offered } from '../judge.ts';
import { limits } from '../limits.ts';
import type { OpenSource, SourceContext, SourcePage } from '../source.ts';

/**
 * A department's front-end database, read by (watermark, key) from `watermark − overlap`, page by page. MySQL and what
 * speaks PostgreSQL's protocol. Everything comes as text: no driver guesses a zone, a float or a date.
 */
export async function openSqlSource({ connector, env }: SourceContext): Promise<OpenSource> {
  invariant(connector.source.kind === 'sql', 'a SQL source is opened for a SQL declaration');
  const url = env[connector.source.urlEnv];
  if (!url) throw new YiwangError('CONFIG', { hint: `${connector.source.urlEnv} is not set` });
  const database = /^mysql:|^mariadb:/.test(url) ? await openMysql(url) : await openPostgres(url);
  return { pages: (stream, from) => pages(database, stream, from), close: () => database.close() };
}

interface SqlDatabase {
  columns(table: string): Promise<string[]>;
  /** Rows after a place in (watermark, key) order. */
  after(stream: SqlStream, place: Place): Promise<Row[]>;
  /** Rows whose watermark is empty: they can never be reached by it. */
  withoutWatermark(stream: SqlStream, afterKey: string): Promise<Row[]>;
  close(): Promise<void>;
}

interface SqlStream {
  table: string;
  key: string;
  watermark: string;
}

/** `overlapSeconds` > 0: everything from that much before `time` on. */
interface Place {
  time: string | null;
  key: string;
  overlapSeconds: number;
}

async function* pages(database: SqlDatabase, stream: Stream, from: { watermark: unknown; full: boolean }): AsyncGenerator<SourcePage> {
  const place = { table: stream.from, key: stream.key.reads[0]!, watermark: stream.watermark };
  await requireColumns(database, stream);
  const stored = (from.watermark as { time?: string } | null)?.time ?? null;
  let newest = stored;
  let read = 0;
  for (let key = ''; ; ) {
    const rows = await database.withoutWatermark(place, key);
    if (rows.length > 0) yield { offered: rows.map((row, index) => offer(row, read + index)), watermark: undefined };
    read += rows.length;
    if (rows.length < limits.pageRowsMax) break;
    key = String(rows.at(-1)![place.key]);
  }
  for (let at: Place = { time: from.full ? null : stored, key: '', overlapSeconds: stream.overlapSeconds }; ; ) {
    const rows = await database.after(place, at);
    if (rows.length > 0) {
      const last = rows.at(-1)!;
      at = { time: String(last[place.watermark]), key: String(last[place.key]), overlapSeconds: 0 };
      if (newest === null || at.time! > newest) newest = at.time;
    }
    yield { offered: rows.map((row, index) => offer(row, read + index)), watermark: newest === null ? undefined : { time: newest } };
    read += rows.length;
    if (rows.length < limits.pageRowsMax) return;
  }
}

function offer(row: Row, index: number): Offered {
  return { row, position: `row ${index + 1}` };
}

/** A column that must be there and is not stops the stream, not the others. */
async function requireColumns(database: SqlDatabase, stream: Stream): Promise<void> {
  const columns = new Set(await database.columns(stream.from));
  const deciding = [stream.drop?.reads, stream.tombstone?.reads, stream.neverStoredWhen?.reads].filter((column) => column !== undefined);
  const missing = [...new Set([...stream.required, ...stream.key.reads, ...deciding])].filter((column) => !columns.has(column));
  if (missing.length > 0) throw new YiwangError('SOURCE_SCHEMA', { hint: `\`${stream.name}\` lacks the required column${missing.length > 1 ? 's' : ''} ${missing.map((column) => `\`${column}\``).join(', ')}` });
}

async function openPostgres(url: string): Promise<SqlDatabase> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: limits.pageDeadlineMs, query_timeout: limits.pageDeadlineMs, types: { getTypeParser: textOf } as pg.CustomTypesConfig });
  client.on('error', () => undefined); // the next query fails with the reason
  await unavailable(client.connect());
  const quoted = (name: string) => client.escapeIdentifier(name);
  const query = async (text: string, values: unknown[]) => (await unavailable(client.query(text, values))).rows as Row[];
  return {
    columns: async (table) => (await unavailable(client.query(`SELECT * FROM ${quoted(table)} LIMIT 0`))).fields.map((field) => field.name),
    after({ table, key, watermark }, { time, key: afterKey, overlapSeconds }) {
      const [w, k] = [quoted(watermark), quoted(key)];
      const where = time === null ? `${w} IS NOT NULL` : overlapSeconds > 0 ? `${w} >= $1::timestamp - make_interval(secs => $2)` : `(${w}, ${k}) > ($1::timestamp, $2)`;
      return query(`SELECT * FROM ${quoted(table)} WHERE ${where} ORDER BY ${w}, ${k} LIMIT ${limits.pageRowsMax}`, time === null ? [] : [time, overlapSeconds > 0 ? overlapSeconds : afterKey]);
    },
    withoutWatermark: ({ table, key, watermark }, afterKey) =>
      query(`SELECT * FROM ${quoted(table)} WHERE ${quoted(watermark)} IS NULL AND ${quoted(key)} > $1 ORDER BY ${quoted(key)} LIMIT ${limits.pageRowsMax}`, [afterKey]),
    close: () => client.end(),
  };
}

const bpchar = 1042;

/** `char(n)` pads with spaces that mean nothing. */
function textOf(type: number): (value: string) => string {
  return type === bpchar ? (value) => value.replace(/ +$/, '') : (value) => value;
}

async function openMysql(url: string): Promise<SqlDatabase> {
  const connection: Connection = await unavailable(createConnection({ uri: url.replace(/^mariadb:/, 'mysql:'), charset: 'utf8mb4', connectTimeout: limits.pageDeadlineMs, dateStrings: true, typeCast: (field) => field.string('utf-8') }));
  connection.on('error', () => undefined);
  const quoted = (name: string) => connection.escapeId(name);
  const query = async (sql: string, values: unknown[]) => (await unavailable(connection.query({ sql, values, timeout: limits.pageDeadlineMs })))[0] as Row[];
  return {
    columns: async (table) => (await unavailable(connection.query(`SELECT * FROM ${quoted(table)} LIMIT 0`)))[1].map((field) => field.name),
    after({ table, key, watermark }, { time, key: afterKey, overlapSeconds }) {
      const [w, k] = [quoted(watermark), quoted(key)];
      const where = time === null ? `${w} >= ?` : overlapSeconds > 0 ? `${w} >= ? - INTERVAL ? SECOND` : `(${w} > ? OR (${w} = ? AND ${k} > ?))`;
      const values = time === null ? [mysqlFirstYear] : overlapSeconds > 0 ? [time, overlapSeconds] : [time, time, afterKey];
      return query(`SELECT * FROM ${quoted(table)} WHERE ${where} ORDER BY ${w}, ${k} LIMIT ${limits.pageRowsMax}`, values);
    },
    // MySQL's zero dates sort before every date and are no dates.
    withoutWatermark: ({ table, key, watermark }, afterKey) =>
      query(`SELECT * FROM ${quoted(table)} WHERE (${quoted(watermark)} IS NULL OR ${quoted(watermark)} < ?) AND ${quoted(key)} > ? ORDER BY ${quoted(key)} LIMIT ${limits.pageRowsMax}`, [mysqlFirstYear, afterKey]),
    close: () => connection.end(),
  };
}

const mysqlFirstYear = '1000-01-01';

/** Driver errors, without what they quote. */
async function unavailable<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? '');
    if (/^(?:28|42501|3D000)|ER_ACCESS_DENIED|ER_TABLEACCESS_DENIED|ER_DBACCESS/.test(code)) throw new YiwangError('SOURCE_REFUSED', { detail: code, cause: error });
    if (/^42P01$|^42703$|ER_NO_SUCH_TABLE|ER_BAD_FIELD/.test(code)) throw new YiwangError('SOURCE_SCHEMA', { hint: 'a table or column that the stream needs is not there', detail: code, cause: error });
    throw new YiwangError('SOURCE_UNAVAILABLE', { detail: code, cause: error });
  }
}
