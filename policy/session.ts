import { YiwangError } from '../base/errors.ts';
import { connect, type Client, type Pool } from '../base/db.ts';
import { divisionPrefix } from './row.ts';
import type { Viewer } from './viewer.ts';

/** The role as which subgraphs read: owns nothing, cannot sign in, cannot bypass row-level security. */
export const readerRole = 'yiwang_reader';

/**
 * Opens a read-only transaction as the reading role with the viewer's settings, in one round trip. Role and settings are
 * local to it: whoever gets the connection next starts without them. The caller ends it with `ROLLBACK`.
 */
export async function enterViewer(client: Client, viewer: Viewer): Promise<void> {
  const settings = Object.entries(viewerSettings(viewer)).map(([name, value]) => `set_config('yiwang.${name}', ${client.escapeLiteral(value)}, true)`);
  // The role comes last: nothing after it may need more than a reader's rights.
  await client.query(`BEGIN READ ONLY; SELECT ${settings.join(', ')}, set_config('role', '${readerRole}', true)`);
}

/** The settings that row-level security and the relations (relation.sql.ts) read through `hub.viewer(name)`; '' is none. */
export function viewerSettings(viewer: Viewer): Record<string, string> {
  return {
    kind: viewer.kind,
    org: viewer.org ?? '',
    department: viewer.department ?? '',
    tier: viewer.tier ?? '',
    division_prefix: divisionPrefix(viewer) ?? '',
    id_hmac: viewer.idHmac ?? '',
    matter_key: viewer.matterKey ?? '',
    purpose: viewer.purpose ?? '',
  };
}

/**
 * Refuses to start where the third wall does not stand: the reading role bypasses row-level security, owns a table or may
 * sign in, or a table with rows of people lacks FORCE ROW LEVEL SECURITY.
 */
export async function assertNotBypassed(pool: Pool): Promise<void> {
  const client = await connect(pool);
  try {
    const { rows: users } = await client.query<{ name: string }>('SELECT current_user AS name');
    await client.query('BEGIN READ ONLY');
    await client.query(`SELECT set_config('role', '${readerRole}', true)`).catch((error: unknown) => {
      throw new YiwangError('CONFIG', { hint: `the user of DATABASE_URL may not read as \`${readerRole}\`; an administrator runs: ${printGrants(users[0]?.name ?? '')}`, cause: error });
    });
    const { rows } = await client.query<{ fault: string }>(faultsSql, [guardedTables]);
    if (rows.length > 0) throw new YiwangError('CONFIG', { hint: `row-level security does not hold: ${rows.map((row) => row.fault).join('; ')}` });
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

/** Statements for an administrator, where the user of DATABASE_URL may not create roles; tables are granted by the migrations. */
export function printGrants(databaseUser: string): string {
  const user = `"${databaseUser.replaceAll('"', '""')}"`;
  return `CREATE ROLE ${readerRole} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT; GRANT ${readerRole} TO ${user};`;
}

/** Tables whose rows tell of people; departments' detail tables are found by their foreign key to hub.record. */
const guardedTables = ['record', 'mention', 'matter', 'matter_member', 'assignment', 'place'];

const faultsSql = `
  SELECT format('role %s bypasses it', rolname) AS fault FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
  UNION ALL
  SELECT format('role %s may sign in', rolname) FROM pg_roles WHERE rolname = current_user AND rolcanlogin
  UNION ALL
  SELECT format('role %s owns %s', current_user, c.oid::regclass) FROM pg_class c WHERE c.relkind IN ('r', 'p') AND pg_get_userbyid(c.relowner) = current_user
  UNION ALL
  SELECT format('%s has no FORCE ROW LEVEL SECURITY', c.oid::regclass) FROM pg_class c
  WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND has_table_privilege(current_user, c.oid, 'SELECT')
    AND ((c.relnamespace = 'hub'::regnamespace AND c.relname = ANY ($1))
      OR (c.relnamespace <> 'hub'::regnamespace AND EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.confrelid = 'hub.record'::regclass)))
  LIMIT 20`;
