import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readEntry } from '../../audit/entry.ts';
import { openPolicy } from '../../policy/decide.ts';
import { clerk, matterNo, openFixture, type Fixture } from '../gateway/fixture.ts';

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
beforeEach(() => {
  [meanwhile, lastsMs] = [async () => undefined, longMs];
  fixture.faults.set('tickets', async () => {
    await meanwhile();
    await new Promise((resolve) => setTimeout(resolve, lastsMs));
    return { body: { data: { ticket: { status: 'SECRET' } }, extensions: { seen: { fields: [{ coordinate: 'Ticket.status', effect: 'FULL', policy: 'p', reason: 'r', count: 1 }], subjects: [], records: ['r1'] } } } };
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

test('a record that another organisation took over, and its matter with it', async () => {
  meanwhile = sql(`UPDATE hub.assignment SET credit_code = '12330102MB00000018' WHERE rid = 'r1'; UPDATE hub.record SET division_now = '330102001002' WHERE rid = 'r1'`);
  const answer = await ask();
  expect(answer).toMatchObject({ status: 400, data: undefined, errors: [{ extensions: { code: 'MATTER_UNKNOWN' } }] });
  const { rows } = await fixture.database.pool.query<{ bytes: Buffer }>('SELECT bytes FROM audit.entry ORDER BY index DESC LIMIT 1');
  expect(readEntry(rows[0]!.bytes)).toMatchObject({ decision: 'REFUSED', code: 'MATTER_UNKNOWN', coordinates: { full: {} }, recordCount: 0 });
  expect(await ask({ matter: undefined as never })).toMatchObject(withheld); // the row alone: it was gone before this one began
});
