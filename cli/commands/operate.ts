import { InvalidArgumentError, type Command } from 'commander';
import { YiwangError } from '../../base/errors.ts';
import { withHub, type Hub } from '../hub.ts';
import { printJson, printLine, printTable } from '../output.ts';
import { startServices } from '../services.ts';
import { sourceNeeds } from '../sources.ts';
import { stopSignal } from '../stopping.ts';
import { workersRun } from '../workers.ts';

/** `pause`, `resume` and `approve`: what operators also do as mutations, by the same functions of the database. */
export function operateCommands(program: Command): void {
  for (const [name, text, isPause] of [['pause', 'no new runs; due ones wait until `resume` · 暂停：不再产生新任务，已到期的等待恢复', true], ['resume', 'runs go on · 恢复', false]] as const) {
    program
      .command(name)
      .argument('<department>', 'whose streams · 部门')
      .argument('[stream]', 'one of them; all unless named · 数据流，缺省为全部')
      .description(text)
      .option('--json', 'one JSON document · 输出 JSON')
      .action((department: string, stream: string | undefined, options: { json?: boolean }) => withHub((hub) => pause(hub, { department, stream }, isPause, options)));
  }
  program
    .command('approve')
    .argument('<run>', 'id of a held run, from `status` · 待确认任务的标识', runId)
    .description('lets a run delete what it was held for · 确认因删除过多而暂缓的任务')
    .option('--wait', 'wait until it is done · 等待完成')
    .option('--json', 'one JSON document · 输出 JSON')
    .action(async (id: string, options: { wait?: boolean; json?: boolean }) => withHub((hub) => approve(hub, id, options), { sources: await sourceNeeds() }));
}

async function pause({ pool }: Hub, wanted: { department: string; stream: string | undefined }, isPause: boolean, { json }: { json?: boolean }): Promise<void> {
  const { pauseStreams } = await import('../../jobs/streams.ts');
  const states = await pauseStreams(pool, wanted, isPause, 'cli');
  if (json) return printJson(states);
  printTable(['stream 数据流', 'state 状态'], states.map((each) => [`${each.department}/${each.stream}`, each.paused ? 'paused 已暂停' : 'running 运行']));
}

async function approve(hub: Hub, id: string, { wait, json }: { wait?: boolean; json?: boolean }): Promise<void> {
  const { approveHeldRun, waitForSync } = await import('../../jobs/sync.ts');
  const run = await approveHeldRun(hub.pool, id, 'cli');
  if (!wait) return json ? printJson({ run }) : printLine(`run 任务 ${run}`);
  const workers = (await workersRun(hub.databaseUrl)) ? undefined : await startServices(hub, new Set(['jobs']));
  try {
    const [done] = await waitForSync(hub.pool, [run], { signal: stopSignal() });
    if (json) printJson({ run: done });
    else printLine(`run 任务 ${run} ${done?.status ?? ''}`);
    if (done?.status !== 'SUCCEEDED') throw new YiwangError('SOURCE_UNAVAILABLE', { hint: `the run ended with ${done?.status ?? 'nothing'}: ${done?.message ?? 'no reason given'}` });
  } finally {
    await workers?.stop();
  }
}

function runId(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw new InvalidArgumentError('not the id of a run · 不是任务标识');
  return text.toLowerCase();
}
