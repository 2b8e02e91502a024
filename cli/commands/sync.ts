import type { Command } from 'commander';
import { YiwangError } from '../../base/errors.ts';
import type { FinishedRun } from '../../jobs/sync.ts';
import { refuseFailed } from '../failed-runs.ts';
import { told } from '../failure.ts';
import { withHub, type Hub } from '../hub.ts';
import { instant, printJson, printTable, progressBar, say } from '../output.ts';
import { queueDepths } from '../queue.ts';
import { startServices } from '../services.ts';
import { sourceNeeds } from '../sources.ts';
import { stopSignal } from '../stopping.ts';
import { workersRun } from '../workers.ts';

interface Options {
  full?: boolean;
  wait?: boolean;
  dryRun?: boolean;
  stream?: string;
  since?: string;
  until?: string;
  reconcile?: boolean;
  json?: boolean;
}

export function syncCommand(program: Command): void {
  program
    .command('sync')
    .argument('[department...]', 'all that are connected, unless named · 部门，缺省为全部')
    .description('asks for runs; --wait ends when every record is published, linked and clustered · 请求同步')
    .option('--full', 'read from the beginning instead of from the watermark · 从头读取')
    .option('--wait', 'wait until everything is done · 等待全部完成')
    .option('--stream <name>', 'one stream of the one department that is named · 只同步一个数据流')
    .option('--since <time>', 'back-fill of what changed at or after this time (RFC 3339); the watermark stays · 补采此时及以后的变更，水位不动', instant)
    .option('--until <time>', 'back-fill of what changed before this time · 补采此时以前的变更', instant)
    .option('--dry-run', 'read, judge and count; write nothing · 只读取与计数，不写入')
    .option('--reconcile', 'compare everything with the source by key and hash, as every night; with --dry-run only report · 与来源逐条核对，加 --dry-run 只报告')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((departments: string[], options: Options) => sync(departments, options));
}

async function sync(named: readonly string[], options: Options): Promise<void> {
  refuseContradictions(named, options);
  const stop = stopSignal();
  await withHub(async (hub) => {
    const [{ requestSync, waitForSync }, { requestReconcile }] = await Promise.all([import('../../jobs/sync.ts'), import('../../jobs/reconcile.ts')]);
    // Workers of another process have the sources in their own environment; without any, this process does the work.
    const isWaiting = options.wait === true || options.dryRun === true;
    const others = await workersRun(hub.databaseUrl);
    const departments = named.length > 0 || others || !isWaiting ? named : connected(hub);
    const workers = others || !isWaiting ? undefined : await startServices(hub, new Set(['jobs']));
    const bar = progressBar('sync · 同步');
    const looked = whenStalled(() => void tellOfAbsentQueue(hub));
    try {
      const ids = options.reconcile ? await requestReconcile(hub.pool, { departments, dryRun: options.dryRun ?? false, requestedBy: 'cli' }) : await requestSync(hub.pool, { departments, stream: options.stream, full: options.full ?? false, since: options.since, until: options.until, dryRun: options.dryRun ?? false, requestedBy: 'cli' });
      const runs = isWaiting ? await waitForSync(hub.pool, ids, { signal: stop, onProgress: ({ runsLeft }) => (bar.update(ids.length - runsLeft, ids.length), looked(runsLeft)) }) : [];
      bar.end();
      if (options.json) printJson(isWaiting ? { runs } : { requested: ids });
      else if (isWaiting && options.reconcile) printReconciliations(runs);
      else if (isWaiting) printRuns(runs);
      refuseFailed(runs);
    } finally {
      bar.end();
      await workers?.stop();
    }
  }, { sources: await sourceNeeds() });
}

/** Calls `tell` once each time that no run has ended for so long. */
function whenStalled(tell: () => void): (runsLeft: number) => void {
  let last = { runsLeft: 0, untilMs: 0 };
  return (runsLeft) => {
    if (runsLeft !== last.runsLeft) last = { runsLeft, untilMs: performance.now() + stalledMs };
    else if (runsLeft > 0 && performance.now() > last.untilMs) {
      last.untilMs = Infinity;
      tell();
    }
  };
}

const stalledMs = 10_000;

/** What was asked for is kept, and done when Redis is back: whoever waits is told why nothing happens. */
async function tellOfAbsentQueue(hub: Hub): Promise<void> {
  if (hub.config.redisUrl === undefined) return; // on the hub's own database, of which this command hears itself
  await queueDepths(hub).catch((error: unknown) => error instanceof YiwangError && say(told(error)));
}

function refuseContradictions(named: readonly string[], { stream, full, since, until, reconcile }: Options): void {
  if (reconcile && (full ?? stream ?? since ?? until) !== undefined) throw new YiwangError('USAGE', { hint: '--reconcile compares whole streams: it has no --full, --stream, --since or --until' });
  if (stream !== undefined && named.length !== 1) throw new YiwangError('USAGE', { hint: '--stream is of one department: name it' });
  if (full && (since ?? until) !== undefined) throw new YiwangError('USAGE', { hint: '--full reads everything: it has no --since or --until' });
  if (since !== undefined && until !== undefined && since >= until) throw new YiwangError('USAGE', { hint: '--since is not before --until' });
}

function connected({ config }: Hub): string[] {
  const names = Object.keys(config.sources);
  if (names.length === 0) throw new YiwangError('CONFIG', { hint: 'no department is connected: set POLICE_SOURCE_URL, HOTLINE_SOURCE_URL or another `<DEPARTMENT>_SOURCE_URL`' });
  return names;
}

/** What each comparison found; missing and different records come with an ordinary run that it asks for. */
function printReconciliations(runs: readonly FinishedRun[]): void {
  const names = ['compared', 'missing', 'different', 'extra', 'restored', 'removed'] as const;
  printTable(['stream 数据流', 'status 状态', ...names], runs.map((run) => {
    const found = (run.counts['reconciliation'] ?? {}) as Partial<Record<(typeof names)[number], number>>;
    return [`${run.department}/${run.stream}`, run.status, ...names.map((name) => String(found[name] ?? '–'))];
  }));
}

function printRuns(runs: readonly FinishedRun[]): void {
  const count = (run: FinishedRun, name: string) => String(run.counts[name] ?? 0);
  printTable(
    ['stream 数据流', 'mode', 'status 状态', 'offered', 'published', 'unchanged', 'superseded', 'tombstones', 'changed 变更'],
    runs.map((run) => [`${run.department}/${run.stream}`, run.mode, run.status, count(run, 'offered'), count(run, 'published'), count(run, 'unchanged'), count(run, 'superseded'), count(run, 'tombstones'), count(run, 'touched')]),
  );
}
