import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId } from '../../subgraphs/globalId.ts';
import { lastEntry } from '../last-entry.ts';
import { orgs, plant, secret } from '../subgraphs/world.ts';
import { plantedHub, type PlantedHub } from './hub.ts';

let hub: PlantedHub;
const county = '510107000000';
/** A police officer of a bureau that handles none of it, and who supervises it. */
const officer = { kind: 'CLERK', sub: 'officer', org: orgs.police, department: 'POLICE', tier: 'COUNTY', division: county, purposes: ['MATTER_HANDLING', 'SUPERVISION'] };
const supervisor = { kind: 'CLERK', sub: 'supervisor', org: orgs.bureau, department: 'PETITION', tier: 'COUNTY', division: county, purposes: ['SUPERVISION', 'MATTER_HANDLING'] };
const auditor = { kind: 'AUDITOR', sub: 'auditor', org: orgs.bureau, department: 'AUDIT', tier: 'CITY', division: '510100000000', purposes: ['AUDIT'] };
const resident = { kind: 'RESIDENT', sub: 'resident', id_number: secret.idNumber, purposes: ['SUBJECT_ACCESS'] };

beforeAll(async () => {
  hub = await plantedHub();
  const { db } = hub;
  const idHmac = hub.idHmac(secret.idNumber);
  await plant(db, { rid: 'b1', lead: orgs.centre, matter: 'bm', at: '2026-05-01T08:00:00Z', person: { name: secret.requester, idNumber: secret.idNumber, idHmac, phone: secret.phone, address: '枫祥新村 3 幢' } });
  await plant(db, { rid: 'b2', lead: orgs.centre, matter: 'bm', basis: 'EXPLICIT', at: '2026-05-02T08:00:00Z', person: { name: '钱一', phone: '13700000002' } });
  await plant(db, { rid: 'b3', lead: orgs.centre, matter: 'bm', basis: 'INFERRED', at: '2026-05-03T08:00:00Z', person: { name: '孙二', phone: '13700000003' } });
  await plant(db, { rid: 'b4', lead: orgs.centre, matter: 'bm', basis: 'EXPLICIT', at: '2026-05-04T08:00:00Z', confidential: true, person: { name: secret.hidden, phone: '13700000004' } });
  await plant(db, { rid: 'b5', lead: orgs.centre, matter: 'bm', basis: 'EXPLICIT', at: '2026-05-05T08:00:00Z', respondent: orgs.police, person: { name: '李三' } });
  await plant(db, { rid: 'b6', lead: orgs.sibling, matter: 'bm', basis: 'EXPLICIT', at: '2026-05-06T08:00:00Z', division: '510108001001', person: { name: '周四' } });
  await plant(db, { rid: 'o1', lead: orgs.centre, matter: 'other', person: { name: '吴五' } });
}, 120_000);
afterAll(() => hub?.stop());

const request = 'mutation($m: String!, $r: String!, $records: [ID!], $hours: Int) { requestBreakGlass(matterNo: $m, reason: $r, records: $records, hours: $hours) { id state records hours reason basis } }';
const approve = 'mutation($id: ID!) { approveBreakGlass(id: $id) { id state openUntil } }';
const end = 'mutation($id: ID!) { endBreakGlass(id: $id) { id state } }';
const parties = '{ matter(matterNo: "M-BM") { matterNo parties { record { id } person { name phones idNumber } } } }';

const asOfficer = (query: string, variables = {}, matter?: string) => hub.ask(officer, query, { purpose: 'MATTER_HANDLING', variables, ...(matter ? { matter } : {}) });
const asSupervisor = (query: string, variables = {}, who: object = supervisor) => hub.ask(who, query, { purpose: 'SUPERVISION', variables });
const requested = async (variables: object = {}): Promise<string> => (await asOfficer(request, { m: 'M-BM', r: '报警称有人轻生，需立即联系', ...variables })).data.requestBreakGlass.id;
const opened = async (variables: object = {}): Promise<string> => {
  const id = await requested(variables);
  expect((await asSupervisor(approve, { id })).data.approveBreakGlass.state).toBe('OPEN');
  return id;
};
const names = async (who: object = officer, purpose = 'MATTER_HANDLING', matter = 'M-BM') =>
  ((await hub.ask(who, parties, { purpose, matter })).data?.matter?.parties ?? []).map((party: any) => party.person?.name ?? null).filter((name: unknown) => name !== null);
const endAll = () => hub.db.pool.query(`UPDATE hub.break_glass SET ended_by = repeat('0', 64), ended_at = now() WHERE ended_at IS NULL`);

