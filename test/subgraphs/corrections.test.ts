import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWorkingDay } from '../../matters/calendar.ts';
import { globalId } from '../../subgraphs/globalId.ts';
import { resident, viewer } from '../policy/viewers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { openWorld, orgs, plant, secret, township, village, type World } from './world.ts';

let db: TestDatabase;
let world: World;
let today = new Date('2026-09-28T02:00:00Z'); // a Monday, three days before the National Day holiday

const own = resident({ idHmac: 'own' });
const clerk = viewer({ org: orgs.centre, division: township, purpose: 'MEDIATION', matterKey: 'm1', matterNo: 'M1' });
const desk = viewer({ org: orgs.bureau, department: 'HOTLINE', tier: 'COUNTY', division: '510107000000', purpose: 'MATTER_HANDLING', matterKey: null, matterNo: null });
const operator = viewer({ kind: 'OPERATOR', department: 'DATA', tier: 'COUNTY', division: '510107000000', purpose: 'DATA_QUALITY', matterKey: null, matterNo: null });
const operatorOfHotline = { ...operator, department: 'HOTLINE' };

beforeAll(async () => {
  db = await testDatabase();
  world = await openWorld(db, { clock: () => today });
  await db.pool.query(`INSERT INTO hub.matter (matter_key, matter_no, status, updated_at) VALUES ('m1', 'M1', 'OPEN', now())`).catch(() => undefined);
  await plant(db, { rid: 'h1', lead: orgs.centre, matter: 'm1', person: { name: secret.reporter, idHmac: 'own', idNumber: secret.idNumber, address: '枫祥新村 3 幢', phone: secret.phone } });
  await plant(db, { rid: 'h2', lead: orgs.centre, person: { name: secret.hidden, idHmac: 'another', address: '柳浪小区 9 幢' } });
});
afterAll(async () => {
  await world?.subgraphs.stop();
  await db.drop();
});

const request = 'mutation($record: ID, $person: ID, $field: String!, $proposed: String, $reason: String!) { requestCorrection(record: $record, person: $person, field: $field, proposed: $proposed, reason: $reason) { id department field recordId state askedBy dueOn basis proposed reason outcome } }';
const ticket = (rid: string) => globalId('HotlineTicket', rid);
const ask = (who: typeof own, variables: Record<string, unknown>) => world.ask('hub', who, request, { reason: '门牌号写错了', ...variables });
const disputes = async (rid: string) => (await world.ask('hub', own, '{ _entities(representations: [{ __typename: "HotlineTicket", id: "' + ticket(rid) + '" }]) { ... on HotlineTicket { disputes { field dueOn } } } }')).data['_entities'][0]?.disputes;
const told = ({ body }: { body: { extensions?: Record<string, unknown> } }) => ((body.extensions as { seen: { fields: { coordinate: string; effect: string; reason: string }[] } }).seen.fields).map(({ coordinate, effect, reason }) => `${coordinate} ${effect} ${reason}`);
const stored = async () => (await db.pool.query('SELECT 1 FROM hub.correction')).rowCount;

