import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildASTSchema, parse, type GraphQLSchema } from 'graphql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { checkPolicy } from '../../policy/check.ts';
import { openPolicy, policyFolder } from '../../policy/decide.ts';
import { policyDiff } from '../../policy/diff.ts';
import { explainOperation, type ExplainedField } from '../../policy/explain.ts';
import type { Grants } from '../../policy/federation/requirement.ts';
import type { Requirements } from '../../policy/federation/requirements.ts';
import { exampleViewer, policyMatrix } from '../../policy/matrix.ts';
import { viewer } from './viewers.ts';

const policy = openPolicy();

const directive = `
  directive @classified(as: FieldClass!, mask: Mask, owner: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  enum FieldClass { PUBLIC WORK PERSONAL IDENTIFYING SENSITIVE RESTRICTED } enum Mask { NAME PHONE ID_NUMBER ADDRESS COORDINATES BIRTH_DATE TEXT }`;

const house = schemaOf(`
  type Query { records(filter: Filter, phone: String @classified(as: PERSONAL)): [Record!] @classified(as: WORK) rule: String @classified(as: PUBLIC) }
  input Filter { status: String @classified(as: WORK), idNumber: String @classified(as: IDENTIFYING) }
  interface Record { id: ID! @classified(as: PUBLIC) status: String @classified(as: WORK) }
  type Ticket implements Record { id: ID! @classified(as: PUBLIC) status: String @classified(as: WORK) requester: Person @classified(as: PERSONAL) body: String @classified(as: PERSONAL, mask: TEXT) }
  type Call implements Record { id: ID! @classified(as: PUBLIC) status: String @classified(as: WORK) warning: Boolean @classified(as: SENSITIVE) }
  type Person { name: String @classified(as: PERSONAL, mask: NAME) idNumber: String @classified(as: IDENTIFYING, mask: ID_NUMBER) }`);

function schemaOf(sdl: string): GraphQLSchema {
  return buildASTSchema(parse(sdl + directive), { assumeValid: true });
}

function explained(operation: string, changes: Parameters<typeof viewer>[0] = {}, assignment?: Parameters<typeof explainOperation>[0]['assignment']): Record<string, string> {
  const found = explainOperation({ supergraphSchema: house, policy, viewer: viewer(changes), operation, ...(assignment ? { assignment } : {}) });
  return Object.fromEntries(found.map((one: ExplainedField) => [`${one.path} ${one.coordinate}`, one.effect === 'WITHHELD' ? one.reason : one.effect]));
}

/** Coordinate or input type → the scope that it asks for. */
function requirementsOf(scopes: Record<string, string>): Requirements {
  const holds = (place: string, grants: Grants) => scopes[place] === undefined || grants.scopes.has(scopes[place]);
  return { none: false, allows: (type, field, grants) => holds(`${type}.${field}`, grants), allowsInput: (type, grants) => holds(type, grants) };
}

const both = '{ all: records { id ... on Ticket { who: requester { name idNumber } body } ...call } } fragment call on Call { warning status }';

