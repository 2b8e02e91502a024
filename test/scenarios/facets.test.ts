import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenarioHub, type ScenarioHub } from './hub.ts';
import { operation } from './operations.ts';

let hub: ScenarioHub;
const startTimeoutMs = 240_000;

beforeAll(async () => {
  hub = await scenarioHub({ seed: 51_977, residents: 400 });
}, startTimeoutMs);
afterAll(() => hub?.stop());

async function row<T>(sql: string, ...parameters: unknown[]): Promise<T> {
  const { rows } = await hub.pool.query(sql, parameters);
  expect(rows.length, `the demo data has what this scenario needs: ${sql}`).toBeGreaterThan(0);
  return rows[0] as T;
}
const personField = /"(requester|reporter|parties|petitioners)":(?!null)/;

describe('1: overdue matters of the city by lead organisation', () => {
  const query = operation('OverdueMatters');

  it('a service account pages through those whose clock is late and runs, with rule and how late', async () => {
    const seen: any[] = [];
    let after: string | null = null;
    do {
      const answer = await hub.ask('city-app', { query, variables: { first: 7, after }, purpose: 'SUPERVISION' });
      expect(answer.errors).toBeUndefined();
      seen.push(...answer.data.matters.nodes);
      after = answer.data.matters.pageInfo.hasNextPage ? answer.data.matters.pageInfo.endCursor : null;
    } while (after !== null && seen.length < 60);
    expect(seen.length).toBeGreaterThan(7);
    expect(new Set(seen.map((one) => one.matterNo)).size).toBe(seen.length);
    for (const matter of seen) {
      const late = matter.clocks.filter((clock: any) => clock.state === 'OVERDUE' && clock.stoppedAt === null);
      expect(late.length, matter.matterNo).toBeGreaterThan(0);
      for (const clock of late) expect(clock.lateMinutes).toBeGreaterThan(0);
    }
    const { lead } = seen.find((one) => one.lead !== null);
    const own = await hub.ask('city-app', { query, variables: { lead: lead.creditCode }, purpose: 'SUPERVISION' });
    expect(own.data.matters.nodes.length).toBeGreaterThan(0);
    expect(new Set(own.data.matters.nodes.map((one: any) => one.lead.creditCode))).toEqual(new Set([lead.creditCode]));
  });

  it('as many as the tables hold', async () => {
    const { n } = await row<{ n: number }>(`SELECT count(DISTINCT matter_key) AS n FROM hub.clock c JOIN hub.matter_member USING (rid) WHERE c.stopped_at IS NULL AND hub.clock_state(c.due_at, c.soon_at, c.stopped_at, c.paused_since, c.is_right, hub.business_now()) = 'OVERDUE'`);
    let count = 0;
    for (let after: string | null = null, more = true; more; ) {
      const answer: any = await hub.ask('city-app', { query, variables: { first: 100, after }, purpose: 'SUPERVISION' });
      count += answer.data.matters.nodes.length;
      ({ endCursor: after, hasNextPage: more } = answer.data.matters.pageInfo);
    }
    expect(count).toBe(n);
  });

  it('a resident sees the own matters only', async () => {
    const { id_number } = await hub.claims('resident');
    const answer = await hub.ask('resident', { query, purpose: 'SUBJECT_ACCESS' });
    for (const { matterNo } of answer.data.matters.nodes) await row(`SELECT 1 FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.mention n USING (rid) WHERE m.matter_no = $1 AND n.id_number = $2`, matterNo, id_number);
  });

  it.each(['operator', 'auditor'])('%s gets none of it', async (persona) => {
    const answer = await hub.ask(persona, { query, purpose: (await hub.claims(persona))['purposes'][0] });
    expect(answer.data.matters?.nodes ?? []).toEqual([]);
  });
});

describe('2: inbox of cases the court diverted to my centre', () => {
  const query = operation('MediationInbox');

  it('the clerk sees the court filing beside the earlier records, work fields only, NO_MATTER for persons', async () => {
    const { org } = await hub.claims('township-clerk');
    const answer = await hub.ask('township-clerk', { query, variables: { centre: org }, purpose: 'MEDIATION' });
    expect(answer.errors).toBeUndefined();
    const { nodes } = answer.data.matters;
    expect(nodes.length).toBeGreaterThan(0);
    for (const matter of nodes) {
      expect(matter.docking.some((one: any) => one.channel === 'LITIGATION' && one.divertedTo)).toBe(true);
      const courtCases = matter.records.edges.filter(({ node }: any) => node.__typename === 'CourtCase');
      expect(courtCases.some(({ node }: any) => node.prelitNo && node.divertedOn)).toBe(true);
      expect(JSON.stringify(matter.records)).not.toMatch(personField);
    }
    expect(answer.access.filter((one) => one.reason === 'NO_MATTER').map((one) => one.coordinate)).toContain('CourtCase.parties');
  });

  it('another centre has its own inbox', async () => {
    const { org } = await hub.claims('township-clerk');
    const other = await row<{ org: string }>(`SELECT facts ->> 'divertedTo' AS org FROM hub.record WHERE facts ? 'divertedTo' AND facts ->> 'divertedTo' <> $1 LIMIT 1`, org);
    const answer = await hub.ask({ persona: 'township-clerk', org: other.org }, { query, variables: { centre: org }, purpose: 'MEDIATION' });
    const own = await hub.ask('township-clerk', { query, variables: { centre: org }, purpose: 'MEDIATION' });
    expect(answer.data.matters.nodes.length).toBeLessThan(own.data.matters.nodes.length);
  });
});

