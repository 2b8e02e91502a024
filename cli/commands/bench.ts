import type { Command } from 'commander';
import type { BenchOptions } from '../../bench/main.ts';
import { printJson, printLine, wholeNumber } from '../output.ts';

export function benchCommand(program: Command): void {
  program
    .command('bench')
    .argument('[name]', 'one of them; without a name they are listed · 基准名称，缺省列出全部')
    .description('measures as ratios, taken in turn in one go · 基准测试，以同场比值为准')
    .option('--seconds <n>', 'how long each contender is loaded · 每项加压秒数', wholeNumber(1, 86_400))
    .option('--rounds <n>', 'how often each contender of `federation` is measured · 每项测量轮数', wholeNumber(1, 20))
    .option('--residents <n>', 'size of the county, where the bench has one · 居民数', wholeNumber(100, 1_000_000))
    .option('--memory-rows <n>', 'rows of the large source in the memory part of `ingest` · 内存测试的行数', wholeNumber(1_000, 10_000_000))
    .option('--mentions <n>', 'the largest generated set of `linkage` · 链接基准的最大规模', wholeNumber(10_000, 1_000_000))
    .option('--folder <dir>', 'public data sets fetched by hand: febrl4a.csv, febrl4b.csv, historical_50k.csv; for `hub` a home that `yiwang demo --once` filled · 手工取得的公开数据集；hub 则为已填充的目录')
    .option('--dataset <dir>', 'a data set of another generator, reported beside ours (`matters`) · 另附的数据集')
    .option('--records <n>', 'largest size of `matters` · 事项基准的最大记录数', wholeNumber(10_000, 1_000_000))
    .option('--json', 'one JSON document · 输出 JSON')
    .action(async (name: string | undefined, options: Given & { json?: boolean }) => {
      const { benchNames, runBench } = await import('../../bench/main.ts');
      if (name === undefined) return options.json ? printJson(benchNames) : printLine(benchNames.join('\n'));
      const table = await runBench(name, given(options));
      if (options.json) printJson({ bench: name, table });
      else printLine(table);
    });
}

interface Given {
  seconds?: number;
  rounds?: number;
  residents?: number;
  memoryRows?: number;
  mentions?: number;
  folder?: string;
  dataset?: string;
  records?: number;
}

function given({ seconds, rounds, residents, memoryRows, mentions, folder, dataset, records }: Given): BenchOptions {
  return {
    ...(seconds === undefined ? {} : { durationSeconds: seconds }),
    ...(rounds === undefined ? {} : { rounds }),
    ...(residents === undefined ? {} : { residents }),
    ...(memoryRows === undefined ? {} : { memoryRows }),
    ...(mentions === undefined ? {} : { mentionsMax: mentions }),
    ...(folder === undefined ? {} : { folder }),
    ...(dataset === undefined ? {} : { dataset }),
    ...(records === undefined ? {} : { records }),
  };
}
