import { connect, type Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { enterViewer } from '../policy/session.ts';
import type { Viewer } from '../policy/viewer.ts';

/**
 * The matter of an `X-Matter` header, or `MATTER_UNKNOWN`: for a number nobody has and for one this caller cannot see the
 * same answer along the same path (threats.md, 7). A merged number leads to its successor, whose rows decide.
 */
export async function visibleMatter(pool: Pool, viewer: Viewer, header: string): Promise<{ matterKey: string; matterNo: string }> {
  const number = header.trim().toUpperCase();
  const client = await connect(pool);
  let broken: Error | undefined;
  try {
    const successor = await client.query<{ matter_key: string }>(lastSuccessor, [matterNo.test(number) ? number : '', mergesMax]);
    await enterViewer(client, viewer);
    const seen = await client.query<{ matter_key: string; matter_no: string }>('SELECT matter_key, matter_no FROM hub.matter WHERE matter_key = $1', [successor.rows[0]?.matter_key ?? '']);
    const [row] = seen.rows;
    if (!row) throw new YiwangError('MATTER_UNKNOWN');
    return { matterKey: row.matter_key, matterNo: row.matter_no };
  } finally {
    await client.query('ROLLBACK').catch((error: Error) => (broken = error));
    client.release(broken);
  }
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
