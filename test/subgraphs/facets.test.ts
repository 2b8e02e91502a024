import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refreshClocks } from '../../jobs/clocks.ts';
import { viewer } from '../policy/viewers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { openWorld, orgs, plant, township, type World } from './world.ts';

let db: TestDatabase;
let world: World;

const supervisor = viewer({ org: orgs.bureau, department: 'MEDIATION', tier: 'COUNTY', division: '510107000000', purpose: 'SUPERVISION', matterKey: null, matterNo: null });
const clerk = viewer({ org: orgs.centre, division: township, matterKey: null, matterNo: null });
const fields = 'matterNo status alerts assignments { relation organization { creditCode } } clocks { rule { id } state lateMinutes } timeline { kind status record { id } } docking { channel } mediation { agreementKept } recurrence { recordsIn30Days thirdRecordAt reopened }';

beforeAll(async () => {
  db = await testDatabase();
  world = await openWorld(db);
  await db.pool.query(`INSERT INTO hub.setting (name, value) VALUES ('as_of', to_jsonb('2026-05-20T12:00:00+08:00'::text))`);
  for (const matter of ['a', 'b', 'c', 'd']) {
    await plant(db, { rid: `${matter}1`, matter, lead: orgs.centre, at: '2026-05-01T08:00:00Z', status: 'IN_PROGRESS' });
    await plant(db, { rid: `${matter}2`, matter, basis: 'EXPLICIT', lead: orgs.centre, respondent: orgs.accused, at: '2026-05-02T08:00:00Z', status: 'OPEN' });
    await plant(db, { rid: `${matter}3`, matter, basis: 'EXPLICIT', lead: orgs.centre, at: '2026-05-03T08:00:00Z', status: 'IN_PROGRESS' });
  }
  await db.pool.query(`UPDATE hub.record SET facts = jsonb_build_object('receivedAt', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'contactedAt', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`);
  await refreshClocks(db.pool);
});
afterAll(async () => {
  await world?.subgraphs.stop();
  await db.drop();
});

describe('what is derived of matters', () => {
  it('takes one statement for each of histories, clocks and assignments, however many matters are asked for', async () => {
    const { data } = await world.ask('matter', supervisor, `{ matters { nodes { ${fields} } } }`);
    expect(data['matters'].nodes).toHaveLength(4);
    expect(data['matters'].nodes[0].clocks).toHaveLength(12);
    expect(world.statements).toHaveLength(4);
  });

  it('costs no statement where it is refused', async () => {
    const { data } = await world.ask('matter', { ...supervisor, tier: 'PROVINCE', division: '510000000000', purpose: 'STATISTICS' }, `{ matters { nodes { ${fields} } } }`);
    expect(data['matters']).toBeNull();
    expect(world.statements).toHaveLength(0);
  });

  it('follows business time: the 24 hours are over, the 30 minutes were kept', async () => {
    const { data } = await world.ask('matter', supervisor, '{ matter(matterNo: "M-A") { alerts clocks { rule { id } state } } }');
    const states = new Map(data['matter'].clocks.map((clock: { rule: { id: string }; state: string }) => [clock.rule.id, clock.state]));
    expect([states.get('HOTLINE-30MIN'), states.get('HOTLINE-24H')]).toEqual(['MET', 'OVERDUE']);
    expect(data['matter'].alerts).toEqual(expect.arrayContaining(['OVERDUE', 'THIRD_RECORD']));
    const listed = await world.ask('matter', supervisor, '{ matters(filter: { alert: [OVERDUE] }) { nodes { matterNo } } third: matters(filter: { alert: [THIRD_RECORD] }, orderBy: OPENED_ASC) { nodes { matterNo } } none: matters(filter: { alert: [AGREEMENT_NOT_KEPT] }) { nodes { matterNo } } }');
    expect([listed.data['matters'].nodes.length, listed.data['third'].nodes.length, listed.data['none'].nodes.length]).toEqual([4, 4, 0]);
  });

  it('an empty list of states, categories, alerts or channels asks for no matter at all', async () => {
    for (const filter of ['status', 'category', 'alert', 'docking']) {
      const { data, body } = await world.ask('matter', supervisor, `{ matters(filter: { ${filter}: [] }) { nodes { matterNo } } }`);
      expect([filter, body.errors, data['matters']]).toEqual([filter, undefined, { nodes: [] }]);
    }
  });

  it('is derived without the record for the organisation complained about: state, clocks, timeline, recurrence, assignments and filters', async () => {
    const accused = { ...supervisor, org: orgs.accused };
    const query = `{ matter(matterNo: "M-A") { ${fields} } }`;
    const [all, less] = [(await world.ask('matter', supervisor, query)).data['matter'], (await world.ask('matter', accused, query)).data['matter']];
    expect([all.status, less.status]).toEqual(['OPEN', 'IN_PROGRESS']);
    expect([all.clocks.length, less.clocks.length]).toEqual([12, 8]);
    expect([all.assignments.length, less.assignments.length]).toEqual([3, 2]);
    expect([all.recurrence.recordsIn30Days, less.recurrence.recordsIn30Days]).toEqual([3, 2]);
    expect([all.alerts.includes('THIRD_RECORD'), less.alerts.includes('THIRD_RECORD')]).toEqual([true, false]);
    const third = await world.ask('matter', accused, '{ matters(filter: { alert: [THIRD_RECORD] }) { nodes { matterNo } } }');
    expect(third.data['matters'].nodes).toEqual([]);
    await db.pool.query(`DELETE FROM hub.record WHERE rid = 'a2'`);
    expect((await world.ask('matter', accused, query)).data['matter']).toEqual(less);
  });

  it('a record of the territory whose work fields are closed to the caller shows in none of it, not even by its clock', async () => {
    const desk = { ...clerk, org: orgs.bureau, department: 'HOTLINE' };
    const query = `{ matter(matterNo: "M-B") { ${fields} } }`;
    const before = (await world.ask('matter', desk, query)).data['matter'];
    await plant(db, { rid: 'b4', department: 'police', matter: 'b', basis: 'EXPLICIT', lead: orgs.police, at: '2026-05-04T08:00:00Z' });
    await db.pool.query(`INSERT INTO hub.clock SELECT (jsonb_populate_record(c, '{"rid": "b4"}')).* FROM hub.clock c WHERE c.rid = 'b1'`);
    try {
      expect(before.clocks.length).toBeGreaterThan(0);
      expect((await world.ask('matter', desk, query)).data['matter']).toEqual(before);
    } finally {
      await db.pool.query(`DELETE FROM hub.record WHERE rid = 'b4'`);
    }
  });

  it('another organisation of the territory sees none of it', async () => {
    const { data } = await world.ask('matter', { ...clerk, org: orgs.sibling, division: '510108001000' }, `{ matter(matterNo: "M-A") { ${fields} } }`);
    expect(data['matter']).toBeNull();
  });
});