describe('an emergency', () => {
  it('opens the records of one matter, asked for and approved by two persons, as to the organisation that leads it', async () => {
    expect(await names()).toEqual([]);
    const id = await requested();
    expect(await names(), 'a request opens nothing').toEqual([]);
    const waiting = await asSupervisor('{ breakGlasses(state: REQUESTED) { nodes { id matterNo reason records state } } }');
    expect(waiting.data.breakGlasses.nodes).toEqual([{ id, matterNo: 'M-BM', reason: '报警称有人轻生，需立即联系', records: 3, state: 'REQUESTED' }]);
    const { openUntil } = (await asSupervisor(approve, { id })).data.approveBreakGlass;
    expect(new Date(openUntil).getTime() - Date.now()).toBeLessThanOrEqual(4 * 3_600_000);
    const read = await asOfficer(parties, {}, 'M-BM');
    const found = read.data.matter.parties.filter((party: any) => party.person?.name);
    expect(found.map((party: any) => party.person)).toEqual([
      { name: secret.requester, phones: [secret.phone], idNumber: '51**************59' },
      { name: '钱一', phones: ['13700000002'], idNumber: null },
    ]);
    expect(read.text, 'neither what was inferred, nor who asked for confidentiality, nor the record about the officer’s own bureau, nor another county').not.toMatch(/孙二|郑隐之|李三|周四/);
    await endAll();
  });

  it('is marked in the log with its id and legal basis, and told to the resident when it is over', async () => {
    const id = await opened();
    await hub.db.pool.query(`UPDATE hub.break_glass SET open_until = now() + interval '3 seconds' WHERE id = $1`, [id]);
    expect(await names()).toHaveLength(2);
    expect(await lastEntry(hub.db.pool)).toMatchObject({ breakGlass: id, legalBasis: expect.stringContaining('第13条第1款第4项'), matter: 'M-BM', disclosedFrom: expect.any(String) });
    const history = '{ myAccessHistory(first: 50) { organization { creditCode } legalBasis breakGlass { zh en approver { creditCode } approvedAt openUntil } } }';
    const mine = async () => (await hub.ask(resident, history, { purpose: 'SUBJECT_ACCESS' })).data.myAccessHistory;
    if (Date.now() < Date.parse((await lastEntry(hub.db.pool)).disclosedFrom ?? '')) expect(await mine(), 'not while it is open').toEqual([]);
    await expect.poll(mine, { timeout: 20_000, interval: 200 }).not.toEqual([]);
    const told = await mine();
    expect(told[0]).toMatchObject({ organization: { creditCode: orgs.police }, legalBasis: expect.stringContaining('第18条第2款'), breakGlass: { zh: expect.stringContaining('紧急'), en: expect.stringContaining('emergency'), openUntil: expect.any(String) } });
    expect(JSON.stringify(told)).not.toMatch(/officer|supervisor|轻生/);
    const log = await hub.ask(auditor, '{ accessLog(filter: { breakGlass: true }) { nodes { breakGlass purpose organization } } breakGlasses { nodes { id state reason } } }', { purpose: 'AUDIT' });
    expect(log.data.accessLog.nodes.map((entry: any) => entry.breakGlass)).toContain(id);
    expect(log.data.accessLog.nodes.every((entry: any) => entry.breakGlass !== null)).toBe(true);
    expect(log.data.breakGlasses.nodes.find((one: any) => one.id === id)).toMatchObject({ state: 'EXPIRED', reason: '报警称有人轻生，需立即联系' });
  });

  it('is told to who filed a record of which the text alone was read', async () => {
    const id = await opened();
    await hub.db.pool.query(`UPDATE hub.break_glass SET open_until = now() + interval '3 seconds' WHERE id = $1`, [id]);
    const read = await asOfficer('{ matter(matterNo: "M-BM") { records { nodes { ... on HotlineTicket { body } } } } }', {}, 'M-BM');
    expect(read.text).toContain(`${secret.requester}诉求`);
    const mine = async () => (await hub.ask(resident, '{ myAccessHistory(first: 50) { fields breakGlass { zh } } }', { purpose: 'SUBJECT_ACCESS' })).data.myAccessHistory.filter((entry: any) => entry.fields.includes('HotlineTicket.body'));
    await expect.poll(mine, { timeout: 20_000, interval: 200 }).toMatchObject([{ breakGlass: { zh: expect.stringContaining('紧急') } }]);
  });

  it('opens what was merely inferred only where two persons named it', async () => {
    await opened({ records: [globalId('HotlineTicket', 'b3')] });
    expect(await names()).toEqual(['孙二']);
    await endAll();
  });

  it('changes nothing: a permit to read in an emergency is none to decide', async () => {
    await opened();
    const split = await asOfficer('mutation($r: [ID!]!) { splitMatter(matterNo: "M-BM", records: $r, reason: "x") { id } }', { r: [globalId('HotlineTicket', 'b2')] }, 'M-BM');
    expect(split.data.splitMatter).toBeNull();
    await endAll();
  });
});

