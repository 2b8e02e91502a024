import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenarioHub, type ScenarioHub } from './hub.ts';
import { operation } from './operations.ts';

let hub: ScenarioHub;
const startTimeoutMs = 240_000;

beforeAll(async () => {
  hub = await scenarioHub({ seed: 70_451, residents: 700 });
}, startTimeoutMs);
afterAll(() => hub?.stop());

const number = /^\d+$/;

describe('5: hotspots on public facilities in a window', () => {
  const query = operation('Hotspots');

  it('the county analyst sees the route: five records, three channels, requesters ≥3, what is told of its headway, trend and notice', async () => {
    const answer = await hub.ask('county-analyst', { query, variables: { filter: { kind: ['PUBLIC_FACILITY'] } }, purpose: 'STATISTICS' });
    expect(answer.errors).toBeUndefined();
    const route = answer.data.situations.nodes.find((one: any) => one.subject.facilityKind === '公交线路' && one.records === '5');
    expect(route).toMatchObject({ requesters: '≥3', trend: expect.stringMatching(/^(NEW|RISING)$/), subject: { identifier: expect.stringMatching(/^BUS-/) }, facts: [{ name: 'REPORTED_HEADWAY_MINUTES', unit: 'min', reports: '≥3' }] });
    expect(route.channels.map((channel: any) => channel.code)).toEqual(['PHONE_12345', 'QR_CODE', 'WECHAT_MINIAPP']);
    expect([route.from, route.to].map((instant) => new Date(Date.parse(instant) + 8 * 3_600_000).toISOString().slice(11, 16))).toEqual(['08:20', '09:25']);
    expect(route.notice.zh).toContain(route.subject.name);
    expect([route.notice.zh, route.notice.en]).toEqual([expect.stringMatching(/反映的候车时间 \d+ 分钟/), expect.stringMatching(/reported headway \d+ minutes/)]);
    expect(route.keywords.length).toBeGreaterThan(0);
    const outside = await hub.ask('county-analyst', { query, variables: { filter: { kind: ['PUBLIC_FACILITY'], identifier: route.subject.identifier, before: '2025-01-01T00:00:00+08:00' } }, purpose: 'STATISTICS' });
    expect(outside.data.situations.nodes).toEqual([]);
  });

  it('nothing in any hotspot is a requester\'s name, phone, ID number or address', async () => {
    const answer = await hub.ask('province-analyst', { query, variables: { first: 100 }, purpose: 'STATISTICS' });
    const { rows } = await hub.pool.query<{ text: string }>(`SELECT DISTINCT v.text FROM hub.mention n CROSS JOIN LATERAL unnest(n.phones || n.name || n.id_number || n.address) AS v(text) WHERE n.kind = 'PERSON' AND length(v.text) > 1`);
    expect(rows.filter(({ text }) => answer.text.includes(text))).toEqual([]);
    expect(answer.data.situations.nodes.length).toBeGreaterThan(0);
  });

  it('matters behind it are for supervision, not for statistics', async () => {
    const matters = '{ situations(filter: { kind: [PUBLIC_FACILITY] }) { nodes { matters { matterNo } } } }';
    const statistics = await hub.ask('county-analyst', { query: matters, purpose: 'STATISTICS' });
    expect(statistics.data.situations.nodes.every((one: any) => one.matters === null)).toBe(true);
    const supervision = await hub.ask('county-analyst', { query: matters, purpose: 'SUPERVISION' });
    expect(supervision.data.situations.nodes.some((one: any) => one.matters.length > 0 && one.matters[0].matterNo)).toBe(true);
  });

  it.each(['resident', 'operator', 'auditor', 'village-worker'])('%s gets none', async (persona) => {
    const answer = await hub.ask(persona, { query, purpose: (await hub.claims(persona))['purposes'][0] });
    expect(answer.data.situations?.nodes ?? []).toEqual([]);
  });
});

