import type { Pool } from '../base/db.ts';
import { retainStream, type RetainOutcome, type RetainRequest } from '../connectors/retain.ts';
import { requestNightly, type NightlyRequest } from './nightly.ts';
import { loadRetention } from './reference.ts';

/** Every night of every department, before streams are compared with their sources: it needs no source. Beside the minutes at which others begin. */
export const retainSchedule = { cron: '7 1 * * *', tz: 'Asia/Shanghai' };

/** One deletion of what is past its retention, by the periods that are declared now. What it touches is linked and clustered as after a sync. */
export async function retain(request: RetainRequest): Promise<RetainOutcome> {
  await loadRetention(request.pool);
  return retainStream(request);
}

/** Asks for one such run per stream. Returns their ids; workers find them in the table. */
export function requestRetain(pool: Pool, request: NightlyRequest): Promise<string[]> {
  return requestNightly(pool, 'RETAIN', request);
}
