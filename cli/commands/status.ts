import type { Command } from 'commander';
import { withHub, type Hub } from '../hub.ts';
import { printJson, printLine, printTable } from '../output.ts';
import { queueDepths } from '../queue.ts';
import type { HubStatus } from '../../jobs/status.ts';

export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('freshness, runs, queue depths, quarantine by reason · 时效、运行、队列与隔离情况')
    .option('--json', 'one JSON document · 输出 JSON')
    .action(async (options: { json?: boolean }) => {
      await withHub(async (hub) => {
        const status = await readStatus(hub);
        if (options.json) printJson(status);
        else printStatus(status);
      });
    });
}

export async function readStatus({ config, pool, databaseUrl }: Hub): Promise<HubStatus> {
  const { hubStatus } = await import('../../jobs/status.ts');
  return hubStatus(pool, await queueDepths({ config, databaseUrl }));
}

export function printStatus(status: HubStatus): void {
  const header = ['stream 数据流', 'live 现存', 'offered', 'published', 'unchanged', 'superseded', 'tombstones', 'dropped', 'quarantined', 'fresh through 截至', 'last run 最近运行'];
  const rows = status.streams.map((each) => [
    `${each.department}/${each.stream}`, each.live, each.offered, each.published, each.unchanged, each.superseded, each.tombstones,
    sum(each.dropped), sum(each.quarantined), each.freshThrough ?? '–', each.paused ? 'paused 已暂停' : (each.stale ?? each.lastRun?.status ?? '–'),
  ]);
  printTable(header, rows);
  printLine();
  printLine(`persons 人 ${status.persons}   matters 事 ${status.matters}   to review 待核 ${status.reviewQueue}   access log 访问日志 ${status.log.size}   ${status.ready ? 'ready 就绪' : 'not ready 未就绪'}`);
  for (const { department, folder, state, reason } of status.deliveries) printLine(`delivery 批次 ${department}/${folder} ${deliveryStates[state]} ${reason ?? ''}`);
  for (const each of status.streams) {
    for (const run of each.held) printLine(`held 待确认 ${each.department}/${each.stream} ${run.id} ${run.message ?? ''} (yiwang approve)`);
    for (const [reason, count] of Object.entries(each.quarantined)) printLine(`quarantine 隔离 ${each.department}/${each.stream} ${reason} ${count}`);
  }
}

const deliveryStates = { REFUSED: 'refused 已拒收', WAITING: 'waits 等待', ACCEPTED: 'taken, but 已接收，但', REPEATED: 'taken before, but 重复，但' } as const;

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