describe('a resident', () => {
  it('asks the department that owns the value, with a due date in working days, and the dispute is shown', async () => {
    const { data, body } = await ask(own, { field: 'Person.address', proposed: '枫祥新村 5 幢 302 室' });
    expect(body.errors).toBeUndefined();
    expect(data['requestCorrection']).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/), department: 'hotline', field: 'Person.address', recordId: ticket('h1'), state: 'SENT', askedBy: 'RESIDENT',
      dueOn: expect.any(String), basis: expect.stringContaining('个人信息保护法'), proposed: '枫祥新村 5 幢 302 室', reason: '门牌号写错了', outcome: null,
    });
    const { dueOn } = data['requestCorrection'];
    expect(workingDaysBetween('2026-09-28', dueOn)).toBe(10);
    expect(await disputes('h1')).toEqual([{ field: 'Person.address', dueOn }]);
    const person = await world.ask('registry', own, '{ me { address disputes provenance { department disputes } } }');
    expect(person.data['me']).toMatchObject({ address: '枫祥新村 3 幢', disputes: ['Person.address'], provenance: [{ department: 'hotline', disputes: ['Person.address'] }] }); // the hub edits nothing
  });

  it('asking again is the same request', async () => {
    const again = await ask(own, { record: ticket('h1'), field: 'Person.address', proposed: 'something else' });
    expect(again.data['requestCorrection'].proposed).toBe('枫祥新村 5 幢 302 室');
    expect(await stored()).toBe(1);
  });

  it('sees their own and nobody else sees their words', async () => {
    const list = '{ corrections { nodes { field state proposed reason } } }';
    expect((await world.ask('hub', own, list)).data['corrections'].nodes).toMatchObject([{ field: 'Person.address', proposed: '枫祥新村 5 幢 302 室' }]);
    expect((await world.ask('hub', resident({ idHmac: 'another' }), list)).data['corrections'].nodes).toEqual([]);
    for (const who of [clerk, operator]) expect(JSON.stringify(await world.ask('hub', who, list))).not.toContain('枫祥');
  });

  it.each([
    ['somebody else\'s record', { record: ticket('h2'), field: 'Person.address' }],
    ['a record that is not there', { record: ticket('nothing'), field: 'Person.address' }],
    ['a field of somebody else\'s record', { record: ticket('h2'), field: 'HotlineTicket.title' }],
  ])('is refused %s, all in the same words, and nothing is written', async (_, variables) => {
    const answer = await ask(own, variables);
    expect(answer.data).toEqual({ requestCorrection: null });
    expect(answer.body.errors).toBeUndefined();
    expect(told(answer)).toEqual(['Mutation.requestCorrection WITHHELD NOT_ASSIGNED']);
    expect(await stored()).toBe(1);
  });

  it.each([['no such field', 'Person.shoeSize'], ['no such type', 'Nobody.name'], ['what is public', 'HotlineTicket.id'], ['what no source gives', 'HotlineTicket.provenance'], ['no coordinate', 'x']])('is told that %s cannot be corrected', async (_, field) => {
    const { body } = await ask(own, { record: ticket('h1'), field });
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
    expect(await stored()).toBe(1);
  });
});

describe('others', () => {
  it('a clerk asks for records assigned to them only, and for fields they may see', async () => {
    const title = await ask(clerk, { record: ticket('h1'), field: 'HotlineTicket.title' });
    expect(title.body.errors).toBeUndefined();
    expect(title.data['requestCorrection']).toMatchObject({ department: 'hotline', askedBy: 'CLERK', state: 'SENT' });
    const noMatter = await ask({ ...clerk, matterKey: null, matterNo: null }, { record: ticket('h1'), field: 'HotlineTicket.title' });
    expect(told(noMatter)).toEqual(['Mutation.requestCorrection WITHHELD NO_MATTER']);
    const sibling = await ask({ ...clerk, org: orgs.sibling, division: '510108001000' }, { record: ticket('h1'), field: 'HotlineTicket.title' });
    expect(told(sibling)[0]).toMatch(/^Mutation.requestCorrection WITHHELD/);
    expect(await stored()).toBe(2);
  });

  it('of a person, too, nobody disputes a field that is withheld from them', async () => {
    const villager = { ...clerk, tier: 'VILLAGE' as const, division: village };
    const met = await world.ask('registry', villager, '{ _entities(representations: [{ __typename: "Person", entityKey: "m-h1" }]) { ... on Person { id name idNumber } } }');
    const { id: person, ...shown } = met.data['_entities'][0];
    expect(shown).toEqual({ name: secret.reporter, idNumber: null });
    const answer = await ask(villager, { record: ticket('h1'), person, field: 'Person.idNumber' });
    expect([answer.data, told(answer)]).toEqual([{ requestCorrection: null }, ['Mutation.requestCorrection WITHHELD TIER']]);
    expect(await stored()).toBe(2);
  });

  it('an operator, an auditor and a service account may not ask', async () => {
    for (const who of [operator, viewer({ kind: 'AUDITOR', purpose: 'AUDIT' }), viewer({ kind: 'APP', org: orgs.centre, division: township })]) {
      const answer = await ask(who, { record: ticket('h1'), field: 'HotlineTicket.title' });
      expect([answer.data['requestCorrection'], told(answer)[0]?.split(' ').slice(0, 2).join(' ')]).toEqual([null, 'Mutation.requestCorrection WITHHELD']);
    }
    expect(await stored()).toBe(2);
  });

  it('an operator counts them', async () => {
    await db.pool.query(`INSERT INTO hub.stream (department, stream) VALUES ('hotline', 'tickets') ON CONFLICT DO NOTHING`);
    const { data } = await world.ask('hub', operator, '{ connectors { department corrections { sent overdue answered } } }');
    const counts = data['connectors'].find((one: { department: string }) => one.department === 'hotline').corrections;
    expect(counts.sent + counts.overdue).toBe(2);
  });
});

