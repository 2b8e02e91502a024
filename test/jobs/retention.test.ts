import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import { loadReference } from '../../jobs/reference.ts';
import { deletedBeforeSql, retentionSql, retentionYearsMin } from '../../policy/retention.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

let hub: TestDatabase;
beforeAll(async () => {
  hub = await testDatabase();
  await hub.pool.query(`INSERT INTO hub.setting (name, value) VALUES ('divisions_loaded', '0')`); // half a million rows that nothing here reads
  await loadReference(hub.pool);
});
afterAll(() => hub?.drop());

async function isPast(department: string, stream: string, years: number, days: number): Promise<boolean> {
  const at = "now() - make_interval(years => $3, days => $4)";
  const { rows } = await hub.pool.query(`SELECT ${retentionSql('r')} AS past FROM (SELECT $1::text AS department, $2::text AS stream, ${at} AS source_updated_at, NULL::timestamptz AS occurred_at) r`, [department, stream, years, days]);
  return rows[0].past;
}

it('a record is past its retention one day after the period that its connector declares', async () => {
  for (const { department, streams } of (await connectors()).values()) {
    for (const { name, retention } of streams) {
      expect([department, name, await isPast(department, name, retention.years, -1), await isPast(department, name, retention.years, 1)]).toEqual([department, name, false, true]);
    }
  }
});

it('a stream that declared none has the shortest', async () => {
  expect([await isPast('elsewhere', 'unknown', retentionYearsMin, -1), await isPast('elsewhere', 'unknown', retentionYearsMin, 1)]).toEqual([false, true]);
});

it('a record is deleted when the time that it stays masked is over as well, and never before it is masked', async () => {
  for (const { department, streams } of (await connectors()).values()) {
    for (const { name, retention } of streams) {
      const { rows } = await hub.pool.query(`SELECT ${deletedBeforeSql('$1', '$2')} = now() - make_interval(years => $3) AS is`, [department, name, retention.years + (retention.maskedYears ?? 1)]);
      expect([department, name, rows[0].is]).toEqual([department, name, true]);
    }
  }
});

it('nothing of a stream that declared no period is deleted', async () => {
  expect((await hub.pool.query(`SELECT ${deletedBeforeSql('$1', '$2')} AS before`, ['elsewhere', 'unknown'])).rows).toEqual([{ before: null }]);
});

it('a period that was changed in the declaration replaces the old one, with its basis', async () => {
  await hub.pool.query(`UPDATE hub.retention SET years = 99, masked_years = 98, basis = 'old'`);
  await loadReference(hub.pool);
  const { rows } = await hub.pool.query('SELECT department, stream, years, masked_years, basis FROM hub.retention ORDER BY department, stream');
  const declared = [...(await connectors()).values()].flatMap(({ department, streams }) => streams.map(({ name, retention }) => ({ department, stream: name, years: retention.years, masked_years: retention.maskedYears ?? 1, basis: retention.basis.zh })));
  expect(rows).toEqual(declared.sort((a, b) => (`${a.department} ${a.stream}` < `${b.department} ${b.stream}` ? -1 : 1)));
});
