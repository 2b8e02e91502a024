import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settleThings } from '../../jobs/things.ts';
import { globalId } from '../../subgraphs/globalId.ts';
import { resident, viewer } from '../policy/viewers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { openWorld, orgs, plant, secret, township, type World } from './world.ts';

let db: TestDatabase;
let world: World;

/** The township's mediation centre at work on matter `a`. */
const clerk = viewer({ org: orgs.centre, division: township, matterKey: 'a', matterNo: 'M-A' });
const accused = viewer({ org: orgs.accused, department: 'OTHER', division: township, matterKey: 'b', matterNo: 'M-B', purpose: 'SUPERVISION' });
const sibling = viewer({ org: orgs.sibling, division: '510108001000', matterKey: 'a', matterNo: 'M-A' });
const supervisor = viewer({ org: orgs.bureau, department: 'MEDIATION', tier: 'COUNTY', division: '510107000000', purpose: 'SUPERVISION', matterKey: 'a', matterNo: 'M-A' });

beforeAll(async () => {
  db = await testDatabase();
  world = await openWorld(db);
  const person = { name: secret.reporter, idNumber: secret.idNumber, idHmac: 'own', phone: secret.phone, address: '成都市武侯区浆洗街道凉井社区永盛南街631号', birthDate: '19630710', entity: 'e1' };
  await plant(db, { rid: 'p1', department: 'police', matter: 'a', lead: orgs.police, assist: orgs.centre, person, at: '2026-05-01T08:00:00Z' });
  await plant(db, { rid: 'h1', matter: 'a', basis: 'EXPLICIT', lead: orgs.centre, person: { ...person, name: secret.requester, idNumber: undefined, idHmac: undefined, birthDate: undefined }, at: '2026-05-02T08:00:00Z', status: 'IN_PROGRESS' });
  await plant(db, { rid: 'h2', matter: 'a', basis: 'INFERRED', lead: orgs.bureau, division: '510107002001', person: { name: secret.hidden, phone: '13700000000', entity: 'e2' }, at: '2026-05-03T08:00:00Z' });
  await plant(db, { rid: 'h3', matter: 'a', basis: 'EXPLICIT', lead: orgs.centre, confidential: true, person: { name: secret.hidden, phone: '13700000001', entity: 'e1' }, at: '2026-05-04T08:00:00Z', status: 'CLOSED' });
  await plant(db, { rid: 'b1', matter: 'b', lead: orgs.centre, at: '2026-06-01T08:00:00Z', status: 'CLOSED', category: '04' });
  await plant(db, { rid: 'b2', matter: 'b', basis: 'EXPLICIT', lead: orgs.centre, respondent: orgs.accused, at: '2026-04-01T08:00:00Z', status: 'OPEN', category: '11' });
  // In the clerk's township, but nothing the centre handles: row-level security shows it, the policy opens none of its fields.
  await plant(db, { rid: 'c1', matter: 'c', lead: orgs.bureau, person: { name: secret.hidden }, at: '2026-07-01T08:00:00Z' });
});
afterAll(async () => {
  await world?.subgraphs.stop();
  await db.drop();
});

const entities = (type: string, rids: string[]) => ({ r: rids.map((rid) => ({ __typename: type, id: globalId(type, rid) })) });
const tickets = (fields: string) => `query($r: [_Any!]!) { _entities(representations: $r) { ... on HotlineTicket { ${fields} } } }`;

describe('a request without a viewer', () => {
  it.each(['{ __typename }', '{ _service { sdl } }', tickets('title')])('is refused: %s', async (query) => {
    const body = JSON.stringify({ query, variables: entities('HotlineTicket', ['h1']) });
    const answer = await world.subgraphs.inject('hotline', body, {});
    expect(answer).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } });
    expect(answer.body.data).toBeUndefined();
  });
});

