import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError } from '../../base/errors.ts';
import { printJson, printLine, wholeNumber } from '../output.ts';

/** What `bench/<name>/main.ts` exports as `bench`. Resolves with the table to print; the figures go to bench/results. */
type Bench = (options: { durationSeconds?: number }) => Promise<string>;

export function benchCommand(program: Command): void {
  program
    .command('bench')
    .argument('[name]', 'one of them; without a name they are listed · 基准名称，缺省列出全部')
    .description('measures as ratios, taken in turn in one go · 基准测试，以同场比值为准')
    .option('--seconds <n>', 'how long each contender is loaded · 每项加压秒数', wholeNumber(1, 600))
    .option('--json', 'one JSON document · 输出 JSON')
    .action(async (name: string | undefined, options: { seconds?: number; json?: boolean }) => {
      const names = benchNames();
      if (name === undefined) return options.json ? printJson(names) : printLine(names.join('\n'));
      if (!names.includes(name)) throw new YiwangError('USAGE', { hint: `there is no bench \`${name}\`; there are ${names.join(', ')}` });
      const { bench } = (await import(pathToFileURL(join(benchFolder(), name, 'main.ts')).href)) as { bench: Bench };
      const table = await bench(options.seconds === undefined ? {} : { durationSeconds: options.seconds });
      if (options.json) printJson({ bench: name, table });
      else printLine(table);
    });
}

function benchNames(): string[] {
  const folders = existsSync(benchFolder()) ? readdirSync(benchFolder()) : [];
  return folders.filter((name) => existsSync(join(benchFolder(), name, 'main.ts'))).sort();
}

function benchFolder(): string {
  return join(projectRoot(), 'bench');
}
