import { existsSync, statSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { YiwangError } from '../../base/errors.ts';
import { readJsonFile } from '../../base/json-file.ts';
import type { Model } from '../../linkage/model.ts';
import { writeExactCsv } from '../csv.ts';
import { printJson, printLine, progressBar } from '../output.ts';

interface Options {
  model?: string;
  input: string[];
  out?: string;
  saveModel?: string;
  printSchema?: boolean;
  json?: boolean;
}

export function linkCommand(program: Command): void {
  program
    .command('link')
    .description('the linkage engine on any CSV files · 对任意 CSV 做记录链接')
    .option('--model <name|file>', 'febrl, historical_50k, cn_persons, or a JSON file · 模型')
    .option('--input <csv>', 'once for each input · 输入文件，可重复', (file: string, files: string[]) => [...files, file], [] as string[])
    .option('--out <csv>', 'clusters: source,id,entity · 输出聚类结果')
    .option('--save-model <json>', 'the model with what it learnt, for `--model` next time · 保存学到的参数，下次用作 `--model`')
    .option('--print-schema', 'print the JSON Schema of a model · 打印模型的 JSON Schema')
    .option('--json', 'one JSON document with the figures of the run · 输出 JSON')
    .action((options: Options) => link(options));
}

async function link(options: Options): Promise<void> {
  const { modelJsonSchema } = await import('../../linkage/model.ts');
  if (options.printSchema) return printJson(modelJsonSchema());
  if (!options.model || !options.out || options.input.length === 0) throw new YiwangError('USAGE', { hint: 'link needs --model, --input and --out' });
  const model = await modelOf(options.model);
  const missing = options.input.find((file) => !existsSync(file));
  if (missing !== undefined) throw new YiwangError('USAGE', { hint: `there is no file \`${missing}\`` });
  const overwritten = [options.out, options.saveModel].find((file) => file !== undefined && options.input.some((input) => isSameFile(input, file)));
  if (overwritten !== undefined) throw new YiwangError('USAGE', { hint: `\`${overwritten}\` is an input and would be overwritten` });
  const { linkTable } = await import('../../linkage/link.ts');
  const bar = progressBar('link · 链接');
  try {
    const result = await linkTable({ model, inputs: options.input, progress: (_stage, share) => bar.update(Math.round(share * 100), 100) });
    writeExactCsv(options.out, ['source', 'id', 'entity'], result.clusters.map(({ source, id, entity }) => [source, id, entity]));
    if (options.saveModel !== undefined) writeFileSync(options.saveModel, `${JSON.stringify({ ...model, trained: result.trained }, null, 2)}\n`);
    bar.end();
    const { rows, entities, candidates, edges, refusedMerges } = result;
    if (options.json) printJson({ rows, entities, candidates, edges, refusedMerges, out: options.out });
    else printLine(`${rows} rows → ${entities} entities; ${candidates} pairs compared, ${edges} edges, ${refusedMerges} merges refused · ${rows} 行归为 ${entities} 个实体`);
  } finally {
    bar.end();
  }
}

function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map((file) => statSync(file, { throwIfNoEntry: false }));
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

async function modelOf(name: string): Promise<Model> {
  const { shippedModels } = await import('../../linkage/models/shipped.ts');
  if (Object.hasOwn(shippedModels, name)) return shippedModels[name]!;
  if (!existsSync(name)) throw new YiwangError('USAGE', { hint: `there is no model \`${name}\`; there are ${Object.keys(shippedModels).join(', ')}, or a JSON file` });
  const parsed = await parsedModel(name);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new YiwangError('USAGE', { hint: `the model \`${name}\` is wrong at \`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? ''}; \`yiwang link --print-schema\` tells the form` });
}

async function parsedModel(name: string) {
  const { modelSchema } = await import('../../linkage/model.ts');
  try {
    return modelSchema.safeParse(readJson(name));
  } catch (cause) {
    throw cause instanceof RangeError ? new YiwangError('USAGE', { hint: `the model \`${name}\` is nested too deeply`, cause }) : cause;
  }
}

function readJson(file: string): unknown {
  try {
    return readJsonFile(file);
  } catch (cause) {
    throw new YiwangError('USAGE', { hint: `\`${file}\` is not JSON`, cause });
  }
}