describe('one SQL statement per field and batch', () => {
  it('reads many records and their persons with two', async () => {
    const { data } = await world.ask('hotline', clerk, tickets('title body category { name } requester { __typename } lead { __typename }'), entities('HotlineTicket', ['h1', 'h2', 'h3', 'b1', 'b2']));
    expect(data['_entities']).toHaveLength(5);
    expect(world.statements).toHaveLength(2);
  });

  it('does not ask the database for a withheld field', async () => {
    const { body } = await world.ask('hotline', { ...clerk, matterKey: null, matterNo: null }, tickets('title requester { __typename }'), entities('HotlineTicket', ['h1', 'h3']));
    expect(body.data).toEqual({ _entities: [{ title: null, requester: null }, { title: null, requester: null }] });
    expect(world.statements).toHaveLength(1);
    expect(body.extensions).toMatchObject({ seen: { fields: [{ effect: 'WITHHELD', reason: 'NO_MATTER', count: 2 }, { effect: 'WITHHELD', reason: 'NO_MATTER', count: 2 }], subjects: [], records: {} } });
  });

  it('lists matters with their records in two', async () => {
    await world.ask('matter', clerk, '{ matters { nodes { matterNo status records { nodes { id } } } } }');
    expect(world.statements).toHaveLength(2);
  });
});

describe('what the assigned centre sees of its matter', () => {
  it('gives the person of its own records in full, ID number masked; nothing of an inferred one, nothing of a confidential one', async () => {
    const { data } = await world.ask('matter', clerk, '{ matter(matterNo: "m-a") { matterNo parties { role record { id } person { __typename } } } }');
    expect(data['matter'].parties).toEqual([
      { role: 'REPORTER', record: { id: globalId('PoliceCall', 'p1') }, person: { __typename: 'Person' } },
      { role: 'REQUESTER', record: { id: globalId('HotlineTicket', 'h1') }, person: { __typename: 'Person' } },
      { role: 'REQUESTER', record: { id: globalId('HotlineTicket', 'h2') }, person: null },
      { role: 'REQUESTER', record: { id: globalId('HotlineTicket', 'h3') }, person: null },
    ]);
    const persons = await world.ask('registry', clerk, 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Person { id name idNumber phones birthYear address } } }', { r: [{ __typename: 'Person', entityKey: 'e1' }, { __typename: 'Person', entityKey: 'e2' }] });
    expect(persons.data['_entities']).toEqual([
      { id: expect.any(String), name: secret.reporter, idNumber: '51**************59', phones: [secret.phone], birthYear: 1963, address: '成都市武侯区浆洗街道凉井社区' },
      { id: expect.any(String), name: null, idNumber: null, phones: null, birthYear: null, address: null },
    ]);
    expect(world.statements).toHaveLength(1);
    expect(JSON.stringify(persons)).not.toContain(secret.hidden);
  });

  it('shows work fields of an inferred record, and withholds its person fields', async () => {
    const { body } = await world.ask('hotline', clerk, tickets('ticketNo status { code } title requester { __typename }'), entities('HotlineTicket', ['h2']));
    expect(body.data).toEqual({ _entities: [{ ticketNo: 'h2', status: { code: 'HANDLING' }, title: null, requester: null }] });
  });

  it('says why a record belongs to the matter, but not that a protected person is shared', async () => {
    await db.pool.query(`UPDATE hub.matter_member SET evidence = $1 WHERE rid = 'h1'`, [JSON.stringify([{ otherRid: 'p1', weight: 9, reasons: [{ kind: 'SHARED_PARTY', weight: 4 }, { kind: 'TEXT', weight: 5 }] }, { otherRid: 'h3', weight: 9, reasons: [{ kind: 'SHARED_PARTY', weight: 4 }, { kind: 'PLACE', weight: 5 }] }])]);
    const { data } = await world.ask('matter', clerk, '{ matter(matterNo: "M-A") { records { edges { basis evidence { kind } } } } }');
    expect(data['matter'].records.edges[1]).toEqual({ basis: 'EXPLICIT', evidence: [{ kind: 'SHARED_PARTY' }, { kind: 'TEXT' }, { kind: 'PLACE' }] });
  });
});

