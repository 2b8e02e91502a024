import { InvalidArgumentError, type Command } from 'commander';
import { YiwangError } from '../../base/errors.ts';
import { withHub, type Hub } from '../hub.ts';
import { printJson, printLine, progressBar } from '../output.ts';
import { checkpointFolder, logPublicKey } from '../services.ts';

export function auditCommand(program: Command): void {
  const audit = program.command('audit').description('the access log: verify it, export it · 访问日志：核验与导出');
  audit
    .command('verify')
    .description('re-hashes every entry against checkpoints kept outside the database · 逐条重算并与库外检查点比对')
    .option('--checkpoint <file>', 'a checkpoint; the ones in YIWANG_HOME unless told · 检查点文件')
    .option('--key <key>', 'the verifier key of the log; this home\'s unless told · 日志公钥')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((options: VerifyOptions) => withHub((hub) => verify(hub, options)));
  audit
    .command('export')
    .description('entries, tiles and checkpoint, for an independent verifier · 导出条目、瓦片与检查点，供独立核验')
    .option('--from <time>', 'from this instant on · 起始时间', instant)
    .option('--to <time>', 'before this instant · 截止时间', instant)
    .requiredOption('--out <dir>', 'an empty or new folder · 空目录或新目录')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((options: ExportOptions) => withHub((hub) => exportLog(hub, options)));
}

interface VerifyOptions {
  checkpoint?: string;
  key?: string;
  json?: boolean;
}

async function verify({ config, pool }: Hub, options: VerifyOptions): Promise<void> {
  const { verifyAccessLog } = await import('../../audit/verify.ts');
  const bar = progressBar('verify · 核验');
  const publicKey = options.key ?? (await logPublicKey(config.home));
  const outside = options.checkpoint === undefined ? { checkpointFolder: checkpointFolder(config.home) } : { checkpointFile: options.checkpoint };
  const result = await verifyAccessLog({ pool, publicKey, ...outside, progress: bar.update }).finally(bar.end);
  if (options.json) printJson(result);
  else {
    for (const { code, text } of result.findings) printLine(`${code}: ${text.en} · ${text.zh}`);
    if (result.ok) printLine(`${result.size} entries are whole, compared with ${result.outsideCheckpoints} outside checkpoints; root ${result.root} · ${result.size} 条日志完整无误`);
  }
  if (!result.ok) throw new YiwangError('LOG_TAMPERED', { hint: `the access log was tampered with: ${result.findings.map(({ code }) => code).join(', ')}` });
}

interface ExportOptions {
  from?: Date;
  to?: Date;
  out: string;
  json?: boolean;
}

async function exportLog({ config, pool }: Hub, { json, ...wanted }: ExportOptions): Promise<void> {
  const { exportAccessLog } = await import('../../audit/export.ts');
  const bar = progressBar('export · 导出');
  const exported = await exportAccessLog({ pool, publicKey: await logPublicKey(config.home), ...wanted, progress: bar.update }).finally(bar.end);
  if (json) printJson({ ...exported, out: wanted.out });
  else printLine(`${exported.size} entries under the checkpoint → ${wanted.out}`);
}

function instant(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('not a time such as 2026-09-30T08:00:00+08:00 · 不是有效时间');
  return at;
}
