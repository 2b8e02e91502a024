import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../connectors/contract.ts';
import { judge } from '../../connectors/judge.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { absentProtections, requireFields } from '../../connectors/sources/fields.ts';
import { offeredRows, type RawRow } from '../../connectors/sources/file-rows.ts';
import { keys } from './sample.ts';

const petition = { xfjbh: '1', nd: '2026', djsj: '2026-03-01', xfmd: '3', gxsj: '2026-03-01 10:00:00', bmyq: '0', bfydw: '' };
const without = (field: string, more: Row = {}): Row => ({ ...Object.fromEntries(Object.entries(petition).filter(([name]) => name !== field)), ...more });
const page = (row: Row, rows = 20) => Array.from({ length: rows }, () => row);

describe('a page of petitions', () => {
  it.each<[string, Row[], string[] | string]>([
    ['is whole', page(petition), []],
    ['has a record that states confidentiality', [...page(without('bmyq')), petition], []],
    ['states confidentiality nowhere', page(without('bmyq')), ['bmyq']],
    ['is too short to tell', page(without('bmyq'), 19), []],
    ['complains about no unit', page(without('bfydw')), ['bfydw']],
    ['names that unit in a field nobody declared', page(without('bfydw', { bfdw: '1' })), ['bfydw']],
  ])('that %s', async (_, rows, expected) => {
    const stream = streamOf(await connectorOf('petition'), 'petitions');
    if (typeof expected === 'string') expect(() => requireFields(stream, rows)).toThrow(expect.objectContaining({ code: 'SOURCE_SCHEMA', hint: expected }));
    else expect(requireFields(stream, rows)).toEqual(expected);
  });
});

describe('a ticket that was pushed', () => {
  const ticket = { ticketNo: 'T', receivedAt: '2026-03-02', status: 'ACCEPTED', updatedAt: '2026-03-02' };
  it('is reported where no ticket of a page says so', async () => {
    const stream = streamOf(await connectorOf('hotline'), 'tickets');
    const rows = page({ ...ticket, requester: {}, respondentOrg: null });
    expect(absentProtections(stream, rows)).toEqual(['confidential']);
    const [version] = rows.map((row) => judge('hotline', stream, { row, beside: { eventType: 'x' }, event: { subject: 'T', sequence: '1' }, position: '', absent: ['confidential'] }, keys));
    expect(version!.drift).toContain('confidential (missing)');
  });
});

describe('a file of assistance applications', () => {
  const header = '业务编号,申请人姓名,证件类型,证件号码,联系电话,家庭编号,家庭人数,救助类别,申请日期,办理状态,决定日期,月保障金额,居住地址,行政区划代码,经办机构代码,更新时间';
  const read = async (columns: string): Promise<RawRow[]> => {
    const folder = mkdtempSync(join(tmpdir(), 'yiwang-header-'));
    try {
      const path = join(folder, 'jzsq_1.csv');
      writeFileSync(path, `${columns}\n${columns.split(',').map(() => 'x').join(',')}\n`);
      const rows: RawRow[] = [];
      for await (const row of offeredRows(streamOf(await connectorOf('civil'), 'jzsq'), path, 'utf-8')) rows.push(row);
      return rows;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('says which declared column its header lacks, and stops where it is a required one', async () => {
    expect((await read(header)).map((row) => row.absent)).toEqual([[]]);
    expect((await read(header.replace('居住地址', '住址'))).map((row) => row.absent)).toEqual([['居住地址']]);
    await expect(read(header.replace('申请日期', '日期'))).rejects.toMatchObject({ code: 'SOURCE_SCHEMA', hint: expect.stringContaining('申请日期') });
  });
});
