import { YiwangError } from '../base/errors.ts';
import type { HubStatus } from '../jobs/status.ts';
import type { Hub } from './hub.ts';

/** How much waits in the queue; `QUEUE_UNAVAILABLE` in one sentence where it does not answer within seconds. */
export async function queueDepths({ config: { redisUrl }, databaseUrl }: Pick<Hub, 'config' | 'databaseUrl'>): Promise<HubStatus['queues']> {
  const { openQueues } = await import('../jobs/queues.ts');
  const queues = await openQueues({ redisUrl, databaseUrl, onError: () => undefined }); // one sentence tells of Redis that is away, not every try
  try {
    return await queues.depths();
  } catch (cause) {
    throw redisUrl === undefined ? cause : new YiwangError('QUEUE_UNAVAILABLE', { hint: `the queue at ${new URL(redisUrl).host} (REDIS_URL) does not answer; start it, or unset REDIS_URL where the hub has none`, cause });
  } finally {
    await queues.close();
  }
}
