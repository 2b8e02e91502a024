import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../../subgraphs/globalId.ts';
import { scenarioHub, type Answer, type ScenarioHub } from './hub.ts';
import { operation } from './operations.ts';

let hub: ScenarioHub;

beforeAll(async () => {
  hub = await scenarioHub({ seed: 77_001, residents: 500 });
}, 240_000);
afterAll(() => hub?.stop());

async function row<T>(sql: string, ...parameters: unknown[]): Promise<T> {
  const { rows } = await hub.pool.query(sql, parameters);
  expect(rows.length, `the data has what this scenario needs: ${sql}`).toBeGreaterThan(0);
  return rows[0] as T;
}

const reasons = (answer: Answer, coordinate: string) => answer.access.filter((entry) => entry.coordinate === coordinate).map((entry) => `${entry.effect} ${entry.reason}`);
const clerk = (found: { org: string; division: string }) => ({ persona: 'township-clerk', org: found.org, division: found.division });

async function matterOf(rid: string): Promise<string> {
  return (await row<{ matter_no: string }>('SELECT matter_no FROM hub.matter_member JOIN hub.matter USING (matter_key) WHERE rid = $1', rid)).matter_no;
}

const waitMs = 20_000;

/** The job clusters again by itself; nobody calls it. */
async function applied(caller: Parameters<ScenarioHub['ask']>[0], matterNo: string, decision: string): Promise<void> {
  const until = Date.now() + waitMs;
  while (Date.now() < until) {
    const answer = await hub.ask(caller, { query: operation('MatterEvidence'), variables: { matterNo }, purpose: 'MEDIATION' });
    if (answer.data?.matter?.decisions?.some((one: any) => one.id === decision && one.applied)) return;
    await pause(100);
  }
  throw new Error('the decision was not applied in time');
}

interface Inferred {
  matter_no: string;
  org: string;
  division: string;
  name: string;
  rid: string;
  type_name: string;
}

/** A hotline record that inference joined to one for which an organisation is named, in one township. */
const inferred = `
  SELECT m.matter_no, a.credit_code AS org, rpad(left(r.division_now, 9), 12, '0') AS division, n.name, far.rid, r.type_name FROM hub.matter m
    JOIN hub.matter_member near USING (matter_key) JOIN hub.assignment a ON a.rid = near.rid JOIN hub.record h ON h.rid = near.rid
    JOIN hub.matter_member far USING (matter_key) JOIN hub.record r ON r.rid = far.rid JOIN hub.mention n ON n.rid = far.rid
  WHERE near.trust_group <> far.trust_group AND r.department = 'hotline' AND NOT r.minor AND NOT r.confidential AND r.respondent_org IS DISTINCT FROM a.credit_code
    AND h.respondent_org IS DISTINCT FROM a.credit_code AND left(h.division_now, 9) = left(r.division_now, 9) AND right(r.division_now, 6) <> '000000' AND length(n.name) > 2
    AND NOT EXISTS (SELECT 1 FROM hub.matter_member o JOIN hub.assignment b USING (rid) WHERE o.matter_key = m.matter_key AND o.rid <> near.rid AND b.credit_code = a.credit_code)
    AND NOT EXISTS (SELECT 1 FROM hub.matter_member o JOIN hub.mention k USING (rid) WHERE o.matter_key = m.matter_key AND o.rid <> far.rid AND k.name = n.name)
    AND NOT EXISTS (SELECT 1 FROM hub.matter_decision d WHERE far.rid IN (d.a, d.b))
  ORDER BY m.matter_no LIMIT 1`;

