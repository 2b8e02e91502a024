import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const march = '2026-03-01T00:00:00.000Z';
const april = '2026-04-01T00:00:00.000Z';

/** When each milestone was reached first, in whatever order the versions arrived: `hub.earliest` (schema/migrations/0620). */
describe('milestones of two versions put together', () => {
  it.each([
    { why: 'nothing and nothing', a: {}, b: {}, both: {} },
    { why: 'one says nothing', a: { FINISHED: march }, b: {}, both: { FINISHED: march } },
    { why: 'the same', a: { FINISHED: march }, b: { FINISHED: march }, both: { FINISHED: march } },
    { why: 'the earlier of two times', a: { FINISHED: april }, b: { FINISHED: march }, both: { FINISHED: march } },
    { why: 'one says more', a: { FINISHED: march }, b: { ACCEPTED: april, FINISHED: march }, both: { ACCEPTED: april, FINISHED: march } },
    { why: 'each says what the other does not', a: { FINISHED: march }, b: { ACCEPTED: april }, both: { ACCEPTED: april, FINISHED: march } },
    { why: 'one is earlier here, the other there', a: { ACCEPTED: march, FINISHED: april }, b: { ACCEPTED: april, FINISHED: march }, both: { ACCEPTED: march, FINISHED: march } },
  ])('$why', async ({ a, b, both }) => {
    const { rows } = await db.pool.query('SELECT hub.earliest($1, $2) AS ab, hub.earliest($2, $1) AS ba', [JSON.stringify(a), JSON.stringify(b)]);
    expect(rows[0]).toEqual({ ab: both, ba: both });
  });
});
