import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../simulator/main.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { canaries, comparable, everything, expectedCounts, hasSampleCounty, published, pull, sampleCounty } from './sample.ts';

const secrets = { HOTLINE_SECRET: 's', HOTLINE_TOKEN: 't', COURT_CLIENT_ID: 'yiwang', COURT_CLIENT_SECRET: 'c', PETITION_USERNAME: 'yiwang', PETITION_PASSWORD: 'p & <q>' };

describe.runIf(hasSampleCounty).each([['court', 'prelitigation-cases'], ['petition', 'petitions']])('%s, polled over HTTP', (department, stream) => {
  let hub: TestDatabase;
  let simulator: Simulator;
  let env: Record<string, string>;

  beforeAll(async () => {
    hub = await testDatabase();
    simulator = await startSimulator({ dataset: sampleCounty, port: 0, secrets });
    env = { ...simulator.addresses, ...secrets };
    for (let round = 1; round <= simulator.last; round += 1) {
      if (round > 1) await simulator.advance();
      await pull(hub.pool, department, stream, env, round === 1 ? 'INCREMENT' : 'FULL');
    }
  });
  afterAll(async () => {
    await simulator?.stop();
    await hub?.drop();
  });

  it('counts as its data set says', async () => {
    const { accusationsByDivisionAndMonth, ...expected } = expectedCounts(stream);
    expect(await comparable(hub.pool, department, stream)).toEqual(expected);
    if (accusationsByDivisionAndMonth === undefined) return;
    const { rows } = await hub.pool.query<{ place: string; n: number }>("SELECT division || '|' || month AS place, count AS n FROM hub.counted_drop");
    expect(Object.fromEntries(rows.map((row) => [row.place, row.n]))).toEqual(accusationsByDivisionAndMonth);
  });

  it('changes nothing when it reads everything again, whatever the source does in between', async () => {
    const before = await published(hub.pool);
    expect((await pull(hub.pool, department, stream, env, 'FULL')).touched).toBe(0);
    for (const kind of ['cut', '5xx', 'garbage'] as const) simulator.misbehave({ department, kind, times: 1 } as Parameters<Simulator['misbehave']>[0]);
    expect((await pull(hub.pool, department, stream, env, 'FULL')).touched).toBe(0);
    expect(await published(hub.pool)).toEqual(before);
  });

  it('holds none of what is never stored, anywhere', async () => {
    const text = await everything(hub.pool);
    const values = canaries([stream]);
    expect(values.length).toBeGreaterThan(5);
    for (const canary of values) expect(text).not.toContain(canary);
  });
});
