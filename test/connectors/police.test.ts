import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDataset } from '../../simulator/dataset.ts';
import { servePolice, type PoliceSource } from '../../simulator/police.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { mariadbUrl, services } from '../services.ts';
import { canaries, comparable, everything, expectedCounts, hasSampleCounty, published, pull, sampleCounty } from './sample.ts';

const streams = ['rk_hj', 'jcj_jjd'];

describe.runIf(hasSampleCounty).each(['postgres', 'mariadb'])('police on %s', (kind) => {
  const skipped = kind === 'mariadb' && !services().mariadb;
  let hub: TestDatabase;
  let source: PoliceSource;
  let rounds = 1;

  beforeAll(async () => {
    if (skipped) return;
    const dataset = openDataset(sampleCounty);
    rounds = Math.max(dataset.calls.rounds, dataset.households.rounds);
    hub = await testDatabase();
    source = await servePolice(dataset, kind === 'mariadb' ? mariadbUrl : inject('serverUrl'), `${inject('runName')}_police_${kind === 'mariadb' ? 'm' : 'p'}`);
    for (let round = 1; round <= rounds; round += 1) {
      await source.load(round);
      for (const stream of streams) await pull(hub.pool, 'police', stream, { POLICE_SOURCE_URL: source.url }, round === 1 ? 'INCREMENT' : 'FULL');
    }
  });

  afterAll(async () => {
    await source?.stop();
    await hub?.drop();
  });

  it.skipIf(skipped).each(streams)('counts %s as its data set says', async (stream) => {
    expect(await comparable(hub.pool, 'police', stream)).toEqual(expectedCounts(stream));
  });

  it.skipIf(skipped)('changes nothing when it reads everything again', async () => {
    const before = await everything(hub.pool);
    for (const stream of streams) expect((await pull(hub.pool, 'police', stream, { POLICE_SOURCE_URL: source.url }, 'FULL')).touched).toBe(0);
    for (const stream of streams) expect((await pull(hub.pool, 'police', stream, { POLICE_SOURCE_URL: source.url })).counts.offered).toBe(0);
    expect((await everything(hub.pool)).length).toBe(before.length);
    expect((await published(hub.pool)).length).toBeGreaterThan(300);
  });

  it.skipIf(skipped)('holds none of what is never stored, anywhere', async () => {
    const text = await everything(hub.pool);
    for (const canary of canaries(['rk_hj', 'jcj_jjd'])) expect(text).not.toContain(canary);
  });
});
