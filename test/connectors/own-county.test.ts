import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { receiveEvents } from '../../connectors/ingest.ts';
import { connectors } from '../../connectors/registry.ts';
import { generateDataset } from '../../simulator/generate.ts';
import { startSimulator, type Simulator } from '../../simulator/main.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { comparable, everything, pull } from './sample.ts';

const secrets = { HOTLINE_SECRET: 's', HOTLINE_TOKEN: 't', COURT_CLIENT_ID: 'yiwang', COURT_CLIENT_SECRET: 'c', PETITION_USERNAME: 'yiwang', PETITION_PASSWORD: 'p' };
const residents = 250;

describe('a county of the project\'s own generator, through all sources and rounds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-county-'));
  const dataset = join(folder, 'set');
  const truth = <T>(name: string) => JSON.parse(readFileSync(join(dataset, 'truth', name), 'utf8')) as T;
  let hub: TestDatabase;
  let simulator: Simulator;

  beforeAll(async () => {
    generateDataset({ out: dataset, residents, seed: 4711 });
    hub = await testDatabase();
    simulator = await startSimulator({ dataset, port: 0, secrets, policeTarget: inject('serverUrl'), policeDatabase: `${inject('runName')}_own`, dropFolder: join(folder, 'drop') });
    await push();
    const { HOTLINE_SOURCE_URL: _, ...addresses } = simulator.addresses; // events were posted here and not by the simulator
    for (let round = 1; round <= simulator.last; round += 1) {
      if (round > 1) await simulator.advance();
      for (const connector of (await connectors()).values()) {
        for (const stream of connector.streams) await pull(hub.pool, connector.department, stream.name, { ...addresses, ...secrets }, round > 1 ? 'FULL' : 'INCREMENT');
      }
    }
  });
  afterAll(async () => {
    await simulator?.stop();
    await hub?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function push(): Promise<void> {
    const lines = readFileSync(join(dataset, 'hotline/events.ndjson'), 'utf8').split('\n').filter((line) => line !== '');
    for (let start = 0; start < lines.length; start += 40) {
      const body = Buffer.from(`[${lines.slice(start, start + 40).join(',')}]`);
      const signature = `sha256=${createHmac('sha256', secrets.HOTLINE_SECRET).update(body).digest('hex')}`;
      const { status } = await receiveEvents({ pool: hub.pool, department: 'hotline', body, signature, contentType: undefined, secret: secrets.HOTLINE_SECRET });
      expect([202, 400]).toContain(status);
    }
  }

  it('counts every stream as its data set says', async () => {
    const expected = truth<Record<string, Record<string, unknown>>>('expected.json');
    for (const connector of (await connectors()).values()) {
      for (const { name } of connector.streams) {
        const counts = await comparable(hub.pool, connector.department, name);
        expect({ [name]: counts }).toEqual({ [name]: Object.fromEntries(Object.keys(counts).map((key) => [key, expected[name]![key]])) });
      }
    }
  });

  it('holds no canary in any table', async () => {
    const text = await everything(hub.pool);
    const found = truth<{ value: string; rule: string }[]>('canaries.json').filter(({ value }) => text.includes(value));
    expect(found).toEqual([]);
  });
});
