import { beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../connectors/judge.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import type { Connector, Row } from '../../connectors/contract.ts';
import { keys } from './sample.ts';

const connectors = new Map<string, Connector>();
beforeAll(async () => {
  for (const department of ['police', 'court', 'civil', 'petition', 'hotline']) connectors.set(department, await connectorOf(department));
});

function live(department: string, stream: string, row: Row, beside?: Row) {
  const event = department === 'hotline' ? { event: { subject: 'T1', sequence: '1' } } : {};
  const judged = judge(department, streamOf(connectors.get(department)!, stream), { row, position: '1', ...event, ...(beside ? { beside } : {}) }, keys);
  if (judged.kind !== 'LIVE') throw new Error(`${judged.kind} ${'reason' in judged ? judged.reason : ''}`);
  return { ...judged.mapped.whole, drift: judged.drift };
}

const call = (more: Row) => live('police', 'jcj_jjd', { jjdbh: 'J1', bjsj: '2026-03-02 09:30:00', sfjf: '1', gxsj: '2026-03-02 09:30:00', scbz: '0', ...more });
const filing = (more: Row) => live('court', 'prelitigation-cases', { prelitNo: 'P1', receivedAt: '2026-05-19', outcome: 'PENDING', closedHearing: false, minorInvolved: false, updatedAt: '2026-05-27', deleted: false, ...more });
const application = (more: Row) => live('civil', 'jzsq', { 业务编号: 'B1', 申请日期: '2026-03-01', 办理状态: '受理', 更新时间: '2026-03-01', ...more });
const petition = (more: Row) => live('petition', 'petitions', { xfjbh: '1', nd: '2026', djsj: '2026-03-01', xfmd: '3', gxsj: '2026-03-01', zf: '0', ...more });
const ticket = (more: Row, eventType = 'cn.gov.12345.ticket.created') => live('hotline', 'tickets', { ticketNo: 'T1', receivedAt: '2026-03-01', status: 'ACCEPTED', updatedAt: '2026-03-01', ...more }, { eventType });

describe('a zone is one that RFC 3339 knows, or the time cannot be read', () => {
  test.each([
    ['2026-03-02T09:30:00+08:00', true],
    ['2026-03-02T09:30:00+23:59', true],
    ['2026-03-02T09:30:00+24:00', false],
    ['2026-03-02T09:30:00+99:00', false],
    ['2026/3/2 9:30-0860', false],
  ])('%s', (filedAt, isRead) => {
    expect(filing({ filedAt }).quarantined).toEqual(isRead ? [] : [{ field: 'filedAt', reason: 'UNPARSABLE_TIME' }]);
  });
});

test('nobody of a joint petition of 1,500 is lost', () => {
  const { mentions } = petition({ xfr: Array.from({ length: 1500 }, (_, n) => ({ xfrxm: `张三${n}` })) });
  expect(mentions.map((mention) => mention.ordinal)).toEqual(Array.from({ length: 1500 }, (_, n) => n));
});

test('a block for a petitioner that holds white space only names nobody', () => {
  expect(petition({ xfr: ['\n  ', { xfrxm: '张三' }] }).mentions.map((mention) => mention.name)).toEqual(['张三']);
  expect(petition({ xfr: ['\u00a0'], xfrxm: '李四' }).mentions.map((mention) => mention.name)).toEqual(['李四']);
});

describe('a division code with a slip in it is cut to what it says', () => {
  test.each([
    ['620102XX0000', '620102000000', 'DIVISION_CUT'],
    ['6201020000000', '620102000000', 'DIVISION_CUT'],
    ['62010', '620100000000', 'DIVISION_CUT'],
    ['6201', '620100000000', undefined],
    ['62', '620000000000', undefined],
    ['620102', '620102000000', undefined],
    ['6201020000', '620102000000', undefined],
    ['甘肃', null, 'DIVISION_UNKNOWN'],
    ['990102XX0000', null, 'DIVISION_UNKNOWN'],
    ['52620102MJ10000001', null, 'DIVISION_UNKNOWN'],
  ])('%s', (xzqh, division, kind) => {
    const { record, repairs } = call({ xzqh });
    expect(record['division']).toBe(division);
    expect(repairs).toEqual(kind === undefined ? [] : [{ field: 'xzqh', kind }]);
  });
});

describe('a registered organisation lies where its code says today, and one that no table knows opens no parent, and is told', () => {
  test.each([
    ['330105', '330105000000', undefined],
    ['330105001000', '330105001000', undefined],
    ['330103', '330105000000', 'DIVISION_SUPERSEDED'],
    ['330103001000', '330105014000', 'DIVISION_SUPERSEDED'],
    ['330105999999', '330105999999', 'DIVISION_UNKNOWN'],
    ['浙江', '浙江', 'DIVISION_UNKNOWN'],
    ['', null, undefined],
  ])('%s', (行政区划代码, division, kind) => {
    const { organization, repairs } = live('civil', 'shzz', { 名称: '某调解委员会', 统一社会信用代码: '52330105MJ20000001', 更新时间: '2026-03-01', 行政区划代码 });
    expect(organization).toMatchObject({ division });
    expect(repairs).toEqual(kind === undefined ? [] : [{ field: '行政区划代码', kind }]);
  });
});

describe('a number that cannot be read is a quarantined value', () => {
  test.each([
    ['八百元', '三人', null, null, 2],
    ['800元', '3.5', null, null, 2],
    ['1,800.50', '3.0', '1800.50', 3, 0],
    ['', '-', null, null, 0],
  ])('%s and %s', (月保障金额, 家庭人数, amount, size, refused) => {
    const { detail, quarantined } = application({ 月保障金额, 家庭人数 });
    expect(detail).toMatchObject({ monthly_amount_yuan: amount, household_size: size });
    expect(quarantined.map((one) => one.reason)).toEqual(Array.from({ length: refused }, () => 'OTHER'));
  });
});

test.each([
  ['8812345', [], true],
  ['138001380001', [], true],
  ['13800138000、1381234567', ['+8613800138000'], true],
  ['13800138000', ['+8613800138000'], false],
  ['不愿透露', [], false],
])('of the phones in %s it is told whether one cannot be read', (bjrdh, phones, told) => {
  const { mentions, repairs } = call({ bjrxm: '张三', bjrdh });
  expect(mentions[0]!.phones).toEqual(phones);
  expect(repairs.some((one) => one.kind === 'PHONE_UNREADABLE')).toBe(told);
});

describe('a credit code', () => {
  const code = '52330105MJ1234567X';
  test.each([' 52330105 MJ1234567X', '52330105\u3000MJ1234567X', '５２330105MJ1234567X', '52330105mj1234567x'])('written %s is of the same organisation', (written) => {
    const lead = { lead_org: code, assist_orgs: [] };
    expect(ticket({ leadOrg: written, respondentOrg: written })).toMatchObject({ record: { ...lead, respondent_org: code }, assignments: [{ credit_code: code, relation: 'LEAD' }] });
    expect(ticket({ assistOrgs: [written] }).assignments).toEqual([{ credit_code: code, relation: 'ASSIST' }]);
    expect(petition({ qxdw: written, bfydw: written })).toMatchObject({ record: { ...lead, respondent_org: code }, detail: { handled_by: code } });
    expect(filing({ divertedTo: written })).toMatchObject({ record: { assist_orgs: [code], facts: { divertedTo: code } }, detail: { diverted_to: code } });
  });
});

test('a state with a space in it is that state', () => {
  expect(application({ 办理状态: '批 准' })).toMatchObject({ record: { status: 'RESOLVED' }, detail: { status: '批准' } });
});

test.each([
  ['+86 138-0000-1111、0571 88001122', '+8613800001111、+8657188001122'],
  ['96111', '96111'],
  ['总机 0571-88001122 转 8、96111', '总机 0571-88001122 转 8、96111'],
])('of the register, a name without inner spaces and the phones in %s', (联系电话, public_phone) => {
  const { organization } = live('civil', 'shzz', { 名称: '协 会　二', 统一社会信用代码: '52330105MJ20000001', 更新时间: '2026-03-01', 联系电话 });
  expect(organization).toMatchObject({ name: '协会二', public_phone });
});

test.each([[undefined], [''], ['第三人'], ['x'.repeat(6000)]])('a party whose role is %s is one of another role', (role) => {
  expect(filing({ parties: [{ role: 'PLAINTIFF', name: '张三' }, { role, name: '李四' }] }).mentions.map((mention) => [mention.role, mention.ordinal, mention.name])).toEqual([['PLAINTIFF', 0, '张三'], ['OTHER', 1, '李四']]);
});

test('a code by which records are found is none where it is longer than any index takes, and told', () => {
  const long = 'x'.repeat(6000);
  expect(ticket({ disputeType: long, respondentOrg: long })).toMatchObject({ record: { category: null, respondent_org: null }, quarantined: [{ field: 'disputeType', reason: 'OTHER' }, { field: 'respondentOrg', reason: 'OTHER' }] });
  expect(ticket({ disputeType: 'x'.repeat(1024) }).record['category']).toHaveLength(1024);
});

test('a unit whose code is longer than any index takes is none', () => {
  expect(filing({ courtCode: '甘0102' }).units).toHaveLength(1);
  expect(filing({ courtCode: '甘'.repeat(5000) })).toMatchObject({ units: [], assignments: [] });
});

test('no replacement character is published, whatever field it stands in', () => {
  const mapped = [call({ bjrxm: '张\ufffd三', jjdw: '6201\ufffd', fsdd: '路\ufffd1号', jflxdm: '0\ufffd2', bjrsfzh: '\ufffd' }), ticket({ leadOrg: '\ufffd', categoryPath: ['交\ufffd通', '\ufffd'], requester: { name: '\ufffd' } }), filing({ caseNo: '（2026）\ufffd甘0102民初1号' })];
  expect(JSON.stringify(mapped)).not.toContain('\ufffd');
  expect(mapped[0]!.mentions).toMatchObject([{ name: '张三', id_number: null, id_suspect: null }]);
  expect(() => application({ 办理状态: '\ufffd' })).toThrow('REQUIRED_MISSING');
});

describe('drift', () => {
  test('unknown fields of what is nested are reported, once a version', () => {
    expect(filing({ parties: [{ name: '张三', nested: 'x' }, { name: '李四', nested: 'y' }], judge: 'z' }).drift).toEqual(['judge', 'parties.nested']);
    expect(petition({ xfr: [{ xfrxm: '张三', zy: '教师' }, ''] }).drift).toEqual(['xfr.zy']);
    expect(ticket({ requester: { name: '张三', wechat: 'x' }, facility: { kind: '路灯', floor: 3 } }).drift).toEqual(['requester.wechat', 'facility.floor']);
    expect(ticket({ requester: { name: '张三', phone: null }, categoryPath: ['交通'] }).drift).toEqual([]);
  });

  test('a type of event that no contract names is taken and reported', () => {
    expect(ticket({}, 'cn.gov.12345.ticket.deleted')).toMatchObject({ record: { status: 'OPEN' }, drift: ['eventType'] });
    expect(ticket({}, 'cn.gov.12345.ticket.withdrawn')).toMatchObject({ record: { status: 'WITHDRAWN' }, drift: [] });
  });
});
