import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getTableColumns, getTableName, isTable } from 'drizzle-orm';
import { Cron } from 'croner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { departments, projectRoot } from '../../base/departments.ts';
import { statements, type Connector, type Stream } from '../../connectors/contract.ts';
import { fold } from '../../connectors/fold.ts';
import { judge, type Judged, type Offered } from '../../connectors/judge.ts';
import { lineage } from '../../connectors/lineage.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { keys } from './sample.ts';

interface Sample extends Omit<Offered, 'position'> {
  stream: string;
  why: string;
  ends: Judged['kind'];
  reason?: string;
  never?: string[];
  repaired?: string[];
  quarantinedValues?: string[];
  droppedFields?: Record<string, number>;
}

const samples = (department: string) => JSON.parse(readFileSync(join(projectRoot(), 'connectors', department, 'samples.json'), 'utf8')) as Sample[];
const judged = async (department: string, sample: Sample) => judge(department, streamOf(await connectorOf(department), sample.stream), { ...sample, position: 'sample' }, keys);

describe.each(departments)('connector %s', (department) => {
  let connector: Connector;
  let hub: TestDatabase;
  beforeAll(async () => {
    connector = await connectorOf(department);
    hub = await testDatabase();
  });
  afterAll(() => hub?.drop());

  it('has schedules that are real, and lineage for everything it maps', () => {
    for (const { cron, tz } of [connector.schedule, connector.reconcile]) expect(new Cron(cron, { timezone: tz }).nextRun()).toBeInstanceOf(Date);
    const lines = lineage(connector);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line.reads.length, line.target).toBeGreaterThan(0);
  });

  it.each(['title', 'legalBasis', 'retention'] as const)('says its %s in both languages, or is not connected', (name) => {
    for (const stream of connector.streams) {
      expect(statements.safeParse(stream).error).toBeUndefined();
      expect(statements.safeParse({ ...stream, [name]: undefined }).success).toBe(false);
    }
    const { retention } = connector.streams[0]!;
    for (const basis of [{ zh: '', en: 'x' }, { zh: 'x', en: 'x' }, { zh: '规定', en: '规定' }]) expect(statements.safeParse({ ...connector.streams[0], retention: { ...retention, basis } }).success).toBe(false);
    for (const maskedYears of [0, 0.5, 101]) expect(statements.safeParse({ ...connector.streams[0], retention: { ...retention, maskedYears } }).success).toBe(false);
    for (const years of [0, 0.5, 101]) expect(statements.safeParse({ ...connector.streams[0], retention: { ...retention, years } }).success).toBe(false);
  });

  it('maps no column that is never stored', () => {
    for (const stream of connector.streams) for (const line of lineage({ ...connector, streams: [stream] })) expect(stream.neverStored.filter((column) => line.reads.includes(column))).toEqual([]);
  });

  it('has a detail table with the declared columns, row-level security forced, readable by the reader alone', async () => {
    for (const { table, columns } of details(connector)) {
      const [schema, name] = table.split('.');
      const { rows } = await hub.pool.query<{ name: string }>('SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2', [schema, name]);
      expect(rows.map((row) => row.name).sort()).toEqual(['rid', ...columns].sort());
      const { rows: security } = await hub.pool.query('SELECT relforcerowsecurity AS forced, relrowsecurity AS enabled, has_table_privilege(\'yiwang_reader\', oid, \'SELECT\') AS read, has_table_privilege(\'yiwang_reader\', oid, \'INSERT\') AS write FROM pg_class WHERE oid = $1::regclass', [table]);
      expect(security).toEqual([{ forced: true, enabled: true, read: true, write: false }]);
    }
  });

  it('has tables.ts in step with its migrations', async () => {
    const module = (await import(join(projectRoot(), 'connectors', department, 'tables.ts'))) as Record<string, unknown>;
    const tables = new Map(Object.values(module).filter(isTable).map((table) => [getTableName(table), Object.values(getTableColumns(table)).map((column) => column.name)]));
    for (const { table, columns } of details(connector)) expect(tables.get(table.split('.')[1]!)?.sort()).toEqual(['rid', ...columns].sort());
  });

  it('has samples for every stream', () => {
    expect(existsSync(join(projectRoot(), 'connectors', department, 'samples.json'))).toBe(true);
    expect(new Set(samples(department).map((sample) => sample.stream))).toEqual(new Set(connector.streams.map((stream) => stream.name)));
  });

  it.each(samples(department).map((sample) => [`${sample.stream}: ${sample.why}`, sample] as const))('%s', async (_, sample) => {
    const version = await judged(department, sample);
    expect(version).toMatchObject({ kind: sample.ends, ...(sample.reason ? { reason: sample.reason } : {}) });
    expect(version.droppedFields).toMatchObject(sample.droppedFields ?? {});
    if (version.kind === 'LIVE') {
      if (sample.repaired) expect(version.mapped.repairs.map((one) => one.kind)).toEqual(expect.arrayContaining(sample.repaired));
      expect(version.mapped.quarantined.map((one) => one.reason)).toEqual(sample.quarantinedValues ?? []);
    }
    // What is kept of it is what is written: nothing forbidden may be in there.
    const stream = streamOf(connector, sample.stream);
    const kept = JSON.stringify(keptOf(stream, version));
    for (const value of sample.never ?? []) expect(kept).not.toContain(value);
  });

  it('takes the same version twice without an effect', async () => {
    for (const sample of samples(department).filter((one) => one.ends === 'LIVE')) {
      const version = await judged(department, sample);
      const stream = streamOf(connector, sample.stream);
      const first = fold(stream, [version, version], { heads: new Map(), seen: new Set() }, keys);
      expect(first.counts).toMatchObject({ offered: 1, published: 1 });
      const again = fold(stream, [version], { heads: first.heads, seen: first.seen }, keys);
      expect(again.counts.offered).toBe(0);
      expect(again.live.size + again.gone.size + again.heads.size).toBe(0);
    }
  });
});

function details(connector: Connector): { table: string; columns: string[] }[] {
  return connector.streams.flatMap((stream) => (stream.detail ? [{ table: stream.detail.table, columns: Object.keys(stream.detail.columns) }] : []));
}

/** All that a page would write of one version. */
function keptOf(stream: Stream, version: Judged): unknown {
  const { live, quarantined, heads, countedDrops } = fold(stream, [version], { heads: new Map(), seen: new Set() }, keys);
  return { live: [...live.values()], quarantined, heads: [...heads], countedDrops };
}
