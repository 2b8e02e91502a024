import { expect, it } from 'vitest';
import { withStream } from '../../connectors/pull.ts';
import { connectorOf } from '../../connectors/registry.ts';
import { testDatabase } from '../postgres.ts';

it('a connection that held the lock of a stream keeps the listener of its pool: lost later, it ends no process', async () => {
  const db = await testDatabase();
  const connector = await connectorOf('police');
  let before = 0;
  const held = await withStream(db.pool, connector, connector.streams[0]!, async (client) => {
    before = client.listenerCount('error');
    return client;
  });
  const again = await db.pool.connect();
  expect(again).toBe(held);
  expect(again.listenerCount('error')).toBe(before - 1);
  expect(before).toBeGreaterThan(1);
  again.release();
  await db.drop();
});
