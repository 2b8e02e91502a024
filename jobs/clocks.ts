import { sql } from 'drizzle-orm';
import { sha256Hex } from '../base/canonical.ts';
import { asColumns } from '../base/columns.ts';
import { inTransaction, type Pool, type Transaction } from '../base/db.ts';
import { announcedThrough } from '../matters/calendar.ts';
import { clockRules, rulesOf } from '../matters/clock-rules.ts';
import { clockOf, countingVersion, type Clock, type ClockedRecord } from '../matters/clocks.ts';

const batchRecords = 2_000;
const marker = 'clock_rules';

/**
 * Writes the clocks of the records that a sync touched; of all records after the rules or the working calendar changed.
 * Returns how many rows are new or changed: running it twice changes none.
 */
export async function refreshClocks(pool: Pool): Promise<number> {
  return inTransaction(pool, async (tx) => {
    const version = sha256Hex(JSON.stringify([clockRules, announcedThrough, countingVersion]));
    const { rows } = await tx.execute(sql`SELECT value #>> '{}' AS version FROM hub.setting WHERE name = ${marker}`);
    const everything = rows[0]?.['version'] !== version;
    let changed = 0;
    for (let after = ''; ; ) {
      const records = await recordsAfter(tx, after, everything);
      changed += await writeClocks(tx, records);
      if (records.length < batchRecords) break;
      after = records.at(-1)!.rid;
    }
    if (everything) await tx.execute(sql`INSERT INTO hub.setting (name, value) VALUES (${marker}, to_jsonb(${version}::text)) ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = now()`);
    return changed;
  });
}

type RecordRow = ClockedRecord & { rid: string; department: string; stream: string };

async function recordsAfter(tx: Transaction, after: string, everything: boolean): Promise<RecordRow[]> {
  const which = everything ? sql`true` : sql`EXISTS (SELECT 1 FROM hub.touched t WHERE t.rid = r.rid)`;
  const { rows } = await tx.execute(sql`
    SELECT r.rid, r.department, r.stream, r.status, r.facts, r.first_seen AS "firstSeen" FROM hub.record r
    WHERE r.rid > ${after} AND r.type_name IS NOT NULL AND ${which} ORDER BY r.rid LIMIT ${batchRecords}`);
  return rows as unknown as RecordRow[];
}

async function writeClocks(tx: Transaction, records: readonly RecordRow[]): Promise<number> {
  if (records.length === 0) return 0;
  const clocks = records.flatMap((record) => rulesOf(record.department, record.stream).map((rule) => asRow(record.rid, clockOf(rule, record), rule.right === true)));
  const gone = await tx.execute(sql`
    DELETE FROM hub.clock c WHERE c.rid = ANY (${sql.param(records.map((record) => record.rid))}::text[]) AND NOT c.rule = ANY (${sql.param(clockRules.map((rule) => rule.id))}::text[])`);
  if (clocks.length === 0) return gone.rowCount ?? 0;
  const { names, source, values } = asColumns(clocks, clockTypes);
  const { rowCount } = await tx.$client.query(
    `INSERT INTO hub.clock AS c (${names.join(', ')}) ${source}
     ON CONFLICT (rid, rule) DO UPDATE SET started_at = excluded.started_at, due_at = excluded.due_at, soon_at = excluded.soon_at, stopped_at = excluded.stopped_at,
       paused_since = excluded.paused_since, extended = excluded.extended, provisional = excluded.provisional, stated_due_at = excluded.stated_due_at, is_right = excluded.is_right
     WHERE c IS DISTINCT FROM excluded`,
    values,
  );
  return (gone.rowCount ?? 0) + (rowCount ?? 0);
}

/** Types of the columns that are no text. */
const clockTypes = {
  started_at: 'timestamptz', due_at: 'timestamptz', soon_at: 'timestamptz', stopped_at: 'timestamptz', paused_since: 'timestamptz', extended: 'boolean', provisional: 'boolean', stated_due_at: 'timestamptz', is_right: 'boolean',
};

function asRow(rid: string, clock: Clock, isRight: boolean) {
  return {
    rid,
    rule: clock.rule,
    started_at: instant(clock.startedMs),
    due_at: instant(clock.dueMs),
    soon_at: instant(clock.soonMs),
    stopped_at: instant(clock.stoppedMs),
    paused_since: instant(clock.pausedSinceMs),
    extended: clock.extended,
    provisional: clock.provisional,
    stated_due_at: instant(clock.statedDueMs),
    is_right: isRight,
  };
}

function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
