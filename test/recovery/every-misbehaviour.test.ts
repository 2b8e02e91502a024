import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { receiveEvents } from '../../connectors/ingest.ts';
import { connectors } from '../../connectors/registry.ts';
import { startJobs, type RunningJobs } from '../../jobs/main.ts';
import { requestReconcile } from '../../jobs/reconcile.ts';
import { requestSync, waitForSync } from '../../jobs/sync.ts';
import { generateDataset } from '../../simulator/generate.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator/main.ts';
import { misbehavioursOf, simulatedDepartments, type MisbehaviourRequest } from '../../simulator/misbehave.ts';
import { comparable, everything } from '../connectors/sample.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { fastLimits, fastTiming, publishedTables, sourceSecrets, temporaryFolder, testConfig } from './hub.ts';

const residents = 150;
const limits = { ...fastLimits, attemptDeadlineMs: 600, pageDeadlineMs: 4_000, pageRowsMax: 25 };
/** Every kind there is, for every department; none is left out, also none that comes later. */
const everyMisbehaviour: MisbehaviourRequest[] = simulatedDepartments.flatMap((department) => misbehavioursOf(department).map((kind) => ({ department, kind, ms: department === 'civil' ? 1_500 : 120, seconds: 1 })));

/** When a state was first seen stands only in the versions between, and those of a lost push no back-fill has. */
const lostWithPushes = ['first_seen'];

interface Hub {
  db: TestDatabase;
  simulator: Simulator;
  stop(): Promise<void>;
}

describe('five departments that misbehave in every way they can', () => {
  const folder = temporaryFolder();
  const dataset = join(folder, 'county');
  const hubs: Hub[] = [];
  let quiet: string[];
  let wild: Hub;

  beforeAll(async () => {
    generateDataset({ out: dataset, residents, seed: 20_261 });
    const calm = await syncedThrough('quiet', {});
    quiet = await publishedTables(calm.db.pool, lostWithPushes);
    await calm.stop();
    wild = await syncedThrough('wild', { policeProxy: true, misbehaviours: everyMisbehaviour });
  }, minutes(5));
  afterAll(async () => {
    for (const hub of hubs) await hub.stop();
  });

  it('did all of it', () => {
    expect(everyMisbehaviour.length).toBeGreaterThan(45);
    expect(wild.simulator.misbehavioursLeft()).toBe(0);
  });

  it('end in the same tables as five quiet ones', async () => {
    expect(quiet.length).toBeGreaterThan(500);
    expect(await publishedTables(wild.db.pool, lostWithPushes)).toEqual(quiet);
  });

  it('are counted so that it adds up, and leave no canary anywhere', async () => {
    for (const connector of (await connectors()).values()) for (const { name } of connector.streams) expect(await comparable(wild.db.pool, connector.department, name)).not.toHaveProperty('ended');
    const text = await everything(wild.db.pool);
    const canaries = JSON.parse(readFileSync(join(dataset, 'truth/canaries.json'), 'utf8')) as { value: string; rule: string }[];
    expect(canaries.filter(({ value }) => text.includes(value))).toEqual([]);
  });

  /** A hub with its workers and its ingest, synced through all rounds until its sources have nothing more to do wrong. */
  async function syncedThrough(name: string, options: Partial<SimulatorOptions>): Promise<Hub> {
    const db = await testDatabase();
    const ingest = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const signature = request.headers['x-signature'] as string | undefined;
      const { status } = await receiveEvents({ pool: db.pool, department: 'hotline', body: Buffer.concat(chunks), signature, contentType: undefined, secret: sourceSecrets.HOTLINE_SECRET }).catch(() => ({ status: 503 }));
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(ingest, 'listening');
    const simulator = await startSimulator({
      dataset, port: 0, secrets: sourceSecrets, policeTarget: inject('serverUrl'), policeDatabase: `${inject('runName')}_${name}`, dropFolder: join(folder, name),
      ingestUrl: `http://127.0.0.1:${(ingest.address() as AddressInfo).port}`, ...options,
    });
    const config = await testConfig(simulator.addresses);
    const jobs: RunningJobs = await startJobs({ config, pool: db.pool, databaseUrl: db.url, timing: fastTiming, limits });
    const hub: Hub = {
      db, simulator,
      stop: async () => {
        hubs.splice(hubs.indexOf(hub), 1);
        await simulator.stop();
        await jobs.stop();
        ingest.close();
        await db.drop();
      },
    };
    hubs.push(hub);
    for (let round = 1; ; round += 1) {
      await simulator.pushed();
      await synced(hub, round > 1);
      if (simulator.round === simulator.last) break;
      await simulator.advance();
    }
    for (let more = 0; more < moreSyncsMax && simulator.misbehavioursLeft() > 0; more += 1) await synced(hub, true);
    await synced(hub, true);
    await waitForSync(db.pool, await requestReconcile(db.pool, { requestedBy: 'test' }));
    return hub;
  }
});

const moreSyncsMax = 40;

function minutes(n: number): number {
  return n * 60_000;
}

/** One sync of everything, asked for again until no stream failed, as schedules would. */
async function synced({ db }: Hub, full: boolean): Promise<void> {
  for (let attempt = 0; attempt < moreSyncsMax; attempt += 1) {
    const runs = await waitForSync(db.pool, await requestSync(db.pool, { full, requestedBy: 'test' }));
    if (runs.every((run) => run.status === 'SUCCEEDED')) return;
  }
  throw new Error('the sources did not come to rest');
}
