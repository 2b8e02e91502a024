import { afterAll, expect, test } from 'vitest';
import { testDatabase } from '../postgres.ts';

const database = await testDatabase();
afterAll(() => database.drop());

test('a test gets a migrated database of its own', async () => {
  const { rows } = await database.pool.query<{ names: number }>('SELECT count(*) AS names FROM public.yiwang_migration');
  expect(rows[0]?.names).toBeGreaterThan(0);
  const other = await testDatabase();
  await other.pool.query('CREATE TABLE only_here (x int)');
  const { rows: found } = await database.pool.query("SELECT to_regclass('only_here') AS name");
  expect(found[0]).toEqual({ name: null });
  await other.drop();
});
