import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccessLog } from '../../audit/log.ts';
import { verifierKey } from '../../audit/note.ts';
import { subjectTag } from '../../audit/subjects.ts';
import { hubStatus } from '../../jobs/status.ts';
import { enterViewer } from '../../policy/session.ts';
import type { Viewer } from '../../policy/viewer.ts';
import { resident, viewer } from '../policy/viewers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { master, openWorld, orgs, plant, secret, township, type World } from './world.ts';

let db: TestDatabase;
let world: World;

const operator = viewer({ kind: 'OPERATOR', department: 'DATA', tier: 'COUNTY', division: '510107000000', purpose: 'DATA_QUALITY', matterKey: null, matterNo: null });
const auditor = viewer({ kind: 'AUDITOR', department: 'AUDIT', tier: 'CITY', division: '510100000000', purpose: 'AUDIT', matterKey: null, matterNo: null });
const clerk = viewer({ org: orgs.centre, division: township });
const developer = viewer({ kind: 'APP', department: 'DATA', tier: 'COUNTY', division: '510107000000', purpose: null, matterKey: null, matterNo: null });

beforeAll(async () => {
  db = await testDatabase();
  world = await openWorld(db, { log: { publicKey: verifierKey('test/log', generateKeyPairSync('ed25519').publicKey) } });
  await db.pool.query(`INSERT INTO hub.stream (department, stream, totals, drift, fresh_through) VALUES ('hotline', 'tickets', $1, '{"newColumn": 3}', '2026-05-01T00:00:00Z') ON CONFLICT (department, stream) DO UPDATE SET totals = excluded.totals, drift = excluded.drift`, [JSON.stringify({ offered: 7, published: 3, unchanged: 1, dropped: { DUPLICATE_EVENT: 2 }, quarantined: { SCHEMA: 1 } })]);
  await db.pool.query(`INSERT INTO hub.record_head (department, stream, key_hmac, version_order, state, repaired, quarantined_values) VALUES ('hotline', 'tickets', 'k1', '1', 'LIVE', '{"ID_15": 1}', '{"ID_CHECK_DIGIT": 1}'), ('hotline', 'tickets', 'k2', '1', 'TOMBSTONE', '{}', '{}')`);
  for (let n = 1; n <= 3; n += 1) await db.pool.query(`INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, requested_at, counts) VALUES ($1, 'hotline', 'tickets', 'PUSH', 'SUCCEEDED', 'schedule', $2, '{"offered": 2}')`, [`00000000-0000-0000-0000-00000000000${n}`, `2026-05-0${n}T00:00:00Z`]);
  await db.pool.query(`INSERT INTO hub.quarantine (department, stream, reason, position, content_hmac, content, sample) VALUES ('hotline', 'tickets', 'SCHEMA', '12', 'c', $1, '{"requester": "吴**"}')`, [JSON.stringify({ name: secret.requester })]);
  await plant(db, { rid: 'h1', lead: orgs.centre, person: { name: secret.reporter, idHmac: 'own' } });
  const log = await openAccessLog({ pool: db.pool });
  const seen = { coordinates: { full: { 'Person.name': 1 }, masked: {}, withheld: { 'Person.idNumber': 1 } }, org: orgs.centre, department: 'MEDIATION', purpose: 'MEDIATION', legalBasis: '人民调解法', decision: 'ALLOWED' as const };
  await log.append({ ...seen, subjects: [subjectTag(master, 'm-h1', new Date())] });
  await log.append({ ...seen, subjects: [subjectTag(master, 'm-somebody-else', new Date())] });
  await log.append({ ...seen, subjects: [subjectTag(master, 'm-h1', new Date())], disclosedFrom: '2999-01-01T00:00:00Z' });
  await log.close();
});
afterAll(async () => {
  await world?.subgraphs.stop();
  await db.drop();
});

