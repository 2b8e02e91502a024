import { randomUUID } from 'node:crypto';
import type { Pool } from '../base/db.ts';
import { namedStreams } from '../connectors/registry.ts';

export interface NightlyRequest {
  /** All departments, unless named. */
  departments?: readonly string[];
  /** Reports only. */
  dryRun?: boolean;
  requestedBy: string;
}

/** Asks for one run per stream of what is otherwise done at night. Returns the ids of the runs; workers find them in the table. */
export async function requestNightly(pool: Pool, mode: 'RECONCILE' | 'RETAIN', request: NightlyRequest): Promise<string[]> {
  const ids: string[] = [];
  for (const { department, stream } of await namedStreams(request)) {
    const id = randomUUID();
    await pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, parameters) VALUES ($1, $2, $3, $4, 'DUE', $5, $6)", [
      id, department, stream, mode, request.requestedBy, JSON.stringify({ dryRun: request.dryRun ?? false }),
    ]);
    ids.push(id);
  }
  return ids;
}
