import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openPool, quoted } from '../../base/db.ts';
import { removeHome } from '../../base/embedded-place.ts';
import { startEmbeddedPostgres } from '../../base/embedded.ts';
import { openHome } from '../../base/home.ts';
import { migrate } from '../../base/migrate.ts';

/** Pairs of migrated databases, on a server of the campaign's own that goes when it ends. */
export interface Databases {
  pair(name: string): Promise<[string, string]>;
  close(): Promise<void>;
}

export async function openDatabases(): Promise<Databases> {
  const home = openHome({ YIWANG_HOME: mkdtempSync(join(tmpdir(), 'yiwang-twins-')) });
  const server = await startEmbeddedPostgres({ home, durable: false });
  const template = await migrated(server.url, 'twin_template');
  return {
    pair: async (name) => [await copied(server.url, template, `twin_${name}_a`), await copied(server.url, template, `twin_${name}_b`)],
    close: async () => {
      await server.stop();
      removeHome(home);
    },
  };
}

/** A new database with every table of this source, whose migrations a mutant may have changed. */
export async function migrated(serverUrl: string, name: string): Promise<string> {
  await onServer(serverUrl, `CREATE DATABASE ${quoted(name)}`);
  const pool = openPool(urlOf(serverUrl, name), { connectionsMax: 1 });
  try {
    await migrate(pool);
    // Planned for the first values and for every later five, random statements cost more to plan than to run.
    await pool.query('ALTER ROLE yiwang SET plan_cache_mode = force_generic_plan');
  } finally {
    await pool.end();
  }
  return name;
}

export async function copied(serverUrl: string, template: string, name: string): Promise<string> {
  await onServer(serverUrl, `CREATE DATABASE ${quoted(name)} TEMPLATE ${quoted(template)}`);
  return urlOf(serverUrl, name);
}

export function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function onServer(serverUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  client.on('error', () => undefined); // the next statement fails with the reason
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