describe('4: timeline and clocks of one matter', () => {
  const query = operation('MatterState');

  it('the lead organisation sees what each department did, in order, and the state it led to', async () => {
    const { matter_no, org } = await row<{ matter_no: string; org: string }>(`
      SELECT m.matter_no, min(a.credit_code) AS org FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.record r USING (rid) JOIN hub.assignment a USING (rid)
      WHERE r.respondent_org IS NULL AND a.relation = 'LEAD' GROUP BY 1 HAVING count(DISTINCT r.department) > 1 AND count(DISTINCT a.credit_code) > 1 ORDER BY count(DISTINCT r.department) DESC, 1 LIMIT 1`);
    const answer = await hub.ask({ persona: 'township-clerk', org }, { query, variables: { matterNo: matter_no }, purpose: 'MATTER_HANDLING' });
    const { matter } = answer.data;
    const times = matter.timeline.map((entry: any) => Date.parse(entry.at));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(matter.timeline.map((entry: any) => entry.record.department)).size).toBeGreaterThan(1);
    expect(matter.timeline.findLast((entry: any) => entry.status !== null).status).toBe(matter.status);
    expect(matter.clocks.length).toBeGreaterThan(0);
    for (const clock of matter.clocks) expect(clock.rule.basis).toMatch(/\p{Script=Han}/u);
  });

  it('the last state of every timeline is the state of its matter', async () => {
    const text = '{ matters(first: 100) { nodes { matterNo status timeline { status } recurrence { recordsIn30Days } alerts } } }';
    const answer = await hub.ask('county-analyst', { query: text, purpose: 'SUPERVISION' });
    expect(answer.data.matters.nodes.length).toBeGreaterThan(50);
    for (const matter of answer.data.matters.nodes) expect([matter.matterNo, matter.timeline.findLast((entry: any) => entry.status !== null)?.status]).toEqual([matter.matterNo, matter.status]);
  });

  it('the resident sees timeline and clocks of the own records only', async () => {
    const { id_number } = await hub.claims('resident');
    const { matter_no, own } = await row<{ matter_no: string; own: number }>(`SELECT m.matter_no, count(DISTINCT rid) AS own FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.mention n USING (rid) WHERE n.id_number = $1 GROUP BY 1 ORDER BY 2 DESC LIMIT 1`, id_number);
    const answer = await hub.ask('resident', { query, variables: { matterNo: matter_no }, purpose: 'SUBJECT_ACCESS' });
    expect(answer.data.matter.records.nodes.length).toBe(own);
    expect(answer.data.matter.timeline.length).toBeGreaterThan(0);
  });

  it('the organisation complained about sees no entry, clock or state of that record', async () => {
    const { matter_no, rid, org } = await row<{ matter_no: string; rid: string; org: string }>(`
      SELECT m.matter_no, r.rid, b.credit_code AS org FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.record r USING (rid)
        JOIN hub.matter_member o ON o.matter_key = m.matter_key AND o.rid <> r.rid JOIN hub.assignment b ON b.rid = o.rid
      WHERE r.department = 'hotline' AND r.respondent_org IS NULL ORDER BY 1, 2 LIMIT 1`);
    const ask = () => hub.ask({ persona: 'township-clerk', org }, { query, variables: { matterNo: matter_no }, purpose: 'MATTER_HANDLING' });
    const before = await ask();
    await hub.pool.query('UPDATE hub.record SET respondent_org = $1 WHERE rid = $2', [org, rid]);
    const after = await ask();
    await hub.pool.query('UPDATE hub.record SET respondent_org = NULL WHERE rid = $1', [rid]);
    expect(after.data.matter.records.nodes.length).toBe(before.data.matter.records.nodes.length - 1);
    expect(after.data.matter.clocks.length).toBe(before.data.matter.clocks.length - 4);
    expect(after.data.matter.timeline.length).toBeLessThan(before.data.matter.timeline.length);
  });
});

describe('17: statutory clocks of one petition', () => {
  const query = operation('PetitionClocks');

  it('the petition officer sees 15 days and 60 + 30, with article, due date, state, and what the source states', async () => {
    const { matter_no } = await row<{ matter_no: string }>(`SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.record r USING (rid) WHERE r.department = 'petition' AND r.facts ? 'dueOn' AND r.facts ? 'acceptedOn' AND r.facts ->> 'handling' <> '4' ORDER BY 1 LIMIT 1`);
    const answer = await hub.ask('petition-officer', { query, variables: { matterNo: matter_no }, purpose: 'SUPERVISION' });
    expect(answer.errors).toBeUndefined();
    const of = (id: string) => answer.data.matter.clocks.find((clock: any) => clock.rule.id === id);
    expect(of('PETITION-15D').rule).toMatchObject({ amount: 15, unit: 'DAYS', basis: '信访工作条例 第23条' });
    expect(of('PETITION-60D').rule).toMatchObject({ amount: 60, extendedAmount: 90, basis: '信访工作条例 第34条' });
    expect(of('PETITION-60D').dueAt).toMatch(/T16:00:00/); // 24:00 in Shanghai
    expect(of('PETITION-60D').statedDueAt).not.toBeNull();
    expect(typeof of('PETITION-60D').statedDifferenceMinutes).toBe('number');
    expect(of('PETITION-REVIEW-30D').state).toBe('NOT_APPLICABLE');
  });

  it('a hotline supervisor is not shown the narrative with it, and a sibling county sees nothing', async () => {
    const { matter_no } = await row<{ matter_no: string }>(`SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.record r USING (rid) WHERE r.department = 'petition' LIMIT 1`);
    const answer = await hub.ask('operator', { query, variables: { matterNo: matter_no }, purpose: 'DATA_QUALITY' });
    expect(answer.data.matter).toBeNull();
  });
});
