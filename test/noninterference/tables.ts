import type { Pool } from '../../base/db.ts';

export type Cell = string | number | boolean | null | readonly unknown[] | { readonly [name: string]: unknown };
export type Row = { [column: string]: Cell };
/** Rows by table and by the text of their key: everything that a hub's answers can come from. */
export type Rows = Record<TableName, Map<string, Row>>;

/** Tables with their keys, parents before children. */
const tables = {
  'hub.setting': ['name'],
  'hub.stream': ['department', 'stream'],
  'hub.division': ['code'],
  'hub.organization': ['credit_code'],
  'hub.place': ['place_key'],
  'hub.thing': ['thing_key'],
  'hub.record': ['rid'],
  'hotline.ticket': ['rid'],
  'police.call': ['rid'],
  'court.prelitigation_case': ['rid'],
  'civil.application': ['rid'],
  'petition.petition': ['rid'],
  'hub.assignment': ['rid', 'credit_code'],
  'hub.entity': ['entity_key'],
  'hub.mention': ['mention_id'],
  'hub.mention_self': ['id_hmac', 'rid'],
  'hub.matter': ['matter_key'],
  'hub.matter_member': ['rid'],
  'hub.matter_event': ['id'],
  'hub.clock': ['rid', 'rule'],
  'hub.link_edge': ['a', 'b'],
  'hub.review': ['a', 'b'],
  'hub.correction': ['id'],
  'hub.correction_text': ['id'],
  'hub.situation': ['situation_key'],
  'hub.statistic_cell': ['code', 'division', 'category', 'period', 'extra'],
} as const satisfies Record<string, readonly string[]>;
export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as TableName[];

export function emptyRows(): Rows {
  return Object.fromEntries(tableNames.map((name) => [name, new Map<string, Row>()])) as Rows;
}

export function put(rows: Rows, table: TableName, row: Row): void {
  rows[table].set(keyOf(table, row), row);
}

export function keyOf(table: TableName, row: Row): string {
  return tables[table].map((column) => String(row[column])).join('|');
}

/** A copy whose rows may be replaced; a row itself is never changed in place. */
export function copied(rows: Rows): Rows {
  return Object.fromEntries(tableNames.map((name) => [name, new Map(rows[name])])) as Rows;
}

export interface Change {
  table: TableName;
  key: string;
  before: Row | undefined;
  after: Row | undefined;
}

export function changesBetween(from: Rows, to: Rows): Change[] {
  return tableNames.flatMap((table) => {
    const gone = [...from[table]].filter(([key]) => !to[table].has(key)).map(([key, before]): Change => ({ table, key, before, after: undefined }));
    const written = [...to[table]].filter(([key, row]) => from[table].get(key) !== row).map(([key, after]): Change => ({ table, key, before: from[table].get(key), after }));
    return [...gone, ...written];
  });
}

/** Writes the difference into a database, in one transaction. Children go before their parents and come after them. */
export async function write(pool: Pool, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    for (const table of [...tableNames].reverse()) {
      const gone = changes.filter((one) => one.table === table && one.after === undefined).map((one) => one.before!);
      if (gone.length > 0) await client.query(`DELETE FROM ${table} t USING jsonb_populate_recordset(NULL::${table}, $1::jsonb) g WHERE ${matching(table, 't', 'g')}`, [JSON.stringify(gone)]);
    }
    for (const table of tableNames) {
      const rows = changes.filter((one) => one.table === table && one.after !== undefined).map((one) => one.after!);
      if (rows.length > 0) await client.query(upsert(table, Object.keys(rows[0]!)), [JSON.stringify(rows)]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** Everything out: a database that another campaign used, or whose triggers would be in the way. */
export async function clear(pool: Pool): Promise<void> {
  await pool.query(`TRUNCATE ${tableNames.join(', ')}, hub.touched, hub.matter_touched, hub.matter_left, hub.outbox CASCADE`);
}

/** What clustering would have to do again is nobody's work here. */
export async function withoutTriggers(pool: Pool): Promise<void> {
  for (const table of tableNames) await pool.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  // These copy from a record what guards its membership: no work that is left to do.
  await pool.query('ALTER TABLE hub.matter_member ENABLE TRIGGER copy_to_member; ALTER TABLE hub.record ENABLE TRIGGER tell_member');
}

/** Two mentions of a twin may change places, which no statement of a row at a time can do under a key that is checked at once. */
export async function withPlacesCheckedLate(pool: Pool): Promise<void> {
  await pool.query('ALTER TABLE hub.mention DROP CONSTRAINT mention_rid_role_ordinal_key, ADD CONSTRAINT mention_rid_role_ordinal_key UNIQUE (rid, role, ordinal) DEFERRABLE INITIALLY DEFERRED');
}

function upsert(table: TableName, columns: readonly string[]): string {
  const keys: readonly string[] = tables[table];
  const others = columns.filter((column) => !keys.includes(column));
  const update = others.length === 0 ? 'NOTHING' : `UPDATE SET ${others.map((column) => `${column} = excluded.${column}`).join(', ')}`;
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb) ON CONFLICT (${keys.join(', ')}) DO ${update}`;
}

function matching(table: TableName, left: string, right: string): string {
  return tables[table].map((column) => `${left}.${column} = ${right}.${column}`).join(' AND ');
}
