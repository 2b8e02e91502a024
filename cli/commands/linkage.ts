import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Pool, Transaction } from '../../base/db.ts';
import { YiwangError } from '../../base/errors.ts';
import type { PersonState } from '../../linkage/persons.ts';
import { readCsv, writeCsv } from '../csv.ts';
import { withHub } from '../hub.ts';
import { waterfallRows } from '../waterfall.ts';
import { printJson, printLine, printTable } from '../output.ts';

const personColumns = ['department', 'stream', 'recordKey', 'role', 'ordinal', 'personId'] as const;
const matterColumns = ['department', 'stream', 'recordKey', 'matterId'] as const;

export function linkageCommand(program: Command): void {
  const linkage = program.command('linkage').description('what the hub linked: persons and matters · 链接结果：人与事');
  linkage
    .command('export')
    .description('persons.csv and matters.csv with the columns of the truth files · 按真值文件的列导出')
    .requiredOption('--out <dir>', 'where to · 输出目录')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((options: { out: string; json?: boolean }) => withHub(({ pool }) => exportAll(pool, options)));
  linkage
    .command('evaluate')
    .description('precision, recall, F1 and over-merges against a ground truth · 与真值比较')
    .requiredOption('--truth <dir>', 'the folder with persons.csv and matters.csv · 真值目录')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((options: { truth: string; json?: boolean }) => withHub(({ pool }) => evaluateAll(pool, options)));
  linkage
    .command('explain')
    .argument('<a>', 'a mention, as `department/stream/recordKey/role/ordinal` or its id · 提及')
    .argument('<b>', 'another · 另一提及')
    .description('the match weight of two mentions, level by level, without values · 逐级说明两条记录的匹配权重')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((a: string, b: string, options: { json?: boolean }) => withHub(({ pool }) => explain(pool, a, b, options)));
}

async function persons(pool: Pool): Promise<string[][]> {
  const { rows } = await pool.query<string[]>({
    rowMode: 'array',
    text: `SELECT r.department, r.stream, r.record_key, m.role, m.ordinal::text, coalesce(m.entity_key, m.mention_id)
           FROM hub.mention m JOIN hub.record r USING (rid) WHERE m.kind = 'PERSON' ORDER BY 1, 2, 3, 4, m.ordinal`,
  });
  return rows;
}

async function matters(pool: Pool): Promise<string[][]> {
  const { rows } = await pool.query<string[]>({
    rowMode: 'array',
    text: `SELECT r.department, r.stream, r.record_key, m.matter_no
           FROM hub.matter_member mm JOIN hub.record r USING (rid) JOIN hub.matter m USING (matter_key) ORDER BY 1, 2, 3`,
  });
  return rows;
}

async function exportAll(pool: Pool, { out, json }: { out: string; json?: boolean }): Promise<void> {
  const [people, clusters] = [await persons(pool), await matters(pool)];
  writeCsv(join(out, 'persons.csv'), personColumns, people);
  writeCsv(join(out, 'matters.csv'), matterColumns, clusters);
  if (json) printJson({ mentions: people.length, records: clusters.length, out });
  else printLine(`${people.length} mentions, ${clusters.length} records → ${out}`);
}

