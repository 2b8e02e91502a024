import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../base/config.ts';
import { recordKeys } from '../../base/keys.ts';
import { linkTouched } from '../../jobs/link.ts';
import { scenarioHub, type ScenarioHub } from './hub.ts';
import { operation } from './operations.ts';

let hub: ScenarioHub;
beforeAll(async () => {
  hub = await scenarioHub({ residents: 400 });
}, 240_000);
afterAll(() => hub?.stop());

/** What the job does after a sync or an answer. */
async function relink(): Promise<void> {
  await linkTouched(hub.pool, recordKeys(readConfig({ env: { DATABASE_URL: 'postgres://x/y', YIWANG_HOME: hub.home }, sources: [] }).masterSecret));
}

interface Merged {
  a: string;
  b: string;
  rid: string;
  type_name: string;
  org: string;
  matter_no: string;
  name: string;
}

/** Two applications of one person that one agency handles. */
async function merged(): Promise<Merged> {
  const { rows } = await hub.pool.query<Merged>(`
    SELECT e.a, e.b, r.rid, r.type_name, s.credit_code AS org, t.matter_no, m.name FROM hub.link_edge e
    JOIN hub.mention m ON m.mention_id = e.a JOIN hub.mention n ON n.mention_id = e.b AND n.entity_key = m.entity_key
    JOIN hub.record r ON r.rid = m.rid JOIN hub.record o ON o.rid = n.rid
    JOIN hub.assignment s ON s.rid = r.rid AND s.relation = 'LEAD' JOIN hub.assignment z ON z.rid = o.rid AND z.credit_code = s.credit_code
    JOIN hub.matter_member h ON h.rid = r.rid JOIN hub.matter t USING (matter_key)
    WHERE r.department = 'civil' AND o.department = 'civil' AND r.rid <> o.rid AND m.name IS NOT NULL AND NOT (r.minor OR o.minor OR r.confidential OR o.confidential OR r.family_violence OR o.family_violence)
    ORDER BY e.a, e.b LIMIT 1`);
  expect(rows.length, 'two applications of one person').toBe(1);
  return rows[0]!;
}

const globalId = (type: string, key: string) => Buffer.from(`${type}:${key}`).toString('base64url');
const together = async ({ a, b }: Merged) => (await hub.pool.query<{ one: boolean }>('SELECT count(DISTINCT entity_key) = 1 AS one FROM hub.mention WHERE mention_id = ANY($1)', [[a, b]])).rows[0]!.one;

/** Two namesakes with ID numbers of their own who share a phone with a third record: a merge that is refused. */
async function planted(): Promise<void> {
  await hub.pool.query(`WITH three AS (SELECT m.mention_id, m.rid, row_number() OVER (ORDER BY m.mention_id) AS n FROM hub.mention m JOIN hub.record r USING (rid)
      WHERE r.department = 'police' AND r.stream = 'rk_hj' AND m.id_number IS NOT NULL ORDER BY m.mention_id LIMIT 3)
    UPDATE hub.mention m SET name = '诸葛梓萱', phones = '{+8613900001111}', birth_date = NULL, sex = NULL, address = NULL, household_no = NULL, id_number = CASE WHEN three.n < 3 THEN m.id_number END FROM three WHERE m.mention_id = three.mention_id`);
  await hub.pool.query(`INSERT INTO hub.touched SELECT rid FROM hub.mention WHERE name = '诸葛梓萱' ON CONFLICT DO NOTHING`);
  await relink();
}