describe('abuse', () => {
  const refused = async (answer: Promise<{ data: any; errors: unknown }>, field: string): Promise<void> => {
    const { data } = await answer;
    expect(data?.[field] ?? null).toBeNull();
    expect(await names()).toEqual([]);
  };

  it('the same person does not approve, under whatever purpose or organisation', async () => {
    const id = await requested();
    const alone = await asSupervisor(approve, { id }, officer);
    expect(alone.data.approveBreakGlass).toBeNull();
    expect(alone.access).toEqual(['Mutation.approveBreakGlass WITHHELD KIND break-glass.same-person']);
    await refused(asSupervisor(approve, { id }, { ...officer, org: orgs.bureau, department: 'PETITION' }), 'approveBreakGlass');
    await expect(hub.db.pool.query(`UPDATE hub.break_glass SET approved_by = requested_by, approver_org = org, approved_at = now(), open_until = now() WHERE id = $1`, [id])).rejects.toThrow(/break_glass_check/);
    await endAll();
  });

  it('nobody approves below supervising rank, for another purpose, elsewhere, or against their own organisation', async () => {
    const id = await requested();
    const others = [
      { ...supervisor, tier: 'TOWNSHIP', division: '510107001000' },
      { ...supervisor, tier: 'VILLAGE', division: '510107001003' },
      { ...supervisor, division: '510108000000' },
      { ...supervisor, kind: 'ANALYST' },
      { ...supervisor, kind: 'APP' },
      { ...supervisor, tier: 'PROVINCE', division: '510000000000' },
      { ...auditor, purposes: ['SUPERVISION'] },
    ];
    for (const other of others) await refused(asSupervisor(approve, { id }, other), 'approveBreakGlass');
    await refused(hub.ask(supervisor, approve, { purpose: 'MATTER_HANDLING', variables: { id } }), 'approveBreakGlass');
    await hub.db.pool.query(`UPDATE hub.record SET respondent_org = $1 WHERE rid = 'b2'`, [orgs.bureau]);
    await refused(asSupervisor(approve, { id }), 'approveBreakGlass');
    await hub.db.pool.query(`UPDATE hub.record SET respondent_org = NULL WHERE rid = 'b2'`);
    const [missing, hidden] = [await asSupervisor(approve, { id: '00000000-0000-4000-8000-000000000000' }), await asSupervisor(approve, { id }, { ...supervisor, division: '510108000000' })];
    expect(hidden.text, 'hidden and missing are one').toBe(missing.text);
    await endAll();
  });

  it('a county does not approve what a city asked for', async () => {
    const city = { ...officer, sub: 'city', tier: 'CITY', division: '510100000000' };
    const { id } = (await hub.ask(city, request, { purpose: 'MATTER_HANDLING', variables: { m: 'M-BM', r: 'x', records: [globalId('HotlineTicket', 'b1')] } })).data.requestBreakGlass;
    await refused(asSupervisor(approve, { id }), 'approveBreakGlass');
    expect((await asSupervisor(approve, { id }, { ...supervisor, tier: 'CITY', division: '510100000000' })).data.approveBreakGlass.state).toBe('OPEN');
    await endAll();
  });

  it('nobody asks from elsewhere, without a person behind it, for longer than a day or without a reason', async () => {
    const ask = (who: object, variables: object = {}, purpose = 'MATTER_HANDLING') => hub.ask(who, request, { purpose, variables: { m: 'M-BM', r: 'x', ...variables } });
    const elsewhere = await ask({ ...officer, division: '510109000000' });
    expect(elsewhere.data.requestBreakGlass).toBeNull();
    expect((await ask(officer, { m: 'M-NONE' })).text).toBe((await ask({ ...officer, division: '510109000000' })).text);
    for (const kind of ['APP', 'ANALYST', 'OPERATOR', 'AUDITOR']) expect((await ask({ ...officer, kind })).data?.requestBreakGlass ?? null).toBeNull();
    expect((await ask({ ...officer, tier: 'PROVINCE', division: '510000000000' })).data.requestBreakGlass).toBeNull();
    expect((await ask(officer, {}, 'SUPERVISION')).data.requestBreakGlass).toBeNull();
    for (const variables of [{ hours: 25 }, { hours: 0 }, { r: '  ' }, { records: [] }, { records: [globalId('HotlineTicket', 'o1')] }, { records: [globalId('HotlineTicket', 'b6')] }, { records: [globalId('HotlineTicket', 'b5')] }]) {
      expect((await ask(officer, variables)).errors?.length).toBe(1);
    }
    expect((await hub.db.pool.query('SELECT 1 FROM hub.break_glass WHERE ended_at IS NULL AND open_until IS NULL')).rowCount).toBe(0);
  });

  it('is nobody else’s, for no other purpose and no other matter', async () => {
    await opened();
    expect(await names()).toHaveLength(2);
    expect(await names({ ...officer, sub: 'colleague' })).toEqual([]);
    expect(await names({ ...officer, org: orgs.accused })).toEqual([]);
    expect(await names({ ...officer, purposes: ['MEDIATION'] }, 'MEDIATION')).toEqual([]);
    expect((await asOfficer('{ matter(matterNo: "M-OTHER") { parties { person { name } } } }', {}, 'M-OTHER')).text).not.toContain('吴五');
    expect((await asOfficer(parties, {}, 'M-OTHER')).text, 'X-Matter names the matter that was opened').not.toContain(secret.requester);
    await endAll();
  });

  it('is over when its time is: no id replays it, no second approval, no plan or answer outlives it', async () => {
    const id = await opened();
    expect(await names()).toHaveLength(2);
    await hub.db.pool.query(`UPDATE hub.break_glass SET open_until = now() WHERE id = $1`, [id]);
    expect(await names()).toEqual([]);
    const again = await asSupervisor(approve, { id });
    expect(again.errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
    expect((await asOfficer(end, { id })).errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
    expect(await names()).toEqual([]);
    const second = await requested();
    expect(second).not.toBe(id);
    await endAll();
  });

  it('ends at once when either side ends it; a request that waited too long cannot be approved', async () => {
    for (const endIt of [(id: string) => asOfficer(end, { id }), (id: string) => asSupervisor(end, { id })]) {
      const id = await opened();
      expect(await names()).toHaveLength(2);
      await endIt(id);
      expect(await names()).toEqual([]);
    }
    const id = await requested();
    await hub.db.pool.query(`UPDATE hub.break_glass SET requested_at = now() - interval '13 hours' WHERE id = $1`, [id]);
    expect((await asSupervisor(approve, { id })).errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
    expect(await names()).toEqual([]);
    await endAll();
  });

  it('an answer that was made before the end does not leave after it', async () => {
    const id = await opened();
    const client = await hub.db.pool.connect();
    try {
      // Whatever reads mentions waits until the emergency was ended.
      await client.query('BEGIN; LOCK TABLE hub.mention IN ACCESS EXCLUSIVE MODE');
      const answer = asOfficer(parties, {}, 'M-BM');
      await expect.poll(async () => (await hub.db.pool.query(`SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'hub.mention'::regclass`)).rowCount, { timeout: 20_000 }).toBeGreaterThan(0);
      await hub.db.pool.query(`UPDATE hub.break_glass SET open_until = clock_timestamp() WHERE id = $1`, [id]);
      await client.query('COMMIT');
      const { text, errors } = await answer;
      expect(text).not.toContain(secret.requester);
      expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
      expect(await lastEntry(hub.db.pool)).toMatchObject({ decision: 'REFUSED', code: 'FORBIDDEN', breakGlass: null, coordinates: { full: {} } });
    } finally {
      client.release();
    }
  });

  it('asking again is the same request, and nobody has more than a few at once', async () => {
    await endAll();
    expect(await requested()).toBe(await requested());
    const ask = (matter: string, ...rids: string[]) => asOfficer(request, { m: matter, r: 'x', records: rids.map((rid) => globalId('HotlineTicket', rid)) });
    for (const [matter, ...rids] of [['M-OTHER', 'o1'], ['M-BM', 'b3'], ['M-BM', 'b1', 'b3'], ['M-BM', 'b2', 'b3']] as const) expect((await ask(matter, ...rids)).errors).toBeUndefined();
    const more = await ask('M-BM', 'b4', 'b3');
    expect(more.errors?.[0]?.extensions?.code).toBe('LIMIT_EXCEEDED');
    await endAll();
  });
});
