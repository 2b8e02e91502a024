import { sha256Hex } from '../base/canonical.ts';
import { connect, type Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import type { Policy } from '../policy/decide.ts';
import { workMatters } from '../policy/relation.sql.ts';
import { enterViewer } from '../policy/session.ts';
import type { Viewer } from '../policy/viewer.ts';

/**
 * The matter of an `X-Matter` header, or `MATTER_UNKNOWN`: for a number nobody has and for one of which this caller may see
 * no WORK field, the same answer along the same path (threats.md, 7). A merged number leads to its successor, whose rows decide. With it comes
 * the emergency under which this person reads the matter's records, if one is open for them.
 */
export async function visibleMatter(pool: Pool, policy: Policy, viewer: Viewer, header: string): Promise<Pick<Viewer, 'matterKey' | 'matterNo' | 'breakGlass'>> {
  const number = header.trim().toUpperCase();
  const client = await connect(pool);
  let broken: Error | undefined;
  try {
    const successor = await client.query<{ matter_key: string }>({ name: 'last-successor', text: lastSuccessor, values: [matterNo.test(number) ? number : '', mergesMax] });
    await enterViewer(client, viewer);
    const seen = await client.query<{ matter_key: string; matter_no: string; id: string | null; until: Date | null }>({ ...seenMatter(policy, viewer), values: [successor.rows[0]?.matter_key ?? ''] });
    const [row] = seen.rows;
    if (!row) throw new YiwangError('MATTER_UNKNOWN');
    const breakGlass = row.id && row.until ? { breakGlass: { id: row.id, until: row.until.toISOString() } } : {};
    return { matterKey: row.matter_key, matterNo: row.matter_no, ...breakGlass };
  } finally {
    await client.query('ROLLBACK').catch((error: Error) => (broken = error));
    client.release(broken);
  }
}

/** Refuses what was read in an emergency that is over by now: it outlives its end in no answer (threats.md, 25 and 28). */
export async function stillOpen(pool: Pool, { breakGlass }: Viewer): Promise<void> {
  if (!breakGlass) return;
  const { rows } = await pool.query<{ state: string }>('SELECT hub.break_glass_state(b) AS state FROM hub.break_glass b WHERE b.id = $1', [breakGlass.id]);
  if (rows[0]?.state !== 'OPEN') throw new YiwangError('FORBIDDEN', { hint: 'the emergency ended while the operation ran' });
}

/**
 * The matter where work on it is open to this viewer, or an emergency on it is. Named, so that each connection plans it once:
 * row-level security makes it take 17 ms to plan and 0.3 to run. What a viewer's rights make of the text is another statement.
 */
function seenMatter(policy: Policy, viewer: Viewer): { name: string; text: string } {
  const text = `SELECT m.matter_key, m.matter_no, b.id, b.until FROM hub.matter m LEFT JOIN LATERAL hub.open_break_glass(m.matter_key) b ON true WHERE m.matter_key = $1 AND (b.id IS NOT NULL OR ${workMatters(policy, viewer, 'm')})`;
  return { name: `seen-matter-${sha256Hex(text).slice(0, 16)}`, text };
}

const matterNo = /^[0-9A-Z-]{4,32}$/;
const mergesMax = 50;

const lastSuccessor = `
  WITH RECURSIVE chain AS (
    SELECT matter_key, merged_into, 0 AS step FROM hub.matter WHERE matter_no = $1
    UNION ALL
    SELECT m.matter_key, m.merged_into, c.step + 1 FROM chain c JOIN hub.matter m ON m.matter_key = c.merged_into WHERE c.step < $2
  )
  SELECT matter_key FROM chain WHERE merged_into IS NULL LIMIT 1`;
