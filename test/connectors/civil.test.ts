import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hubStatus } from '../../jobs/status.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { deliver } from './deliver.ts';
import { canaries, comparable, everything, expectedCounts, hasSampleCounty, pull, sampleCounty } from './sample.ts';

describe.runIf(hasSampleCounty)('civil affairs of another generator', () => {
  const streams = ['jzsq', 'shzz'];
  const env = { CIVIL_SOURCE_URL: pathToFileURL(join(sampleCounty, 'civil')).href };
  let hub: TestDatabase;
  beforeAll(async () => {
    hub = await testDatabase();
    for (const stream of streams) await pull(hub.pool, 'civil', stream, env);
  });
  afterAll(() => hub?.drop());

  it.each(streams)('counts %s as its data set says', async (stream) => {
    const { repeatedRows: _, ...expected } = expectedCounts(stream);
    expect(await comparable(hub.pool, 'civil', stream)).toEqual(expected);
  });

  it('changes nothing when everything is read again, and holds no canary', async () => {
    for (const stream of streams) expect(await pull(hub.pool, 'civil', stream, env, 'FULL')).toMatchObject({ touched: 0, counts: { offered: 0 } });
    const text = await everything(hub.pool);
    for (const canary of canaries(streams)) expect(text).not.toContain(canary);
  });

  it('settles every delivery as the data set says', async () => {
    const { rows } = await hub.pool.query<{ folder: string; state: string }>('SELECT folder, state FROM hub.delivery ORDER BY folder');
    const expected = expectedCounts('civilDeliveries') as unknown as { name: string; state: string }[];
    const stateOf = (state: string) => ({ REFUSED_HASH: 'REFUSED', ACCEPTED_LATE: 'ACCEPTED', INCOMPLETE: 'WAITING' })[state] ?? state;
    expect(rows).toEqual(expected.map((one) => ({ folder: one.name, state: stateOf(one.state) })).sort((a, b) => (a.folder < b.folder ? -1 : 1)));
  });
});

