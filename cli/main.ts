import { Command } from 'commander';
import { log, logLevel } from '../base/log.ts';
import { auditCommand } from './commands/audit.ts';
import { benchCommand } from './commands/bench.ts';
import { datasetCommand } from './commands/dataset.ts';
import { demoCommand } from './commands/demo.ts';
import { gatewayCommand } from './commands/gateway.ts';
import { linkCommand } from './commands/link.ts';
import { linkageCommand } from './commands/linkage.ts';
import { operateCommands } from './commands/operate.ts';
import { policyCommand } from './commands/policy.ts';
import { quarantineCommand } from './commands/quarantine.ts';
import { retainCommand } from './commands/retain.ts';
import { simulateCommand } from './commands/simulate.ts';
import { statusCommand } from './commands/status.ts';
import { syncCommand } from './commands/sync.ts';
import { tokenCommand } from './commands/token.ts';
import { upCommand } from './commands/up.ts';
import { report } from './failure.ts';

const program = new Command('yiwang')
  .description('一网 — one graph over the departments\' systems, with field-level permission and an access log\n在各部门系统之上的一张图：字段级授权、访问留痕')
  .helpOption('-h, --help', 'show this help · 显示帮助')
  .helpCommand('help [command]', 'show the help of a command · 显示某命令的帮助')
  .showHelpAfterError('(--help tells more · 用 --help 查看用法)')
  .exitOverride();

const commands = [demoCommand, upCommand, datasetCommand, simulateCommand, syncCommand, statusCommand, operateCommands, retainCommand, quarantineCommand, tokenCommand, policyCommand, linkCommand, linkageCommand, auditCommand, gatewayCommand, benchCommand];
for (const add of commands) add(program);
for (const command of everyCommand(program)) command.copyInheritedSettings(program).helpOption('-h, --help', 'show this help · 显示帮助');

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

let exitCode = 0;
try {
  log.level = logLevel('warn'); // a command speaks for itself; `up` turns the log on
  await program.parseAsync();
} catch (error) {
  exitCode = await report(error);
}
process.exit(process.exitCode ?? exitCode);

function everyCommand(root: Command): Command[] {
  return root.commands.flatMap((command) => [command, ...everyCommand(command)]);
}
