import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Check } from '../dataset-check.ts';
import { withHub } from '../hub.ts';
import { printJson, printLine, progressBar, wholeNumber } from '../output.ts';
import { readStatus } from './status.ts';

export const residentsMax = 1_000_000; // the generator's own

export function datasetCommand(program: Command): void {
  const dataset = program.command('dataset').description('synthetic counties · 合成县域数据集');
  dataset
    .command('generate')
    .description('writes a synthetic county in the format of the sources, with its ground truth · 生成合成县域数据集及其真值')
    .requiredOption('--out <dir>', 'a new or empty folder, or that of an earlier data set, which is replaced · 新目录、空目录，或原数据集所在目录（将被替换）')
    .requiredOption('--residents <n>', 'how many people · 人口数', wholeNumber(100, residentsMax))
    .requiredOption('--seed <s>', 'a number, or a word of letters and digits; the same seed gives the same county · 随机种子，数字或由字母数字组成的词', seed)
    .option('--json', 'one JSON document · 输出 JSON')
    .action(async (options: { out: string; residents: number; seed: number | string; json?: boolean }) => {
      const { generateDataset } = await import('../../simulator/generate.ts');
      const bar = progressBar('generate · 生成');
      try {
        const out = resolve(options.out);
        const { regionRoot, asOf } = generateDataset({ out, residents: options.residents, seed: options.seed, progress: bar.update });
        bar.end();
        if (options.json) printJson({ seed: options.seed, residents: options.residents, asOf, regionRoot, out });
        else printLine(out);
      } finally {
        bar.end();
      }
    });
  dataset
    .command('check')
    .description('compares what the hub counts with what the data set states, and looks for its canaries in every table · 核对数据集的预期计数，并在所有表中查找禁存值')
    .requiredOption('--dataset <dir>', 'the data set that the hub was synced from · 已同步的数据集')
    .option('--json', 'one JSON document · 输出 JSON')
    .action(async (options: { dataset: string; json?: boolean }) => {
      const { checkDataset } = await import('../dataset-check.ts');
      await withHub(async (hub) => {
        const check = await checkDataset(hub.pool, await readStatus(hub), resolve(options.dataset));
        if (options.json) printJson(check);
        else printCheck(check);
        if (check.different.length + check.canaries.length > 0) process.exitCode = 1;
      });
    });
}

/** As dataset.json has it: a number where the text is one. The generator refuses what is neither. */
function seed(text: string): number | string {
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : text;
}

function printCheck({ different, canaries, streams, canariesLooked }: Check): void {
  for (const { stream, count, expected, found } of different) printLine(`${stream} ${count}: expected 预期 ${JSON.stringify(expected)}, found 实际 ${JSON.stringify(found)}`);
  for (const { rule, table } of canaries) printLine(`canary 禁存值 ${rule}: ${table}`);
  printLine(`${streams} streams 数据流, ${different.length} counts differ 计数不符; ${canariesLooked} canaries 禁存值, ${canaries.length} found 发现`);
}
