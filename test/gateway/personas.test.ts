import { afterAll, beforeAll, expect, it } from 'vitest';
import { personaClaims } from '../../gateway/demo/personas.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

async function divert(to: string, townships: readonly string[]): Promise<void> {
  await db.pool.query(`INSERT INTO hub.organization (credit_code, name, kind, department, tier, division, source) VALUES ($1, $1, 'MEDIATION_ORGANIZATION', 'MEDIATION', 'TOWNSHIP', $2, 'test')`, [to, `${townships[0]}000`]);
  for (const [index, township] of townships.entries()) {
    const rid = `${to}-${index}`;
    await db.pool.query(`INSERT INTO hub.record (rid, department, stream, record_key, type_name, occurred_at, source_updated_at, fetched_at, status, division, division_now) VALUES ($1, 'court', 'prelitigation-cases', $1, 'CourtCase', now(), now(), now(), 'IN_PROGRESS', $2, $2)`, [rid, `${township}001`]);
    await db.pool.query(`INSERT INTO hub.assignment (rid, credit_code, relation) VALUES ($1, $2, 'ASSIST')`, [rid, to]);
    await db.pool.query(`INSERT INTO hub.matter (matter_key, matter_no, status, opened_at, updated_at) VALUES ($1, $1, 'OPEN', now(), now())`, [rid]);
    await db.pool.query(`INSERT INTO hub.matter_member (rid, matter_key, basis, trust_group, evidence) VALUES ($1, $1, 'FOUNDING', $1, '[]')`, [rid]);
  }
}

// A clerk decides on matters of the own township: one whose cases lie in as many townships could not make two matters one.
it('the township clerk has two matters in the own township, and most court cases of those who have', async () => {
  await db.pool.query(`INSERT INTO hub.setting (name, value) VALUES ('region_root', to_jsonb('510107'::text)) ON CONFLICT (name) DO UPDATE SET value = excluded.value`);
  await divert('52510107MJ00000001', ['510107001', '510107004', '510107005']);
  await divert('52510107MJ00000002', ['510107009', '510107009']);
  expect(await personaClaims(db.pool, 'township-clerk')).toMatchObject({ org: '52510107MJ00000002', division: '510107009000' });
  await divert('52510107MJ00000003', ['510107001', '510107004', '510107004', '510107005']);
  expect(await personaClaims(db.pool, 'township-clerk')).toMatchObject({ org: '52510107MJ00000003', division: '510107004000' });
});
