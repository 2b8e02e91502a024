import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPolicy } from '../../policy/decide.ts';
import { recordRelation, rowAccess } from '../../policy/relation.sql.ts';
import { enterViewer } from '../../policy/session.ts';
import type { Viewer } from '../../policy/viewer.ts';
import { clerk, matterNo, openFixture, type Fixture } from '../gateway/fixture.ts';
import { lastEntry } from '../last-entry.ts';
import { viewer } from '../policy/viewers.ts';

/** Rights that end while an operation runs: what was gathered under them does not leave (threats.md, 25). */
let fixture: Fixture;
let version = '';
const longMs = 1_200;

beforeAll(async () => {
  const policy = openPolicy();
  version = policy.version;
  const changing = new Proxy(policy, { get: (target, name) => (name === 'version' ? version : Reflect.get(target, name)) });
  fixture = await openFixture({ policy: changing });
});
afterAll(async () => fixture?.stop());

let meanwhile: () => Promise<unknown>;
let lastsMs = longMs;
/** How the caller stands to the record when it is read. */
let standing = 0;
beforeEach(() => {
  [meanwhile, lastsMs, standing] = [async () => undefined, longMs, 0];
  fixture.faults.set('tickets', async () => {
    await meanwhile();
    await new Promise((resolve) => setTimeout(resolve, lastsMs));
    return { body: { data: { ticket: { status: 'SECRET' } }, extensions: { seen: { fields: [{ coordinate: 'Ticket.status', effect: 'FULL', policy: 'p', reason: 'r', count: 1 }], subjects: [], records: { r1: standing } } } } };
  });
});

const ask = (as: Parameters<Fixture['ask']>[1] = {}) => fixture.ask('{ ticket(no: "T1") { status } }', { purpose: 'MEDIATION', matter: matterNo, ...as });
const sql = (text: string) => () => fixture.database.pool.query(text);
const withheld = { status: 409, data: undefined, errors: [{ extensions: { code: 'RIGHTS_CHANGED', retryable: true } }] };

test('what nobody touches is answered', async () => {
  expect(await ask()).toMatchObject({ status: 200, data: { ticket: { status: 'SECRET' } } });
});

test('a policy that changes, however quick the operation', async () => {
  const before = version;
  [meanwhile, lastsMs] = [async () => (version = 'another'), 0];
  const answer = await ask();
  version = before;
  expect(answer).toMatchObject(withheld);
  expect(answer.text).not.toContain('SECRET');
});

test('a token that ends', async () => {
  const authorization = `Bearer ${await fixture.token(clerk, 1)}`;
  lastsMs = 7_000; // clocks may differ by five seconds
  expect(await ask({ as: null, headers: { authorization } })).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});

describe('where another record keeps the matter in sight', () => {
  const reader = viewer({ org: clerk.org, division: clerk.division, matterKey: 'm1' });
  beforeAll(async () => {
    await sql(`INSERT INTO hub.record (rid, department, stream, record_key, type_name, fetched_at, division_now) VALUES ('r2', 'hotline', 'tickets', 'T2', 'HotlineTicket', now(), '510107001002');
      INSERT INTO hub.assignment (rid, credit_code, relation) VALUES ('r2', '${clerk.org}', 'LEAD'); INSERT INTO hub.matter_member (rid, matter_key, basis, evidence) VALUES ('r2', 'm1', 'INFERRED', '[]')`)();
  });
  afterAll(sql(`DELETE FROM hub.record WHERE rid = 'r2'; INSERT INTO hub.assignment (rid, credit_code, relation) VALUES ('r1', '${clerk.org}', 'LEAD'); UPDATE hub.record SET confidential = false`));

  test('an assignment: what it opened does not leave, what stays open does', async () => {
    standing = await standingOf(reader);
    meanwhile = sql(`DELETE FROM hub.assignment WHERE rid = 'r1'`);
    expect(await ask()).toMatchObject(withheld);
    standing = await standingOf(reader);
    expect(await ask()).toMatchObject({ status: 200, data: { ticket: { status: 'SECRET' } } });
  });

  test('the openness of a record that is confidential from now on', async () => {
    standing = await standingOf(reader);
    meanwhile = sql(`UPDATE hub.record SET confidential = true WHERE rid = 'r1'`);
    expect(await ask()).toMatchObject(withheld);
  });
});

test('a record that another organisation took over, and its matter with it', async () => {
  meanwhile = sql(`UPDATE hub.assignment SET credit_code = '12330102MB00000018' WHERE rid = 'r1'; UPDATE hub.record SET division_now = '330102001002' WHERE rid = 'r1'`);
  const answer = await ask();
  expect(answer).toMatchObject({ status: 400, data: undefined, errors: [{ extensions: { code: 'MATTER_UNKNOWN' } }] });
  expect(await lastEntry(fixture.database.pool)).toMatchObject({ decision: 'REFUSED', code: 'MATTER_UNKNOWN', coordinates: { full: {} }, recordCount: 0 });
  expect(await ask({ matter: undefined as never })).toMatchObject(withheld); // the row alone: it was gone before this one began
});

/** As a subgraph reports it that read the record for this viewer. */
async function standingOf(reader: Viewer): Promise<number> {
  const client = await fixture.database.pool.connect();
  try {
    await enterViewer(client, reader);
    const { rows } = await client.query<{ relation: number }>(`SELECT ${recordRelation('r')} AS relation FROM hub.record r WHERE rid = 'r1'`);
    return rowAccess({ department: 'hotline', rid: 'r1', relation: Number(rows[0]!.relation) }).standing!;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