describe('an operator', () => {
  it('reads freshness, counts that add up, the last run, and masked samples', async () => {
    const { data } = await world.ask('hub', operator, '{ connectors { department streams { stream freshThrough counts { offered published unchanged superseded tombstones dropped { reason count } quarantined { reason count } quarantinedValues { reason count } repaired { reason count } live deleted } drift { reason count } lastRun { id } } } }');
    const hotline = data['connectors'].find((one: { department: string }) => one.department === 'hotline');
    expect(hotline.streams.find((one: { stream: string }) => one.stream === 'tickets')).toEqual({
      stream: 'tickets',
      freshThrough: '2026-05-01T00:00:00.000Z',
      counts: { offered: 7, published: 3, unchanged: 1, superseded: 0, tombstones: 0, dropped: [{ reason: 'DUPLICATE_EVENT', count: 2 }], quarantined: [{ reason: 'SCHEMA', count: 1 }], quarantinedValues: [{ reason: 'ID_CHECK_DIGIT', count: 1 }], repaired: [{ reason: 'ID_15', count: 1 }], live: 1, deleted: 1 },
      drift: [{ reason: 'newColumn', count: 3 }],
      lastRun: { id: '00000000-0000-0000-0000-000000000003' },
    });
    expect(world.statements).toHaveLength(2);
  });

  it('is told of deliveries that were refused or wait, and of none that is in order; nobody else is', async () => {
    const asked = '{ connectors { department deliveries { folder state reason asOf } } }';
    await db.pool.query("INSERT INTO hub.delivery (department, folder, as_of, kind, manifest_sha256, state, reason) VALUES ('hotline', '20260301', '2026-03-01', 'INCREMENT', 'x', 'REFUSED', 'HASH_MISMATCH'), ('hotline', '20260302', '2026-03-02', 'INCREMENT', 'x', 'ACCEPTED', NULL), ('hotline', '20260303', NULL, NULL, NULL, 'WAITING', 'NO_MANIFEST')");
    const { data } = await world.ask('hub', operator, asked);
    expect(data['connectors'].find((one: { department: string }) => one.department === 'hotline').deliveries).toEqual([
      { folder: '20260303', state: 'WAITING', reason: 'NO_MANIFEST', asOf: null },
      { folder: '20260301', state: 'REFUSED', reason: 'HASH_MISMATCH', asOf: '2026-03-01T00:00:00.000Z' },
    ]);
    expect(JSON.stringify((await world.ask('hub', developer, asked)).data)).not.toContain('20260301');
    await db.pool.query('TRUNCATE hub.delivery');
  });

  it('and the status of the command line tell the same last run, which is no comparison with the source', async () => {
    const id = '00000000-0000-0000-0000-00000000000f';
    await db.pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, requested_at) VALUES ($1, 'hotline', 'tickets', 'RECONCILE', 'SUCCEEDED', 'schedule', '2026-05-09T00:00:00Z')", [id]);
    const { data } = await world.ask('hub', operator, '{ connectors { department streams { stream lastRun { id } } } }');
    const told = data['connectors'].find((one: { department: string }) => one.department === 'hotline').streams.find((one: { stream: string }) => one.stream === 'tickets').lastRun.id;
    expect(told).toBe('00000000-0000-0000-0000-000000000003');
    expect((await hubStatus(db.pool)).streams.find((one) => one.stream === 'tickets')?.lastRun?.id).toBe(told);
    await db.pool.query('DELETE FROM hub.sync_run WHERE id = $1', [id]);
  });

  it('pages through runs and reads the quarantine without its content', async () => {
    const first = await world.ask('hub', operator, '{ syncRuns(first: 2) { nodes { id counts { offered } } pageInfo { hasNextPage endCursor } } quarantine { nodes { reason position sample } } }');
    expect(first.data['syncRuns'].nodes.map((node: { id: string }) => node.id.at(-1))).toEqual(['3', '2']);
    expect(first.data['quarantine'].nodes).toEqual([{ reason: 'SCHEMA', position: '12', sample: '{"requester": "吴**"}' }]);
    expect(JSON.stringify(first)).not.toContain(secret.requester);
    const next = await world.ask('hub', operator, `{ syncRuns(first: 2, after: "${first.data['syncRuns'].pageInfo.endCursor}") { nodes { id } pageInfo { hasNextPage } } }`);
    expect(next.data['syncRuns']).toEqual({ nodes: [{ id: '00000000-0000-0000-0000-000000000001' }], pageInfo: { hasNextPage: false } });
  });

  it('is told of held runs that wait for an approval, and of a dry run among all runs only', async () => {
    const [held, dry] = ['00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000a2'];
    await db.pool.query("INSERT INTO hub.sync_run (id, department, stream, mode, status, requested_by, requested_at) VALUES ($1, 'hotline', 'tickets', 'INCREMENT', 'HELD', 'test', '2026-05-10T00:00:00Z'), ($2, 'hotline', 'tickets', 'DRY_RUN', 'HELD', 'test', '2026-05-11T00:00:00Z')", [held, dry]);
    const { data } = await world.ask('hub', operator, '{ held: syncRuns(status: HELD) { nodes { id } } all: syncRuns(first: 2) { nodes { id } } }');
    expect(data).toEqual({ held: { nodes: [{ id: held }] }, all: { nodes: [{ id: dry }, { id: held }] } });
    await db.pool.query('DELETE FROM hub.sync_run WHERE id = ANY ($1)', [[held, dry]]);
  });

  it('reads no record and no access log', async () => {
    expect((await world.ask('matter', operator, '{ records { nodes { id } } matters { nodes { matterNo } } }')).data).toEqual({ records: null, matters: null });
    expect((await world.ask('hub', operator, '{ accessLog { nodes { index } } verifyAccessLog { whole } }')).data).toEqual({ accessLog: null, verifyAccessLog: null });
  });
});

