import { InvalidArgumentError, type Command } from 'commander';
import type { EngineName } from '../../gateway/engine/names.ts';
import { log, logLevel } from '../../base/log.ts';
import { withHub } from '../hub.ts';
import { printLine } from '../output.ts';
import { serviceNames, startServices, type ServiceName } from '../services.ts';
import { engineOption, singleFlightOption } from '../options.ts';
import { startSimulated } from '../simulated.ts';
import { sourceNeeds } from '../sources.ts';
import { stopped, stopSignal } from '../stopping.ts';

/** The simulator is one only where it is named: it is no part of a hub. */
const namedServices = [...serviceNames, 'simulator'] as const;
type NamedService = (typeof namedServices)[number];

interface Options {
  only?: ReadonlySet<NamedService>;
  printGrants?: string;
  engine?: EngineName;
  singleFlight?: boolean;
}

export function upCommand(program: Command): void {
  program
    .command('up')
    .description('the services, configured by the environment, until they are ended · 按环境变量启动各服务，直至被结束')
    .option('--only <services>', `some of them, separated by commas: ${namedServices.join(',')} · 只启动其中几个`, services)
    .addOption(engineOption())
    .addOption(singleFlightOption())
    .option('--print-grants <user>', 'print what an administrator runs where this database user may not create roles · 打印需由管理员执行的授权语句')
    .action((options: Options) => up(options));
}

async function up(options: Options): Promise<void> {
  if (options.printGrants !== undefined) {
    const { printGrants } = await import('../../policy/session.ts');
    return printLine(printGrants(options.printGrants));
  }
  const stop = stopSignal();
  log.level = logLevel('info');
  const simulated = options.only?.has('simulator') ? await startSimulated() : undefined;
  try {
    const wanted = new Set(serviceNames.filter((name) => options.only?.has(name) ?? true));
    if (wanted.size > 0) return await serve(options, wanted, { ...process.env, ...simulated?.env }, stop);
    log.info({ services: ['simulator'] }, 'ready');
    await stopped(stop);
  } finally {
    await simulated?.stop();
  }
}

async function serve(options: Options, wanted: ReadonlySet<ServiceName>, env: NodeJS.ProcessEnv, stop: AbortSignal): Promise<void> {
  await withHub(async (hub) => {
    const { loadReference } = await import('../../jobs/reference.ts');
    await loadReference(hub.pool);
    if (wanted.has('gateway')) await (await import('../../console/build.ts')).ensureConsole();
    const running = await startServices(hub, wanted, options);
    try {
      log.info({ url: running.url, services: [...(options.only ?? wanted)] }, 'ready');
      await Promise.race([stopped(stop), running.tampered]);
    } finally {
      await running.stop();
    }
  }, { env, sources: await sourceNeeds() });
}

function services(text: string): ReadonlySet<NamedService> {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(namedServices as readonly string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`there is no service \`${unknown}\`; there are ${namedServices.join(', ')} · 没有此服务`);
  return new Set(names as NamedService[]);
}
