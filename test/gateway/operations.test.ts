import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, validate } from 'graphql';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { normalHashOf } from '../../gateway/documents.ts';
import { apolloEngine } from '../../gateway/executor.ts';
import { loadOperations, operationsFolder, registerOf } from '../../gateway/operations.ts';
import { httpTransport } from '../../gateway/transport.ts';
import { analyst, anonymousOperation, app, openFixture, registeredOperation, type Fixture } from './fixture.ts';

describe('the register', () => {
  let folder: string;
  beforeAll(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'yiwang-operations-')), 'operations');
    cpSync(operationsFolder(), folder, { recursive: true });
  });
  afterAll(() => rmSync(join(folder, '..'), { recursive: true }));

  const changed = (name: string, change: (text: string) => string): unknown => {
    const file = join(folder, name);
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, change(before));
    try {
      return loadOperations(folder);
    } finally {
      writeFileSync(file, before);
    }
  };

  test('holds what was reviewed', () => {
    expect(loadOperations(folder).all.map(({ name }) => name)).toEqual(expect.arrayContaining(['MatterState', 'MatterParties', 'TicketsByStatus', 'ConnectorHealth', 'ExplainAccess', 'DivisionAt']));
  });

  test('layout and comments are not the operation', () => {
    expect(() => changed('MatterState.graphql', (text) => `${text}\n# a comment\n`)).not.toThrow();
  });

  test.each<[string, string, (text: string) => string]>([
    ['a changed operation', 'MatterState.graphql', (text) => text.replace('status', 'updatedAt status')],
    ['an operation opened to everybody', 'MatterState.graphql', (text) => `# anonymous\n${text}`],
    ['a manifest without an entry', 'manifest.json', (text) => text.replace('"MatterState"', '"Other"')],
    ['a manifest that is no JSON', 'manifest.json', () => 'hash'],
  ])('%s keeps the gateway from starting', (_name, file, change) => {
    expect(() => changed(file, change)).toThrow(/operation/);
  });

  test('every operation fits the composed schema', async () => {
    const supergraphSdl = readFileSync(join(projectRoot(), 'schema', 'supergraph.graphql'), 'utf8');
    const engine = await apolloEngine({ supergraphSdl, transport: httpTransport({}), headers: () => ({}) });
    for (const { name, text } of loadOperations().all) expect({ name, faults: validate(engine.schema, parse(text)).map(({ message }) => message) }).toEqual({ name, faults: [] });
    await engine.stop();
  });
});

describe('who runs what', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await openFixture();
  });
  afterAll(async () => fixture?.stop());

  test('an application runs registered operations, in any layout', async () => {
    expect(await fixture.ask(registeredOperation.replace(' {', '\n{ # comment\n'), { as: app, purpose: 'SUPERVISION', variables: { no: 'T1' } })).toMatchObject({ status: 200, data: { ticket: { status: 'OPEN' } } });
    expect(await fixture.ask('', { as: app, purpose: 'SUPERVISION', body: { documentId: 'Ticket', variables: { no: 'T1' } } })).toMatchObject({ status: 200, data: { ticket: { status: 'OPEN' } } });
  });

  test.each<[string, string]>([
    ['another field', registeredOperation.replace('status', 'status note')],
    ['another name', registeredOperation.replace('Ticket(', 'Other(')],
    ['introspection', '{ __schema { types { name } } }'],
    ['a document that does not validate', '{ nothing }'],
  ])('and no other: %s', async (_name, query) => {
    expect(await fixture.ask(query, { as: app, purpose: 'SUPERVISION', variables: { no: 'T1' } })).toMatchObject({ status: 403, errors: [{ extensions: { code: 'OPERATION_NOT_REGISTERED' } }] });
  });

  test.each<[string, JWTPayload, RegExp]>([
    ['a person, who may send the text', analyst, /^no operation is registered under this id; send the text, or register it/],
    ['a service account, which may not', app, /^a service account runs registered operations only/],
  ])('an unknown id is not registered, is told to %s', async (_who, as, message) => {
    for (const body of [{ documentId: 'nope' }, { extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } }]) {
      expect(await fixture.ask('', { as, body })).toMatchObject({ status: 403, errors: [{ message: expect.stringMatching(message), extensions: { code: 'OPERATION_NOT_REGISTERED' } }] });
    }
  });

  test('without a token only what is open to everybody runs', async () => {
    expect(await fixture.ask(anonymousOperation, { as: null })).toMatchObject({ status: 200, data: { places: [{ name: '四川省' }] } });
    for (const query of [registeredOperation, '{ places { code } }', '{ nothing }', '{ syntax', '{ __typename }']) {
      expect(await fixture.ask(query, { as: null, variables: { no: 'T1' } })).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
  });

  test('an operation open to everybody that holds more than PUBLIC keeps the gateway from starting', async () => {
    const text = 'query Open { ticket(no: "T1") { no } }';
    await expect(openFixture({ operations: registerOf([{ name: 'Open', text, hash: normalHashOf(parse(text)), anonymous: true }]) })).rejects.toThrow(/`Open`/);
  });
});
