import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../gateway/limits.ts';
import { scenarioHub, type Answer, type ScenarioHub } from '../scenarios/hub.ts';
import { operation } from '../scenarios/operations.ts';

/** Threats of threats.md that only show on the real schema, real policy and real data: one hub for all of them. */
let hub: ScenarioHub;
const startMsMax = 600_000;
let people: { name: string; phone: string; idNumber: string }[] = [];

beforeAll(async () => {
  hub = await scenarioHub({ seed: 31_337, residents: 150 });
  const { rows } = await hub.pool.query<(typeof people)[number]>(`SELECT name, phones[1] AS phone, id_number AS "idNumber" FROM hub.mention WHERE name IS NOT NULL AND length(name) > 1 AND phones[1] IS NOT NULL AND id_number IS NOT NULL LIMIT 2000`);
  people = rows;
  expect(people.length).toBeGreaterThan(20);
}, startMsMax);
afterAll(() => hub?.stop());

const supervising = (query: string, variables?: Record<string, unknown>) => hub.ask('county-analyst', { query, purpose: 'SUPERVISION', ...(variables ? { variables } : {}) });
/** Phones and ID numbers that stand in a text; names are too short to be told from other words. */
const personsIn = (text: string) => people.filter(({ phone, idNumber }) => text.includes(phone) || text.includes(idNumber));
const code = (answer: Answer) => answer.errors?.[0]?.extensions?.code;
const without = (text: string) => text.replace(/"traceId":"[^"]*"/g, '');

describe('1–3: a person by any way of asking', () => {
  const person = '{ name phones idNumber }';
  test.each<[string, string]>([
    ['under aliases', `{ records(first: 50) { nodes { ... on HotlineTicket { status: requester ${person} x: requester { title: name } } } } }`],
    ['twice, merged', `{ records(first: 50) { nodes { ... on HotlineTicket { requester { name } requester { phones } } } nodes { ... on HotlineTicket { requester { idNumber } } } } }`],
    ['through nested fragments', `query { records(first: 50) { ...A } } fragment A on RecordConnection { nodes { ...B } } fragment B on Record { ... { ... on HotlineTicket { ...C } ... on PoliceCall { reporter ${person} } } } fragment C on HotlineTicket { requester { ...P } } fragment P on Person ${person}`],
    ['through the interface, by the types behind it', `{ records(first: 50) { nodes { ... on Node { ... on Petition { petitioners ${person} narrative } } ... on Record { ... on CourtCase { parties { person ${person} } } } } } }`],
    ['through matters and back', `{ matters(first: 20) { nodes { records(first: 10) { nodes { ... on HotlineTicket { requester ${person} } ... on PoliceCall { reporter ${person} narrative } } } } } }`],
  ])('%s: null, told of, and no value of it anywhere in the answer', async (_name, query) => {
    const answer = await supervising(query);
    expect(answer.errors).toBeUndefined();
    expect(JSON.stringify(answer.data)).not.toMatch(/"(name|title)":"|"phones":\[|"idNumber":"/);
    expect(personsIn(answer.text)).toEqual([]);
    expect(answer.access.length).toBeGreaterThan(0);
  });
});

describe('7: hidden or missing', () => {
  test('the same bytes for a matter that is hidden and one that is not there, by number and by id', async () => {
    const { rows } = await hub.pool.query<{ matter_no: string }>('SELECT matter_no FROM hub.matter WHERE merged_into IS NULL ORDER BY matter_no LIMIT 1');
    const stranger = { persona: 'township-clerk', org: '12330102MB0000018X', division: '330102001000' };
    const ask = (matterNo: string, more: object = {}) => hub.ask(stranger, { query: operation('MatterState'), variables: { matterNo }, purpose: 'MEDIATION', ...more });
    const [hidden, missing] = [await ask(rows[0]!.matter_no), await ask('M000000000000')];
    expect([hidden.status, hidden.data]).toEqual([200, { matter: null }]);
    expect(without(missing.text)).toBe(without(hidden.text));
    const [hiddenHeader, missingHeader] = [await ask('M1', { matter: rows[0]!.matter_no }), await ask('M1', { matter: 'M000000000000' })];
    expect(without(missingHeader.text)).toBe(without(hiddenHeader.text));
  });
});

