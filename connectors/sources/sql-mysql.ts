import { createConnection, type Connection } from 'mysql2/promise';
import type { Row } from '../contract.ts';
import { guardedRows, overName, sourceAnswer, type Place, type SqlColumn, type SqlDatabase, type SqlStream } from './sql.ts';

/** A MySQL (5.7 and later) or MariaDB source. */
export async function openMysql(url: string, deadlineMs: number): Promise<SqlDatabase> {
  const connection: Connection = await sourceAnswer(
    createConnection({ uri: url.replace(/^mariadb:/, 'mysql:'), charset: 'utf8mb4', connectTimeout: deadlineMs, dateStrings: true, typeCast: (field) => field.string('utf-8') }),
  );
  connection.on('error', () => undefined); // the next query fails with the reason
  const quoted = (name: string) => connection.escapeId(name);
  const query = async (sql: string, values: unknown[]) => (await sourceAnswer(connection.query({ sql, values, timeout: deadlineMs })))[0] as Row[];
  const bytes = ({ name }: SqlColumn) => `octet_length(${quoted(name)})`;
  return {
    columns: async (table) => (await sourceAnswer(connection.query({ sql: `SELECT * FROM ${quoted(table)} LIMIT 0`, timeout: deadlineMs })))[1].map((field) => ({ name: field.name, long: isLong(field) })),
    async sizes(stream, place, rowsMax) {
      const { where, order, values } = after(stream, place, quoted);
      const sum = stream.columns.filter((column) => column.long).map((column) => `coalesce(least(${bytes(column)}, ${stream.cellBytesMax}), 0)`);
      const rows = await query(`SELECT ${sum.join(' + ') || '0'} AS n FROM ${quoted(stream.table)} WHERE ${where} ORDER BY ${order} LIMIT ${rowsMax}`, values);
      return rows.map((row) => Number(row['n']));
    },
    async rows(stream, place, rowsMax) {
      const { where, order, values } = after(stream, place, quoted);
      const selected = stream.columns.flatMap((column, index) =>
        !column.long ? [quoted(column.name)]
        : [`CASE WHEN ${bytes(column)} <= ${stream.cellBytesMax} THEN ${quoted(column.name)} END AS ${quoted(column.name)}`,
           `CASE WHEN ${bytes(column)} > ${stream.cellBytesMax} THEN concat(${bytes(column)}, ' ', md5(${quoted(column.name)})) END AS ${quoted(overName(index))}`],
      );
      return guardedRows(await query(`SELECT ${selected.join(', ')} FROM ${quoted(stream.table)} WHERE ${where} ORDER BY ${order} LIMIT ${rowsMax}`, values), stream.columns);
    },
    count: async (table) => Number((await query(`SELECT count(*) AS n FROM ${quoted(table)}`, []))[0]?.['n']),
    nowMs: async () => Number((await query('SELECT unix_timestamp(now(3)) AS n', []))[0]?.['n']) * 1000,
    close: async () => connection.destroy(), // a server that hangs would never answer the farewell
  };
}

/** Zero dates sort before every date and are no dates. */
const firstYear = '1000-01-01';

function after({ table, key, watermark }: SqlStream, { timeless, time, key: afterKey, overlapSeconds }: Place, quoted: (name: string) => string): { where: string; order: string; values: unknown[] } {
  const of = (name: string) => `${quoted(table)}.${quoted(name)}`;
  const [w, k] = [of(watermark), of(key)];
  if (timeless) return { where: `(${w} IS NULL OR ${w} < ?) AND ${k} > ?`, order: k, values: [firstYear, afterKey] };
  const order = `${w}, ${k}`;
  if (time === null) return { where: `${w} >= ?`, order, values: [firstYear] };
  if (overlapSeconds > 0) return { where: `${w} >= ? - INTERVAL ? SECOND`, order, values: [time, overlapSeconds] };
  return { where: `(${w} > ? OR (${w} = ? AND ${k} > ?))`, order, values: [time, time, afterKey] };
}

/** JSON, and the four sizes of blob and text. */
const longTypes = new Set([245, 249, 250, 251, 252]);
const shortBytesMax = 64 * 1024;

function isLong(field: { columnType?: number | undefined; columnLength?: number | undefined }): boolean {
  return field.columnType === undefined || longTypes.has(field.columnType) || (field.columnLength ?? Number.POSITIVE_INFINITY) > shortBytesMax;
}