describe('6: diversion and success, by the divisions below', () => {
  const query = operation('PrelitigationByDivision');

  it('the province sees its cities: the whole, what was diverted, what was agreed, and both ratios; small cells `<10`', async () => {
    const answer = await hub.ask('province-analyst', { query, purpose: 'STATISTICS' });
    expect(answer.errors).toBeUndefined();
    const { total, cells, definition, coverage, takenAt } = answer.data.statistic;
    const { rows } = await hub.pool.query<{ whole: number; diverted: number; agreed: number }>(`SELECT count(*) AS whole, count(*) FILTER (WHERE d) AS diverted, count(*) FILTER (WHERE d AND facts ->> 'outcome' = 'AGREED') AS agreed FROM (SELECT *, facts ? 'divertedTo' OR facts ? 'divertedOn' AS d FROM hub.record WHERE department = 'court' AND division_now IS NOT NULL) r`);
    for (const [shown, real] of [[total.whole, rows[0]!.whole], [total.denominator, rows[0]!.diverted], [total.count, rows[0]!.agreed]] as const) {
      if (real < 10) expect(shown).toBe('<10');
      else expect(Math.abs(Number(shown) - real)).toBeLessThanOrEqual(2);
    }
    expect(total.denominatorPercentOfWhole).toBe(((Number(total.denominator) / Number(total.whole)) * 100).toFixed(1));
    expect(cells.length).toBeGreaterThan(3);
    expect(cells.some((cell: any) => cell.whole === '<10')).toBe(true);
    expect(definition).toMatchObject({ exact: false, floor: 10, sensitiveFloor: 20 });
    expect(coverage).toMatchObject([{ department: 'court', stale: false, completePercent: expect.stringMatching(/^\d+\.\d$/) }]);
    expect(takenAt).not.toBeNull();
  });

  it('the same set has the same count however it is asked for, and asking again changes nothing', async () => {
    const claims = await hub.claims('province-analyst');
    const first = await hub.ask('province-analyst', { query, purpose: 'STATISTICS' });
    const again = await hub.ask('province-analyst', { query, variables: { division: claims['division'] }, purpose: 'STATISTICS' });
    expect(again.data).toEqual(first.data);
  });

  it('another province is refused', async () => {
    const answer = await hub.ask('province-analyst', { query, variables: { division: '110000000000' }, purpose: 'STATISTICS' });
    expect([answer.data.statistic?.total ?? null, answer.data.statistic?.cells ?? null]).toEqual([null, null]);
    expect(answer.access.map((one) => one.reason)).toContain('OUT_OF_JURISDICTION');
  });
});

describe('7: hotline clocks, repeats and unclassified tickets', () => {
  const query = operation('HotlineToday');

  it('the supervisor sees counts by organisation, exact from 10, else <10', async () => {
    const answer = await hub.ask('hotline-supervisor', { query, purpose: 'SUPERVISION' });
    expect(answer.errors).toBeUndefined();
    const { clocks, repeated, unclassified } = answer.data;
    expect(new Set(clocks.cells.map((cell: any) => cell.rule.id))).toEqual(new Set(['HOTLINE-30MIN', 'HOTLINE-24H', 'HOTLINE-5WD', 'HOTLINE-10WD']));
    for (const { count } of [...clocks.cells, ...repeated.cells, ...unclassified.cells]) expect(count === '<10' || Number(count) >= 10).toBe(true);
    expect(clocks.cells.some((cell: any) => number.test(cell.count))).toBe(true);
    const cell = clocks.cells.find((one: any) => number.test(one.count) && one.organization);
    const { rows } = await hub.pool.query<{ n: number }>(`SELECT count(*) AS n FROM hub.clock c JOIN hub.record r USING (rid) WHERE r.lead_org = $1 AND c.rule = $2 AND r.department = 'hotline' AND hub.clock_state(c.due_at, c.soon_at, c.stopped_at, c.paused_since, c.is_right, hub.business_now()) = $3`, [cell.organization.creditCode, cell.rule.id, cell.status.code]);
    expect(Number(cell.count)).toBe(rows[0]!.n);
    const today = await hub.ask('hotline-supervisor', { query, variables: { period: '2026-09-30' }, purpose: 'SUPERVISION' });
    expect(today.data.clocks.cells.length).toBeLessThan(clocks.cells.length);
  });

  it.each(['resident', 'operator', 'auditor'])('%s is refused', async (persona) => {
    const answer = await hub.ask(persona, { query, purpose: (await hub.claims(persona))['purposes'][0] });
    expect(answer.data.clocks?.cells ?? null).toBeNull();
  });
});

