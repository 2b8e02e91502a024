import { buildSubgraphSchema } from '@apollo/subgraph';
import Fastify from 'fastify';
import { graphql, parse, type GraphQLSchema } from 'graphql';
import mercurius from 'mercurius';
import { beforeEach, describe, expect, it } from 'vitest';
import { openPolicy } from '../../policy/decide.ts';
import { enforce } from '../../policy/enforce.ts';
import { access, candidates, noRow, type RowAccess } from '../../policy/row.ts';
import { openSeen, seenReport, type Seen } from '../../policy/seen.ts';
import type { Viewer } from '../../policy/viewer.ts';
import { protectedRow, resident, row, viewer } from './viewers.ts';

const policy = openPolicy();

const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
    @link(url: "https://yiwang.example/classified/v1.0", import: ["@classified"]) @composeDirective(name: "@classified")
  directive @classified(as: FieldClass!, mask: Mask, owner: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  enum FieldClass { PUBLIC WORK PERSONAL IDENTIFYING SENSITIVE RESTRICTED }
  enum Mask { NAME PHONE ID_NUMBER ADDRESS COORDINATES BIRTH_DATE TEXT }
  type Query {
    ticket: Ticket @classified(as: WORK)
    record: Record @classified(as: WORK)
    anything: Anything @classified(as: WORK)
    tickets(filter: TicketFilter, phone: String @classified(as: PERSONAL), after: String @classified(as: PUBLIC)): TicketConnection @classified(as: WORK)
    rule: String @classified(as: PUBLIC)
  }
  input TicketFilter { status: String @classified(as: WORK), idNumber: String @classified(as: IDENTIFYING), and: [TicketFilter!] @classified(as: PUBLIC) }
  type TicketConnection { nodes: [Ticket] @classified(as: WORK), total: Int @classified(as: WORK) }
  interface Record { id: ID! @classified(as: PUBLIC), status: String @classified(as: PUBLIC), body: String @classified(as: PUBLIC) }
  union Anything = Ticket | Person
  type Ticket implements Record @key(fields: "id") {
    id: ID! @classified(as: PUBLIC)
    status: String @classified(as: WORK)
    body: String @classified(as: PERSONAL, mask: TEXT)
    place: Place @classified(as: IDENTIFYING, mask: COORDINATES)
    requester: Person @classified(as: PERSONAL)
    respondent: String @classified(as: RESTRICTED)
  }
  type Place { lng: String @classified(as: PUBLIC) }
  type Person @key(fields: "key") {
    key: ID! @classified(as: PUBLIC)
    name: String @classified(as: PERSONAL, mask: NAME)
    phones: [String!] @classified(as: PERSONAL, mask: PHONE)
    idNumber: String @classified(as: IDENTIFYING, mask: ID_NUMBER)
  }
`);

const calls: string[] = [];
const called = <T>(name: string, value: T): T => {
  calls.push(name);
  return value;
};

let ticketRow: RowAccess | undefined;
let person: object;
const ticket = () => ({ __typename: 'Ticket', [access]: ticketRow });

function schema(): GraphQLSchema {
  return enforce(
    buildSubgraphSchema([
      {
        typeDefs,
        resolvers: {
          Query: { ticket, record: ticket, anything: ticket, tickets: () => called('tickets', { [access]: noRow, nodes: [ticket()], total: 1 }), rule: () => 'a rule' },
          Ticket: {
            __resolveReference: () => ticket(),
            id: () => 'id',
            status: () => called('status', 'OPEN'),
            body: async () => called('body', '噪声扰民'),
            place: () => called('place', { lng: '103.8' }),
            requester: () => called('requester', person),
            respondent: () => called('respondent', 'X'),
          },
          Person: { key: () => 'k', name: async (parent) => called('name', (parent as { name: string }).name), phones: (parent) => called('phones', (parent as { phones: string[] }).phones), idNumber: (parent) => called('idNumber', (parent as { idNumber: string }).idNumber) },
        },
      },
    ]),
    policy,
  );
}

const enforced = schema();
const assigned = { assigned: true, linked: true, rid: 'rid-1' };
const requester = { mention: { mentionId: 'mention-1', role: 'REQUESTER' } };
const full = '{ ticket { id status body place { lng } requester { key name phones idNumber } } }';

let seen: Seen;
beforeEach(() => {
  calls.length = 0;
  seen = openSeen();
  ticketRow = row(assigned);
  person = { name: '欧阳娜娜', phones: ['13812345678'], idNumber: '62010219900307123X', [access]: row({ ...assigned, ...requester }) };
});

async function ask(source: string, one: Viewer = viewer()): Promise<unknown> {
  const { data, errors } = await graphql({ schema: enforced, source, contextValue: { viewer: one, seen } });
  expect(errors).toBeUndefined();
  return JSON.parse(JSON.stringify(data));
}

const line = (coordinate: string) => seenReport(seen).fields.filter((field) => field.coordinate === coordinate);

describe('a value', () => {
  it('is given in full, masked or withheld by its own row', async () => {
    expect(await ask(full)).toEqual({
      ticket: { id: 'id', status: 'OPEN', body: '噪声扰民', place: null, requester: { key: 'k', name: '欧阳娜娜', phones: ['13812345678'], idNumber: '62**************3X' } },
    });
  });

  it('is masked for a supervising clerk, who still reaches the person', async () => {
    ticketRow = row({ inJurisdiction: true });
    person = { ...person, [access]: row({ inJurisdiction: true, ...requester }) };
    expect(await ask(full, viewer({ purpose: 'SUPERVISION' }))).toEqual({
      ticket: { id: 'id', status: 'OPEN', body: null, place: null, requester: { key: 'k', name: '欧阳**', phones: ['138****5678'], idNumber: null } },
    });
    expect(calls).toEqual(['status', 'requester', 'name', 'phones']);
  });

  it('reaches an entity that another subgraph holds, and no value type, where it would be masked', async () => {
    const stub = parse(`
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
      directive @classified(as: FieldClass!, mask: Mask, owner: String) on FIELD_DEFINITION
      enum FieldClass { PUBLIC PERSONAL } enum Mask { TEXT }
      type Query { ticket: Ticket @classified(as: PUBLIC) }
      type Ticket { requester: Person @classified(as: PERSONAL) address: Address @classified(as: PERSONAL) }
      type Person @key(fields: "key") { key: ID! @classified(as: PUBLIC) }
      type Address { text: String @classified(as: PUBLIC) }`);
    const parent = { [access]: row({ inJurisdiction: true }), requester: { key: 'k' }, address: { text: '12号' } };
    const one = enforce(buildSubgraphSchema([{ typeDefs: stub, resolvers: { Query: { ticket: () => parent } } }]), policy);
    const { data } = await graphql({ schema: one, source: '{ ticket { requester { key } address { text } } }', contextValue: { viewer: viewer({ purpose: 'SUPERVISION' }), seen } });
    expect(JSON.parse(JSON.stringify(data))).toEqual({ ticket: { requester: { key: 'k' }, address: null } });
  });

  it('costs no call when it is withheld', async () => {
    ticketRow = row({});
    expect(await ask(full)).toEqual({ ticket: { id: 'id', status: null, body: null, place: null, requester: null } });
    expect(calls).toEqual([]);
  });

  it('that is RESTRICTED goes to nobody', async () => {
    ticketRow = row({ assigned: true, lead: true, owner: true, inJurisdiction: true, self: true });
    expect(await ask('{ ticket { respondent } }')).toEqual({ ticket: { respondent: null } });
    expect(calls).toEqual([]);
  });

  it('is withheld when its loader said nothing of the row', async () => {
    ticketRow = undefined;
    expect(await ask('{ ticket { id status body } }')).toEqual({ ticket: { id: 'id', status: null, body: null } });
    expect(calls).toEqual([]);
  });

  it('of a protected row is withheld from those who handle it', async () => {
    person = { ...person, [access]: protectedRow('confidential', { ...assigned, ...requester }) };
    expect(await ask('{ ticket { requester { name phones idNumber } } }')).toEqual({ ticket: { requester: { name: null, phones: null, idNumber: null } } });
    expect(line('Person.name')).toEqual([{ coordinate: 'Person.name', effect: 'WITHHELD', policy: 'row-protection', reason: 'ROW_PROTECTED', count: 1 }]);
  });
});

describe('no way around', () => {
  it.each([
    ['aliases', '{ ticket { a: body b: body } t: ticket { body } }'],
    ['fragments', 'query { ticket { ...f ... on Ticket { ...f } } } fragment f on Ticket { body }'],
    ['an interface that calls it public', '{ record { status body } }'],
    ['a union', '{ anything { ... on Ticket { status body } } }'],
    ['`_entities`', '{ _entities(representations: [{__typename: "Ticket", id: "id"}]) { ... on Ticket { status body } } }'],
  ])('%s', async (_, source) => {
    ticketRow = row({});
    const answer = JSON.stringify(await ask(source));
    expect(answer).not.toContain('噪声扰民');
    expect(answer).not.toContain('OPEN');
    expect(calls).toEqual([]);
  });
});

describe('a person known from several mentions', () => {
  const mention = (name: string | null, changes: Partial<RowAccess>, protection = false) => ({
    value: { name, phones: [], idNumber: null },
    access: protection ? protectedRow('confidential', { ...requester, ...changes }) : row({ ...requester, ...changes, mention: { mentionId: name ?? 'nameless', role: 'REQUESTER' } }),
  });

  it.each([
    ['the first by survivorship among equal rights', [mention('甲一', assigned), mention('乙二', assigned)], '甲一'],
    ['a fuller right before survivorship', [mention('甲一', {}), mention('乙二', assigned)], '乙二'],
    ['the next where the best has no value', [mention(null, assigned), mention('乙二', assigned)], '乙二'],
    ['never a mention that is withheld', [mention('甲一', {}), mention('乙二', assigned, true)], null],
    ['nothing from no mention', [], null],
  ])('gives %s', async (_, several, expected) => {
    person = { [candidates]: several };
    expect(await ask('{ ticket { requester { name } } }')).toEqual({ ticket: { requester: { name: expected } } });
    expect(seenReport(seen).subjects).toEqual(expected === null ? [] : [expected]);
  });

  it('is not asked where every mention is withheld', async () => {
    person = { [candidates]: [mention('甲一', {}), mention('乙二', {})] };
    await ask('{ ticket { requester { name } } }');
    expect(calls).toEqual(['requester']);
  });

  it('says why of a mention that the caller may link to the person, whatever else is linked to them', async () => {
    const supervisor = viewer({ department: 'POLICE', tier: 'COUNTY', division: '620102000000', purpose: 'SUPERVISION' });
    const minor = { value: {}, access: protectedRow('minor', { inJurisdiction: true, mention: { mentionId: 'minor', role: 'REQUESTER' } }) };
    const elsewhere = { value: {}, access: row({ inJurisdiction: true, inMatter: false, mention: { mentionId: 'elsewhere', role: 'REQUESTER' } }) };
    const told = async (several: object[]) => {
      person = { [candidates]: several };
      ticketRow = row({ inJurisdiction: true });
      seen = openSeen();
      await ask('{ ticket { requester { name } } }', supervisor);
      return line('Person.name');
    };
    const alone = await told([minor]);
    expect(alone).toMatchObject([{ effect: 'WITHHELD', reason: 'ROW_PROTECTED' }]);
    expect(await told([elsewhere, minor])).toEqual(alone);
    expect(await told([minor, elsewhere])).toEqual(alone);
  });
});

describe('arguments are reads', () => {
  it.each([
    ['a phone, without a matter', '{ tickets(phone: "138") { total } }', viewer({ matterKey: null }), 'Query.tickets(phone:)'],
    ['an ID number, masked for this caller', '{ tickets(filter: {idNumber: "62"}) { total } }', viewer({ tier: 'VILLAGE' }), 'TicketFilter.idNumber'],
    ['an ID number inside a nested filter', '{ tickets(filter: {and: [{status: "OPEN"}, {and: [{idNumber: "62"}]}]}) { total } }', viewer({ matterKey: null }), 'TicketFilter.idNumber'],
    ['a status, for statistics', '{ tickets(filter: {status: "OPEN"}) { total } }', viewer({ purpose: 'STATISTICS' }), 'Query.tickets'],
  ])('%s: the list is withheld and never asked for', async (_, source, one, coordinate) => {
    const asked = await ask(source, one);
    expect(asked).toEqual({ tickets: null });
    expect(calls).toEqual([]);
    if (coordinate !== 'Query.tickets') expect(line(coordinate)).toMatchObject([{ effect: 'WITHHELD', count: 1 }]);
  });

  it('those that are allowed, null or absent do no harm', async () => {
    for (const source of ['{ tickets(filter: {status: "OPEN"}) { total } }', '{ tickets(phone: null, after: "x") { total } }', '{ tickets { total } }']) {
      expect(await ask(source, viewer({ matterKey: null }))).toEqual({ tickets: { total: 1 } });
    }
  });
});

describe('what was seen', () => {
  it('counts every position by effect, and whom it was about', async () => {
    await ask('{ ticket { a: status b: status body requester { name idNumber } } }');
    expect(line('Ticket.status')).toEqual([{ coordinate: 'Ticket.status', effect: 'FULL', policy: 'work.assigned', reason: 'GRANTED', count: 2 }]);
    expect(line('Person.idNumber')).toMatchObject([{ effect: 'MASKED', policy: 'identifying.assigned', reason: 'CLASS', count: 1 }]);
    expect(seenReport(seen).subjects).toEqual(['mention-1']);
    expect(Object.keys(seenReport(seen).records)).toEqual(['rid-1']);
  });

  it('names nobody and no record where all was withheld', async () => {
    ticketRow = row({ rid: 'rid-1' });
    await ask(full);
    expect(seenReport(seen)).toMatchObject({ subjects: [], records: {} });
    expect(line('Ticket.body')).toMatchObject([{ effect: 'WITHHELD', reason: 'NOT_ASSIGNED', count: 1 }]);
  });
});

describe('root fields and objects without a row', () => {
  it('are decided for the class of the caller', async () => {
    expect(await ask('{ rule tickets { total nodes { id } } }', viewer({ purpose: 'STATISTICS' }))).toEqual({ rule: 'a rule', tickets: null });
    expect(await ask('{ rule ticket { id } }', viewer({ kind: 'ANONYMOUS', purpose: null }))).toEqual({ rule: 'a rule', ticket: null });
    ticketRow = row({ self: true, involved: true, inMatter: false });
    expect(await ask('{ ticket { status body } }', resident())).toEqual({ ticket: { status: 'OPEN', body: '噪声扰民' } });
  });
});

describe('at start', () => {
  it('a field without a class is refused by name', () => {
    const open = buildSubgraphSchema([{ typeDefs: parse('type Query { name: String }') }]);
    expect(() => enforce(open, policy)).toThrow(/without @classified: Query.name/);
  });

  it('is kept by Mercurius', async () => {
    const app = Fastify();
    await app.register(mercurius, { schema: schema(), context: () => ({ viewer: viewer(), seen }) as never, jit: 1 });
    ticketRow = row({});
    for (let i = 0; i < 3; i += 1) {
      const response = await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ ticket { id status body } }' } });
      expect(response.json()).toEqual({ data: { ticket: { id: 'id', status: null, body: null } } });
    }
    expect(calls).toEqual([]);
    await app.close();
  });
});