describe('8: what the schema tells', () => {
  test.each<[string | null, string]>([
    [null, '{ mater }'], [null, '{ __schema { types { name } } }'], [null, '{ matters { node } }'],
    ['township-clerk', '{ mattrs { nodes { matterNo } } }'],
    ['township-clerk', '{ matters(filter: { statu: OPEN }) { nodes { matterNo } } }'],
    ['township-clerk', '{ matters(filter: { status: OPNE }) { nodes { matterNo } } }'],
    ['township-clerk', '{ records { nodes { ... on HotlineTiket { title } } } }'],
    ['township-clerk', '{ matters @skp(if: true) { nodes { matterNo } } }'],
    ['township-clerk', 'query ($f: MatterFiltr) { matters(filter: $f) { nodes { matterNo } } }'],
  ])('%s is given no suggestion for %s', async (caller, query) => {
    const answer = await hub.ask(caller, { query });
    expect(answer.status).toBe(caller === null ? 401 : 400);
    expect(answer.text).not.toMatch(/mean|perhaps|maybe|"(matters|status|OPEN|HotlineTicket|skip|MatterFilter)"/i);
  });

  test.each<[Record<string, unknown>]>([[{ f: { statu: ['OPEN'] } }], [{ f: { status: ['OPNE'] } }], [{ f: { status: 'CLOSD' } }], [{ f: { status: { OPEN: 1 } } }]])('nor for the variable %j', async (variables) => {
    const answer = await hub.ask('township-clerk', { query: 'query ($f: MatterFilter) { matters(filter: $f) { nodes { matterNo } } }', variables, purpose: 'MEDIATION' });
    expect(code(answer)).toBe('BAD_REQUEST');
    expect(answer.text).not.toMatch(/mean|"OPEN"|"CLOSED"|\bstatus\b.*\bstatus\b/i);
  });

  test('introspection shows each persona what some purpose of theirs could reveal', async () => {
    const fields = async (persona: string, type: string): Promise<string[]> => ((await hub.ask(persona, { query: `{ __type(name: "${type}") { fields { name } } }` })).data.__type?.fields ?? []).map(({ name }: { name: string }) => name);
    expect((await fields('county-analyst', 'Person')).filter((name) => name !== 'id')).toEqual([]);
    expect(await fields('township-clerk', 'Person')).toEqual(expect.arrayContaining(['name', 'phones', 'idNumber']));
    expect(await fields('operator', 'HotlineTicket')).not.toContain('title');
    expect(await fields('township-clerk', 'Query')).not.toContain('accessLog');
    expect(await fields('auditor', 'Query')).toContain('accessLog');
    for (const persona of ['township-clerk', 'auditor', 'operator']) expect((await fields(persona, 'Query')).filter((name) => name.startsWith('_'))).toEqual([]);
  });
});

describe('12: cursors', () => {
  const page = (persona: string, after?: string, filter?: object) => hub.ask(persona, { query: 'query ($after: String, $filter: MatterFilter) { matters(first: 2, after: $after, filter: $filter) { nodes { matterNo } pageInfo { endCursor } } }', variables: { after, filter }, purpose: 'SUPERVISION' });
  test('are taken from whom they were given to, for the same list only, and unchanged', async () => {
    const cursor = (await page('county-analyst')).data.matters.pageInfo.endCursor as string;
    expect((await page('county-analyst', cursor)).errors).toBeUndefined();
    const flipped = `${cursor.slice(0, -2)}${cursor.at(-2) === 'A' ? 'B' : 'A'}${cursor.at(-1)}`;
    for (const forged of [page('petition-officer', cursor), page('county-analyst', cursor, { status: ['OPEN'] }), page('county-analyst', flipped), page('county-analyst', Buffer.from('{"offset":1}').toString('base64'))]) expect(code(await forged)).toBe('CURSOR_INVALID');
  });
});

