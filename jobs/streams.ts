import type { Pool } from '../base/db.ts';
import { namedStreams } from '../connectors/registry.ts';

/** Condition over `hub.sync_run r`: a due run of a paused stream waits. A dry run writes nothing, so it does not. */
export const waitsForResume = "(r.mode <> 'DRY_RUN' AND EXISTS (SELECT 1 FROM hub.stream p WHERE p.department = r.department AND p.stream = r.stream AND p.paused))";

/** Every declared stream has its row, so that it can be seen, paused and asked for before its first run. */
export async function registerStreams(pool: Pool): Promise<void> {
  const all = await namedStreams({});
  await pool.query('INSERT INTO hub.stream (department, stream) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING', [all.map((one) => one.department), all.map((one) => one.stream)]);
}

export interface StreamState {
  department: string;
  stream: string;
  paused: boolean;
}

/** Pauses or resumes one stream of a department, or all of them. `USAGE` for one that is not there. */
export async function pauseStreams(pool: Pool, wanted: { department: string; stream?: string | undefined }, pause: boolean, by: string): Promise<StreamState[]> {
  const named = await namedStreams({ departments: [wanted.department], stream: wanted.stream });
  await registerStreams(pool);
  for (const { department, stream } of named) await pool.query('SELECT hub.pause_stream($1, $2, $3, $4)', [department, stream, pause, by]);
  return named.map((one) => ({ ...one, paused: pause }));
}