describe('explaining an operation', () => {
  it('names every field on every concrete type, by path, alias and fragment', () => {
    expect(explained(both)).toEqual({
      'all Query.records': 'FULL',
      'all.id Ticket.id': 'FULL',
      'all.who Ticket.requester': 'FULL',
      'all.who.name Person.name': 'FULL',
      'all.who.idNumber Person.idNumber': 'MASKED',
      'all.body Ticket.body': 'FULL',
      'all.id Call.id': 'FULL',
      'all.warning Call.warning': 'FULL',
      'all.status Call.status': 'FULL',
    });
  });

  it('says what the township’s mediator sees without a matter, and what a supervisor sees', () => {
    expect(explained('{ records { id ... on Ticket { requester { name } status } } }', { matterKey: null })).toMatchObject({ 'records.requester.name Person.name': 'NO_MATTER', 'records.status Ticket.status': 'FULL' });
    expect(explained(both, { purpose: 'SUPERVISION', tier: 'COUNTY' })).toMatchObject({ 'all.who.name Person.name': 'MASKED', 'all.who.idNumber Person.idNumber': 'CLASS', 'all.body Ticket.body': 'CLASS', 'all.warning Call.warning': 'CLASS' });
  });

  it('reads the assignment where one is given', () => {
    const found = explained(both, { tier: 'COUNTY' }, { assigned: true, linked: true, inJurisdiction: true });
    expect(found).toMatchObject({ 'all.status Call.status': 'FULL', 'all.who.name Person.name': 'NOT_ASSIGNED' });
    expect(explained(both, { tier: 'COUNTY' }, { assigned: true, lead: true })).toMatchObject({ 'all.who.name Person.name': 'FULL' });
    expect(explained(both, {}, {})).toMatchObject({ 'all.status Call.status': 'NOT_ASSIGNED' });
  });

  it('explains arguments given as text and as variables', () => {
    const found = explained('query ($f: Filter) { a: records(filter: {idNumber: "62"}) { id } b: records(filter: $f) { id } c: records(phone: "138", filter: null) { id } }', { matterKey: null });
    expect(found).toMatchObject({ 'a Filter.idNumber': 'NO_MATTER', 'b Filter.idNumber': 'NO_MATTER', 'b Filter.status': 'FULL', 'c Query.records(phone:)': 'NO_MATTER' });
    expect(Object.keys(found)).not.toContain('c Filter.status');
  });

  it('says where a subgraph asks for scopes or policies that the token does not grant, of fields and of what is asked by', () => {
    const asks = requirementsOf({ 'Call.warning': 'calls:read', Filter: 'filter:use' });
    const told = (scopes: string[]) => {
      const federation = { requirements: asks, grants: { authenticated: true, scopes: new Set(scopes), policies: new Set<string>() } };
      const found = explainOperation({ supergraphSchema: house, policy, viewer: viewer(), operation: '{ records(filter: { status: "OPEN" }) { ... on Call { warning } ... on Ticket { status } } }', federation });
      return Object.fromEntries(found.map((one) => [one.coordinate, one.effect === 'WITHHELD' ? `${one.policy} ${one.reason}` : one.effect]));
    };
    expect(told([])).toMatchObject({ 'Call.warning': 'federation UNAUTHORIZED_FIELD_OR_TYPE', 'Query.records(filter:)': 'federation UNAUTHORIZED_FIELD_OR_TYPE', 'Ticket.status': 'FULL' });
    expect(told(['calls:read', 'filter:use'])).toMatchObject({ 'Call.warning': 'FULL', 'Filter.status': 'FULL' });
    expect(Object.keys(told(['calls:read', 'filter:use']))).not.toContain('Query.records(filter:)');
  });

  it('names the conditions that a row could still meet, the rule and its legal basis', () => {
    const found = explainOperation({ supergraphSchema: house, policy, viewer: viewer({ tier: 'VILLAGE' }), operation: '{ records { ... on Ticket { status requester { name } } } rule }' });
    const by = Object.fromEntries(found.map((one) => [one.coordinate, one]));
    expect(by['Person.name']!.conditions).toEqual(['NO_MATTER', 'NOT_ASSIGNED', 'row.respondent', 'row.confidential', 'row.minor', 'row.retention']);
    expect(by['Ticket.status']!.conditions).toEqual(['NOT_ASSIGNED', 'row.respondent']);
    expect(by['Query.rule']).toMatchObject({ effect: 'FULL', policy: 'public', conditions: [] });
    expect(by['Person.name']).toMatchObject({ policy: 'personal.assigned', basis: expect.stringContaining('个人信息保护法') as string });
  });

  it('says of a matter that is assigned that a record of it need not be', () => {
    const found = explainOperation({ supergraphSchema: house, policy, viewer: viewer({ matterKey: 'm' }), operation: both, assignment: { assigned: true, lead: true, linked: true, inJurisdiction: true } });
    const by = Object.fromEntries(found.map((one) => [one.coordinate, one]));
    expect(by['Person.name']).toMatchObject({ effect: 'FULL', conditions: expect.arrayContaining(['NOT_ASSIGNED']) as string[] });
    expect(by['Call.status']!.conditions).not.toContain('NOT_ASSIGNED'); // a record that is linked shows its work
  });

  it.each([
    ['fragments that double at each level', `{ records { ...f0 } } ${Array.from({ length: 40 }, (_, i) => `fragment f${i} on Record { ...f${i + 1} ...f${i + 1} }`).join(' ')} fragment f40 on Record { id }`],
    ['directives without end', `{ rule ${'@skip(if: false) '.repeat(300)} }`],
  ])('refuses %s at once', (_, operation) => {
    const startedAt = performance.now();
    expect(() => explainOperation({ supergraphSchema: house, policy, viewer: viewer(), operation })).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('walks what lies below an interface once, however deep it leads back to itself', () => {
    const circle = schemaOf('type Query { all: [Node!] @classified(as: WORK) } interface Node { id: ID! @classified(as: PUBLIC) next: [Node!] @classified(as: WORK) } ' + Array.from({ length: 6 }, (_, i) => `type N${i} implements Node { id: ID! @classified(as: PUBLIC) next: [Node!] @classified(as: WORK) }`).join(' '));
    const operation = `{ all ${'{ next '.repeat(22)}{ id } ${'}'.repeat(22)} }`;
    const startedAt = performance.now();
    expect(explainOperation({ supergraphSchema: circle, policy, viewer: viewer(), operation })).toHaveLength(1 + 22 * 6 + 6);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it.each([
    ['what does not parse', '{ records {', 'BAD_REQUEST'],
    ['what is not valid, without suggestions', '{ recrods { id } }', 'BAD_REQUEST'],
    ['what has too many tokens', `{ ${'rule '.repeat(6_000)} }`, 'LIMIT_EXCEEDED'],
    ['what is nested too deep', `${'{a'.repeat(2_500)}${'}'.repeat(2_500)}`, 'LIMIT_EXCEEDED'],
    ['two operations', 'query A { rule } query B { rule }', 'BAD_REQUEST'],
  ])('refuses %s', (_, operation, code) => {
    const act = () => explainOperation({ supergraphSchema: house, policy, viewer: viewer(), operation });
    expect(act).toThrow(expect.objectContaining({ code }));
    expect(act).not.toThrow(/Did you mean/);
  });
});

describe('the matrix of the real graph', () => {
  const graph = buildASTSchema(parse(readFileSync(join(projectRoot(), 'schema/supergraph.graphql'), 'utf8')), { assumeValid: true });

  it('shows what access.md says of the name, the ID number and the category', () => {
    const cell = (coordinate: string, kind: 'CLERK' | 'ANALYST', tier: 'VILLAGE' | 'TOWNSHIP' | 'PROVINCE', purpose: 'MEDIATION' | 'SUPERVISION') => {
      const found = policyMatrix({ supergraphSchema: graph, policy, kind, tier, purpose }).find((row) => row.coordinate === coordinate)!;
      return found.effect === 'WITHHELD' ? found.reason : found.effect;
    };
    expect(cell('Person.name', 'CLERK', 'VILLAGE', 'MEDIATION')).toBe('FULL');
    expect(cell('Person.name', 'CLERK', 'TOWNSHIP', 'SUPERVISION')).toBe('MASKED');
    expect(cell('Person.name', 'ANALYST', 'TOWNSHIP', 'SUPERVISION')).toBe('KIND');
    expect(cell('Person.idNumber', 'CLERK', 'VILLAGE', 'MEDIATION')).toBe('TIER');
    expect(cell('Person.idNumber', 'CLERK', 'TOWNSHIP', 'MEDIATION')).toBe('MASKED');
    expect(cell('HotlineTicket.category', 'CLERK', 'PROVINCE', 'SUPERVISION')).toBe('TIER');
  });

  it('and policy check finds nothing wrong with it', () => {
    expect(checkPolicy({ supergraphSchema: graph })).toEqual([]);
  });
});

describe('policy check', () => {
  const person = 'type Person { name: String @classified(as: PERSONAL, mask: NAME)';
  it.each([
    ['UNCLASSIFIED', 'type Query { a: String }'],
    ['NON_NULL', 'type Query { a: String! @classified(as: WORK) }'],
    ['NON_NULL', 'type Query { a(b: String @classified(as: WORK)): String! @classified(as: PUBLIC) }'],
    ['ARGUMENT', 'type Query { a(b: String): String @classified(as: WORK) }'],
    ['ARGUMENT', 'type Query { a(b: In @classified(as: PUBLIC)): String @classified(as: WORK) } input In { c: String }'],
    ['INVERSE_EDGE', `type Query { a: Petition @classified(as: WORK) } type Petition { petitioner: Person @classified(as: PERSONAL) } ${person} petitions: PetitionConnection @classified(as: WORK) } type PetitionConnection { nodes: [Petition] @classified(as: PUBLIC) }`],
    ['OPEN_PERSON', `type Query { a: Person @classified(as: PUBLIC) } ${person} }`],
    ['INTERFACE', 'type Query { a: I @classified(as: WORK) } interface I { b: String @classified(as: PERSONAL) } type T implements I { b: String @classified(as: PUBLIC) }'],
  ])('finds %s', (rule, sdl) => {
    expect(checkPolicy({ supergraphSchema: schemaOf(sdl) }).map((fault) => fault.rule)).toEqual([rule]);
  });

  it('finds rules that do not load', () => {
    expect(checkPolicy({ folder: copied((text) => text.replace('context.linked', 'context.connected')) })).toMatchObject([{ rule: 'CEDAR', text: expect.stringContaining('connected') as string }]);
  });
});

describe('policy diff', () => {
  it('is empty between equals', () => {
    expect(policyDiff(policy, copied((text) => text))).toEqual([]);
  });

  it('tells who gains and who loses what', () => {
    const opened = policyDiff(policy, copied((text) => text.replace('principal.kind == Kind::"CLERK" &&\n  [Purpose::"MATTER_HANDLING", Purpose::"MEDIATION", Purpose::"SERVICE_DELIVERY"].contains(principal.purpose) &&\n  [Tier::"VILLAGE", Tier::"TOWNSHIP",', 'principal.kind == Kind::"CLERK" &&\n  [Purpose::"MATTER_HANDLING", Purpose::"MEDIATION", Purpose::"SERVICE_DELIVERY"].contains(principal.purpose) &&\n  [Tier::"TOWNSHIP",')), { purpose: 'MEDIATION' });
    expect(opened.length).toBeGreaterThan(0);
    expect(new Set(opened.map((change) => `${change.change} ${change.kind} ${change.tier} ${change.class}`))).toEqual(new Set(['LOSES CLERK VILLAGE PERSONAL']));
    expect(opened).toContainEqual(expect.objectContaining({ purpose: 'MEDIATION', mask: 'NAME', row: 'assigned', before: 'FULL', after: 'WITHHELD' }));
  });

  it('tells of a protection that was taken away', () => {
    const opened = policyDiff(policy, copied((text) => text, (text) => text.replace(/@id\("row.confidential"\)[\s\S]*?;\n/, '')), { purpose: 'MEDIATION' });
    expect(new Set(opened.map((change) => `${change.change} ${change.row}`))).toEqual(new Set(['GAINS confidential']));
  });

  it('refuses a folder that does not load', () => {
    expect(() => policyDiff(policy, tmpdir())).toThrow(expect.objectContaining({ code: 'POLICY_INVALID' }));
  });
});

describe('an example caller', () => {
  it('of a department that owns records may own one; of another may not', () => {
    const idNumber = { coordinate: 'Person.idNumber', class: 'IDENTIFYING', mask: 'ID_NUMBER', owner: null, link: false } as const;
    const best = (department: string) => policy.best(exampleViewer({ kind: 'CLERK', tier: 'COUNTY', purpose: 'MATTER_HANDLING', department }), idNumber).effect;
    expect([best('POLICE'), best('MEDIATION')]).toEqual(['FULL', 'MASKED']);
  });
});

/** A copy of the policy with assignment.cedar and rows.cedar changed. */
function copied(assignment: (text: string) => string, rows: (text: string) => string = (text) => text): string {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(policyFolder, folder, { recursive: true, filter: (file) => !file.endsWith('.ts') });
  for (const [name, change] of [['assignment.cedar', assignment], ['rows.cedar', rows]] as const) writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
  return folder;
}
