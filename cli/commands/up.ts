import { InvalidArgumentError, type Command } from 'commander';
import type { EngineName } from '../../gateway/engine/names.ts';
import { log } from '../../base/log.ts';
import { withHub } from '../hub.ts';
import { printLine } from '../output.ts';
import { serviceNames, startServices, type ServiceName } from '../services.ts';
import { engineOption, singleFlightOption } from '../options.ts';
import { sourceNeeds } from '../sources.ts';
import { stopped, stopSignal } from '../stopping.ts';

interface Options {
  only?: ReadonlySet<ServiceName>;
  printGrants?: string;
  engine?: EngineName;
  singleFlight?: boolean;
}

export function upCommand(program: Command): void {
  program
    .command('up')
    .description('the services, configured by the environment, until they are ended · 按环境变量启动各服务，直至被结束')
    .option('--only <services>', `some of them, separated by commas: ${serviceNames.join(',')} · 只启动其中几个`, services)
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
  log.level = process.env['YIWANG_LOG_LEVEL'] ?? 'info';
  await withHub(async (hub) => {
    const { loadReference } = await import('../../jobs/reference.ts');
    await loadReference(hub.pool);
    const wanted = options.only ?? new Set(serviceNames);
    if (wanted.has('gateway')) await (await import('../../console/build.ts')).ensureConsole();
    const running = await startServices(hub, wanted, options);
    try {
      log.info({ url: running.url, services: [...wanted] }, 'ready');
      await Promise.race([stopped(stop), running.tampered]);
    } finally {
      await running.stop();
    }
  }, { sources: await sourceNeeds() });
}

function services(text: string): ReadonlySet<ServiceName> {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(serviceNames as readonly string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`there is no service \`${unknown}\`; there are ${serviceNames.join(', ')} · 没有此服务`);
  return new Set(names as ServiceName[]);
}
