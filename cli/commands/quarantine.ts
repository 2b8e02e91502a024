import { InvalidArgumentError, type Command } from 'commander';
import { YiwangError } from '../../base/errors.ts';
import { recordKeys } from '../../base/keys.ts';
import { writeSheet } from '../csv.ts';
import { withHub, type Hub } from '../hub.ts';
import { printJson, printLine, printTable, wholeNumber } from '../output.ts';

interface ListOptions extends Filter {
  csv?: string;
}

interface Filter {
  department?: string;
  stream?: string;
  reason?: string;
  json?: boolean;
}

const columns = ['stream 数据流', 'reason 原因', 'field 字段', 'count 条数', 'first id 首条编号'];
const idMax = Number.MAX_SAFE_INTEGER;

export function quarantineCommand(program: Command): void {
  const quarantine = program.command('quarantine').description('what was refused and why · 被隔离的记录及原因');
  filtered(quarantine.command('list').description('open entries by stream, reason and field · 按数据流、原因、字段列出'))
    .option('--csv <file>', 'writes them for a spreadsheet instead · 另存为电子表格')
    .action(async (options: ListOptions) => {
      await requireNamed(options);
      return withHub((hub) => list(hub, options));
    });
  quarantine
    .command('show')
    .argument('<id>', 'of an entry · 编号', wholeNumber(1, idMax))
    .description('one entry with the form of its values, never the values · 查看一条的值形，不含原值')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((id: number, options: { json?: boolean }) => withHub((hub) => show(hub, id, options)));
  filtered(quarantine.command('release').argument('[ids...]', 'of entries; or choose by the options · 编号，或用选项筛选', wholeNumbers).description('re-reads entries exactly once, in order · 放行：按序重读，恰好一次'))
    .action(async (ids: number[] | undefined, options: Filter) => {
      await requireNamed(options);
      return withHub((hub) => release(hub, ids ?? [], options));
    });
}

function filtered(command: Command): Command {
  return command
    .option('--department <name>', 'of one department · 部门')
    .option('--stream <name>', 'of one stream · 数据流')
    .option('--reason <code>', 'of one reason · 原因')
    .option('--json', 'one JSON document · 输出 JSON');
}

async function list({ pool }: Hub, { json, csv, ...filter }: ListOptions): Promise<void> {
  const { listQuarantine } = await import('../../jobs/quarantine.ts');
  const groups = await listQuarantine(pool, filter);
  const rows = groups.map((group) => [`${group.department}/${group.stream}`, group.reason, group.field ?? '–', group.count, group.firstId]);
  if (csv !== undefined) writeSheet(csv, columns, rows);
  if (json) printJson(groups);
  else if (csv === undefined) printTable(columns, rows);
}

async function show({ pool }: Hub, id: number, { json }: { json?: boolean }): Promise<void> {
  const { showQuarantine } = await import('../../jobs/quarantine.ts');
  const entry = await showQuarantine(pool, id);
  if (json) return printJson(entry);
  printLine(`${entry.department}/${entry.stream} ${entry.reason} ${entry.field ?? ''} @ ${entry.position} (${entry.createdAt})`);
  printTable(['field 字段', 'form 值形'], Object.entries(entry.sample ?? {}));
}

async function release({ config, pool }: Hub, ids: readonly number[], { json, ...filter }: Filter): Promise<void> {
  if (ids.length === 0 && Object.keys(filter).length === 0) throw new YiwangError('USAGE', { hint: 'name the entries, or choose them with --department, --stream or --reason' });
  const { releaseQuarantine } = await import('../../jobs/quarantine.ts');
  const outcomes = await releaseQuarantine(pool, recordKeys(config.masterSecret), { ...filter, ...(ids.length > 0 ? { ids } : {}) }, 'cli', new Date());
  if (json) return printJson(outcomes);
  printTable(['outcome 结果', 'entries 条数'], Object.entries(outcomes));
}

/** A name that is mistyped must not read as nothing quarantined. */
async function requireNamed({ department, stream, reason }: Filter): Promise<void> {
  const { namedStreams } = await import('../../connectors/registry.ts');
  const { quarantineReasons } = await import('../../connectors/judge.ts');
  if (department !== undefined) await namedStreams({ departments: [department], stream });
  else if (stream !== undefined && !(await namedStreams({})).some((one) => one.stream === stream)) throw new YiwangError('USAGE', { hint: `no department has a stream \`${stream.slice(0, 40)}\`` });
  if (reason !== undefined && !quarantineReasons.some((one) => one === reason)) throw new YiwangError('USAGE', { hint: `\`${reason.slice(0, 40)}\` is no reason; there are ${quarantineReasons.join(', ')}` });
}

function wholeNumbers(text: string, before: number[] | undefined): number[] {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('not a number · 不是编号');
  return [...(before ?? []), Number(text)];
}
