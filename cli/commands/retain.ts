import type { Command } from 'commander';
import type { FinishedRun } from '../../jobs/sync.ts';
import { refuseFailed } from '../failed-runs.ts';
import { withHub, type Hub } from '../hub.ts';
import { printJson, printTable, progressBar } from '../output.ts';
import { startServices } from '../services.ts';
import { sourceNeeds } from '../sources.ts';
import { stopSignal } from '../stopping.ts';
import { workersRun } from '../workers.ts';

interface Options {
  dryRun?: boolean;
  json?: boolean;
}

export function retainCommand(program: Command): void {
  program
    .command('retain')
    .argument('[department...]', 'all, unless named · 部门，缺省为全部')
    .description('deletes records whose retention and time masked are over, as every night; more than 5 % and 20 of a stream wait for `approve` · 删除保存期限与脱敏期均已届满的记录（每夜自动执行）；超过 5% 且多于 20 条须确认')
    .option('--dry-run', 'only count what would go · 只计数，不删除')
    .option('--json', 'one JSON document · 输出 JSON')
    .action(async (departments: string[], options: Options) => withHub((hub) => retain(hub, departments, options), { sources: await sourceNeeds() }));
}

async function retain(hub: Hub, departments: readonly string[], { dryRun, json }: Options): Promise<void> {
  const [{ waitForSync }, { requestRetain }] = await Promise.all([import('../../jobs/sync.ts'), import('../../jobs/retain.ts')]);
  const ids = await requestRetain(hub.pool, { departments, dryRun: dryRun ?? false, requestedBy: 'cli' });
  const workers = (await workersRun(hub.databaseUrl)) ? undefined : await startServices(hub, new Set(['jobs']));
  const bar = progressBar('retain · 到期删除');
  try {
    const runs = await waitForSync(hub.pool, ids, { signal: stopSignal(), onProgress: ({ runsLeft }) => bar.update(ids.length - runsLeft, ids.length) });
    bar.end();
    if (json) printJson({ runs });
    else printRuns(runs);
    refuseFailed(runs);
  } finally {
    bar.end();
    await workers?.stop();
  }
}

function printRuns(runs: readonly FinishedRun[]): void {
  printTable(['stream 数据流', 'status 状态', 'due 到期', 'removed 已删除'], runs.map((run) => {
    const { due, removed } = (run.counts['retention'] ?? {}) as { due?: number; removed?: number };
    return [`${run.department}/${run.stream}`, run.status, String(due ?? '–'), String(removed ?? '–')];
  }));
}