describe('3: a record joined by inference is confirmed', () => {
  it('shows its person only after confirmation, to nobody who may not confirm, and no longer after the undo', async () => {
    const found = await row<Inferred>(inferred);
    const variables = { matterNo: found.matter_no, record: globalId(found.type_name, found.rid), reason: '当面核实', evidence: ['PLACE', 'TEXT'] };
    const parties = () => hub.ask(clerk(found), { query: operation('MatterParties'), variables: { matterNo: found.matter_no }, purpose: 'MEDIATION', matter: found.matter_no });
    expect((await parties()).text).not.toContain(found.name);

    const refused = [
      ['county-analyst', 'SUPERVISION', 'WITHHELD KIND'], ['resident', 'SUBJECT_ACCESS', undefined], [{ ...clerk(found), division: '110101001000', org: '111101010000000000' }, 'MEDIATION', undefined], [clerk(found), 'SERVICE_DELIVERY', undefined],
    ] as const;
    for (const [caller, purpose, reason] of refused) {
      const answer = await hub.ask(caller, { query: operation('ConfirmMembership'), variables, purpose });
      expect(answer.data?.confirmMembership ?? null).toBeNull();
      if (reason) expect(reasons(answer, 'Mutation.confirmMembership')).toEqual([reason]);
    }
    expect((await row<{ n: number }>('SELECT count(*)::int AS n FROM hub.matter_event')).n).toBe(0);

    const confirmed = await hub.ask(clerk(found), { query: operation('ConfirmMembership'), variables, purpose: 'MEDIATION' });
    expect(confirmed.errors).toBeUndefined();
    expect(confirmed.data.confirmMembership).toMatchObject({ kind: 'CONFIRMED', matters: [{ matterNo: found.matter_no }] });
    await applied(clerk(found), found.matter_no, confirmed.data.confirmMembership.id);
    expect((await parties()).text).toContain(found.name);

    const undone = await hub.ask(clerk(found), { query: operation('UndoMatterDecision'), variables: { decision: confirmed.data.confirmMembership.id, reason: '看错了' }, purpose: 'MEDIATION' });
    expect(undone.data.undo.kind).toBe('UNDONE');
    await applied(clerk(found), found.matter_no, undone.data.undo.id);
    expect((await parties()).text).not.toContain(found.name);
    const again = await hub.ask(clerk(found), { query: operation('UndoMatterDecision'), variables: { decision: confirmed.data.confirmMembership.id, reason: '再撤' }, purpose: 'MEDIATION' });
    expect(again.errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
  });

  it('the evidence tells its kinds and weights, who decided, and no value', async () => {
    const found = await row<Inferred>(inferred.replace('AND NOT EXISTS (SELECT 1 FROM hub.matter_decision d WHERE far.rid IN (d.a, d.b))', ''));
    const answer = await hub.ask(clerk(found), { query: operation('MatterEvidence'), variables: { matterNo: found.matter_no }, purpose: 'MEDIATION', matter: found.matter_no });
    expect(answer.errors).toBeUndefined();
    expect(answer.data.matter.records.edges.map((edge: any) => edge.basis)).toContain('INFERRED');
    expect(answer.text).not.toContain(found.name);
  });
});

describe('20: one matter is two, two matters are one', () => {
  it('a split holds through every later run, ends the extension, and is undone', async () => {
    const found = await row<Inferred>(inferred);
    const variables = { matterNo: found.matter_no, record: globalId(found.type_name, found.rid), reason: '同一件事' };
    const confirmed = await hub.ask(clerk(found), { query: operation('ConfirmMembership'), variables, purpose: 'MEDIATION' });
    await applied(clerk(found), found.matter_no, confirmed.data.confirmMembership.id);
    const split = await hub.ask(clerk(found), { query: operation('SplitMatter'), variables: { matterNo: found.matter_no, records: [globalId(found.type_name, found.rid)], reason: '其实是两户' }, purpose: 'MEDIATION' });
    expect(split.data.splitMatter.kind).toBe('SPLIT');
    await expect.poll(() => matterOf(found.rid), { timeout: waitMs }).not.toBe(found.matter_no);
    const apart = await matterOf(found.rid);
    await hub.pool.query('INSERT INTO hub.matter_touched SELECT rid FROM hub.record ON CONFLICT DO NOTHING');
    await hub.recluster();
    expect(await matterOf(found.rid)).toBe(apart);
    // Two records of one organisation may be one problem again by inference; what was confirmed is confirmed no more.
    const answer = await hub.ask(clerk(found), { query: operation('MatterParties'), variables: { matterNo: apart }, purpose: 'MEDIATION', matter: apart });
    expect(answer.text).not.toContain(found.name);
    const undone = await hub.ask(clerk(found), { query: operation('UndoMatterDecision'), variables: { decision: split.data.splitMatter.id, reason: '还是一件事' }, purpose: 'MEDIATION' });
    expect(undone.data.undo.kind).toBe('UNDONE');
    await expect.poll(() => matterOf(found.rid), { timeout: waitMs }).toBe(found.matter_no);
  });

  it('a merge needs the right to both; the number given up leads to the successor, through every later run', async () => {
    const pair = await row<{ a: string; b: string; org: string; division: string }>(`
      SELECT x.matter_no AS a, y.matter_no AS b, x.org, x.division FROM (
        SELECT DISTINCT m.matter_no, a.credit_code AS org, rpad(left(r.division_now, 9), 12, '0') AS division FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.record r USING (rid) JOIN hub.assignment a USING (rid)
        WHERE m.merged_into IS NULL AND r.matter_rule = 'CLUSTER' AND r.respondent_org IS DISTINCT FROM a.credit_code AND right(r.division_now, 6) <> '000000') x
      JOIN (SELECT DISTINCT m.matter_no, a.credit_code AS org, rpad(left(r.division_now, 9), 12, '0') AS division FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.record r USING (rid) JOIN hub.assignment a USING (rid)
        WHERE m.merged_into IS NULL AND r.matter_rule = 'CLUSTER' AND r.respondent_org IS DISTINCT FROM a.credit_code) y ON y.org = x.org AND y.division = x.division AND y.matter_no > x.matter_no
      ORDER BY 1, 2 LIMIT 1`);
    const foreign = await row<{ matter_no: string }>(`SELECT m.matter_no FROM hub.matter m WHERE m.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM hub.matter_member mm JOIN hub.assignment a USING (rid) WHERE mm.matter_key = m.matter_key AND a.credit_code = $1) ORDER BY 1 LIMIT 1`, pair.org);
    const refused = await hub.ask(clerk(pair), { query: operation('MergeMatters'), variables: { matterNo: pair.a, other: foreign.matter_no, reason: '同一件事' }, purpose: 'MEDIATION' });
    expect(refused.data?.mergeMatters ?? null).toBeNull();
    const merged = await hub.ask(clerk(pair), { query: operation('MergeMatters'), variables: { matterNo: pair.a, other: pair.b, reason: '同一件事' }, purpose: 'MEDIATION' });
    expect(merged.errors).toBeUndefined();
    const reached = async (number: string) => (await hub.ask(clerk(pair), { query: operation('MatterEvidence'), variables: { matterNo: number }, purpose: 'MEDIATION' })).data.matter?.matterNo;
    await expect.poll(async () => (await reached(pair.a)) === (await reached(pair.b)), { timeout: waitMs }).toBe(true);
    await hub.pool.query('INSERT INTO hub.matter_touched SELECT rid FROM hub.record ON CONFLICT DO NOTHING');
    await hub.recluster();
    expect(await reached(pair.a)).toBe(await reached(pair.b));
    const undone = await hub.ask(clerk(pair), { query: operation('UndoMatterDecision'), variables: { decision: merged.data.mergeMatters.id, reason: '不是一件事' }, purpose: 'MEDIATION' });
    expect(undone.data.undo.kind).toBe('UNDONE');
    await expect.poll(async () => (await reached(pair.a)) !== (await reached(pair.b)), { timeout: waitMs }).toBe(true);
  });
});