describe('an instant that there is not', () => {
  it.each(['2026-02-31T00:00:00Z', '9999-12-31T23:59:59-23:59'])('%s is refused, written into the operation or given beside it', async (since) => {
    const rerun = (given: string) => `rerunConnector(department: "hotline", stream: "tickets", since: ${given}) { id }`;
    for (const [query, variables] of [[`mutation { ${rerun(`"${since}"`)} }`, {}], [`mutation($since: DateTime) { ${rerun('$since')} }`, { since }]] as const) {
      expect((await world.ask('hub', operator, query, variables)).body.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
    }
  });
});

describe('changes by an operator', () => {
  const pause = 'mutation($stream: String!) { pauseStream(department: "hotline", stream: $stream) { stream paused pausedAt } }';
  const streams = async () => (await db.pool.query<{ paused: boolean }>(`SELECT paused FROM hub.stream WHERE department = 'hotline' AND stream = 'tickets'`)).rows[0]!.paused;

  it('pause and resume a stream, and leave a row that says who', async () => {
    const { data, body } = await world.ask('hub', operator, pause, { stream: 'tickets' });
    expect(body.errors).toBeUndefined();
    expect(data['pauseStream']).toEqual({ stream: 'tickets', paused: true, pausedAt: expect.stringMatching(/^\d{4}-/) });
    expect(await streams()).toBe(true);
    for (const choice of ['stream: "tickets"', 'dryRun: false']) {
      const { body: asked } = await world.ask('hub', operator, `mutation { rerunConnector(department: "hotline", ${choice}) { id } }`);
      expect(asked.errors).toMatchObject([{ extensions: { code: 'STREAM_PAUSED' } }]);
    }
    const { data: resumed } = await world.ask('hub', operator, 'mutation { resumeStream(department: "hotline", stream: "tickets") { paused pausedAt } }');
    expect(resumed['resumeStream']).toEqual({ paused: false, pausedAt: null });
    const { rows } = await db.pool.query('SELECT coordinate, caller, kind, org, purpose, subject, trace_id FROM hub.effect ORDER BY id');
    expect(rows).toMatchObject([{ coordinate: 'Mutation.pauseStream', kind: 'OPERATOR', org: operator.org, purpose: 'DATA_QUALITY', subject: 'hotline/tickets', trace_id: operator.traceId, caller: expect.stringMatching(/^[0-9a-f]{32}$/) }, { coordinate: 'Mutation.resumeStream' }]);
  });

  it('name what is not there', async () => {
    const { data, body } = await world.ask('hub', operator, pause, { stream: 'nothing' });
    expect([data['pauseStream'], body.errors?.[0]?.extensions.code]).toEqual([null, 'NOT_FOUND']);
    expect((await db.pool.query('SELECT 1 FROM hub.effect WHERE subject = $1', ['hotline/nothing'])).rowCount).toBe(0);
  });

  it.each([
    ['pauseStream', 'mutation($text: String!) { pauseStream(department: "hotline", stream: $text) { stream } }'],
    ['rerunConnector', 'mutation($text: String!) { rerunConnector(department: "hotline", stream: $text) { id } }'],
    ['releaseQuarantine', 'mutation($text: String!) { releaseQuarantine(department: $text) { id } }'],
  ])('%s says of a character that no text can hold that it is the request\'s fault', async (_, mutation) => {
    const { body } = await world.ask('hub', operator, mutation, { text: 'a\u0000b' });
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });

  it.each([['a clerk', clerk], ['an auditor', auditor], ['a developer', developer], ['a resident', resident()]])('are refused to %s by the subgraph too, and nothing is written', async (_, caller) => {
    const { data, body } = await world.ask('hub', caller, pause, { stream: 'tickets' });
    expect(data['pauseStream']).toBeNull();
    expect((body.extensions as { seen: { fields: unknown[] } }).seen.fields).toMatchObject([{ coordinate: 'Mutation.pauseStream', effect: 'WITHHELD' }]);
    expect(world.statements).toEqual([]);
    expect(await streams()).toBe(false);
  });
});

async function usesReadBy(reader: Viewer): Promise<number | null> {
  const client = await db.pool.connect();
  await enterViewer(client, reader);
  const { rowCount } = await client.query(`SELECT 1 FROM hub.access_use('-infinity', 'infinity') WHERE viewer IN ('many', 'emergency')`);
  await client.query('ROLLBACK');
  client.release();
  return rowCount;
}

describe('an auditor', () => {
  it('reads the log, newest first, and that it is whole', async () => {
    const { data } = await world.ask('hub', auditor, '{ accessLog(first: 2) { nodes { index organization purpose legalBasis fields { coordinate effect count } } pageInfo { hasNextPage } } verifyAccessLog { whole size findings { code } } }');
    expect(data['accessLog'].nodes.map((node: { index: number }) => node.index)).toEqual([2, 1]);
    expect(data['accessLog'].nodes[0]).toMatchObject({ organization: orgs.centre, purpose: 'MEDIATION', fields: [{ coordinate: 'Person.name', effect: 'FULL', count: 1 }, { coordinate: 'Person.idNumber', effect: 'WITHHELD', count: 1 }] });
    expect(data['accessLog'].pageInfo.hasNextPage).toBe(true);
    expect(data['verifyAccessLog']).toEqual({ whole: true, size: 3, findings: [] });
  });

  it('is told of unusual uses, counted from the log, and of a window that is none', async () => {
    const log = await openAccessLog({ pool: db.pool });
    const subjects = Array.from({ length: 501 }, (_, index) => subjectTag(master, `m-${index}`, new Date()));
    await log.append({ viewer: 'many', org: orgs.centre, department: 'MEDIATION', tier: 'TOWNSHIP', purpose: 'MEDIATION', recordCount: 260, decision: 'ALLOWED', subjects });
    await log.append({ viewer: 'emergency', org: orgs.centre, department: 'MEDIATION', tier: 'TOWNSHIP', purpose: 'MEDIATION', recordCount: 1, decision: 'ALLOWED', breakGlass: '00000000-0000-4000-8000-000000000001' });
    await log.append({ viewer: 'nobody', org: orgs.centre, purpose: 'MEDIATION', decision: 'REFUSED', code: 'LIMIT_EXCEEDED', recordCount: 900 });
    await log.close();
    const window = `{ from: "${new Date(Date.now() - 3_600_000).toISOString()}", before: "${new Date(Date.now() + 3_600_000).toISOString()}" }`;
    const asked = `{ accessAnomalies(window: ${window}) { kind viewer organization purpose count usualMax peers firstIndex lastIndex } }`;
    const { data } = await world.ask('hub', auditor, asked);
    expect(data['accessAnomalies']).toEqual([
      { kind: 'FAR_ABOVE_PEERS', viewer: 'many', organization: orgs.centre, purpose: 'MEDIATION', count: 260, usualMax: 250, peers: 1, firstIndex: 3, lastIndex: 3 },
      { kind: 'FULL_WITHOUT_ASSIGNMENT', viewer: 'emergency', organization: orgs.centre, purpose: 'MEDIATION', count: 1, usualMax: 0, peers: 0, firstIndex: 4, lastIndex: 4 },
      { kind: 'MANY_SUBJECTS', viewer: 'many', organization: orgs.centre, purpose: 'MEDIATION', count: 501, usualMax: 500, peers: 1, firstIndex: 3, lastIndex: 3 },
    ]);
    const late = await world.ask('hub', auditor, '{ accessAnomalies(window: { from: "2026-01-01T00:00:00Z", before: "2026-03-01T00:00:00Z" }) { kind } }');
    expect(late.body.errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
    for (const other of [clerk, operator, developer, resident()]) expect((await world.ask('hub', other, asked)).data).toEqual({ accessAnomalies: null });
    for (const [reader, rows] of [[auditor, 2], [clerk, 0], [resident(), 0]] as const) expect(await usesReadBy(reader), reader.kind).toBe(rows); // the wall behind it
  });

  it('reads no run and no record', async () => {
    expect((await world.ask('hub', auditor, '{ connectors { department } quarantine { nodes { id } } }')).data).toEqual({ connectors: null, quarantine: null });
    expect((await world.ask('matter', auditor, '{ records { nodes { id } } }')).data).toEqual({ records: null });
  });
});

describe('a resident', () => {
  it('reads who looked at their own mentions, but for what is under a lawful delay', async () => {
    const { data } = await world.ask('hub', resident(), '{ myAccessHistory { time organization { creditCode } purpose fields legalBasis proof } }');
    expect(data['myAccessHistory']).toEqual([{ time: expect.any(String), organization: { creditCode: orgs.centre }, purpose: 'MEDIATION', fields: ['Person.name'], legalBasis: '人民调解法', proof: null }]);
  });

  it('reads nothing of anybody else', async () => {
    expect((await world.ask('hub', resident({ idHmac: 'another' }), '{ myAccessHistory { time } }')).data).toEqual({ myAccessHistory: [] });
    expect((await world.ask('hub', clerk, '{ myAccessHistory { time } accessLog { nodes { index } } connectors { department } }')).data).toEqual({ myAccessHistory: null, accessLog: null, connectors: null });
  });
});

describe('a developer', () => {
  it('asks what a township mediator would see, and no record is read', async () => {
    const operation = '{ matter(matterNo: "M1") { status parties { person { name idNumber } } } }';
    const { data } = await world.ask('hub', developer, 'query($o: String!) { explainAccess(operation: $o, as: { kind: CLERK, tier: TOWNSHIP, department: "MEDIATION", purpose: MEDIATION, withMatter: true }) { coordinate path effect policy reason { code zh en } basis conditions } }', { o: operation });
    const of = (coordinate: string) => data['explainAccess'].find((one: { coordinate: string }) => one.coordinate === coordinate);
    expect(of('Person.name')).toMatchObject({ path: 'matter.parties.person.name', effect: 'FULL', policy: 'personal.assigned', reason: { zh: expect.stringMatching(/\p{Script=Han}/u) } });
    expect(of('Person.name').conditions).toContain('row.confidential');
    expect(of('Person.idNumber')).toMatchObject({ effect: 'MASKED' });
    expect(world.statements).toHaveLength(0);
  });

  it('reads the policy matrix of a type, and is told to narrow the whole of it', async () => {
    const { data } = await world.ask('hub', developer, '{ policyMatrix(kind: CLERK, tier: COUNTY, purpose: SUPERVISION, type: "Person") { coordinate class effect } }');
    expect(data['policyMatrix']).toContainEqual({ coordinate: 'Person.name', class: 'PERSONAL', effect: 'MASKED' });
    expect((await world.ask('hub', developer, '{ policyMatrix { coordinate } }')).body.errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
  });

  it('does not see what only the federation needs', async () => {
    const { body } = await world.ask('hub', developer, 'query($o: String!) { explainAccess(operation: $o, as: { kind: CLERK }) { path } }', { o: '{ me { entityKey } }' });
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  });
});
