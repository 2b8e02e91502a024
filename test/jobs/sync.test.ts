import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Config } from '../../base/config.ts';
import { receiveEvents } from '../../connectors/ingest.ts';
import { startJobs, type RunningJobs } from '../../jobs/main.ts';
import { hubStatus } from '../../jobs/status.ts';
import { requestSync, waitForSync } from '../../jobs/sync.ts';
import { openDataset } from '../../simulator/dataset.ts';
import { servePolice, type PoliceSource } from '../../simulator/police.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { redisUrl, services } from '../services.ts';
import { hasSampleCounty, published, sampleCounty } from '../connectors/sample.ts';

const secret = 'a secret of this test';

describe.runIf(hasSampleCounty).each(['postgres', 'redis'])('jobs with the queue on %s', (kind) => {
  const skipped = kind === 'redis' && !services().redis;
  let hub: TestDatabase;
  let source: PoliceSource;
  let jobs: RunningJobs;

  beforeAll(async () => {
    if (skipped) return;
    hub = await testDatabase();
    source = await servePolice(openDataset(sampleCounty), inject('serverUrl'), `${inject('runName')}_jobs_${kind}`);
    await source.load(1);
    jobs = await startJobs({ config: testConfig(kind === 'redis' ? redisUrl : undefined, { police: { url: source.url, secrets: {} } }), pool: hub.pool, databaseUrl: hub.url });
  });
  afterAll(async () => {
    await jobs?.stop();
    await source?.stop();
    await hub?.drop();
  });

  it.skipIf(skipped)('publishes, links and clusters what a sync brings; a dry run before it changes nothing; a second sync changes nothing', async () => {
    const dry = await waitForSync(hub.pool, await requestSync(hub.pool, { departments: ['police'], dryRun: true, requestedBy: 'test' }));
    expect(dry.every((run) => run.status === 'SUCCEEDED' && Number(run.counts['offered']) > 50)).toBe(true);
    expect(await published(hub.pool)).toEqual([]);

    const first = await waitForSync(hub.pool, await requestSync(hub.pool, { departments: ['police'], requestedBy: 'test' }));
    expect(first.map((run) => run.status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const status = await hubStatus(hub.pool);
    expect(status).toMatchObject({ ready: true });
    expect(status.persons).toBeGreaterThan(200);
    expect(status.matters).toBeGreaterThan(20);

    const before = await published(hub.pool);
    const second = await waitForSync(hub.pool, await requestSync(hub.pool, { departments: ['police'], full: true, requestedBy: 'test' }));
    expect(second.map((run) => run.counts['touched'])).toEqual([0, 0]);
    expect(await published(hub.pool)).toEqual(before);
  });

  it.skipIf(skipped)('applies pushed events by itself', async () => {
    const lines = readFileSync(join(sampleCounty, 'hotline/events.ndjson'), 'utf8').split('\n').slice(0, 40);
    const body = Buffer.from(`[${lines.join(',')}]`);
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    expect((await receiveEvents({ pool: hub.pool, department: 'hotline', body, signature, contentType: undefined, secret })).status).toBe(202);
    await waitForSync(hub.pool, []);
    const tickets = (await hubStatus(hub.pool)).streams.find((stream) => stream.stream === 'tickets');
    expect(tickets).toMatchObject({ offered: 40, lastRun: { status: 'SUCCEEDED' } });
  });

  it.skipIf(skipped)('says what is wrong with a source that is not there, and lets the others be', async () => {
    const runs = await waitForSync(hub.pool, await requestSync(hub.pool, { departments: ['court', 'hotline'], requestedBy: 'test' }));
    expect(runs).toMatchObject([
      { department: 'court', status: 'FAILED', errorCode: 'CONFIG', message: 'COURT_SOURCE_URL is not set' },
      { department: 'hotline', status: 'SUCCEEDED' }, // what was pushed is all there is
    ]);
    expect((await hubStatus(hub.pool)).streams.find((stream) => stream.department === 'court')?.stale).toContain('COURT_SOURCE_URL');
  });
});

function testConfig(redis: string | undefined, sources: Config['sources']): Config {
  return { production: false, home: mkdtempSync(join(tmpdir(), 'yiwang-jobs-')), databaseUrl: undefined, redisUrl: redis, oidc: undefined, port: 0, host: '127.0.0.1', masterSecret: Buffer.alloc(32, 7), sources };
}
