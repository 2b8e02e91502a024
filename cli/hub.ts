import { readConfig, type Config, type SourceNeeds } from '../base/config.ts';
import { openPool, type Pool } from '../base/db.ts';
import { startEmbeddedPostgres } from '../base/embedded.ts';
import { YiwangError } from '../base/errors.ts';
import { migrate } from '../base/migrate.ts';

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
  const server = config.databaseUrl ? { url: config.databaseUrl, stop: async () => undefined } : await startEmbeddedPostgres({ home: config.home });
  const pool = openPool(server.url);
  try {
    await reachable(pool, server.url);
    await migrate(pool);
    return await work({ config, databaseUrl: server.url, pool });
  } finally {
    await pool.end();
    await server.stop();
  }
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
