import { sha256Hex } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import { connect, type Client, type Pool } from '../base/db.ts';
import { divisionPrefix } from './row.ts';
import type { Viewer } from './viewer.ts';

/** The role as which subgraphs read: owns nothing, cannot sign in, cannot bypass row-level security. */
export const readerRole = 'yiwang_reader';

/** The role as which a mutation writes: may touch what migrations grant it, and no table of records or people. */
export const writerRole = 'yiwang_writer';

/**
 * Opens a read-only transaction as the reading role with the viewer's settings, in one round trip. Role and settings are
 * local to it: whoever gets the connection next starts without them. A statement is planned for whatever values: what
 * row-level security adds takes longer to plan than to run, and PostgreSQL would plan for each of the first five. The caller
 * ends it with `ROLLBACK`.
 */
export async function enterViewer(client: Client, viewer: Viewer): Promise<void> {
  await client.query(`BEGIN READ ONLY; SELECT ${settingsSql(client, viewer)}, set_config('plan_cache_mode', 'force_generic_plan', true), set_config('role', '${readerRole}', true)`);
}

/** Opens the transaction of one change, as the writing role with the viewer's settings. The caller commits it. */
export async function enterWriter(client: Client, viewer: Viewer): Promise<void> {
  await client.query(`BEGIN; SELECT ${settingsSql(client, viewer)}, set_config('role', '${writerRole}', true)`);
}

/** The role comes after these: nothing after it may need more than its rights. */
function settingsSql(client: Client, viewer: Viewer): string {
  return Object.entries(viewerSettings(viewer)).map(([name, value]) => `set_config('yiwang.${name}', ${client.escapeLiteral(value)}, true)`).join(', ');
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
    caller: viewer.kind === 'CLERK' ? sha256Hex(viewer.sub) : '',
    break_glass: viewer.breakGlass?.id ?? '',
  };
}

/**
 * Refuses to start where the third wall does not stand: the reading or the writing role bypasses row-level security, owns
 * a table or may sign in, a table with rows of people lacks FORCE ROW LEVEL SECURITY, or the writing role may touch one; and
 * where the user of DATABASE_URL inherits one of the roles, whose policies would then call each other without end (0790).
 */
export async function assertNotBypassed(pool: Pool): Promise<void> {
  const client = await connect(pool);
  try {
    const { rows: users } = await client.query<{ name: string; inherits: boolean }>(inheritsSql, [hubRoles]);
    if (users[0]?.inherits) throw new YiwangError('CONFIG', { hint: `the user of DATABASE_URL inherits a role of the hub, so that policies of rows would call each other without end; an administrator runs: ${printGrants(users[0].name)}` });
    for (const [role, sql] of [[readerRole, readerFaultsSql], [writerRole, writerFaultsSql]] as const) {
      await client.query('BEGIN READ ONLY');
      await client.query(`SELECT set_config('role', '${role}', true)`).catch((error: unknown) => {
        throw new YiwangError('CONFIG', { hint: `the user of DATABASE_URL may not act as \`${role}\`; an administrator runs: ${printGrants(users[0]?.name ?? '')}`, cause: error });
      });
      const { rows } = await client.query<{ fault: string }>(sql, [role === readerRole ? [...guardedTables, ...disputeTables] : guardedTables]);
      if (rows.length > 0) throw new YiwangError('CONFIG', { hint: `row-level security does not hold: ${rows.map((row) => row.fault).join('; ')}` });
      await client.query('ROLLBACK');
    }
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

/** Statements for an administrator, where the user of DATABASE_URL may not create roles; tables are granted by the migrations. */
export function printGrants(databaseUser: string): string {
  const user = `"${databaseUser.replaceAll('"', '""')}"`;
  const between = [...hubRoles.map((role) => `GRANT ${role} TO ${betweenRole}; REVOKE ${role} FROM ${user};`), `GRANT ${betweenRole} TO ${user};`];
  return [...[...hubRoles, betweenRole].map((role) => `CREATE ROLE ${role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;`), ...between].join(' ');
}

/** Does not inherit: who is a member may act as the hub's roles and has none of their rights by itself (0790). */
const betweenRole = 'yiwang_roles';

const hubRoles = [readerRole, writerRole, 'yiwang_log_writer', 'yiwang_log_reader'];

/** A superuser has every role by itself and is bound by no policy. */
const inheritsSql = `SELECT current_user AS name, NOT u.rolsuper AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname = ANY ($1) AND pg_has_role(u.oid, r.oid, 'USAGE')) AS inherits
  FROM pg_roles u WHERE u.rolname = current_user`;

/** Tables whose rows tell of people; departments' detail tables are found by their foreign key to hub.record. */
const guardedTables = ['record', 'mention', 'matter', 'matter_member', 'assignment', 'place', 'thing', 'clock', 'situation', 'statistic_cell', 'break_glass', 'break_glass_record'];

/** Rows about people too, but a mutation writes them. */
const disputeTables = ['correction', 'correction_text'];

const roleFaultsSql = `
  SELECT format('role %s bypasses it', rolname) AS fault FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
  UNION ALL
  SELECT format('role %s may sign in', rolname) FROM pg_roles WHERE rolname = current_user AND rolcanlogin
  UNION ALL
  SELECT format('role %s owns %s', current_user, c.oid::regclass) FROM pg_class c WHERE c.relkind IN ('r', 'p') AND pg_get_userbyid(c.relowner) = current_user`;

const isGuarded = `((c.relnamespace = 'hub'::regnamespace AND c.relname = ANY ($1))
      OR (c.relnamespace <> 'hub'::regnamespace AND EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.confrelid = 'hub.record'::regclass)))`;

const readerFaultsSql = `${roleFaultsSql}
  UNION ALL
  SELECT format('%s has no FORCE ROW LEVEL SECURITY', c.oid::regclass) FROM pg_class c
  WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND has_table_privilege(current_user, c.oid, 'SELECT') AND ${isGuarded}
  LIMIT 20`;

const writerFaultsSql = `${roleFaultsSql}
  UNION ALL
  SELECT format('role %s may touch %s', current_user, c.oid::regclass) FROM pg_class c
  WHERE c.relkind IN ('r', 'p') AND ${isGuarded}
    AND (has_table_privilege(current_user, c.oid, 'DELETE, TRUNCATE') OR has_any_column_privilege(current_user, c.oid, 'SELECT, INSERT, UPDATE'))
  LIMIT 20`;
