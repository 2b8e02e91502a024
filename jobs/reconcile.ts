import { randomUUID } from 'node:crypto';
import type { Pool } from '../base/db.ts';
import { reconcileStream, type ReconcileOutcome, type ReconcileRequest } from '../connectors/reconcile.ts';
import { requestNightly, type NightlyRequest } from './nightly.ts';

/**
 * One reconciliation and what follows from it: what the hub has never seen comes with an ordinary full run, asked for here
 * unless one is due already. A dry run asks for nothing.
 */
export async function reconcile(request: ReconcileRequest): Promise<ReconcileOutcome> {
  const outcome = await reconcileStream(request);
  const { missing, different, restored } = outcome.found;
  if (!request.dryRun && missing + different > restored) await requestRepair(request.pool, request.connector.department, request.stream.name);
  return outcome;
}

async function requestRepair(pool: Pool, department: string, stream: string): Promise<void> {
  await pool.query(
    `INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by) SELECT $1, $2, $3, 'FULL', 'DUE', 'reconcile'
     WHERE NOT EXISTS (SELECT 1 FROM hub.sync_run WHERE department = $2 AND stream = $3 AND mode = 'FULL' AND status = 'DUE')`,
    [randomUUID(), department, stream],
  );
}

/** Asks for one reconciliation per stream. Returns the ids of the runs; workers find them in the table. */
export function requestReconcile(pool: Pool, request: NightlyRequest): Promise<string[]> {
  return requestNightly(pool, 'RECONCILE', request);
}
