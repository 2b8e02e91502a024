import iconv from 'iconv-lite';

/** One line of jzsq_*.csv: cells as written, in the order of the header that the delivery has. */
export interface CsvRow {
  cells: string[];
  /** Cells are cut off or added, so that they cannot be told apart. */
  quarantined?: 'CELL_COUNT' | 'INVALID_BYTES' | 'UNPARSABLE_TIME' | 'REQUIRED_MISSING';
  /** Bytes that GB18030 does not have, put into the second cell. */
  spoiledBytes?: number[];
}

const header = '业务编号,申请人姓名,证件类型,证件号码,联系电话,家庭编号,家庭人数,救助类别,申请日期,办理状态,决定日期,月保障金额,居住地址,行政区划代码,经办机构代码,更新时间'.split(',');
const meansAfter = '月保障金额';

/** The file's bytes: GB18030, rows ended by CR LF, cells quoted where needed and now and then where not. */
export function encodedCsv(rows: readonly CsvRow[], columns: { means: boolean; remark: boolean }): Buffer {
  const titles = columns.means ? header.toSpliced(header.indexOf(meansAfter) + 1, 0, '经济状况核对') : [...header];
  if (columns.remark) titles.push('备注');
  const parts: Buffer[] = [encode(`${titles.join(',')}\r\n`)];
  let pending = '';
  for (const [number, row] of rows.entries()) {
    const cells = columns.remark ? [...row.cells, ''] : row.cells;
    if (!row.spoiledBytes) {
      pending += line(cells, number);
      continue;
    }
    const [key = '', name = '', ...rest] = cells;
    parts.push(encode(`${pending}${key},${name}`), Buffer.from(row.spoiledBytes), encode(`,${rest.map((cell) => quoted(cell, false)).join(',')}\r\n`));
    pending = '';
  }
  parts.push(encode(pending));
  return Buffer.concat(parts);
}

function line(cells: readonly string[], number: number): string {
  return `${cells.map((cell, at) => quoted(cell, (number + at) % 37 === 0)).join(',')}\r\n`;
}

function quoted(cell: string, always: boolean): string {
  return always || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function encode(text: string): Buffer {
  return iconv.encode(text, 'gb18030');
}
