import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { analyst, clerk, matterNo, openFixture, type Fixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
beforeEach(() => {
  fixture.calls.length = 0;
});
afterAll(async () => fixture?.stop());

const supervising = { as: analyst, purpose: 'SUPERVISION' };
const fetched = () => fixture.calls.map(({ query }) => query).join('\n');

describe('what a class of callers can never see is not fetched, whatever way it is asked for', () => {
  test.each<[string, string, unknown]>([
    ['by an alias', '{ ticket(no: "T1") { no secret: note } }', { ticket: { no: 'T1', secret: null } }],
    ['twice, merged', '{ ticket(no: "T1") { note note } ticket(no: "T1") { note } }', { ticket: { note: null } }],
    ['in an inline fragment', '{ ticket(no: "T1") { ... on Ticket { ... { note } } } }', { ticket: { note: null } }],
    ['in nested named fragments', 'query { ticket(no: "T1") { ...A } } fragment A on Ticket { ...B } fragment B on Ticket { note }', { ticket: { note: null } }],
    ['on an interface', '{ items { ... on Item { note } } }', { items: [{ note: null }, { note: 'dispatched' }, { note: null }] }],
    ['on the type behind an interface', '{ items { ... on Ticket { note } ... on Call { note } } }', { items: [{ note: null }, { note: 'dispatched' }, { note: null }] }],
    ['through an edge to a person', '{ ticket(no: "T1") { requester { name idNumber } } }', { ticket: { requester: null } }],
    ['only that', '{ ticket(no: "T1") { note } }', { ticket: { note: null } }],
    ['in the caller\'s order', '{ ticket(no: "T1") { note no status } }', { ticket: { note: null, no: 'T1', status: 'OPEN' } }],
  ])('%s', async (_name, query, data) => {
    const answer = await fixture.ask(query, supervising);
    expect(answer.data).toEqual(data);
    expect(JSON.stringify(answer.data)).toBe(JSON.stringify(data));
    expect(answer.errors).toBeUndefined();
    expect(fetched()).not.toMatch(/Ticket\{[^}]*note|requester|ticket\([^)]*\)\{[^}]*note/);
  });

  test('null of a missing object is not a position', async () => {
    const { extensions } = await fixture.ask('{ ticket(no: "T9") { note } }', supervising);
    expect(extensions).toBeUndefined();
  });

  test('positions are counted', async () => {
    const { extensions } = await fixture.ask('{ items { note } a: ticket(no: "T1") { note } }', supervising);
    expect(extensions.access).toEqual([{ coordinate: 'Ticket.note', effect: 'WITHHELD', policy: 'kind.no-person', reason: 'KIND', count: 3 }]);
  });

  test('a skipped field is neither given nor counted', async () => {
    const query = 'query ($with: Boolean!) { ticket(no: "T1") { no note @include(if: $with) } }';
    expect(await fixture.ask(query, { ...supervising, variables: { with: false } })).toMatchObject({ data: { ticket: { no: 'T1' } }, extensions: undefined });
    expect((await fixture.ask(query, { ...supervising, variables: { with: true } })).data).toEqual({ ticket: { no: 'T1', note: null } });
  });

  test('null for a condition is refused to whoever sent it, and to nobody after them', async () => {
    const query = 'query ($with: Boolean = false) { items { no note @include(if: $with) } }';
    const hint = expect.stringContaining('`$with`');
    expect(await fixture.ask(query, { ...supervising, variables: { with: null } })).toMatchObject({ status: 400, data: undefined, errors: [{ message: hint, extensions: { code: 'BAD_REQUEST' } }] });
    expect(fixture.calls).toEqual([]);
    for (const variables of [{}, { with: false }]) expect((await fixture.ask(query, { ...supervising, variables })).data).toEqual({ items: [{ no: 'T1' }, { no: 'C1' }, { no: 'T1' }] });
    expect(await fixture.ask(query, { ...supervising, variables: { with: null } })).toMatchObject({ status: 400 });
    expect((await fixture.ask(query, { ...supervising, variables: { with: true } })).data).toEqual({ items: [{ no: 'T1', note: null }, { no: 'C1', note: 'dispatched' }, { no: 'T1', note: null }] });
  });

  test('a withheld field that may not be null takes its parent along', async () => {
    expect((await fixture.ask('{ secret { code } places { code } }', supervising)).data).toBeNull();
  });

  test('a refused mutation never runs', async () => {
    const { data, extensions } = await fixture.ask('mutation { close(no: "T1") { status } }', { purpose: 'MEDIATION', matter: matterNo });
    expect(data).toEqual({ close: null });
    expect(extensions.access).toMatchObject([{ coordinate: 'Mutation.close', effect: 'WITHHELD' }]);
    expect(fixture.calls).toEqual([]);
  });
});

