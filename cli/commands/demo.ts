import type { Command } from 'commander';
import { readConfig, type Config, type SourceNeeds } from '../../base/config.ts';
import { sourceUrlName } from '../../base/departments.ts';
import { startEmbeddedPostgres } from '../../base/embedded.ts';
import { YiwangError } from '../../base/errors.ts';
import { emptyEmbedded, refuseFilled } from '../demo/reset.ts';
import { demoDataset } from '../demo/dataset.ts';
import { tryPorts } from '../demo/ports.ts';
import { syncEveryRound } from '../demo/rounds.ts';
import { stopEmbedded, withHub, type Hub } from '../hub.ts';
import { printLine, progressBar, say, wholeNumber } from '../output.ts';
import { serviceNames, startServices } from '../services.ts';
import type { SimulatorThread } from '../../simulator/thread.ts';
import { residentsDefault, simulatorBeside } from '../simulated.ts';
import { sourceNeeds, sourceSecrets } from '../sources.ts';
import { stopped, stopSignal, untilAborted } from '../stopping.ts';
import { printStatus, readStatus } from './status.ts';
import { residentsMax } from './dataset.ts';

interface Options {
  dataset?: string;
  residents: number;
  keep?: boolean;
  once?: boolean;
}

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('everything at once on a synthetic county: sources, hub, console · 一次启动全部：合成数据源、枢纽与控制台')
    .option('--dataset <dir>', 'a data set of your own · 使用指定数据集')
    .option('--residents <n>', 'size of the synthetic county · 合成县域人口', wholeNumber(100, residentsMax), residentsDefault)
    .option('--keep', 'go on with the hub as it is, instead of from an empty one · 保留已有数据')
    .option('--once', 'end with exit code 0 when every round is synced · 全部同步后退出')
    .action(async (options: Options) => {
      if (process.env['NODE_ENV'] === 'production') throw new YiwangError('CONFIG', { hint: 'the demo does not run with NODE_ENV=production; use `up`' });
      const stop = stopSignal();
      try {
        await demo(options, stop);
      } catch (error) {
        if (!stop.aborted) throw error; // ended by Ctrl-C: what broke off on the way out is no failure
      }
    });
}

/**
 * From the outside in: data set, database, sources, hub; taken down in the opposite order whatever happens. What can be
 * refused is refused before anything of the hub is touched: settings, data set, ports.
 */
async function demo(options: Options, stop: AbortSignal): Promise<void> {
  const sources = await sourceNeeds();
  const { home, databaseUrl, host, port } = configToCome(sources);
  const dataset = await demoDataset(home, options.dataset, options.residents);
  const { openDataset } = await import('../../simulator/dataset.ts');
  openDataset(dataset);
  await tryPorts({ host, port });
  const embedded = databaseUrl === undefined ? await startEmbeddedPostgres({ home, keepUp: true }) : undefined;
  try {
    if (embedded) await emptied(home, embedded, options);
    else if (!options.keep) await refuseFilled(databaseUrl!);
    const bar = progressBar('push · 推送');
    const simulator = await simulatorBeside({ home, port, dataset, policeTarget: embedded?.url ?? databaseUrl, progress: (done, total) => bar.update(done, total) });
    try {
      const env = { ...process.env, ...simulator.addresses, ...sourceSecrets(home) };
      await withHub((hub) => served(hub, { dataset, simulator, once: options.once === true, stop }), { env, sources });
    } finally {
      bar.end();
      await simulator.stop();
    }
  } finally {
    if (embedded) await stopEmbedded(embedded);
  }
}

/** What the hub will be told: addresses and secrets of its sources, which are not there yet, have something in their place. */
function configToCome(sources: readonly SourceNeeds[]): Config {
  const inPlace = sources.flatMap(({ department, secrets }) => [[sourceUrlName(department), 'http://127.0.0.1'], ...secrets.map((name) => [name, '-'])]);
  return readConfig({ env: { ...process.env, ...Object.fromEntries(inPlace) }, sources });
}

/** Kept or emptied, a hub that another yiwang serves is left to it: a second simulator would put its own sources, from their first round, in place of those. */
async function emptied(home: string, embedded: Awaited<ReturnType<typeof startEmbeddedPostgres>>, options: Options): Promise<void> {
  if (!embedded.started) throw new YiwangError('CONFIG', { hint: 'another yiwang runs on this home; end it first, or choose another YIWANG_HOME' });
  if (!options.keep) await emptyEmbedded(home, embedded);
}

interface Running {
  dataset: string;
  simulator: SimulatorThread;
  once: boolean;
  stop: AbortSignal;
}

async function served(hub: Hub, { dataset, simulator, once, stop }: Running): Promise<void> {
  await untilAborted(prepare(hub, dataset), stop);
  const services = await startServices(hub, new Set(serviceNames));
  try {
    say(`the graph listens at ${services.url}; syncing · 服务已启动，正在同步`);
    await Promise.race([syncEveryRound(hub, simulator, stop), services.tampered]);
    printStatus(await readStatus(hub));
    if (once) return;
    printWhereToGo(services.url ?? '');
    await Promise.race([stopped(stop), services.tampered]);
  } finally {
    await services.stop();
  }
}

/** What the hub knows before any record: divisions, units, and which county this is. The console is built meanwhile. */
async function prepare({ pool }: Hub, dataset: string): Promise<void> {
  const [{ loadReference }, { setCounty }, { ensureConsole }] = await Promise.all([import('../../jobs/reference.ts'), import('../demo/county.ts'), import('../../console/build.ts')]);
  const bar = progressBar('divisions · 区划');
  await Promise.all([loadReference(pool, bar.update).finally(bar.end), ensureConsole()]);
  await setCounty(pool, dataset);
}

function printWhereToGo(url: string): void {
  printLine();
  printLine(`  console 控制台   ${url}/`);
  printLine(`  graph 接口       ${url}/graphql`);
  printLine('  tokens 令牌      npx yiwang token --persona township-clerk');
  printLine('  status 状态      npx yiwang status');
  printLine();
  printLine('Ctrl-C ends everything · 按 Ctrl-C 结束');
}
