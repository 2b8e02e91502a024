import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matterStatus } from '../../matters/status.ts';
import { readPeriod } from '../../subgraphs/matter/snapshot.ts';
import { viewer } from '../policy/viewers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { openWorld, orgs, plant, township, type World } from './world.ts';

let db: TestDatabase;
let world: World;
const supervisor = viewer({ kind: 'ANALYST', department: 'HOTLINE', tier: 'CITY', division: '510100000000', org: orgs.bureau, purpose: 'SUPERVISION', matterKey: null, matterNo: null });
const states = ['OPEN', 'ASSIGNED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED', 'WITHDRAWN'];

beforeAll(async () => {
  db = await testDatabase();
  world = await openWorld(db);
  for (let n = 0; n < 10; n += 1) await plant(db, { rid: `t${n}`, lead: orgs.centre, status: 'CLOSED' });
  for (let n = 0; n < 9; n += 1) await plant(db, { rid: `u${n}`, lead: orgs.bureau, status: 'OPEN' });
  await plant(db, { rid: 'elsewhere', lead: orgs.centre, status: 'OPEN', division: '620102001001' });
  await plant(db, { rid: 'police', department: 'police', lead: orgs.police, status: 'OPEN' });
  // One matter for every pair of states: what SQL derives must be what the rules of matters/ say.
  for (const [i, a] of states.entries()) for (const [j, b] of states.entries()) for (const [n, status] of [a, b].entries()) await plant(db, { rid: `s${i}${j}${n}`, department: 'police', matter: `s${i}${j}`, lead: orgs.police, status });
});
afterAll(async () => {
  await world?.subgraphs.stop();
  await db.drop();
});

describe('tickets by organisation and state', () => {
  const query = '{ statistic(code: TICKETS_BY_STATUS) { definition { code floor } coverage { department } cells { organization { creditCode } status { code } count } } }';

  it('are exact from ten, and below that say so; only those of the jurisdiction count', async () => {
    const { data } = await world.ask('matter', supervisor, query);
    expect(data['statistic'].cells).toEqual([
      { organization: { creditCode: orgs.bureau }, status: { code: 'OPEN' }, count: '<10' },
      { organization: { creditCode: orgs.centre }, status: { code: 'CLOSED' }, count: '10' },
    ]);
  });

  it('of a sensitive topic are told from twenty, and nowhere below the county', async () => {
    for (let n = 0; n < 19; n += 1) await plant(db, { rid: `f${n}`, lead: orgs.sibling, status: 'OPEN', category: '12' });
    const family = async (more: Partial<typeof supervisor>, division?: string) =>
      (await world.ask('matter', { ...supervisor, purpose: 'STATISTICS', ...more }, 'query($d: String) { statistic(code: TICKETS_BY_STATUS, filter: { category: "12", division: $d }) { definition { floor sensitiveFloor } cells { count } } }', { d: division })).data['statistic'];
    try {
      expect(await family({})).toEqual({ definition: { floor: 10, sensitiveFloor: 20 }, cells: [{ count: '<20' }] });
      await plant(db, { rid: 'f19', lead: orgs.sibling, status: 'OPEN', category: '12' });
      expect((await family({})).cells).toEqual([{ count: '20' }]);
      expect((await family({}, township)).cells).toEqual([]);
      expect((await family({ tier: 'TOWNSHIP', division: township })).cells).toEqual([]);
    } finally {
      await db.pool.query(`DELETE FROM hub.record WHERE rid LIKE 'f%'`);
    }
  });

  it('below the county no difference of two counts tells how many tickets are sensitive', async () => {
    const counts = async (category?: string) =>
      (await world.ask('matter', supervisor, 'query($d: String, $c: String) { statistic(code: TICKETS_BY_STATUS, filter: { division: $d, category: $c }) { cells { count } } }', { d: township, c: category })).data['statistic'].cells;
    await plant(db, { rid: 'f0', lead: orgs.centre, status: 'CLOSED', category: '12' });
    await plant(db, { rid: 'f1', lead: orgs.centre, status: 'CLOSED', minor: true });
    try {
      expect(await counts()).toEqual([{ count: '<10' }, { count: '10' }]);
      expect(await counts('02')).toEqual([{ count: '<10' }, { count: '10' }]);
    } finally {
      await db.pool.query(`DELETE FROM hub.record WHERE rid LIKE 'f%'`);
    }
  });

  it.each([
    ['a clerk who handles matters', viewer({ org: orgs.centre, division: township })],
    ['an operator', viewer({ kind: 'OPERATOR', purpose: 'DATA_QUALITY', matterKey: null, matterNo: null })],
    ['a caller without a purpose', { ...supervisor, purpose: null }],
  ])('are refused to %s', async (_, who) => {
    expect((await world.ask('matter', who, query)).data).toEqual({ statistic: null });
    expect(world.statements).toHaveLength(0);
  });
});

