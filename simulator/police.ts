import { createConnection, type Connection } from 'mysql2/promise';
import pg from 'pg';
import { randomBytes } from 'node:crypto';
import { YiwangError } from '../base/errors.ts';
import { quoted } from '../base/db.ts';
import type { Dataset, StreamIndex, Version } from './dataset.ts';
import { LineFile } from './lines.ts';

const rowsPerInsert = 500;

/** The front-end database of the police: a database of its own, and an account that may only read it. */
export interface PoliceSource {
  /** What the hub is given: `postgres://` or `mysql://` with the reading account. */
  url: string;
  /** Upserts the rows of one round. */
  load(round: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Creates `database` anew on the server of `adminUrl` (`postgres://…` or `mysql://…`, an account that may create databases
 * and accounts) with the tables of sources.md. Columns that a data set has beyond these are added as text: drift.
 */
export async function servePolice(dataset: Dataset, adminUrl: string, database: string): Promise<PoliceSource> {
  const server = adminUrl.startsWith('mysql') ? await mysqlServer(adminUrl, database) : await postgresServer(adminUrl, database);
  const streams = [
    { table: 'jcj_jjd', key: 'jjdbh', columns: withDrift(callColumns, dataset.calls), index: dataset.calls },
    { table: 'rk_hj', key: 'rybh', columns: withDrift(householdColumns, dataset.households), index: dataset.households },
  ];
  for (const stream of streams) await server.createTable(stream.table, stream.key, stream.columns);
  const reader = await server.grantReader();
  const load = async (round: number) => {
    for (const stream of streams) await loadRound(server, stream, round);
  };
  return { url: reader, load, stop: () => server.stop() };
}

/** Types as sources.md gives them; `null` is allowed everywhere but in the key, since a source can lack any of them. */
const callColumns: Record<string, string> = {
  jjdbh: 'varchar(30)', bjsj: 'datetime', jjdw: 'char(12)', jqlbdm: 'varchar(8)', sfjf: 'char(1)', jflxdm: 'varchar(4)', cjsj: 'datetime', jssj: 'datetime', cljg: 'varchar(4)',
  fsdd: 'varchar(200)', xzqh: 'char(12)', jd: 'decimal(10,6)', wd: 'decimal(10,6)', bjrxm: 'varchar(50)', bjrdh: 'varchar(30)', bjrsfzh: 'varchar(18)', bmyq: 'char(1)',
  jqjj: 'text', yjzz: 'char(1)', yjsj: 'datetime', jbgjs: 'char(1)', cfjg: 'varchar(200)', gxsj: 'datetime(3)', scbz: 'char(1)',
};
const householdColumns: Record<string, string> = {
  rybh: 'varchar(20)', gmsfhm: 'char(18)', xm: 'varchar(50)', xb: 'char(1)', csrq: 'char(8)', mz: 'char(2)', hh: 'varchar(30)', yhzgx: 'varchar(4)', hjdz: 'varchar(200)',
  hjdqh: 'char(6)', zxbz: 'char(1)', gxsj: 'datetime(3)', scbz: 'char(1)',
};

interface Stream {
  table: string;
  key: string;
  columns: Record<string, string>;
  index: StreamIndex;
}

function withDrift(columns: Record<string, string>, index: StreamIndex): Record<string, string> {
  const more = index.fields.filter((field) => !(field in columns) && field !== '' && !field.includes('\u0000') && Buffer.byteLength(field) <= columnBytesMax);
  return { ...columns, ...Object.fromEntries(more.map((field) => [field, 'text'])) };
}

/** PostgreSQL's; MySQL's 64 characters are no fewer. */
const columnBytesMax = 63;

/** A column of a data set may have any name. */
function column(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

async function loadRound(server: Server, stream: Stream, round: number): Promise<void> {
  const file = new LineFile(stream.index.path);
  const versions = stream.index.versions.filter((version) => version.round === round);
  try {
    for (let start = 0; start < versions.length; start += rowsPerInsert) {
      const page = versions.slice(start, start + rowsPerInsert);
      await server.upsert(stream.table, stream.key, stream.columns, page.map((version) => file.value(version)));
    }
    if (versions.length > 0) await server.settle(stream.table);
  } catch (cause) {
    throw unloadable(stream, versions, round, cause);
  } finally {
    file.close();
  }
}

function unloadable(stream: Stream, versions: Version[], round: number, cause: unknown): unknown {
  if (cause instanceof YiwangError || !(cause instanceof Error) || !('code' in cause)) return cause;
  return new YiwangError('DATASET_INVALID', {
    hint: `${stream.index.label}: one of the ${versions.length} rows of round ${round} does not fit the columns of \`${stream.table}\` (database error ${String(cause.code)})`,
    cause,
  });
}

interface Server {
  createTable(table: string, key: string, columns: Record<string, string>): Promise<void>;
  grantReader(): Promise<string>;
  upsert(table: string, key: string, columns: Record<string, string>, rows: Record<string, unknown>[]): Promise<void>;
  /** After many rows: a front-end database that is in use knows its tables, and reads a page by its index. */
  settle(table: string): Promise<void>;
  stop(): Promise<void>;
}

async function postgresServer(adminUrl: string, database: string): Promise<Server> {
  await withAdmin(adminUrl, async (admin) => {
    await admin.query(`DROP DATABASE IF EXISTS ${quoted(database)} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${quoted(database)} TEMPLATE template0 ENCODING 'UTF8'`);
  });
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => undefined);
  await connected(client.connect());
  return {
    async createTable(table, key, columns) {
      const typed = Object.entries(columns).map(([name, type]) => `${column(name)} ${type.replace('datetime(3)', 'timestamp(3)').replace('datetime', 'timestamp(0)')}`);
      await client.query(`CREATE TABLE ${quoted(table)} (${typed.join(', ')}, PRIMARY KEY (${column(key)}))`);
      await client.query(`CREATE INDEX ON ${quoted(table)} (gxsj, ${column(key)})`);
    },
    async grantReader() {
      const reader = readerOf(database, 63);
      const password = randomBytes(18).toString('hex');
      const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [reader]);
      await client.query(`${rowCount ? 'ALTER' : 'CREATE'} ROLE ${quoted(reader)} LOGIN PASSWORD '${password}'`);
      await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${quoted(reader)}`);
      await client.query(`ALTER ROLE ${quoted(reader)} SET default_transaction_read_only = on`);
      return withAccount(url, reader, password);
    },
    async upsert(table, key, columns, rows) {
      const names = Object.keys(columns).map(column);
      const updates = names.map((name) => `${name} = excluded.${name}`);
      await client.query(
        `INSERT INTO ${quoted(table)} (${names.join(', ')}) SELECT ${names.join(', ')} FROM json_populate_recordset(NULL::${quoted(table)}, $1) ON CONFLICT (${column(key)}) DO UPDATE SET ${updates.join(', ')}`,
        [JSON.stringify(rows)],
      );
    },
    async settle(table) {
      await client.query(`ANALYZE ${quoted(table)}`);
    },
    async stop() {
      await client.end();
      await withAdmin(adminUrl, async (admin) => {
        await admin.query(`DROP DATABASE IF EXISTS ${quoted(database)} WITH (FORCE)`);
        await admin.query(`DROP ROLE IF EXISTS ${quoted(readerOf(database, 63))}`);
      });
    },
  };
}

async function withAdmin(adminUrl: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  admin.on('error', () => undefined);
  await connected(admin.connect());
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

/** The account's name, within the server's limit. */
function readerOf(database: string, charactersMax: number): string {
  return `${database.slice(0, charactersMax - 7)}_reader`;
}

async function mysqlServer(adminUrl: string, database: string): Promise<Server> {
  const client: Connection = await connected(createConnection({ uri: adminUrl, charset: 'utf8mb4' }));
  client.on('error', () => undefined);
  await client.query(`DROP DATABASE IF EXISTS \`${database}\``);
  await client.query(`CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4`);
  await client.query(`USE \`${database}\``);
  return {
    async createTable(table, key, columns) {
      const typed = Object.entries(columns).map(([name, type]) => `${backquoted(name)} ${type}${name === key ? ' NOT NULL' : ' NULL'}`);
      await client.query(`CREATE TABLE \`${table}\` (${typed.join(', ')}, PRIMARY KEY (\`${key}\`), KEY (gxsj, \`${key}\`))`);
    },
    async grantReader() {
      const reader = readerOf(database, 32);
      const password = randomBytes(18).toString('hex');
      await client.query(`DROP USER IF EXISTS '${reader}'@'%'`);
      await client.query(`CREATE USER '${reader}'@'%' IDENTIFIED BY '${password}'`);
      await client.query(`GRANT SELECT ON \`${database}\`.* TO '${reader}'@'%'`);
      const url = new URL(adminUrl);
      url.pathname = `/${database}`;
      return withAccount(url, reader, password);
    },
    async upsert(table, _key, columns, rows) {
      const names = Object.keys(columns);
      const values = rows.map((row) => names.map((name) => row[name] ?? null));
      await client.query(`REPLACE INTO \`${table}\` (${names.map(backquoted).join(', ')}) VALUES ?`, [values]);
    },
    async settle(table) {
      await client.query(`ANALYZE TABLE ${backquoted(table)}`);
    },
    async stop() {
      await client.query(`DROP DATABASE IF EXISTS \`${database}\``);
      await client.query(`DROP USER IF EXISTS '${readerOf(database, 32)}'@'%'`);
      await client.end();
    },
  };
}

function backquoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

async function connected<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (cause) {
    throw new YiwangError('CONFIG', { hint: 'the database server that should hold the simulated police source does not answer', cause });
  }
}

function withAccount(url: URL, user: string, password: string): string {
  const reader = new URL(url.href);
  reader.username = user;
  reader.password = password;
  return reader.href;
}
