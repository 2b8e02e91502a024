import { sql, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPool } from '../../base/db.ts';
import { openSession } from '../../subgraphs/session.ts';
import { viewer } from '../policy/viewers.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { orgs, plant, township } from './world.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await plant(db, { rid: 'h1', lead: orgs.centre, division: '510107001003' });
});
afterAll(() => db.drop());

const clerk = viewer({ org: orgs.centre, division: township });

describe('the session of one subgraph request', () => {
  it('reads as the reading role, and only what the viewer may see', async () => {
    const session = openSession(db.pool, clerk);
    const tx = await session.tx();
    expect((await tx.execute(sql`SELECT current_user AS role, count(*)::int AS n FROM hub.record`)).rows).toEqual([{ role: 'yiwang_reader', n: 1 }]);
    await expect(tx.execute(sql`SELECT respondent_org, text_for_matching FROM hub.landed`)).rejects.toThrow();
    await session.end();
  });

  it('refuses a statement that comes after its end: the connection is no longer this viewer\'s', async () => {
    const session = openSession(db.pool, clerk);
    const tx = await session.tx();
    const running = tx.execute(sql`SELECT pg_sleep(0.1), current_user AS role`);
    const ending = session.end();
    const late = tx.execute(sql`SELECT current_user AS role`);
    await expect(late).rejects.toThrow();
    expect((await running.catch(() => ({ rows: [] }))).rows.every((row) => row['role'] === 'yiwang_reader')).toBe(true);
    await ending;
    await expect(tx.execute(sql`SELECT 1`)).rejects.toThrow();
  });

  const unheld: [string, SQL][] = [
    ['a zero byte', sql`SELECT ${'a\u0000b'}::text`],
    ['a year that there is not', sql`SELECT ${'0000-01-01T00:00:00Z'}::timestamptz`],
    ['a year of five digits', sql`SELECT ${new Date('9999-12-31T23:59:59-23:59').toISOString()}::timestamptz`],
    ['a number beyond its type', sql`SELECT ${'99999999999'}::int`],
  ];

  it.each(unheld)('tells of %s that it is the question\'s fault', async (_, asked) => {
    const session = openSession(db.pool, clerk);
    await expect((await session.tx()).execute(asked)).rejects.toMatchObject({ cause: { code: 'BAD_REQUEST' } });
    await session.end();
  });

  it.each(unheld)('tells of %s in a change that it is the change\'s fault', async (_, asked) => {
    const session = openSession(db.pool, clerk);
    await expect(session.change((tx) => tx.execute(asked))).rejects.toMatchObject({ cause: { code: 'BAD_REQUEST' } });
    await session.end();
  });

  it('leaves neither role nor viewer on the connection', async () => {
    for (let round = 0; round < 8; round += 1) {
      const session = openSession(db.pool, clerk);
      await session.tx();
      await session.end();
    }
    const { rows } = await db.pool.query(`SELECT current_user = session_user AS own, hub.viewer('org') AS org`);
    expect(rows).toEqual([{ own: true, org: null }]);
  });

  it('plans a statement once a connection, for whatever values, and goes on doing so after any number of others', async () => {
    const pool = openPool(db.url, { connectionsMax: 1 });
    const asked = async (texts: readonly string[]) => {
      const session = openSession(pool, clerk);
      const tx = await session.tx();
      for (const text of texts) await tx.execute(sql.raw(text));
      await session.end();
    };
    await asked(Array.from({ length: 600 }, (_, index) => `SELECT ${index} AS one_of_many`));
    for (let round = 0; round < 3; round += 1) await asked(['SELECT 1 AS asked_again']);
    const { rows } = await pool.query('SELECT count(*)::int AS statements, max(generic_plans) FILTER (WHERE statement LIKE $1)::int AS generic, max(custom_plans)::int AS custom FROM pg_prepared_statements', ['%asked_again']);
    await pool.end();
    expect(rows).toEqual([{ statements: 1, generic: 3, custom: 0 }]);
  });

  it('changes as the writing role, which reads no record, and reads afterwards what it changed', async () => {
    await db.pool.query(`INSERT INTO hub.stream (department, stream) VALUES ('hotline', 'tickets') ON CONFLICT DO NOTHING`);
    const operator = viewer({ kind: 'OPERATOR', department: 'DATA', purpose: 'DATA_QUALITY' });
    const session = openSession(db.pool, operator);
    const before = await session.tx();
    const role = await session.change(async (tx) => (await tx.execute(sql`SELECT current_user AS role FROM hub.pause_stream('hotline', 'tickets', true, 'test')`)).rows);
    expect(role).toEqual([{ role: 'yiwang_writer' }]);
    await expect(before.execute(sql`SELECT 1`)).rejects.toThrow(); // its connection went back before the change
    expect((await (await session.tx()).execute(sql`SELECT paused FROM hub.stream_report`)).rows).toEqual([{ paused: true }]);
    for (const forbidden of [sql`SELECT name FROM hub.mention`, sql`SELECT rid FROM hub.record`, sql`DELETE FROM hub.effect`, sql`SELECT watermark FROM hub.stream`, sql`UPDATE hub.stream SET watermark = NULL`]) {
      await expect(session.change((tx) => tx.execute(forbidden)), JSON.stringify(forbidden)).rejects.toThrow();
    }
    await session.end();
  });

  it('writes nothing for a viewer whom the tables do not let in, whatever the resolver thinks', async () => {
    const session = openSession(db.pool, clerk);
    const { rows } = await session.change((tx) => tx.execute(sql`SELECT hub.pause_stream('hotline', 'tickets', false, 'test') AS found`));
    expect(rows).toEqual([{ found: false }]);
    await session.end();
  });

  it('takes back a change that fails in the middle', async () => {
    const operator = viewer({ kind: 'OPERATOR', department: 'DATA', purpose: 'DATA_QUALITY' });
    const session = openSession(db.pool, operator);
    await expect(session.change(async (tx) => {
      await tx.execute(sql`SELECT hub.pause_stream('hotline', 'tickets', false, 'test')`);
      await tx.execute(sql`SELECT 1 / 0`);
    })).rejects.toThrow();
    expect((await (await session.tx()).execute(sql`SELECT paused FROM hub.stream_report`)).rows).toEqual([{ paused: true }]);
    await session.end();
  });
});
