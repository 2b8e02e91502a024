import { resolve } from 'node:path';
import type { Command } from 'commander';
import { printLine, progressBar, wholeNumber } from '../output.ts';

export const residentsMax = 2_000_000;

export function datasetCommand(program: Command): void {
  const dataset = program.command('dataset').description('synthetic counties · 合成县域数据集');
  dataset
    .command('generate')
    .description('writes a synthetic county in the format of the sources, with its ground truth · 生成合成县域数据集及其真值')
    .requiredOption('--out <dir>', 'an empty or new folder · 空目录或新目录')
    .requiredOption('--residents <n>', 'how many people · 人口数', wholeNumber(100, residentsMax))
    .requiredOption('--seed <s>', 'the same seed gives the same county · 随机种子', wholeNumber(0, 4_294_967_295))
    .action(async (options: { out: string; residents: number; seed: number }) => {
      const { generateDataset } = await import('../../simulator/generate.ts');
      const bar = progressBar('generate · 生成');
      try {
        await generateDataset({ out: resolve(options.out), residents: options.residents, seed: options.seed, progress: bar.update });
      } finally {
        bar.end();
      }
      printLine(resolve(options.out));
    });
}
