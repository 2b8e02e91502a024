import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../connectors/limits.ts';
import { eventsPerPage } from '../../connectors/sources/events.ts';
import { dispatch } from '../../jobs/dispatch.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

const full = eventsPerPage(limits);
const never = 3_600_000;

describe('events of a push in full flow', () => {
  let hub: TestDatabase;
  beforeAll(async () => void (hub = await testDatabase()));
  afterAll(() => hub?.drop());
  const wait = (rows: number, events: number) => hub.pool.query("INSERT INTO hub.waiting_event (department, stream, events, content) SELECT 'hotline', 'tickets', $2, '[]' FROM generate_series(1, $1)", [rows, events]);
  const runs = async () => {
    await dispatch(hub.pool, { ring: async () => undefined } as never, { pushQuietMs: never, settleQuietMs: never });
    return (await hub.pool.query("SELECT mode, status FROM hub.sync_run WHERE requested_by = 'push'")).rows;
  };

  test('are gathered, and applied when they fill a page', async () => {
    await wait(9, full / 10);
    await wait(1, full / 10 - 1);
    expect(await runs()).toEqual([]);
    await wait(1, 1);
    expect(await runs()).toEqual([{ mode: 'PUSH', status: 'DUE' }]);
  });
});
