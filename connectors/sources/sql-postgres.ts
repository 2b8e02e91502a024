import { Socket } from 'node:net';
import pg from 'pg';
import type { Row } from '../contract.ts';
import { guardedRows, overName, sourceAnswer, type Place, type SqlColumn, type SqlDatabase, type SqlStream } from './sql.ts';

/** A source that speaks PostgreSQL's protocol: PostgreSQL, KingbaseES, openGauss. */
export async function openPostgres(url: string, deadlineMs: number): Promise<SqlDatabase> {
  const socket = new Socket();
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: deadlineMs, query_timeout: deadlineMs, stream: () => socket, types: { getTypeParser: textOf } as pg.CustomTypesConfig });
  client.on('error', () => undefined); // the next query fails with the reason
  const close = async () => {
    client.end().catch(() => undefined); // a server that hangs would never answer the farewell
    socket.destroySoon();
  };
  try {
    await sourceAnswer(client.connect());
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const quoted = (name: string) => client.escapeIdentifier(name);
  const query = async (text: string, values: unknown[]) => (await sourceAnswer(client.query(text, values))).rows as Row[];
  const bytes = ({ name }: SqlColumn) => `octet_length(${quoted(name)}::text)`;
  return {
    columns: async (table) => (await sourceAnswer(client.query(`SELECT * FROM ${quoted(table)} LIMIT 0`))).fields.map((field) => ({ name: field.name, long: isLong(field) })),
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
        : [`CASE WHEN ${bytes(column)} <= ${stream.cellBytesMax} THEN ${quoted(column.name)}::text END AS ${quoted(column.name)}`,
           `CASE WHEN ${bytes(column)} > ${stream.cellBytesMax} THEN ${bytes(column)} || ' ' || md5(${quoted(column.name)}::text) END AS ${quoted(overName(index))}`],
      );
      return guardedRows(await query(`SELECT ${selected.join(', ')} FROM ${quoted(stream.table)} WHERE ${where} ORDER BY ${order} LIMIT ${rowsMax}`, values), stream.columns);
    },
    count: async (table) => Number((await query(`SELECT count(*) AS n FROM ${quoted(table)}`, []))[0]?.['n']),
    nowMs: async () => Number((await query('SELECT extract(epoch FROM now()) AS n', []))[0]?.['n']) * 1000,
    close,
  };
}

function after({ table, key, watermark }: SqlStream, { timeless, time, key: afterKey, overlapSeconds }: Place, quoted: (name: string) => string): { where: string; order: string; values: unknown[] } {
  // Qualified: a selected column of the same name is text, which sorts and compares otherwise.
  const of = (name: string) => `${quoted(table)}.${quoted(name)}`;
  const [w, k] = [of(watermark), of(key)];
  if (timeless) return { where: `${w} IS NULL AND ${k} > $1`, order: k, values: [afterKey] };
  const order = `${w}, ${k}`;
  if (time === null) return { where: `${w} IS NOT NULL`, order, values: [] };
  if (overlapSeconds > 0) return { where: `${w} >= $1::timestamp - make_interval(secs => $2)`, order, values: [time, overlapSeconds] };
  return { where: `(${w}, ${k}) > ($1::timestamp, $2)`, order, values: [time, afterKey] };
}

const shortTypes = new Set([16, 18, 20, 21, 23, 26, 700, 701, 1082, 1083, 1114, 1184, 1186, 1266, 1700, 2950]);
const [bpchar, varchar, headerBytes, charactersMax] = [1042, 1043, 4, 4000];

/** `text`, `json`, `bytea`, arrays and whatever is not known to be short; `varchar(n)` is short up to 4,000 characters. */
function isLong({ dataTypeID, dataTypeModifier }: pg.FieldDef): boolean {
  if (dataTypeID === bpchar || dataTypeID === varchar) return dataTypeModifier < 0 || dataTypeModifier - headerBytes > charactersMax;
  return !shortTypes.has(dataTypeID);
}

/** `char(n)` pads with spaces that mean nothing. */
function textOf(type: number): (value: string) => string {
  return type === bpchar ? (value) => value.replace(/ +$/, '') : (value) => value;
}
