import { expect, test } from 'vitest';
import { migrate } from '../../base/migrate.ts';
import { testDatabase } from '../postgres.ts';

test('a database that has a migration as it once was goes on; one that has it changed otherwise is refused', async () => {
  const database = await testDatabase();
  try {
    const recorded = (sha256: string) => database.pool.query("UPDATE public.yiwang_migration SET sha256 = $1 WHERE name = '0740_access_use.sql'", [sha256]);
    await recorded('b27f8f277bde9f65f128cce19dfd271898cf08408daabf7428b6ad2628962324');
    expect(await migrate(database.pool)).toEqual([]);
    await recorded('00');
    await expect(migrate(database.pool)).rejects.toThrow(/`0740_access_use.sql` changed after it was applied/);
  } finally {
    await database.drop();
  }
});

test('bytes that are no JSON object are none, whatever they are', async () => {
  const database = await testDatabase();
  try {
    const told = ['{"a":1}', '[1]', '{"a":', '', 'ÿ\u0001'].map((text) => Buffer.from(text, 'latin1'));
    const { rows } = await database.pool.query<{ value: unknown }>('SELECT hub.json_object(bytes) AS value FROM unnest($1::bytea[]) WITH ORDINALITY AS x(bytes, nth) ORDER BY nth', [told]);
    expect(rows.map(({ value }) => value)).toEqual([{ a: 1 }, null, null, null, null]);
  } finally {
    await database.drop();
  }
});
