import { describe, expect, it } from 'vitest';
import type { Row } from '../../connectors/contract.ts';
import { judge } from '../../connectors/judge.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { keys } from './sample.ts';

const petition = { xfjbh: '1', nd: '2026', djsj: '2026-03-01', xfmd: '3', gxsj: '2026-03-01 10:00:00', zf: '0' };
const judged = async (department: string, stream: string, row: Row) => judge(department, streamOf(await connectorOf(department), stream), { row, position: '' }, keys);

describe('a name that is never stored', () => {
  it.each<[string, Row, Record<string, number>]>([
    ['of the record', { bfyr: 'ACCUSED' }, { bfyr: 1 }],
    ['in a petitioner’s block', { xfr: [{ xfrxm: '张三', bfyr: 'ACCUSED' }, { xfrxm: '李四', bfyr: 'ACCUSED' }] }, { bfyr: 2 }],
    ['in a block that nobody declared', { more: { parts: [[{ bfyr: 'ACCUSED' }]] } }, { bfyr: 1 }],
    ['that is empty, which counts for nothing', { xfr: [{ xfrxm: '张三', bfyr: '' }] }, {}],
  ])('goes %s', async (_, more, droppedFields) => {
    const version = await judged('petition', 'petitions', { ...petition, ...more });
    expect(version).toMatchObject({ kind: 'LIVE', droppedFields });
    expect(JSON.stringify(version)).not.toMatch(/ACCUSED|"bfyr":""/);
    expect(version.droppedFields).toEqual(droppedFields);
  });

  it('goes from what is quarantined too', async () => {
    const version = await judged('petition', 'petitions', { ...petition, djsj: 'x', xfr: [{ xfrxm: '张三', bfyr: 'ACCUSED' }] });
    expect(version).toMatchObject({ kind: 'QUARANTINED', reason: 'UNPARSABLE_TIME', droppedFields: { bfyr: 1 }, content: { xfr: [{ xfrxm: '张三' }] } });
    expect(JSON.stringify(version)).not.toContain('ACCUSED');
  });
});