/** `USAGE` where a truth names nothing that this hub linked: shares of nothing would be perfect. */
export async function evaluateAll(pool: Pool, options: { truth: string; json?: boolean }): Promise<void> {
  const { evaluate } = await import('../../linkage/evaluate.ts');
  const folder = existsSync(join(options.truth, 'persons.csv')) ? options.truth : join(options.truth, 'truth');
  const compare = (found: string[][], file: string, columns: readonly string[]) => {
    if (!existsSync(join(folder, file))) throw new YiwangError('USAGE', { hint: `there is no \`${file}\` in \`${options.truth}\`` });
    const key = (cells: readonly string[]) => JSON.stringify(cells);
    const truth = new Map(readCsv(join(folder, file), columns).map((row) => [key(columns.slice(0, -1).map((column) => row[column]!)), row[columns.at(-1)!]!]));
    const both = found.flatMap((row) => {
      const entity = truth.get(key(row.slice(0, -1)));
      return entity === undefined ? [] : [{ found: row.at(-1)!, entity }];
    });
    if (both.length === 0) throw new YiwangError('USAGE', { hint: `nothing that \`${file}\` names is linked in this hub; sync the data set that it belongs to first` });
    return { onlyInHub: found.length - both.length, onlyInTruth: truth.size - both.length, ...evaluate(both.map((each) => each.found), both.map((each) => each.entity)) };
  };
  const result = { persons: compare(await persons(pool), 'persons.csv', personColumns), matters: compare(await matters(pool), 'matters.csv', matterColumns) };
  if (options.json) return printJson(result);
  const figures = (each: (typeof result)['persons']) => [each.items, ...[each.pairwise, each.bcubed].flatMap(({ precision, recall, f1 }) => [precision, recall, f1].map((share) => share.toFixed(4))), each.overMerges, each.largestCluster];
  printTable(['', 'items 项', 'pair P', 'pair R', 'pair F1', 'B³ P', 'B³ R', 'B³ F1', 'over-merges', 'largest'], [['persons 人', ...figures(result.persons)], ['matters 事', ...figures(result.matters)]]);
}

async function explain(pool: Pool, a: string, b: string, options: { json?: boolean }): Promise<void> {
  const [{ asMention, divisionsOf, mentionRows }, { explainPersons }] = await Promise.all([import('../../jobs/mentions.ts'), import('../../linkage/persons.ts')]);
  const [{ drizzle }, { connect }] = await Promise.all([import('drizzle-orm/node-postgres'), import('../../base/db.ts')]);
  const client = await connect(pool);
  try {
    const ids = [await mentionIdOf(pool, a), await mentionIdOf(pool, b)];
    const rows = await mentionRows(drizzle({ client }) as unknown as Transaction, ids);
    const { rows: settings } = await client.query<{ value: PersonState }>('SELECT state AS value FROM hub.link_state WHERE state IS NOT NULL');
    const divisions = divisionsOf(rows);
    const [left, right] = ids.map((id) => rows.find((row) => row.mention_id === id));
    if (!left || !right || !settings[0]) throw new YiwangError('NOT_FOUND', { hint: 'nothing has been linked yet; sync first' });
    const explanation = explainPersons(asMention(left, divisions), asMention(right, divisions), settings[0].value);
    if (options.json) return printJson(explanation);
    printTable(['comparison 比较', 'level 级别', 'bits 比特', 'of which rarity 稀有度', 'waterfall 瀑布图'], waterfallRows(explanation));
    printLine(`p = ${explanation.probability.toFixed(6)}`);
  } finally {
    client.release();
  }
}

/** A mention by its id or its name; the record's key may hold slashes of its own. */
export async function mentionIdOf(pool: Pool, text: string): Promise<string> {
  const [department = '', stream = '', ...rest] = text.split('/');
  const recordKeys = [rest, rest.slice(0, -1), rest.slice(0, -2)].map((parts) => parts.join('/'));
  const { rows } = await pool.query<{ mention_id: string }>(
    `SELECT m.mention_id FROM hub.mention m JOIN hub.record r USING (rid)
     WHERE m.kind = 'PERSON' AND (m.mention_id = $1 OR (r.department = $2 AND r.stream = $3 AND r.record_key = ANY ($4::text[])
       AND $5 IN (r.record_key, concat_ws('/', r.record_key, m.role), concat_ws('/', r.record_key, m.role, m.ordinal))))
     ORDER BY m.ordinal LIMIT 1`,
    [text, department, stream, recordKeys, rest.join('/')],
  );
  if (!rows[0]) throw new YiwangError('NOT_FOUND', { hint: 'there is no such mention; name it as department/stream/recordKey/role/ordinal' });
  return rows[0].mention_id;
}