describe('a decision of another organisation', () => {
  const decided = async (who: typeof clerk, matterNo: string, org: string, rids: string[], fields = 'evidence reason') => {
    const { rows } = await db.pool.query(`INSERT INTO hub.matter_event (id, kind, rids, pairs, reason, evidence, decided_by, org) VALUES (gen_random_uuid(), 'CONFIRMED', $1, '[]', $2, '{SHARED_PARTY,PLACE}', 'x', $3) RETURNING id`, [rids, `${secret.hidden}当面确认`, org]);
    try {
      const { data } = await world.ask('matter', who, `{ matter(matterNo: "${matterNo}") { decisions { ${fields} } } }`);
      return data['matter'].decisions;
    } finally {
      await db.pool.query('DELETE FROM hub.matter_event WHERE id = $1', [rows[0].id]);
    }
  };

  it('tells its reason and whose parties are shared to whoever may read people of every record it is about', async () => {
    expect(await decided(clerk, 'M-A', orgs.bureau, ['h1', 'p1'])).toEqual([{ evidence: ['SHARED_PARTY', 'PLACE'], reason: `${secret.hidden}当面确认` }]);
  });

  it.each([['merely inferred', ['h1', 'h2'], ['PLACE']], ['confidential', ['h1', 'h3'], ['PLACE']], ['gone or hidden', ['h1', 'h9'], []]])('tells neither where one of them is %s', async (_, rids, evidence) => {
    expect(await decided(clerk, 'M-A', orgs.bureau, rids)).toEqual([{ evidence, reason: null }]);
  });

  it('tells its own organisation what it wrote', async () => {
    expect(await decided(clerk, 'M-A', orgs.centre, ['h1', 'h2'])).toEqual([{ evidence: ['SHARED_PARTY', 'PLACE'], reason: `${secret.hidden}当面确认` }]);
  });

  it('tells nothing of a hidden record by whether it is applied', async () => {
    const applied = async (who: typeof clerk, rids: string[]) => decided(who, 'M-B', orgs.centre, rids, 'applied');
    const [near, far] = [{ ...clerk, matterKey: 'b', matterNo: 'M-B' }, { ...accused, org: orgs.sibling }];
    await db.pool.query(`INSERT INTO hub.record (rid, department, stream, record_key, type_name, source_updated_at, fetched_at, division_now) VALUES ('x1', 'hotline', 'tickets', 'x1', 'HotlineTicket', now(), now(), '510108001001')`);
    await db.pool.query(`TRUNCATE hub.matter_touched`);
    expect(await applied(far, ['b1', 'x1'])).toEqual([{ applied: true }]);
    await db.pool.query(`INSERT INTO hub.matter_touched (rid) VALUES ('x1')`);
    expect(await applied(far, ['b1', 'x1'])).toEqual([{ applied: true }]);
    await db.pool.query(`INSERT INTO hub.matter_touched (rid) VALUES ('b2')`);
    expect(await applied(near, ['b1', 'b2'])).toEqual([{ applied: false }]);
    await db.pool.query(`DELETE FROM hub.record WHERE rid = 'x1'; TRUNCATE hub.matter_touched`);
  });

  it('is not there for the staff that one of its records complains about', async () => {
    expect(await decided({ ...accused, org: orgs.sibling }, 'M-B', orgs.centre, ['b1', 'b2'], 'kind')).toEqual([{ kind: 'CONFIRMED' }]);
    expect(await decided(accused, 'M-B', orgs.centre, ['b1', 'b2'], 'kind')).toEqual([]);
  });

  it('is not there for whoever sees no work field of a record it is about', async () => {
    const officer = { ...clerk, org: orgs.sibling, department: 'POLICE', purpose: 'MATTER_HANDLING' as const };
    expect(await decided(officer, 'M-A', orgs.centre, ['p1', 'h1'])).toHaveLength(1);
    expect(await decided(officer, 'M-A', orgs.centre, ['h1', 'h3'])).toEqual([]);
  });
});

