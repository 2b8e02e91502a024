import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { csvRows } from '../../connectors/sources/csv.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'yiwang-csv-'))));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(text: string): Promise<string[]> {
  const path = join(folder, 'rows.csv');
  const bytes = Buffer.from(text);
  writeFileSync(path, bytes);
  const rows: string[] = [];
  for await (const { offset, cells } of csvRows(path)) {
    if (offset > 0 && bytes[offset - 1] !== 0x0a) throw new Error(`row ${rows.length} begins within a line`);
    rows.push(cells.map((cell) => cell.toString()).join(' | '));
  }
  return rows;
}

const header = 'key,name,place,day';
const lines = (...rows: string[]) => [header, ...rows].map((row) => `${row}\r\n`).join('');

/** Rows as their lines give them, and what is read below the header. A line that stands alone with its commas is for quarantine. */
describe('a quote that is left open swallows no row', () => {
  test.each<[string, string[], string[]]>([
    ['nothing closes it', ['A,a,x,1', 'B,b,"甘南路12号,2', 'C,c,z,3'], ['A | a | x | 1', 'B,b,"甘南路12号,2', 'C | c | z | 3']],
    ['nothing closes it, in the last cell', ['A,a,x,"1', 'B,b,y,2'], ['A,a,x,"1', 'B | b | y | 2']],
    ['a later row’s opening quote closes it', ['A,a,"x,1', 'B,b,y,2', 'C,c,"z, 3",3'], ['A,a,"x,1', 'B | b | y | 2', 'C | c | z, 3 | 3']],
    ['the next row’s does, and the cells are as many as the header has', ['A,a,"x,1', 'B,b,"y",2', 'C,c,z,3'], ['A,a,"x,1', 'B | b | y | 2', 'C | c | z | 3']],
    ['both are open', ['A,a,"x,1', 'B,b,"y,2', 'C,c,z,3'], ['A,a,"x,1', 'B,b,"y,2', 'C | c | z | 3']],
    ['an empty quoted cell stands between', ['A,a,"x,1', 'B,"",y,2', 'C,c,z,3'], ['A,a,"x,1', 'B |  | y | 2', 'C | c | z | 3']],
    ['a cell with newlines closes it', ['A,a,"x,1', 'B,b,"y\n1",2', 'C,c,z,3'], ['A,a,"x,1', 'B | b | y\n1 | 2', 'C | c | z | 3']],
  ])('%s', async (_, rows, expected) => expect((await read(lines(...rows))).slice(1)).toEqual(expected));

  test.each<[string, string[], string[]]>([
    ['newlines in a cell', ['A,a,"x\r\ny\n\n",1', 'B,b,y,2'], ['A | a | x\r\ny\n\n | 1', 'B | b | y | 2']],
    ['… of a row with a cell too many', ['A,a,"x\r\ny",1,more', 'B,b,y,2'], ['A | a | x\r\ny | 1 | more', 'B | b | y | 2']],
    ['a table within a cell', ['A,a,"x\nC,c,z,3\n",1', 'B,b,y,2'], ['A | a | x\nC,c,z,3\n | 1', 'B | b | y | 2']],
    ['text after a closing quote', ['A,a,"x"号,1', 'B,b,"y\nz"号,2'], ['A | a | x号 | 1', 'B | b | y\nz号 | 2']],
    ['doubled quotes', ['A,a,"""x""\n""y""",1'], ['A | a | "x"\n"y" | 1']],
  ])('it is not taken for one: %s', async (_, rows, expected) => expect((await read(lines(...rows))).slice(1)).toEqual(expected));

  test('rows after one that is open in a file larger than any row may be', async () => {
    const many = Array.from({ length: 300_000 }, (_, n) => `K${n},name,some place,2026-03-01`);
    const rows = await read(`${lines('A,a,"x,1')}${many.join('\n')}\n`);
    expect(rows.slice(1, 3)).toEqual(['A,a,"x,1', 'K0 | name | some place | 2026-03-01']);
    expect(rows).toHaveLength(many.length + 2);
  });
});

test('what a spreadsheet writes is read as it was', async () => {
  const cell = fc.array(fc.constantFrom('a', '甘', '"', ',', '\n', '\r\n', ' ', '|'), { maxLength: 6 }).map((parts) => parts.join(''));
  const quoted = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }).map(String), cell, cell, cell), { maxLength: 5 }), async (rows) => {
    const text = lines(...rows.map((row) => row.map(quoted).join(',')));
    expect((await read(text)).slice(1)).toEqual(rows.map((row) => row.join(' | ')));
  }), { numRuns: 300 });
});
