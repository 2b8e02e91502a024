import { sql } from 'drizzle-orm';
import { derivedKey } from '../base/canonical.ts';
import { inTransaction, type Pool, type Transaction } from '../base/db.ts';
import { statisticRules } from '../matters/statistic-rules.ts';
import { cellsOf, type Cell, type CountedRecord } from '../matters/statistics.ts';

const cellsPerStatementMax = 20_000;
const snapshotMarker = 'statistics_snapshot';

/** Counts everything once and keeps what is told of it. Returns the number of cells. The old snapshot answers until the commit. */
export async function takeSnapshot(pool: Pool, master: Uint8Array): Promise<number> {
  const secret = derivedKey(master, 'statistics-cell');
  return inTransaction(pool, async (tx) => {
    const cells = cellsOf(await counted(tx), secret, (code) => statisticRules.find((rule) => rule.code === code)?.whole !== undefined);
    await tx.execute(sql`DELETE FROM hub.statistic_cell`);
    for (let at = 0; at < cells.length; at += cellsPerStatementMax) await writeCells(tx, cells.slice(at, at + cellsPerStatementMax));
    await tx.execute(sql`INSERT INTO hub.setting (name, value) VALUES (${snapshotMarker}, to_jsonb(hub.business_now())) ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = now()`);
    return cells.length;
  });
}

/** Asks for one where there is something to count, and the last is from before two o'clock last night in Shanghai, or nobody waited for a sync yet. */
export async function askNightlySnapshot(pool: Pool): Promise<void> {
  await pool.query(
    `INSERT INTO hub.outbox (kind, payload) SELECT 'SNAPSHOT', '{}'
     WHERE EXISTS (SELECT 1 FROM hub.record)
       AND NOT EXISTS (SELECT 1 FROM hub.setting WHERE name = $1 AND set_at >= (date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai' - interval '2 hours') + interval '2 hours') AT TIME ZONE 'Asia/Shanghai')
       AND NOT EXISTS (SELECT 1 FROM hub.outbox WHERE kind = 'SNAPSHOT' AND done_at IS NULL)`,
    [snapshotMarker],
  );
}

async function writeCells(tx: Transaction, cells: readonly Cell[]): Promise<void> {
  await tx.execute(sql`INSERT INTO hub.statistic_cell SELECT x.* FROM jsonb_populate_recordset(NULL::hub.statistic_cell, ${JSON.stringify(cells)}::jsonb) x`);
}

/** Each record once per statistic that counts it. */
async function counted(tx: Transaction): Promise<CountedRecord[]> {
  const { rows } = await tx.execute(sql`
    WITH r AS MATERIALIZED (
      SELECT r.rid, r.department, r.division_now AS division, r.category, r.facts, r.occurred_at, r.assist_orgs, (r.minor OR r.family_violence) AS sensitive, m.matter_key,
        to_char(r.occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') AS day
      FROM hub.record r LEFT JOIN hub.matter_member m ON m.rid = r.rid WHERE r.type_name IS NOT NULL AND r.division_now IS NOT NULL AND r.occurred_at IS NOT NULL
    ), agreed AS (SELECT DISTINCT matter_key FROM r WHERE facts ->> 'outcome' = 'AGREED' AND matter_key IS NOT NULL),
    several AS (SELECT matter_key FROM r WHERE department = 'hotline' GROUP BY 1 HAVING count(*) > 1),
    docked AS (
      SELECT r.*, CASE WHEN department = 'court' THEN 'LITIGATION' WHEN department = 'police' THEN 'POLICE' ELSE 'PETITION' END AS channel FROM r
      WHERE (department = 'court' AND (facts ? 'divertedTo' OR facts ? 'divertedOn')) OR (department = 'police' AND facts ->> 'handedOver' = 'true')
        OR (department = 'petition' AND EXISTS (SELECT 1 FROM hub.organization o WHERE o.credit_code = facts ->> 'handledBy' AND (o.department = 'MEDIATION' OR o.kind IN ('MEDIATION_CENTRE', 'MEDIATION_ORGANIZATION'))))
    )
    SELECT rid, 'DOCKING' AS code, division, category, day, channel AS extra, (matter_key IN (SELECT matter_key FROM agreed)) IS TRUE AS numerator, true AS denominator, sensitive FROM docked
    UNION ALL
    SELECT rid, 'PRELITIGATION', division, category, day, NULL, facts ->> 'outcome' = 'AGREED', facts ? 'divertedTo' OR facts ? 'divertedOn', sensitive FROM r WHERE department = 'court'
    UNION ALL
    SELECT rid, 'RESOLUTION', division, category, day, NULL, facts ->> 'resolvedByResident' = 'true', true, sensitive FROM r WHERE department = 'hotline' AND facts ? 'resolvedByResident'
    UNION ALL
    SELECT rid, 'REPEATS', division, category, day, NULL, (matter_key IN (SELECT matter_key FROM several)) IS TRUE, true, sensitive FROM r WHERE department = 'hotline'`);
  return rows as unknown as CountedRecord[];
}