describe('who is to see nothing', () => {
  it('a sibling county sees no record, no matter, no person', async () => {
    const listed = await world.ask('matter', sibling, '{ matters { nodes { matterNo } } records { nodes { id } } matter(matterNo: "M-A") { matterNo } }');
    expect(listed.data).toEqual({ matters: { nodes: [] }, records: { nodes: [] }, matter: null });
    const direct = await world.ask('hotline', sibling, tickets('ticketNo title'), entities('HotlineTicket', ['h1']));
    expect(direct.data).toEqual({ _entities: [null] });
    const person = await world.ask('registry', sibling, 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Person { name } } }', { r: [{ __typename: 'Person', entityKey: 'e1' }] });
    expect(person.data).toEqual({ _entities: [null] });
  });

  it('the staff complained about see the matter as if the record were not there', async () => {
    const query = '{ matters { nodes { matterNo status category { code } openedAt records { nodes { id } } } } }';
    const { data } = await world.ask('matter', accused, query);
    expect(data['matters'].nodes.find((one: { matterNo: string }) => one.matterNo === 'M-B')).toEqual({ matterNo: 'M-B', status: 'CLOSED', category: { code: '04' }, openedAt: '2026-06-01T08:00:00.000Z', records: { nodes: [{ id: globalId('HotlineTicket', 'b1') }] } });
    const other = await world.ask('matter', { ...accused, org: orgs.bureau }, query);
    expect(other.data['matters'].nodes.find((one: { matterNo: string }) => one.matterNo === 'M-B')).toMatchObject({ status: 'OPEN', category: { code: '11' }, openedAt: '2026-04-01T08:00:00.000Z' });
  });

  it('a filter ranges over what the caller sees', async () => {
    const query = '{ matters(filter: { status: OPEN, category: ["11"] }) { nodes { matterNo } } }';
    expect((await world.ask('matter', accused, query)).data).toEqual({ matters: { nodes: [] } });
    expect((await world.ask('matter', { ...accused, org: orgs.bureau }, query)).data).toEqual({ matters: { nodes: [{ matterNo: 'M-B' }] } });
  });

  it('a record of the territory that another organisation handles is in no list, under no number, behind no id', async () => {
    const listed = await world.ask('matter', clerk, '{ matters { nodes { matterNo } } records { nodes { id } } matter(matterNo: "M-C") { matterNo } }');
    expect(listed.data['matters'].nodes).toEqual([{ matterNo: 'M-A' }, { matterNo: 'M-B' }]);
    expect(listed.data['records'].nodes).not.toContainEqual({ id: globalId('HotlineTicket', 'c1') });
    expect(listed.data['matter']).toBeNull();
    const nodes = await world.ask('registry', clerk, `{ record: node(id: "${globalId('HotlineTicket', 'c1')}") { id } matter: node(id: "${globalId('Matter', 'c')}") { id } }`);
    expect(nodes.data).toEqual({ record: null, matter: null });
  });

  it('without a purpose there is no list', async () => {
    const { body } = await world.ask('matter', { ...clerk, purpose: null }, '{ matters { nodes { matterNo } } records { nodes { id } } }');
    expect(body.data).toEqual({ matters: null, records: null });
    expect(world.statements).toHaveLength(0);
  });
});

describe('a supervising clerk of the county', () => {
  it('sees names and phones masked, and no ID number', async () => {
    const { data } = await world.ask('registry', supervisor, 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Person { name phones idNumber address household { number } } } }', { r: [{ __typename: 'Person', entityKey: 'e1' }] });
    expect(data['_entities']).toEqual([{ name: '周**', phones: ['139****5678'], idNumber: null, address: null, household: null }]);
  });

  it('sees no narrative', async () => {
    const { data } = await world.ask('hotline', supervisor, tickets('ticketNo title body'), entities('HotlineTicket', ['h1']));
    expect(data['_entities']).toEqual([{ ticketNo: 'h1', title: null, body: null }]);
  });
});

describe('a resident', () => {
  it('is the mentions with their own ID number, never what linkage joined', async () => {
    const { data } = await world.ask('registry', resident(), '{ me { name phones idNumber address } }');
    expect(data['me']).toEqual({ name: secret.reporter, phones: [secret.phone], idNumber: secret.idNumber, address: '成都市武侯区浆洗街道凉井社区永盛南街631号' });
    expect(world.statements).toHaveLength(1);
  });

  it('sees the state of the matter that holds their record, from that record only', async () => {
    const { data } = await world.ask('matter', resident(), '{ matter(matterNo: "M-A") { status records { nodes { id } } parties { role person { __typename } } } }');
    expect(data['matter']).toEqual({ status: 'OPEN', records: { nodes: [{ id: globalId('PoliceCall', 'p1') }] }, parties: [{ role: 'REPORTER', person: { __typename: 'Person' } }] });
  });

  it('is nobody to another one', async () => {
    expect((await world.ask('registry', resident({ idHmac: 'somebody else' }), '{ me { name } }')).data).toEqual({ me: null });
  });
});