describe('arguments are reads', () => {
  const search = 'query ($filter: TicketFilter) { search(filter: $filter) { no } }';
  test('over a field the caller has no full right to, they withhold the field', async () => {
    const inline = await fixture.ask('{ search(filter: {phone: "13800000000"}) { no } }', supervising);
    expect(inline.data).toEqual({ search: null });
    expect(inline.extensions.access).toMatchObject([{ coordinate: 'TicketFilter.phone', effect: 'WITHHELD', count: 1 }]);
    expect(fixture.calls).toEqual([]);
  });

  test('through variables the values decide, each time anew', async () => {
    expect((await fixture.ask(search, { ...supervising, variables: { filter: { status: 'OPEN' } } })).data).toEqual({ search: [{ no: 'T1' }] });
    fixture.calls.length = 0;
    expect((await fixture.ask(search, { ...supervising, variables: { filter: { phone: '13800000000' } } })).data).toEqual({ search: null });
    expect(fixture.calls).toEqual([]);
    expect((await fixture.ask(search, { ...supervising, variables: { filter: { status: 'OPEN' } } })).data).toEqual({ search: [{ no: 'T1' }] });
    expect((await fixture.ask(search, { purpose: 'MEDIATION', matter: matterNo, variables: { filter: { phone: '13800000000' } } })).data).toEqual({ search: [{ no: 'T1' }] });
  });
});

test('one text, several callers in turn: no plan and no pruning is taken for another\'s', async () => {
  const query = '{ ticket(no: "T1") { no note requester { name idNumber } } }';
  const handling = { purpose: 'MEDIATION', matter: matterNo };
  const full = { ticket: { no: 'T1', note: '楼上漏水', requester: { name: '张三', idNumber: '51**************34' } } };
  const none = { ticket: { no: 'T1', note: null, requester: null } };
  const turns = [[handling, full], [supervising, none], [{ purpose: 'MEDIATION' }, none], [handling, full], [{}, { ticket: null }], [supervising, none], [handling, full]] as const;
  // Each text anew, beginning with another caller: what is kept first must serve nobody else.
  for (const first of turns.keys()) {
    for (const [asking, data] of [...turns.slice(first), ...turns.slice(0, first)]) {
      fixture.calls.length = 0;
      expect((await fixture.ask(`${query} # ${first}`, asking)).data).toEqual(data);
      expect(/note|requester/.test(fetched())).toBe(data === full);
    }
  }
});

test('masked fields are told with rule, reason and count', async () => {
  const { extensions } = await fixture.ask('{ a: ticket(no: "T1") { requester { idNumber } } b: ticket(no: "T1") { requester { name } } }', { purpose: 'MEDIATION', matter: matterNo });
  expect(extensions.access).toEqual([{ coordinate: 'Person.idNumber', effect: 'MASKED', policy: expect.any(String), reason: expect.any(String), count: 1 }]);
});

describe('introspection', () => {
  const fieldsOf = async (type: string, as: typeof clerk) => {
    const { data } = await fixture.ask('query ($type: String!) { __type(name: $type) { fields { name } inputFields { name } } }', { as, variables: { type } });
    return (data.__type?.fields ?? data.__type?.inputFields)?.map(({ name }: { name: string }) => name);
  };

  test('shows what some purpose of the caller could reveal, and nothing else', async () => {
    expect(await fieldsOf('Ticket', clerk)).toEqual(['no', 'status', 'note', 'requester']);
    expect(await fieldsOf('Person', clerk)).toEqual(['name', 'idNumber']);
    expect(await fieldsOf('Ticket', analyst)).toEqual(['no', 'status']);
    expect(await fieldsOf('Person', analyst)).toBeUndefined();
    expect(await fieldsOf('TicketFilter', analyst)).toEqual(['status']);
    expect(await fieldsOf('Mutation', clerk)).toBeUndefined();
  });

  test('stands beside data, and under aliases and fragments', async () => {
    const { data } = await fixture.ask('query { ...A ticket(no: "T1") { no } } fragment A on Query { mine: __type(name: "Ticket") { fields { name } } }', supervising);
    expect(data).toEqual({ mine: { fields: [{ name: 'no' }, { name: 'status' }] }, ticket: { no: 'T1' } });
  });

  test('keys of joins and the federation\'s own fields do not exist for callers', async () => {
    for (const query of ['{ ticket(no: "T1") { requester { key } } }', '{ _service { sdl } }', '{ _entities(representations: []) { __typename } }']) {
      expect(await fixture.ask(query, { purpose: 'MEDIATION', matter: matterNo })).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    }
  });
});
