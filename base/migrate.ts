import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from './canonical.ts';
import { connect, type Client, type Pool } from './db.ts';
import { projectRoot } from './departments.ts';
import { YiwangError } from './errors.ts';

/** One migration: `name` orders it; a file once applied never changes (its hash is kept and compared). */
export interface Migration {
  name: string;
  sql: string;
}

/** What a migration was before it changed, where databases that have it are as good: 0740 did not run on PostgreSQL 15. */
const formerSha256: ReadonlyMap<string, string> = new Map([['0740_access_use.sql', 'b27f8f277bde9f65f128cce19dfd271898cf08408daabf7428b6ad2628962324']]);

const lockKey = 7_201_001; // any fixed number; two processes that start together migrate one after the other

/**
 * Brings a database up to date: `schema/migrations/*.sql` in lexical order, then every department's own tables
 * (`connectors/<department>/migrations/*.sql`, named `<department>/<file>`). Returns the names it applied.
 */
export async function migrate(pool: Pool, migrations: readonly Migration[] = allMigrations()): Promise<string[]> {
  const client = await connect(pool);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    await client.query('CREATE TABLE IF NOT EXISTS public.yiwang_migration (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())');
    const { rows } = await client.query<{ name: string; sha256: string }>('SELECT name, sha256 FROM public.yiwang_migration');
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    const fresh: string[] = [];
    for (const migration of migrations) if (await applyOnce(client, migration, applied)) fresh.push(migration.name);
    return fresh;
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [lockKey]).catch(() => undefined);
    client.release();
  }
}

export function allMigrations(root: string = projectRoot()): Migration[] {
  const hub = sqlFiles(join(root, 'schema', 'migrations'), '');
  const connectors = readdirSync(join(root, 'connectors'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const departments = connectors.map((entry) => entry.name).sort();
  return [...hub, ...departments.flatMap((name) => sqlFiles(join(root, 'connectors', name, 'migrations'), `${name}/`))];
}

function sqlFiles(folder: string, prefix: string): Migration[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // a folder without migrations is a department without tables of its own
  }
  return names.filter((name) => name.endsWith('.sql')).sort().map((name) => ({ name: prefix + name, sql: readFileSync(join(folder, name), 'utf8') }));
}

async function applyOnce(client: Client, migration: Migration, applied: Map<string, string>): Promise<boolean> {
  const sha256 = sha256Hex(migration.sql);
  const known = applied.get(migration.name);
  if (known === sha256 || (known !== undefined && known === formerSha256.get(migration.name))) return false;
  if (known !== undefined) {
    throw new YiwangError('CONFIG', { hint: `migration \`${migration.name}\` changed after it was applied; restore its file, or start from an empty database` });
  }
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO public.yiwang_migration (name, sha256) VALUES ($1, $2)', [migration.name, sha256]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  return true;
}