describe('pages', () => {
  const page = (after: string | null) => world.ask('matter', clerk, 'query($after: String) { records(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }', { after });

  it('walk through everything once, in order', async () => {
    const seen: string[] = [];
    for (let after: string | null = null, pages = 0; pages < 5; pages += 1) {
      const { data } = await page(after);
      seen.push(...data['records'].nodes.map((node: { id: string }) => node.id));
      after = data['records'].pageInfo.endCursor;
      if (!data['records'].pageInfo.hasNextPage) break;
    }
    expect(seen).toEqual(['b1', 'h3', 'h2', 'h1', 'p1', 'b2'].map((rid) => globalId(rid === 'p1' ? 'PoliceCall' : 'HotlineTicket', rid)));
  });

  it('walk through matters once, in the order of their earliest visible record', async () => {
    const seen: string[] = [];
    for (let after: string | null = null, pages = 0; pages < 5; pages += 1) {
      const { data } = await world.ask('matter', supervisor, 'query($after: String) { matters(first: 1, after: $after) { nodes { matterNo } pageInfo { hasNextPage endCursor } } }', { after });
      seen.push(...data['matters'].nodes.map((node: { matterNo: string }) => node.matterNo));
      after = data['matters'].pageInfo.endCursor;
      if (!data['matters'].pageInfo.hasNextPage) break;
    }
    expect(seen).toEqual(['M-C', 'M-A', 'M-B']);
  });

  it.each([
    ['another caller', { ...clerk, sub: 'somebody else' }, 'records'],
    ['another purpose', { ...clerk, purpose: 'MATTER_HANDLING' as const }, 'records'],
    ['another matter', { ...clerk, matterKey: 'b', matterNo: 'M-B' }, 'records'],
    ['another list', clerk, 'matters'],
    ['another filter', clerk, 'filtered'],
  ])('a cursor does not work for %s', async (_, who, list) => {
    const after = (await page(null)).data['records'].pageInfo.endCursor;
    const field = list === 'filtered' ? 'records(after: $after, filter: { category: ["02"] })' : `${list}(after: $after)`;
    const { body } = await world.ask('matter', who, `query($after: String) { ${field} { pageInfo { endCursor } } }`, { after });
    expect(body.errors).toEqual([expect.objectContaining({ extensions: { code: 'CURSOR_INVALID' } })]);
  });
});

describe('what several records share', () => {
  const address = '浆洗街道永盛南街631号3栋';

  it('a place tells its address by the rights to the record that was asked, whatever else lies there', async () => {
    await db.pool.query(`INSERT INTO hub.place (place_key, kind, standard_address, division) VALUES ('here', 'BUILDING', $1, '510107001003')`, [address]);
    await db.pool.query(`UPDATE hub.record SET place_key = 'here' WHERE rid IN ('h1', 'h2', 'h3')`);
    await db.pool.query(`UPDATE hub.record SET minor = true WHERE rid = 'h3'`);
    try {
      const { data } = await world.ask('hotline', clerk, tickets('place { __typename placeKey }'), entities('HotlineTicket', ['h1', 'h2', 'h3']));
      const places = await world.ask('registry', clerk, 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Place { kind { code } standardAddress } } }', { r: data['_entities'].map((one: { place: object }) => one.place) });
      expect(places.data['_entities'].map((one: { standardAddress: string | null }) => one.standardAddress !== null)).toEqual([true, false, false]);
      expect(places.data['_entities'].map((one: { kind: { code: string } }) => one.kind.code)).toEqual(['BUILDING', 'BUILDING', 'BUILDING']);
    } finally {
      await db.pool.query(`UPDATE hub.record SET place_key = NULL, minor = false`);
      await db.pool.query('DELETE FROM hub.place');
    }
  });

  it('a facility is looked after by whom the records that the caller sees name, and lies where they lie', async () => {
    await plant(db, { rid: 't1', lead: orgs.centre, matter: 't' });
    for (const rid of ['t2', 't3']) await plant(db, { rid, lead: orgs.sibling, division: '510108001000' });
    await db.pool.query(`INSERT INTO hub.thing (thing_key, kind, name, identifier, division) VALUES ('lift', '电梯', '一号梯', 'L1', '510108001000')`);
    await db.pool.query(`INSERT INTO hub.place (place_key, kind, standard_address, division) VALUES ('here', 'BUILDING', $1, '510107001003'), ('there', 'ESTATE', $1, '510108001000')`, [address]);
    await db.pool.query(`INSERT INTO hub.division (code, name, tier, source) VALUES ('510107001003', '凉井社区', 'VILLAGE', 'test'), ('510108001000', '别处', 'TOWNSHIP', 'test') ON CONFLICT DO NOTHING`);
    await db.pool.query(`UPDATE hub.record SET thing_key = 'lift', place_key = CASE rid WHEN 't1' THEN 'here' ELSE 'there' END WHERE rid IN ('t1', 't2', 't3')`);
    try {
      await settleThings(db.pool);
      const { data } = await world.ask('registry', clerk, 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Thing { name operator { creditCode } division { code } place { kind { code } } } } }', { r: [{ __typename: 'Thing', thingKey: 'lift' }] });
      expect(data['_entities']).toEqual([{ name: '一号梯', operator: { creditCode: orgs.centre }, division: { code: '510107001003' }, place: { kind: { code: 'BUILDING' } } }]);
    } finally {
      await db.pool.query(`DELETE FROM hub.record WHERE rid IN ('t1', 't2', 't3')`);
      await db.pool.query('DELETE FROM hub.place; DELETE FROM hub.thing');
    }
  });

  it('a hotspot on a topic is called as its category is, in the notice in both languages', async () => {
    await db.pool.query(`INSERT INTO hub.situation (situation_key, kind, name, category, division, from_at, to_at, sensitive, records, requesters, channels, keywords, trend, matter_keys, facts)
      VALUES ('s', 'TOPIC', '', '02', '510107001000', '2026-05-01T00:00:00Z', '2026-05-02T00:00:00Z', false, '12', '≥10', '{WEB}', '{}', 'NEW', '{}', '[]')`);
    try {
      const { data } = await world.ask('matter', supervisor, '{ situations { nodes { subject { name } notice { zh en } } } }');
      expect(data['situations'].nodes).toEqual([{
        subject: { name: '邻里' },
        notice: { zh: '邻里类诉求：2026-05-01 08:00 至 2026-05-02 08:00 收到 12 件诉求，来自 1 个渠道，诉求人 ≥10。', en: 'neighbours: 12 reports through 1 channels from 2026-05-01 08:00 to 2026-05-02 08:00, requesters ≥10.' },
      }]);
    } finally {
      await db.pool.query('DELETE FROM hub.situation');
    }
  });

  it('a hotspot shows the first matters that the caller sees, however many hidden ones come before', async () => {
    await db.pool.query(`INSERT INTO hub.situation (situation_key, kind, name, division, from_at, to_at, sensitive, records, requesters, channels, keywords, trend, matter_keys, facts)
      VALUES ('s', 'PUBLIC_FACILITY', '电梯', '510107001003', now(), now(), false, '3', '<3', '{WEB}', '{}', 'NEW', ARRAY(SELECT '!' || n FROM generate_series(1, 100) n) || '{a}', '[]')`);
    try {
      const { data } = await world.ask('matter', supervisor, '{ situations { nodes { matters { matterNo } } } }');
      expect(data['situations'].nodes).toEqual([{ matters: [{ matterNo: 'M-A' }] }]);
    } finally {
      await db.pool.query('DELETE FROM hub.situation');
    }
  });
});