describe('19: two records of my department were merged: why? undo it', () => {
  it('the clerk sees the waterfall, splits them, the next run remembers it, and takes the answer back', async () => {
    const found = await merged();
    const clerk = { persona: 'civil-clerk', org: found.org };
    const asked = await hub.ask(clerk, { query: operation('LinkageOf'), variables: { record: globalId(found.type_name, found.rid) }, purpose: 'MATTER_HANDLING', matter: found.matter_no });
    expect(asked.errors).toBeUndefined();
    const id = globalId('LinkagePair', `${found.a}:${found.b}`);
    const pair = asked.data.linkageOf.find((one: any) => one.id === id);
    expect(pair).toMatchObject({ together: true, decision: null, reviewReason: null });
    expect(pair.levels.map((level: any) => level.comparison)).toEqual(['id', 'name', 'birth', 'phone', 'address', 'sex']);
    expect(pair.levels.reduce((sum: number, level: any) => sum + level.weight, pair.prior)).toBeCloseTo(pair.weight, 6);
    expect(pair.sides.map((side: any) => side.own)).toEqual([true, true]);
    expect(pair.sides[0].name).toBe(found.name);
    const ofMatter = await hub.ask(clerk, { query: operation('LinkageOf'), purpose: 'MATTER_HANDLING', matter: found.matter_no });
    expect(ofMatter.data.linkageOf.map((one: any) => one.id)).toContain(id);

    const split = await hub.ask(clerk, { query: operation('ResolveReview'), variables: { pair: id, answer: 'DIFFERENT', reason: '重名，经核实不是同一人' }, purpose: 'MATTER_HANDLING' });
    expect(split.errors).toBeUndefined();
    expect(split.data.resolveReview).toMatchObject({ id, decision: 'CANNOT_LINK', answers: 1 });
    await relink();
    expect(await together(found)).toBe(false);
    await hub.pool.query('INSERT INTO hub.touched SELECT rid FROM hub.record ON CONFLICT DO NOTHING');
    await relink();
    expect(await together(found), 'a later run remembers it').toBe(false);
    const { rows } = await hub.pool.query("SELECT coordinate FROM hub.effect WHERE subject = $1", [`${found.a}:${found.b}`]);
    expect(rows).toEqual([{ coordinate: 'Mutation.resolveReview' }]);

    const undone = await hub.ask(clerk, { query: operation('UndoReview'), variables: { pair: id, reason: '核对有误' }, purpose: 'MATTER_HANDLING' });
    expect(undone.data.undoReview).toMatchObject({ decision: null, answers: 2 });
    await relink();
    expect(await together(found)).toBe(true);
    const nothing = await hub.ask(clerk, { query: operation('UndoReview'), variables: { pair: id, reason: '再撤' }, purpose: 'MATTER_HANDLING' });
    expect(nothing.errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
  });

  it('without a matter the clerk sees levels and no values; a clerk of another department or organisation sees nothing', async () => {
    const found = await merged();
    const variables = { record: globalId(found.type_name, found.rid) };
    const query = operation('LinkageOf');
    const blind = await hub.ask({ persona: 'civil-clerk', org: found.org }, { query, variables, purpose: 'MATTER_HANDLING' });
    expect(blind.data.linkageOf.length).toBeGreaterThan(0);
    for (const side of blind.data.linkageOf.flatMap((pair: any) => pair.sides)) expect([side.name, side.idNumber, side.phones, side.address]).toEqual([null, null, null, null]);
    const other = await hub.ask('police-officer', { query, variables, purpose: 'MATTER_HANDLING' });
    expect(other.data.linkageOf).toEqual([]);
    const centre = await hub.ask('township-clerk', { query, variables, purpose: 'MATTER_HANDLING' });
    expect(centre.data.linkageOf).toBeNull();
    const pair = globalId('LinkagePair', `${found.a}:${found.b}`);
    const changed = await hub.ask('police-officer', { query: operation('ResolveReview'), variables: { pair, answer: 'DIFFERENT', reason: 'x' }, purpose: 'MATTER_HANDLING' });
    expect(changed.data.resolveReview).toBeNull();
    expect(changed.access).toMatchObject([{ coordinate: 'Mutation.resolveReview', effect: 'WITHHELD' }]);
    expect((await hub.pool.query('SELECT 1 FROM hub.link_decision')).rows).toEqual([]);
  });

  it('the operator sees the levels of the queue without a value, and may not answer', async () => {
    await planted();
    const { rows } = await hub.pool.query<{ a: string; b: string }>('SELECT a, b FROM hub.review ORDER BY weight DESC, a, b');
    expect(rows.length).toBeGreaterThan(0);
    const queue = await hub.ask('operator', { query: operation('LinkageReviews'), variables: { first: 100 }, purpose: 'DATA_QUALITY' });
    expect(queue.errors).toBeUndefined();
    expect(queue.data.linkageReviews.nodes.map((pair: any) => pair.id)).toEqual(rows.slice(0, 100).map(({ a, b }) => globalId('LinkagePair', `${a}:${b}`)));
    for (const side of queue.data.linkageReviews.nodes.flatMap((pair: any) => pair.sides)) expect(side).toMatchObject({ name: null, department: expect.any(String) });
    expect(queue.data.linkageReviews.nodes[0].levels.length).toBe(6);
    const pair = queue.data.linkageReviews.nodes[0].id;
    const answer = await hub.ask('operator', { query: operation('ResolveReview'), variables: { pair, answer: 'SAME', reason: 'x' }, purpose: 'DATA_QUALITY' });
    expect(answer.data.resolveReview).toBeNull();
  });

  it('clerks see the pairs of their own department, blind to which other department it is', async () => {
    for (const persona of ['police-officer', 'petition-officer']) {
      const queue = await hub.ask(persona, { query: operation('LinkageReviews'), variables: { first: 100 }, purpose: 'MATTER_HANDLING' });
      expect(queue.errors).toBeUndefined();
      for (const { sides } of queue.data.linkageReviews.nodes) {
        expect(sides.some((side: any) => side.own)).toBe(true);
        for (const side of sides) if (!side.own) expect(side).toEqual({ own: false, department: null, role: null, name: null });
      }
    }
    const hidden = await hub.ask('county-analyst', { query: operation('LinkageReviews'), purpose: 'SUPERVISION' });
    expect(hidden.data.linkageReviews).toBeNull();
  });
});