describe('the state of a matter', () => {
  it('is what matters/status.ts derives from the states of its records', async () => {
    const { data } = await world.ask('matter', supervisor, '{ matters(first: 100) { nodes { matterNo status } } }');
    const found = new Map<string, string>(data['matters'].nodes.map((node: { matterNo: string; status: string }) => [node.matterNo, node.status]));
    for (const [i, a] of states.entries()) for (const [j, b] of states.entries()) expect([a, b, found.get(`M-S${i}${j}`)]).toEqual([a, b, matterStatus([a, b])]);
  });
});

describe('subgraphs over HTTP', () => {
  it('listen on ports of their own and refuse whoever brings no viewer', async () => {
    const served = await openWorld(db, { port: 0, only: ['hotline'] });
    try {
      const url = served.subgraphs.endpoints['hotline']!;
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/graphql$/);
      const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ _service { sdl } }"}' });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }] });
      expect((await fetch(url)).status).toBe(404);
    } finally {
      await served.subgraphs.stop();
    }
  });

  it('an unknown name is refused at the start', async () => {
    await expect(openWorld(db, { only: ['nothing'] })).rejects.toThrow(/no subgraph `nothing`/);
  });
});

// Answered all the same, they read as `<10` where there are hundreds, or as everything where a part was asked for.
describe('what a statistic is not counted by', () => {
  it.each([
    ['PRELITIGATION', 'channel: LITIGATION'],
    ['PRELITIGATION', 'by: CHANNEL'],
    ['DOCKING', 'period: "2026-09-30"'],
    ['TICKETS_BY_STATUS', 'channel: POLICE'],
    ['TICKETS_BY_STATUS', 'by: DIVISION'],
  ])('%s refuses `%s`', async (code, filter) => {
    const { data, body } = await world.ask('matter', supervisor, `{ statistic(code: ${code}, filter: { ${filter} }) { definition { code } } }`);
    expect([data['statistic'], body.errors]).toMatchObject([null, [{ extensions: { code: 'BAD_REQUEST' } }]]);
  });

  it.each([['DOCKING', 'channel: POLICE, by: CATEGORY, period: "2026-Q3"'], ['DOCKING', 'by: CHANNEL'], ['TICKET_CLOCKS', 'period: "2026-09-30"']])('%s is told by `%s`', async (code, filter) => {
    const { data, body } = await world.ask('matter', supervisor, `{ statistic(code: ${code}, filter: { ${filter} }) { cells { count } } }`);
    expect([body.errors, Array.isArray(data['statistic'].cells)]).toEqual([undefined, true]);
  });
});

describe('a period', () => {
  it.each([['2028-02-29', '2028-03-01'], ['2026-12-31', '2027-01-01'], ['2026-12', '2027-01-01'], ['2026-Q4', '2027-01-01'], ['2026', '2027-01-01']])('%s ends before %s in Shanghai', (text, to) => {
    expect(readPeriod(text)!.to).toBe(`${to}T00:00:00+08:00`);
  });

  it.each(['2026-02-29', '2026-04-31', '2026-13', '2026-Q5', '0050', ' 2026', ''])('`%s` is none', (text) => {
    expect(() => readPeriod(text)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });
});