describe('node', () => {
  it('finds what the caller may see, and says the same of what is hidden and what is not there', async () => {
    const ids = { h1: globalId('HotlineTicket', 'h1'), wrong: globalId('PoliceCall', 'h1'), none: globalId('HotlineTicket', 'zz'), matter: globalId('Matter', 'a') };
    const query = `{ h1: node(id: "${ids.h1}") { id } wrong: node(id: "${ids.wrong}") { id } none: node(id: "${ids.none}") { id } matter: node(id: "${ids.matter}") { id } }`;
    expect((await world.ask('registry', clerk, query)).data).toEqual({ h1: { id: ids.h1 }, wrong: null, none: null, matter: { id: ids.matter } });
    expect((await world.ask('registry', sibling, query)).data).toEqual({ h1: null, wrong: null, none: null, matter: null });
  });

  it('resolves a person\'s pseudonym for the same organisation and purpose only', async () => {
    const reference = { r: [{ __typename: 'Person', entityKey: 'e1' }] };
    const person = await world.ask('registry', clerk, 'query($r: [_Any!]!) { _entities(representations: $r) { ... on Person { id } } }', reference);
    const query = `{ node(id: "${person.data['_entities'][0].id}") { id ... on Person { name } } }`;
    expect((await world.ask('registry', clerk, query)).data['node']).toMatchObject({ name: secret.reporter });
    expect((await world.ask('registry', { ...clerk, purpose: 'MATTER_HANDLING' }, query)).data).toEqual({ node: null });
    expect((await world.ask('registry', { ...clerk, matterKey: null, matterNo: null }, query)).data).toEqual({ node: null });
  });
});

describe('errors', () => {
  it.each([
    ['a syntax error', '{ records( }'],
    ['an unknown field', '{ nothing }'],
  ])('%s tells a code and nothing else', async (_, query) => {
    const { status, body } = await world.ask('matter', clerk, query);
    expect({ status, body }).toEqual({ status: 400, body: { errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }] } });
    expect(JSON.stringify(body)).not.toMatch(/nothing|Syntax|Did you mean/);
  });
});
