import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { deliver } from './deliver.ts';
import { pull } from './sample.ts';

let hub: TestDatabase;
beforeAll(async () => void (hub = await testDatabase()));
afterAll(() => hub?.drop());

interface Change {
  key: string;
  /** Null: it is deleted at the source, which an increment does not say. */
  state: string | null;
}
interface Day {
  changes: Change[];
  kind: 'INCREMENT' | 'SNAPSHOT' | 'NONE';
  /** Its snapshot has a row that nobody can read. */
  blind: boolean;
}

const states = ['受理', '审核', '批准', '终止'];
const change = fc.record({ key: fc.constantFrom('A', 'B', 'C', 'D'), state: fc.option(fc.constantFrom(...states), { freq: 3 }) });
const day = fc.record({ changes: fc.array(change, { maxLength: 3 }), kind: fc.constantFrom('INCREMENT' as const, 'INCREMENT' as const, 'SNAPSHOT' as const, 'NONE' as const), blind: fc.boolean() });

/** What a source says of itself day by day: rows of key, state and update time. */
function deliveriesOf(days: readonly Day[]) {
  const now = new Map<string, { state: string; day: string }>();
  let changed = new Set<string>();
  return days.flatMap(({ changes, kind, blind }, index) => {
    const date = `2026-03-${String(index + 1).padStart(2, '0')}`;
    for (const { key, state } of changes) {
      if (state === null) now.delete(key);
      else now.set(key, { state, day: date });
      changed.add(key);
    }
    if (kind === 'NONE') return [];
    const rows = [...now].filter(([key]) => kind === 'SNAPSHOT' || changed.has(key)).map(([key, { state, day: updated }]) => [key, state, updated]);
    changed = new Set();
    const isBlind = kind === 'SNAPSHOT' && blind;
    return [{ kind, asOf: date, isBlind, rows: isBlind ? [...rows, ['', '受理', date]] : rows }];
  });
}

type Delivered = ReturnType<typeof deliveriesOf>;

/** As sources.md says it, in the order of `asOf`, one delivery after the other. */
function ended(deliveries: Delivered): { live: Record<string, string>; deleted: string[] } {
  const known = new Map<string, { state: string; updated: string; live: boolean }>();
  for (const { kind, isBlind, rows } of deliveries) {
    for (const [key, state, updated] of rows as [string, string, string][]) {
      if (key !== '' && (known.get(key)?.updated ?? '') <= updated) known.set(key, { state, updated, live: true });
    }
    if (kind === 'SNAPSHOT' && !isBlind) for (const [key, one] of known) if (!rows.some((row) => row[0] === key)) one.live = false;
  }
  const live = [...known].filter(([, one]) => one.live).map(([key, one]) => [key, one.state] as const);
  return { live: Object.fromEntries(live.sort()), deleted: [...known].filter(([, one]) => !one.live).map(([key]) => key).sort() };
}

it('deliveries that arrive in any order end as in the order of `asOf`', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(day, { minLength: 3, maxLength: 8 }), fc.infiniteStream(fc.nat(1_000)), fc.infiniteStream(fc.boolean()), async (days, chance, pause) => {
      const deliveries = deliveriesOf(days);
      await hub.pool.query('TRUNCATE hub.stream, hub.record, hub.mention, hub.mention_self, hub.assignment, hub.landed, hub.record_head, hub.version_seen, hub.quarantine, hub.delivery CASCADE');
      const folder = mkdtempSync(join(tmpdir(), 'yiwang-order-'));
      try {
        const sync = () => pull(hub.pool, 'civil', 'jzsq', { CIVIL_SOURCE_URL: pathToFileURL(folder).href });
        const arriving = deliveries.map((one) => ({ one, rank: chance.next().value as number })).sort((a, b) => a.rank - b.rank).map(({ one }) => one);
        for (const [index, { kind, asOf, rows }] of arriving.entries()) {
          deliver(folder, `202605${String(index + 1).padStart(2, '0')}`, kind, asOf, rows as string[][]);
          if (pause.next().value) await sync();
        }
        await sync();
        const { rows: records } = await hub.pool.query<{ key: string; status: string }>('SELECT r.record_key AS key, a.status FROM hub.record r JOIN civil.application a USING (rid) ORDER BY 1');
        const { rows: heads } = await hub.pool.query<{ n: number }>("SELECT count(*) AS n FROM hub.record_head WHERE state = 'TOMBSTONE'");
        const expected = ended(deliveries);
        expect({ live: Object.fromEntries(records.map(({ key, status }) => [key, status])), deleted: heads[0]!.n }).toEqual({ live: expected.live, deleted: expected.deleted.length });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 25 },
  );
});
