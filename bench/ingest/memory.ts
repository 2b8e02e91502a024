import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { openPool, quoted } from '../../base/db.ts';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError } from '../../base/errors.ts';
import { migrate } from '../../base/migrate.ts';

export interface MemoryFigure {
  rows: number;
  seconds: number;
  /** Peak resident memory of the process that pulled. */
  peakMiB: number;
}

/** A run over a source of N/10 and of N rows, each in a process of its own: its peak memory must not grow with the source. */
export async function flatMemory(databaseUrl: string, rowsMax: number): Promise<MemoryFigure[]> {
  const figures: MemoryFigure[] = [];
  for (const rows of [Math.round(rowsMax / 10), rowsMax]) figures.push(await pulled(databaseUrl, rows));
  return figures;
}

async function pulled(databaseUrl: string, rows: number): Promise<MemoryFigure> {
  const [hub, source] = [`memory_hub_${rows}`, `memory_source_${rows}`];
  const urlOf = (name: string) => Object.assign(new URL(databaseUrl), { pathname: `/${name}` }).href;
  await made(databaseUrl, [hub, source]);
  try {
    await filled(urlOf(source), rows);
    const pool = openPool(urlOf(hub));
    await migrate(pool);
    await pool.end();
    const start = performance.now();
    const peakMiB = await peakOf(urlOf(hub), urlOf(source), rows);
    return { rows, seconds: (performance.now() - start) / 1000, peakMiB };
  } finally {
    await dropped(databaseUrl, [hub, source]);
  }
}

/** Rows as a front-end database holds them, about nobody: every value is made of the row's number. */
async function filled(url: string, rows: number): Promise<void> {
  await onServer(url, (client) =>
    client.query(
      `CREATE TABLE rk_hj AS SELECT 'R' || lpad(n::text, 10, '0') AS rybh, NULL::text AS gmsfhm, '张' || chr(20000 + n % 5000) || chr(21000 + n % 4999) AS xm, '1' AS xb,
         to_char(date '1950-01-01' + n % 25000, 'YYYYMMDD') AS csrq, 'H' || n / 3 AS hh, '01' AS yhzgx, '中山路' || n % 900 || '号' || n % 30 || '室' AS hjdz, '620102001001' AS hjdqh,
         '0' AS zxbz, timestamp '2026-01-01' + n * interval '1 second' AS gxsj, '0' AS scbz FROM generate_series(1, ${Number(rows)}) AS n`,
    ),
  );
  await onServer(url, (client) => client.query('ALTER TABLE rk_hj ADD PRIMARY KEY (rybh); CREATE INDEX ON rk_hj (gxsj, rybh); ANALYZE rk_hj'));
}

async function peakOf(hubUrl: string, sourceUrl: string, rows: number): Promise<number> {
  const child = spawn(process.execPath, ['bench/ingest/pull.ts', hubUrl, String(rows)], { cwd: projectRoot(), stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, POLICE_SOURCE_URL: sourceUrl, YIWANG_LOG_LEVEL: 'error' } });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  const peak = Number(/^peak (\d+)$/m.exec(printed)?.[1]);
  if (code !== 0 || !(peak > 0)) throw new YiwangError('INTERNAL', { hint: `the run over ${rows} rows ended with ${code}` });
  return peak;
}

async function made(databaseUrl: string, names: readonly string[]): Promise<void> {
  await dropped(databaseUrl, names);
  for (const name of names) await onServer(databaseUrl, (client) => client.query(`CREATE DATABASE ${quoted(name)}`));
}

async function dropped(databaseUrl: string, names: readonly string[]): Promise<void> {
  for (const name of names) await onServer(databaseUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`));
}

async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
