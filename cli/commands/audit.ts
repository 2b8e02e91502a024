import { InvalidArgumentError, type Command } from 'commander';
import { YiwangError } from '../../base/errors.ts';
import { makeFolder } from '../../base/folder.ts';
import { withHub, type Hub } from '../hub.ts';
import { beginsWithDay, printJson, printLine, progressBar } from '../output.ts';
import { checkpointFolder, knownLogKey } from '../services.ts';

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
    .action((options: ExportOptions) => {
      if (options.from && options.to && options.from >= options.to) throw new YiwangError('USAGE', { hint: '--from is not before --to' });
      return withHub((hub) => exportLog(hub, options));
    });
  audit
    .command('check-proof')
    .description('checks a downloaded proof of one access with the log\'s public key alone · 仅凭日志公钥核验下载的访问证明')
    .argument('<file>', 'the proof, JSON · 证明文件')
    .requiredOption('--key <key>', 'the verifier key of the log · 日志公钥')
    .option('--json', 'one JSON document · 输出 JSON')
    .action(checkProof);
}

interface VerifyOptions {
  checkpoint?: string;
  key?: string;
  json?: boolean;
}

async function verify({ config, pool }: Hub, options: VerifyOptions): Promise<void> {
  const { verifyAccessLog } = await import('../../audit/verify.ts');
  const bar = progressBar('verify · 核验');
  const publicKey = options.key ?? (await knownLogKey(config.home));
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
  makeFolder(wanted.out);
  const bar = progressBar('export · 导出');
  const exported = await exportAccessLog({ pool, publicKey: await knownLogKey(config.home), ...wanted, progress: bar.update }).finally(bar.end);
  if (json) printJson({ ...exported, out: wanted.out });
  else printLine(`${exported.size} entries under the checkpoint → ${wanted.out}`);
}

async function checkProof(file: string, options: { key: string; json?: boolean }): Promise<void> {
  const { readAccessProof, verifyAccessProof } = await import('../../audit/proof.ts');
  const proven = verifyAccessProof(readAccessProof(file), options.key);
  if (!proven) throw new YiwangError('LOG_TAMPERED', { hint: 'the proof does not hold: the log with this key never signed that entry for that person' });
  if (options.json) printJson(proven);
  else printLine(`the access at ${proven.time} stands in the log · ${proven.time} 的访问确在日志之中`);
}

/** A day is its midnight in UTC. `Date` would read much else, a bare number as a month. */
function instant(text: string): Date {
  const at = new Date(beginsWithDay(text) ? text : Number.NaN);
  if (Number.isNaN(at.getTime())) throw new InvalidArgumentError('not a time such as 2026-09-30T08:00:00+08:00 · 不是有效时间');
  return at;
}
