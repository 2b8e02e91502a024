import { inTransaction, type Client, type Pool } from '../base/db.ts';
import { divisionChanges, divisions, type Division } from '../schema/divisions/divisions.ts';
import { connectors } from '../connectors/registry.ts';
import { maskedYearsDefault } from '../policy/retention.ts';
import { units } from '../schema/units.ts';

const rowsPerStatementMax = 20_000;

/**
 * Loads what is public and real: every division of five tiers, the superseded ones with their successors, the unit map, and
 * the periods of retention and of answering corrections that connectors declare. Nothing is read where it has been loaded before. About 670,000 rows, some ten seconds.
 */
export async function loadReference(pool: Pool, progress: (done: number, total: number) => void = () => undefined): Promise<void> {
  await loadUnits(pool);
  await loadRetention(pool);
  await loadCorrectionPeriods(pool);
  const { rows } = await pool.query<{ value: string }>(`SELECT value #>> '{}' AS value FROM hub.setting WHERE name = 'divisions_loaded'`);
  if (rows.length > 0) return;
  const all = [...divisions().values()];
  await inTransaction(pool, async ({ $client: client }) => {
    const isEmpty = (await client.query('SELECT FROM hub.division LIMIT 1')).rowCount === 0;
    if (isEmpty) await client.query('ALTER TABLE hub.division DROP CONSTRAINT division_pkey; DROP INDEX hub.division_parent');
    for (let at = 0; at < all.length; at += rowsPerStatementMax) {
      await insertDivisions(client, all.slice(at, at + rowsPerStatementMax), isEmpty ? '' : 'ON CONFLICT (code) DO NOTHING');
      progress(Math.min(at + rowsPerStatementMax, all.length), all.length);
    }
    // Made at the end, they take a quarter of the time that keeping them row by row does.
    if (isEmpty) await client.query('ALTER TABLE hub.division ADD CONSTRAINT division_pkey PRIMARY KEY (code); CREATE INDEX division_parent ON hub.division (parent)');
    await insertChanges(client);
    await client.query(`INSERT INTO hub.setting (name, value) VALUES ('divisions_loaded', to_jsonb($1::int)) ON CONFLICT (name) DO NOTHING`, [all.length]);
  });
}

/** A column crosses as one text of lines, which costs a fraction of an array's quoting; no name holds a line break. */
async function insertDivisions(client: Client, rows: readonly Division[], onConflict: string): Promise<void> {
  const lines = (column: 'code' | 'name' | 'tier' | 'parent') => rows.map((row) => row[column] ?? '').join('\n');
  await client.query(
    `INSERT INTO hub.division (code, name, tier, parent, source)
     SELECT code, name, tier, parent, 'GB/T 2260'
     FROM unnest(string_to_array($1, E'\\n'), string_to_array($2, E'\\n'), string_to_array($3, E'\\n'), string_to_array($4, E'\\n', '')) AS d(code, name, tier, parent) ${onConflict}`,
    [lines('code'), lines('name'), lines('tier'), lines('parent')],
  );
}

/** A superseded code stays, valid until the day of the change, with the way to its successor. */
async function insertChanges(client: Client): Promise<void> {
  for (const change of divisionChanges()) {
    await client.query(
      `INSERT INTO hub.division (code, name, tier, parent, valid_to, successor, source)
       VALUES ($1, $2, $3, $4, $5::date, $6, $7)
       ON CONFLICT (code) DO UPDATE SET valid_to = excluded.valid_to, successor = excluded.successor, source = excluded.source
       WHERE hub.division.code <> excluded.successor`,
      [change.oldCode, change.oldName, tierOf(change.oldCode), parentOf(change.oldCode), change.effectiveOn, change.newCode, change.source],
    );
    // The same place under a new code: the code began with the change. A neighbour that took the place over is older.
    if (stem(change.oldName) === stem(change.newName)) {
      await client.query(`UPDATE hub.division SET valid_from = $2::date WHERE code = $1 AND valid_from IS NULL AND $1 <> $3`, [change.newCode, change.effectiveOn, change.oldCode]);
    }
  }
}

/** `密云县` and `密云区` are one place. */
function stem(name: string): string {
  return name.replace(/(?:自治县|特区|[县区市镇乡]|街道(?:办事处)?)$/u, '');
}

function tierOf(code: string): Division['tier'] {
  if (/^\d{2}0{10}$/.test(code)) return 'PROVINCE';
  if (/^\d{4}0{8}$/.test(code)) return 'CITY';
  if (/^\d{6}0{6}$/.test(code)) return 'COUNTY';
  return code.endsWith('000') ? 'TOWNSHIP' : 'VILLAGE';
}

function parentOf(code: string): string {
  const digits = { PROVINCE: 0, CITY: 2, COUNTY: 4, TOWNSHIP: 6, VILLAGE: 9 }[tierOf(code)];
  return code.slice(0, digits).padEnd(12, '0');
}

async function loadUnits(pool: Pool): Promise<void> {
  const listed = [...units().values()];
  if (listed.length === 0) return;
  await pool.query(
    `INSERT INTO hub.unit (kind, code, credit_code) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
     ON CONFLICT (kind, code) DO UPDATE SET credit_code = excluded.credit_code`,
    [listed.map((unit) => unit.kind), listed.map((unit) => unit.code), listed.map((unit) => unit.creditCode)],
  );
}

/** Row conditions and the nightly deletion read the periods in SQL; the declarations say them. */
export async function loadRetention(pool: Pool): Promise<void> {
  const periods = [...(await connectors()).values()].flatMap(({ department, streams }) => streams.map(({ name, retention }) => ({ department, stream: name, years: retention.years, masked_years: retention.maskedYears ?? maskedYearsDefault, basis: retention.basis.zh })));
  await pool.query(
    `INSERT INTO hub.retention AS t (department, stream, years, masked_years, basis) SELECT department, stream, years, masked_years, basis FROM jsonb_to_recordset($1::jsonb) AS x(department text, stream text, years integer, masked_years integer, basis text)
     ON CONFLICT (department, stream) DO UPDATE SET years = excluded.years, masked_years = excluded.masked_years, basis = excluded.basis
     WHERE (t.years, t.masked_years, t.basis) IS DISTINCT FROM (excluded.years, excluded.masked_years, excluded.basis)`,
    [JSON.stringify(periods)],
  );
}

async function loadCorrectionPeriods(pool: Pool): Promise<void> {
  for (const { department, correction } of (await connectors()).values()) {
    if (!correction) continue;
    await pool.query(
      `INSERT INTO hub.correction_period AS t (department, working_days, basis) VALUES ($1, $2, $3)
       ON CONFLICT (department) DO UPDATE SET working_days = excluded.working_days, basis = excluded.basis WHERE (t.working_days, t.basis) IS DISTINCT FROM (excluded.working_days, excluded.basis)`,
      [department, correction.workingDays, correction.basis],
    );
  }
}