describe('14 and 15: too much', () => {
  const deep = (levels: number): string => (levels === 0 ? 'matterNo' : `records(first: 50) { nodes { matter { ${deep(levels - 1)} } } }`);
  test.each<[string, string, string]>([
    ['the positions an answer could have', `{ matters(first: 100) { nodes { records(first: 100) { nodes { provenance { fetchedAt } matter { records(first: 100) { nodes { id } } } } } } } }`, 'costMax'],
    ['a cycle of the schema', `{ matters(first: 5) { nodes { ${deep(12)} } } }`, 'depthMax'],
    ['aliases', `{ ${Array.from({ length: 101 }, (_, at) => `a${at}: __typename`).join(' ')} }`, 'aliasesMax'],
  ])('%s is refused before anything is asked, and quickly', async (_name, query, limit) => {
    const startedAt = performance.now();
    const answer = await supervising(query);
    expect([answer.status, code(answer), answer.errors?.[0]?.message]).toEqual([400, 'LIMIT_EXCEEDED', expect.stringContaining(limit)]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('variables nested without end are refused, not walked', async () => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 1_000; depth += 1) nested = [nested];
    const answer = await supervising('query ($f: MatterFilter) { matters(filter: $f) { nodes { matterNo } } }', { f: nested });
    expect([answer.status, code(answer)]).toEqual([400, 'LIMIT_EXCEEDED']);
    expect(limits.variablesDepthMax).toBeLessThan(20);
  });
});

describe('16: service accounts', () => {
  test('run what is registered and nothing else, whatever they call it', async () => {
    expect((await hub.ask('city-app', { query: operation('Matters'), purpose: 'SUPERVISION' })).errors).toBeUndefined();
    for (const query of [operation('Matters').replace('openedAt', 'openedAt title: status'), operation('Matters').replace('matterNo', 'matterNo id'), '{ __typename }', 'query Matters { matters { nodes { matterNo } } }', operation('Matters').replace('20', '21')]) {
      expect(code(await hub.ask('city-app', { query, purpose: 'SUPERVISION' }))).toBe('OPERATION_NOT_REGISTERED');
    }
  });

  test('callers without a token run the public ones only', async () => {
    const answers = await Promise.all(readdirSync('gateway/operations').filter((name) => name.endsWith('.graphql')).map(async (name) => ({ name, text: operation(name.replace('.graphql', '')), answer: await hub.ask(null, { query: operation(name.replace('.graphql', '')) }) })));
    for (const { name, text, answer } of answers) if (!/^# anonymous$/m.test(text)) expect([name, answer.status, answer.data]).toEqual([name, 401, undefined]);
  });
});

describe('27: jurisdiction', () => {
  test('a clerk of the same kind in a sibling county sees no record, by no list and no number', async () => {
    const sibling = { persona: 'petition-officer', org: '12330102MB0000018X', division: '330102000000' };
    const query = '{ matters(first: 50) { nodes { matterNo } } records(first: 50) { nodes { id } } }';
    const [own, other] = [await hub.ask('petition-officer', { query, purpose: 'SUPERVISION' }), await hub.ask(sibling, { query, purpose: 'SUPERVISION' })];
    expect(own.data.matters.nodes.length).toBeGreaterThan(0);
    expect(other.data).toEqual({ matters: { nodes: [] }, records: { nodes: [] } });
  });
});

describe('19: what must not be written down', () => {
  test('no phone and no ID number of the hub’s people in the access log, its files, effects, queues or metrics, after they were read and searched for', async () => {
    const clerk = await hub.claims('township-clerk');
    const { rows } = await hub.pool.query<{ matter_no: string }>(`SELECT DISTINCT m.matter_no FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.assignment a USING (rid) JOIN hub.mention n USING (rid) WHERE a.credit_code = $1 AND m.merged_into IS NULL AND n.phones[1] IS NOT NULL LIMIT 5`, [clerk['org']]);
    const read: Answer[] = [];
    for (const { matter_no } of rows) read.push(await hub.ask('township-clerk', { query: operation('MatterParties'), variables: { matterNo: matter_no }, purpose: 'MEDIATION', matter: matter_no }));
    const shown = people.filter(({ phone }) => read.some(({ text }) => text.includes(phone)));
    expect(shown.length).toBeGreaterThan(0);
    const secret = shown[0]!;
    await hub.ask('township-clerk', { query: `{ "${secret.phone}" }`, purpose: 'MEDIATION' });
    await hub.ask('township-clerk', { query: 'query ($f: MatterFilter) { matters(filter: $f) { nodes { matterNo } } }', variables: { f: { phone: secret.phone, [secret.idNumber]: 1 } }, purpose: 'MEDIATION' });

    const { rows: entries } = await hub.pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry');
    const { rows: tables } = await hub.pool.query<{ name: string }>(`SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND (table_schema IN ('audit', 'bullmq', 'queue') OR table_schema || '.' || table_name IN ('hub.effect', 'hub.sync_run', 'hub.outbox', 'hub.stream'))`);
    const texts = [entries.map(({ bytes }) => bytes.toString('utf8')).join('\n'), ...filesUnder(join(hub.home)).filter((path) => !path.startsWith(hub.dataset) && !/drop/.test(path)).map((path) => readFileSync(path, 'utf8')), await (await fetch(`${hub.url}/metrics`)).text()];
    for (const { name } of tables) texts.push((await hub.pool.query<{ all: string | null }>(`SELECT string_agg(t::text, E'\\n') AS all FROM ${name} t`)).rows[0]?.all ?? '');
    expect(entries.length).toBeGreaterThan(10);
    expect(tables.length).toBeGreaterThan(2);
    expect(texts.flatMap(personsIn)).toEqual([]);
  });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}