describe('the answer', () => {
  const answer = 'mutation($id: ID!) { answerCorrection(id: $id, outcome: CONFIRMED, note: "核对登记簿，无误") { state outcome note } }';
  const idOf = async (field: string) => (await db.pool.query<{ id: string }>('SELECT id FROM hub.correction WHERE coordinate = $1', [field])).rows[0]!.id;

  it('comes from the department that owns the value, once, and ends the dispute', async () => {
    const id = await idOf('HotlineTicket.title');
    expect((await world.ask('hub', desk, '{ corrections { nodes { field proposed } } }')).data['corrections'].nodes).toEqual(expect.arrayContaining([{ field: 'Person.address', proposed: '枫祥新村 5 幢 302 室' }]));
    for (const who of [clerk, own, operator, { ...desk, department: 'POLICE' }, { ...desk, division: '510108000000' }]) {
      const refused = await world.ask('hub', who, answer, { id });
      expect([refused.data['answerCorrection'], told(refused)[0]?.split(' ')[1]]).toEqual([null, 'WITHHELD']);
    }
    const { data, body } = await world.ask('hub', desk, answer, { id });
    expect(body.errors).toBeUndefined();
    expect(data['answerCorrection']).toEqual({ state: 'ANSWERED', outcome: 'CONFIRMED', note: '核对登记簿，无误' });
    expect((await world.ask('hub', desk, answer, { id })).body.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
    expect((await disputes('h1')).map((one: { field: string }) => one.field)).toEqual(['Person.address']);
  });

  it('the department\'s own operator answers without reading a word of it', async () => {
    await ask(clerk, { record: ticket('h1'), field: 'HotlineTicket.title' });
    const { rows } = await db.pool.query<{ id: string }>(`SELECT id FROM hub.correction WHERE state = 'SENT' AND coordinate = 'HotlineTicket.title'`);
    const { data } = await world.ask('hub', operatorOfHotline, 'mutation($id: ID!) { answerCorrection(id: $id, outcome: CORRECTED) { outcome reason } }', { id: rows[0]!.id });
    expect(data['answerCorrection']).toEqual({ outcome: 'CORRECTED', reason: null });
  });

  it('is not for the organisation that the record complains about, nor are its words', async () => {
    await db.pool.query(`UPDATE hub.record SET respondent_org = $1 WHERE rid = 'h1'`, [desk.org]);
    const id = await idOf('Person.address');
    expect((await world.ask('hub', desk, '{ corrections { nodes { id } } }')).data['corrections'].nodes).toEqual([]);
    expect((await world.ask('hub', desk, answer, { id })).data).toEqual({ answerCorrection: null });
    await db.pool.query(`UPDATE hub.record SET respondent_org = NULL WHERE rid = 'h1'`);
  });

  it('is overdue after its day', async () => {
    today = new Date('2026-11-30T02:00:00Z');
    const { data } = await world.ask('hub', own, '{ corrections(state: OVERDUE) { nodes { field state } } }');
    expect(data['corrections'].nodes).toEqual([{ field: 'Person.address', state: 'OVERDUE' }]);
  });

  it('is a newer version in which the value is another, not one in which something else is', async () => {
    const bySource = async () => (await db.pool.query<{ n: number }>('SELECT hub.answer_by_source() AS n')).rows[0]!.n;
    await db.pool.query(`UPDATE hub.mention SET phones = '{13900000000}' WHERE rid = 'h1'`);
    expect(await bySource()).toBe(0);
    await db.pool.query(`UPDATE hub.mention SET address = '枫祥新村 5 幢 302 室' WHERE rid = 'h1'`);
    expect(await bySource()).toBe(1);
    expect((await world.ask('hub', own, '{ corrections { nodes { field state outcome } } }')).data['corrections'].nodes).toEqual([{ field: 'Person.address', state: 'ANSWERED', outcome: 'SOURCE_CHANGED' }]);
    expect(await disputes('h1')).toEqual([]);
  });

  it('goes with its record, words and all', async () => {
    await db.pool.query(`DELETE FROM hub.record WHERE rid = 'h1'`);
    expect((await db.pool.query('SELECT 1 FROM hub.correction_text')).rowCount).toBe(0);
    expect(await stored()).toBe(0);
  });
});

/** Working days after the first day, up to and with the last one; the calendar is the State Council's. */
function workingDaysBetween(first: string, last: string): number {
  let days = 0;
  for (let at = Date.parse(`${first}T00:00:00Z`) + 86_400_000; at <= Date.parse(`${last}T00:00:00Z`); at += 86_400_000) if (isWorkingDay(new Date(at).toISOString().slice(0, 10))) days += 1;
  return days;
}