describe('8: three-way docking of the quarter', () => {
  const query = operation('DockingQuarter');

  it('the county analyst sees numerator, denominator and coverage by category and by channel, small and sensitive cells below their floors', async () => {
    const answer = await hub.ask('county-analyst', { query, variables: { period: '2026-Q3' }, purpose: 'STATISTICS' });
    expect(answer.errors).toBeUndefined();
    const { byCategory, byChannel } = answer.data;
    expect(byCategory.cells).toHaveLength(15);
    expect(byCategory.cells.find((cell: any) => cell.category.code === '12').denominator).toMatch(/^<20$|^\d{2,}$/);
    expect(byCategory.coverage.map((one: any) => one.department)).toEqual(['court', 'petition', 'police']);
    expect(byChannel.cells.map((cell: any) => cell.channel)).toEqual(['LITIGATION', 'POLICE', 'PETITION']);
    expect(byCategory.total.denominator).toMatch(number);
    for (const cell of [...byCategory.cells, ...byChannel.cells]) for (const text of [cell.count, cell.denominator]) expect(number.test(text) ? Number(text) >= 8 : /^<(10|20)$/.test(text)).toBe(true);
  });

  it.each([['resident', 'SUBJECT_ACCESS'], ['township-clerk', 'MEDIATION'], ['police-officer', 'MATTER_HANDLING']])('%s is refused for %s', async (persona, purpose) => {
    const answer = await hub.ask(persona, { query, variables: { period: '2026-Q3' }, purpose });
    expect(answer.data.byCategory?.total ?? null).toBeNull();
  });

  it('a period that is none is told so', async () => {
    const answer = await hub.ask('county-analyst', { query, variables: { period: 'lately' }, purpose: 'STATISTICS' });
    expect(answer.errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
  });
});

describe('14: mediators for a kind of dispute near me', () => {
  it('anybody sees the public directory, without signing in', async () => {
    const { rows } = await hub.pool.query<{ code: string }>(`SELECT unnest(mediates) AS code FROM hub.organization WHERE public_phone IS NOT NULL AND starts_with(division, $1) ORDER BY 1 LIMIT 1`, [hub.regionRoot]);
    const { code } = rows[0]!;
    const answer = await hub.ask(null, { query: operation('Mediators'), variables: { mediates: code, division: hub.regionRoot } });
    expect(answer.errors).toBeUndefined();
    const { nodes } = answer.data.organizations;
    expect(nodes.length).toBeGreaterThan(0);
    for (const node of nodes) expect(node.mediates.map((one: any) => one.code)).toContain(code);
    expect(nodes.some((node: any) => node.publicPhone)).toBe(true);
  });

  // The hub gives these kinds itself, so its own table knows every one of them.
  it('every organisation and place is told of what kind it is, in words', async () => {
    const query = '{ organizations(first: 100) { nodes { kind { code name } } } records(first: 100) { nodes { place { kind { code name } } } } }';
    const { organizations, records } = (await hub.ask('county-analyst', { query, purpose: 'SUPERVISION' })).data;
    const kinds = [...organizations.nodes, ...records.nodes.flatMap((node: any) => node.place ?? [])].map((one: any) => one.kind);
    expect(new Set(kinds.map((kind) => kind.code)).size).toBeGreaterThan(4);
    expect(kinds.filter((kind) => kind.name === null)).toEqual([]);
  });
});
