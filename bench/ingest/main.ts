import { join } from 'node:path';
import { invariant } from '../../base/errors.ts';
import type { Pool } from '../../base/db.ts';
import { generateDataset } from '../../simulator/generate.ts';
import { inBenchHome } from '../home.ts';
import { machine, written } from '../measure.ts';
import { copySeconds } from './copy.ts';
import { flatMemory, type MemoryFigure } from './memory.ts';
import { servedSources, type Served } from './served.ts';

const residentsDefault = 50_000;
const memoryRowsDefault = 20_000;
/** Of no other generator run in the project, so that nothing was tuned on it. */
const seed = 'bench-ingest';

export interface IngestOptions {
  residents?: number;
  /** Rows of the large source in the memory part; the small one has a tenth. */
  memoryRows?: number;
}

interface Phase {
  phase: string;
  /** What the sources offered and was not counted before. */
  versions: number;
  /** Those of them that changed what is published. */
  changed: number;
  seconds: number;
}

/**
 * `yiwang bench ingest`: a first sync of a county through all five connectors with everything on (until published, and until
 * linked and clustered as well), an increment that brings nothing, and those of the sources' second and third round, which
 * change some 3 and 1 of a hundred versions, against `COPY` of the rows that landed; then the peak memory of a run over a
 * source of N and of N/10 rows.
 */
export async function benchIngest({ residents = residentsDefault, memoryRows = memoryRowsDefault }: IngestOptions = {}): Promise<string> {
  return inBenchHome(
    'ingest',
    (home) => void generateDataset({ out: join(home, 'dataset'), residents, seed }),
    async (home, databaseUrl) => {
      const { phases, copy } = await measured(home, databaseUrl);
      return reported(residents, phases, copy, await flatMemory(databaseUrl, memoryRows));
    },
  );
}

async function measured(home: string, databaseUrl: string): Promise<{ phases: Phase[]; copy: { rows: number; seconds: number } }> {
  const served = await servedSources(home, databaseUrl);
  try {
    const first = await syncedPhases(served, 'first sync');
    await served.settleDown();
    const copy = await copySeconds(served.pool);
    const nothing = await syncedPhases(served, 'increment of nothing');
    await served.advance();
    const second = await syncedPhases(served, 'increment, second round');
    await served.advance();
    const third = await syncedPhases(served, 'increment, third round');
    return { phases: [...first, ...nothing.slice(1), ...second, ...third], copy };
  } finally {
    await served.stop();
  }
}

/** Two phases of one sync: until every version is published, and until everything is linked and clustered too. */
async function syncedPhases(served: Served, name: string): Promise<Phase[]> {
  const before = await counted(served.pool);
  const { publishedSeconds, settledSeconds } = await served.sync();
  const after = await counted(served.pool);
  const brought = { versions: after.versions - before.versions, changed: after.changed - before.changed };
  return [
    { phase: `${name}, published`, ...brought, seconds: publishedSeconds },
    { phase: `${name}, linked and clustered`, ...brought, seconds: settledSeconds },
  ];
}

async function counted(pool: Pool): Promise<Pick<Phase, 'versions' | 'changed'>> {
  const { rows } = await pool.query<Pick<Phase, 'versions' | 'changed'>>(
    "SELECT coalesce(sum((totals->>'offered')::int), 0)::int AS versions, coalesce(sum((totals->>'published')::int + (totals->>'tombstones')::int), 0)::int AS changed FROM hub.stream",
  );
  return rows[0]!;
}

function reported(residents: number, phases: readonly Phase[], copy: { rows: number; seconds: number }, memory: readonly MemoryFigure[]): string {
  const copied = copy.rows / copy.seconds;
  const first = phases[0];
  invariant(first, 'the first sync was measured');
  const rows = phases.map((one) => ({ ...one, versionsPerSecond: one.versions / one.seconds, ratio: one.versions / one.seconds / copied, share: one.seconds / first.seconds }));
  const notes = [`${residents} residents, seed \`${seed}\`, five protocols, embedded PostgreSQL; COPY of ${copy.rows} landed rows with their index: ${copied.toFixed(0)} rows/s`];
  written('ingest', { machine: machine(), notes, copy, rows, memory });
  return [
    ...notes,
    '| | versions | of them changes | s | versions/s | × COPY |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row.phase} | ${row.versions} | ${row.changed} | ${row.seconds.toFixed(1)} | ${row.versionsPerSecond.toFixed(0)} | ${row.ratio.toFixed(3)} |`),
    '',
    '| rows of the source | s | peak memory of the run, MiB |',
    '|---|---|---|',
    ...memory.map((one) => `| ${one.rows} | ${one.seconds.toFixed(1)} | ${one.peakMiB} |`),
  ].join('\n');
}
