import { rmSync } from 'node:fs';
import pg from 'pg';
import type { EmbeddedPostgres } from '../../base/embedded.ts';
import { YiwangError } from '../../base/errors.ts';
import { checkpointFolder, signerFolder } from '../services.ts';

/** Makes the embedded hub of a home an empty one: its database, and what it kept outside of its access log. */
export async function emptyEmbedded(home: string, server: EmbeddedPostgres): Promise<void> {
  const { quoted } = await import('../../base/db.ts');
  const url = new URL(server.url);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  client.on('error', () => undefined); // the next statement fails with the reason
  await client.connect();
  try {
    await client.query(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${quoted(name)}`);
  } finally {
    await client.end();
  }
  for (const folder of [checkpointFolder(home), signerFolder(home)]) rmSync(folder, { recursive: true, force: true });
}

/** A database that somebody gave is never emptied: one that holds a hub is refused. */
export async function refuseFilled(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string | null }>("SELECT to_regclass('public.yiwang_migration')::text AS name");
    if (rows[0]?.name) throw new YiwangError('CONFIG', { hint: 'the database of DATABASE_URL holds a hub already: `--keep` goes on with it, or give an empty database' });
  } catch (error) {
    if (error instanceof YiwangError) throw error; // an unreachable database is reported by whoever opens it next
  } finally {
    await client.end().catch(() => undefined);
  }
}