describe('deliveries of civil affairs', () => {
  let hub: TestDatabase;
  let folder: string;
  beforeEach(async () => {
    hub = await testDatabase();
    folder = mkdtempSync(join(tmpdir(), 'yiwang-civil-'));
  });
  afterEach(async () => {
    await hub.drop();
    rmSync(folder, { recursive: true });
  });
  const sync = (mode: 'INCREMENT' | 'FULL' = 'INCREMENT') => pull(hub.pool, 'civil', 'jzsq', { CIVIL_SOURCE_URL: pathToFileURL(folder).href }, mode);
  const states = async () => Object.fromEntries((await hub.pool.query<{ k: string; s: string }>('SELECT r.record_key AS k, a.status AS s FROM hub.record r JOIN civil.application a USING (rid) ORDER BY 1')).rows.map(({ k, s }) => [k, s]));

  it('takes from a late increment nothing that a snapshot settled', async () => {
    deliver(folder, '20260301', 'SNAPSHOT', '2026-03-01', [['A', '受理', '2026-02-01'], ['B', '受理', '2026-02-01']]);
    deliver(folder, '20260401', 'SNAPSHOT', '2026-04-01', [['A', '审核', '2026-03-10']]);
    await sync();
    expect(await states()).toEqual({ A: '审核' });
    deliver(folder, '20260402', 'INCREMENT', '2026-03-20', [['A', '批准', '2026-03-15'], ['B', '批准', '2026-03-15']]);
    deliver(folder, '20260403', 'INCREMENT', '2026-04-03', [['C', '受理', '2026-04-02']]);
    await sync();
    expect(await states()).toEqual({ A: '审核', C: '受理' });
    expect(await comparable(hub.pool, 'civil', 'jzsq')).toMatchObject({ live: 2, deleted: 1 });
  });

  it('deletes nothing by absence where a row of the snapshot cannot be read, and counts a bad row with its byte offset', async () => {
    deliver(folder, '20260301', 'SNAPSHOT', '2026-03-01', [['A', '受理', '2026-02-01'], ['B', '受理', '2026-02-01']]);
    deliver(folder, '20260401', 'SNAPSHOT', '2026-04-01', [['A', '审核', '2026-03-10'], ['B', '受理', '2026-02-01', 'a cell too many']]);
    await sync();
    expect(await states()).toEqual({ A: '审核', B: '受理' });
    const { rows } = await hub.pool.query('SELECT reason, position, content FROM hub.quarantine');
    expect(rows).toMatchObject([{ reason: 'CELL_COUNT', content: null, position: expect.stringMatching(/^jzsq_20260401\.csv row 2 byte \d+$/) }]);
  });

  it('compares a time told to the millisecond with one told to the second as seconds: then the later `asOf` wins', async () => {
    deliver(folder, '20260303', 'INCREMENT', '2026-03-03', [['A', '受理', '2026-03-02 09:30:00.500'], ['B', '受理', '2026-03-02 09:30:00.500']]);
    deliver(folder, '20260304', 'INCREMENT', '2026-03-04', [['A', '批准', '2026-03-02 09:30:00'], ['B', '批准', '2026-03-02 09:30:00.400']]);
    await sync();
    expect(await states()).toEqual({ A: '批准', B: '受理' });
  });

  it('takes a placeholder that is written with a space in it for one, and goes on with the other rows', async () => {
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', [['A', '不 详', '2026-02-01'], ['B', '- -', '2026-02-01'], ['C', '受 理', '2026-02-01']]);
    await sync();
    expect(await states()).toEqual({ C: '受理' });
    expect(await comparable(hub.pool, 'civil', 'jzsq')).toMatchObject({ offered: 3, quarantined: { REQUIRED_MISSING: 2 } });
  });

  it('quarantines a record whose key is longer than any index takes, and goes on with the other rows', async () => {
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', [[randomBytes(9000).toString('hex'), '受理', '2026-02-01'], ['B', '受理', '2026-02-01']]);
    await sync();
    expect(await states()).toEqual({ B: '受理' });
    expect((await hub.pool.query('SELECT reason, field FROM hub.quarantine')).rows).toEqual([{ reason: 'SCHEMA', field: '业务编号' }]);
  });

  it('holds a snapshot that would delete too much until an operator approves', async () => {
    const many = Array.from({ length: 60 }, (_, index) => [`K${index}`, '受理', '2026-02-01'] as string[]);
    deliver(folder, '20260301', 'SNAPSHOT', '2026-03-01', many);
    deliver(folder, '20260401', 'SNAPSHOT', '2026-04-01', many.slice(0, 10));
    await expect(sync()).rejects.toMatchObject({ code: 'HELD' });
    expect(Object.keys(await states())).toHaveLength(60);
  });

  it('refuses a delivery whose hash does not match, whole, and waits for one without a manifest', async () => {
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', [['A', '受理', '2026-02-01']]);
    writeFileSync(join(folder, '20260301', 'jzsq_20260301.csv'), 'cut');
    mkdirSync(join(folder, '20260302'));
    writeFileSync(join(folder, '20260302', 'jzsq_20260302.csv'), randomBytes(10));
    await sync();
    expect(await states()).toEqual({});
    const refused = { department: 'civil', folder: '20260301', state: 'REFUSED', reason: 'HASH_MISMATCH', seenAt: expect.any(String) };
    expect((await hubStatus(hub.pool)).deliveries).toEqual([{ department: 'civil', folder: '20260302', state: 'WAITING', reason: 'NO_MANIFEST', seenAt: expect.any(String) }, refused]);

    deliver(folder, '20260303', 'INCREMENT', '2026-03-03', [['B', '受理', '2026-02-01']]);
    const manifest = (name: string) => join(folder, name, 'manifest.json');
    writeFileSync(manifest('20260303'), `\ufeff${readFileSync(manifest('20260303'), 'utf8')}`);
    writeFileSync(manifest('20260302'), '{"kind":');
    mkdirSync(join(folder, '20260304'));
    await sync();
    expect(await states()).toEqual({ B: '受理' });
    expect((await hubStatus(hub.pool)).deliveries).toMatchObject([{ folder: '20260304', reason: 'NO_MANIFEST' }, { folder: '20260302', state: 'WAITING', reason: 'MANIFEST_UNREADABLE' }, refused]);

    for (const name of ['20260301', '20260302', '20260304']) rmSync(join(folder, name), { recursive: true });
    await sync();
    expect((await hubStatus(hub.pool)).deliveries).toEqual([]);
  });

  it('tells a delivery that was taken and holds another number of rows than its manifest says, whatever the other stream finds in it', async () => {
    deliver(folder, '20260301', 'INCREMENT', '2026-03-01', [['A', '受理', '2026-02-01']]);
    const manifest = join(folder, '20260301', 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"rows":1', '"rows":2'));
    await sync();
    await pull(hub.pool, 'civil', 'shzz', { CIVIL_SOURCE_URL: pathToFileURL(folder).href });
    expect((await hubStatus(hub.pool)).deliveries).toMatchObject([{ folder: '20260301', state: 'ACCEPTED', reason: 'ROW_COUNT' }]);
  });
});
