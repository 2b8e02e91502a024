import { readConfig, type Config, type SourceNeeds } from '../base/config.ts';
import type { Pool } from '../base/db.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../base/embedded.ts';
import { YiwangError } from '../base/errors.ts';
import { log } from '../base/log.ts';

export interface Hub {
  config: Config;
  /** Of the hub's PostgreSQL, embedded or given. */
  databaseUrl: string;
  pool: Pool;
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  ETIMEDOUT: 'no answer in time',
  '28P01': 'the password is refused',
  '28000': 'the user is refused',
  '3D000': 'no such database',
};

/** Opens the hub's database for one command (started where none runs, migrated), and closes it whatever happens. */
export async function withHub<T>(work: (hub: Hub) => Promise<T>, options: { env?: NodeJS.ProcessEnv; sources?: readonly SourceNeeds[] } = {}): Promise<T> {
  const config = readConfig(options);
  const embedded = config.databaseUrl === undefined ? await startEmbeddedPostgres({ home: config.home, keepUp: true }) : undefined;
  const databaseUrl = embedded?.url ?? config.databaseUrl!;
  const [{ openPool }, { migrate }] = await Promise.all([import('../base/db.ts'), import('../base/migrate.ts')]); // half a second that `--help` need not wait
  const tracing = config.traceEndpoint === undefined ? undefined : (await import('../base/tracing.ts')).startTracing(config.traceEndpoint);
  const pool = openPool(databaseUrl);
  try {
    await reachable(pool, databaseUrl);
    await migrate(pool);
    return await work({ config, databaseUrl, pool });
  } finally {
    await pool.end();
    await tracing?.stop();
    if (embedded) await stopEmbedded(embedded);
  }
}

/** Drivers hang up without waiting for the server to notice: connections that end with the server are no news then. */
export async function stopEmbedded(server: EmbeddedPostgres): Promise<void> {
  const { level } = log;
  if (server.started) log.level = 'error';
  await server.stop();
  log.level = level;
}

async function reachable(pool: Pool, url: string): Promise<void> {
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    const { hostname, port } = new URL(url);
    throw new YiwangError('DATABASE_UNAVAILABLE', { hint: `the database at ${hostname}:${port || 5432} (DATABASE_URL) does not answer: ${reasons[code] ?? (code || 'connection lost')}`, cause: error });
  }
}
