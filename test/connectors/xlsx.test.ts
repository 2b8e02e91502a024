import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sheetRows } from '../../connectors/sources/xlsx.ts';
import { temporaryFolder } from '../recovery/hub.ts';
import { zipped } from '../recovery/zip.ts';

/** A sheet writes what XML cannot hold as `_xHHHH_` (ECMA-376, ST_Xstring): Excel so keeps the carriage return of a cell that was pasted. */
test.each([
  ['莫干山路_x000D_\n4号', '莫干山路\r\n4号'],
  ['_xD842__xDFB7_', '𠮷'],
  ['_x005F_x000D_', '_x000D_'],
  ['a_x00_b_xyz1_', 'a_x00_b_xyz1_'],
])('the cell %s of a sheet is read as it was, however its text is kept', async (written, read) => {
  const sheet = `<worksheet><sheetData><row><c t="inlineStr"><is><t>${written}</t></is></c><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="str"><v>${written}</v></c></row></sheetData></worksheet>`;
  const strings = `<sst><si><t>${written}</t></si><si><r><t>${written}</t></r></si></sst>`;
  expect(await cellsOf(sheet, strings)).toEqual([[read, read, read, read]]);
});

/** Programs write a number as their language does: Java, and so Apache POI, has `1.3800138E10` for a phone and `330105.0` for a code. */
test.each([
  ['1.3800138E10', '13800138000'],
  ['330105.0', '330105'],
  ['46082.416666666664', '46082.416666666664'],
  ['4.60825E4', '46082.5'],
  ['13800138000', '13800138000'],
  ['057188001122', '057188001122'],
  ['6.20102E+17', '6.20102E+17'], // digits that were lost are not made up
])('the number %s of a sheet is read as %s', async (written, read) => {
  expect(await cellsOf(`<worksheet><sheetData><row><c><v>${written}</v></c><c t="n"><v>${written}</v></c><c t="str"><v>${written}</v></c></row></sheetData></worksheet>`)).toEqual([[read, read, written]]);
});

async function cellsOf(sheet: string, strings = '<sst/>'): Promise<string[][]> {
  const path = join(temporaryFolder(), 'sheet.xlsx');
  writeFileSync(path, zipped([{ name: 'xl/worksheets/sheet1.xml', data: Buffer.from(sheet) }, { name: 'xl/sharedStrings.xml', data: Buffer.from(strings) }]));
  const rows: string[][] = [];
  for await (const cells of sheetRows(path)) rows.push(cells);
  return rows;
}
