import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { receiveEvents } from '../../connectors/ingest.ts';
import { connectors } from '../../connectors/registry.ts';
import { startSimulator, type Simulator } from '../../simulator/main.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { writeCivil } from './by-hand/civil.ts';
import { writeCourt } from './by-hand/court.ts';
import { writeEvents } from './by-hand/hotline.ts';
import type { Expected } from './by-hand/lines.ts';
import { writePetitions } from './by-hand/petition.ts';
import { writePolice } from './by-hand/police.ts';
import { comparable, everything, pull } from './sample.ts';

const secrets = { HOTLINE_SECRET: 's', HOTLINE_TOKEN: 't', COURT_CLIENT_ID: 'yiwang', COURT_CLIENT_SECRET: 'c', PETITION_USERNAME: 'yiwang', PETITION_PASSWORD: 'p' };
const streams = ['jcj_jjd', 'rk_hj', 'prelitigation-cases', 'petitions', 'tickets', 'jzsq', 'shzz'];

/**
 * A county that no generator made: each line is about a sentence of sources.md and says beside it what that sentence makes
 * of it. Served over the five protocols, round by round.
 */
describe('a data set written by hand', () => {
  const folder = mkdtempSync(join(tmpdir(), 'yiwang-by-hand-'));
  const dataset = join(folder, 'set');
  let hub: TestDatabase;
  let simulator: Simulator;
  let stated: Record<string, { expected: Expected; live: string[] }>;

  beforeAll(async () => {
    stated = { ...writePolice(dataset), ...writeCourt(dataset), ...writePetitions(dataset), ...writeEvents(dataset), ...(await writeCivil(dataset)) };
    writeFileSync(join(dataset, 'dataset.json'), JSON.stringify({ seed: 0, residents: 1, asOf: '2026-05-01T00:00:00+08:00', regionRoot: '620102' }));
    hub = await testDatabase();
    simulator = await startSimulator({ dataset, port: 0, secrets, policeTarget: inject('serverUrl'), policeDatabase: `${inject('runName')}_by_hand`, dropFolder: join(folder, 'drop'), ingestUrl: undefined });
  });
  afterAll(async () => {
    await simulator?.stop();
    await hub?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is synced to its last round', async () => {
    const lines = readFileSync(join(dataset, 'hotline/events.ndjson'), 'utf8').split('\n').filter((line) => line !== '');
    for (let start = 0; start < lines.length; start += 3) {
      const body = Buffer.from(`[${lines.slice(start, start + 3).join(',')}]`);
      const signature = `sha256=${createHmac('sha256', secrets.HOTLINE_SECRET).update(body).digest('hex')}`;
      const { status } = await receiveEvents({ pool: hub.pool, department: 'hotline', body, signature, contentType: undefined, secret: secrets.HOTLINE_SECRET });
      expect([202, 400]).toContain(status);
    }
    const { HOTLINE_SOURCE_URL: _, ...addresses } = simulator.addresses; // events were posted here and not by the simulator
    for (let round = 1; round <= simulator.last; round += 1) {
      if (round > 1) await simulator.advance();
      for (const connector of (await connectors()).values()) {
        for (const { name } of connector.streams) await pull(hub.pool, connector.department, name, { ...addresses, ...secrets }, round > 1 ? 'FULL' : 'INCREMENT');
      }
    }
    expect(simulator.last).toBe(3);
  });

  it.each(streams)('counts %s as was worked out beside each line', async (stream) => {
    expect(await comparable(hub.pool, departmentOf(stream), stream)).toEqual(stated[stream]!.expected);
  });

  it.each(streams)('has the records of %s that were worked out, and no other', async (stream) => {
    const { rows } = await hub.pool.query<{ record_key: string }>('SELECT record_key FROM hub.landed WHERE stream = $1', [stream]);
    expect(rows.map((row) => row.record_key).sort()).toEqual(stated[stream]!.live.toSorted());
  });

  it('holds nothing that is never stored, in any table', async () => {
    const text = await everything(hub.pool);
    expect(text.match(/CANARY.{0,40}/g) ?? []).toEqual([]);
  });

  it('changes nothing when everything is read again', async () => {
    const { HOTLINE_SOURCE_URL: _, ...addresses } = simulator.addresses;
    for (const stream of streams) expect(await pull(hub.pool, departmentOf(stream), stream, { ...addresses, ...secrets }, 'FULL')).toMatchObject({ touched: 0, counts: { offered: 0 } });
  });
});

function departmentOf(stream: string): string {
  return { jcj_jjd: 'police', rk_hj: 'police', 'prelitigation-cases': 'court', petitions: 'petition', tickets: 'hotline', jzsq: 'civil', shzz: 'civil' }[stream]!;
}
