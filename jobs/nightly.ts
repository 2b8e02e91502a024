import { randomUUID } from 'node:crypto';
import type { Pool } from '../base/db.ts';
import { YiwangError } from '../base/errors.ts';
import { connectors } from '../connectors/registry.ts';

export interface NightlyRequest {
  /** All departments, unless named. */
  departments?: readonly string[];
  /** Reports only. */
  dryRun?: boolean;
  requestedBy: string;
}

/** Asks for one run per stream of what is otherwise done at night. Returns the ids of the runs; workers find them in the table. */
export async function requestNightly(pool: Pool, mode: 'RECONCILE' | 'RETAIN', request: NightlyRequest): Promise<string[]> {
  const known = await connectors();
  const wanted = request.departments?.length ? request.departments : [...known.keys()];
  const ids: string[] = [];
  for (const department of wanted) {
    const connector = known.get(department);
    if (!connector) throw new YiwangError('USAGE', { hint: `there is no department \`${department.slice(0, 40)}\`; known are ${[...known.keys()].join(', ')}` });
    for (const stream of connector.streams) {
      const id = randomUUID();
      await pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, parameters) VALUES ($1, $2, $3, $4, 'DUE', $5, $6)", [
        id, department, stream.name, mode, request.requestedBy, JSON.stringify({ dryRun: request.dryRun ?? false }),
      ]);
      ids.push(id);
    }
  }
  return ids;
}
