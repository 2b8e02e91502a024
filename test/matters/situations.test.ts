import { describe, expect, it } from 'vitest';
import { keywordsOf } from '../../matters/keywords.ts';
import { situationsOf, type ReportedRecord } from '../../matters/situations.ts';

const now = Date.parse('2026-09-30T20:00:00+08:00');
const minuteMs = 60_000;
const dayMs = 86_400_000;

function report(rid: string, more: Partial<ReportedRecord> = {}): ReportedRecord {
  return { rid, atMs: now - dayMs, category: '02', division: '620102001003', channel: 'WEB', requester: `p-${rid}`, thing: null, estate: null, title: '', text: '', private: [], topic: null, matterKey: `m-${rid}`, sensitive: false, ...more };
}
const bus = { key: 'bus', kind: '公交线路', name: '149路', identifier: 'BUS-149' };
const many = (n: number, more: (index: number) => Partial<ReportedRecord>) => Array.from({ length: n }, (_, index) => report(`r${String(index).padStart(2, '0')}`, more(index)));

describe('a hotspot on a public facility', () => {
  const morning = Date.parse('2026-09-14T08:20:00+08:00');
  const five = [0, 17, 31, 48, 65].map((minute, index) => report(`b${index}`, { atMs: morning + minute * minuteMs, thing: bus, category: null, channel: ['PHONE_12345', 'WECHAT_MINIAPP', 'PHONE_12345', 'QR_CODE', 'WECHAT_MINIAPP'][index]!, text: '等了四十分钟', title: '149路班次少', matterKey: 'm' }));

  it('five reports through three channels of one route in one morning, with what they tell of it', () => {
    const found = situationsOf([...five, report('other', { thing: { ...bus, key: 'other' }, category: null, atMs: morning }), report('later', { thing: bus, category: null, atMs: morning + 9 * dayMs })], now);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ kind: 'PUBLIC_FACILITY', name: '149路', fromMs: morning, toMs: morning + 65 * minuteMs, channels: ['PHONE_12345', 'QR_CODE', 'WECHAT_MINIAPP'], requesters: 5, matterKeys: ['m'], trend: 'NEW', facts: [{ name: 'REPORTED_HEADWAY_MINUTES', value: '40' }] });
    expect(found[0]!.keywords).toContain('路班次少');
  });

  it('is none below three reports or two channels, nor where a minor is involved', () => {
    expect(situationsOf(five.slice(0, 2), now)).toEqual([]);
    expect(situationsOf(five.map((one) => ({ ...one, channel: 'WEB' })), now)).toEqual([]);
    expect(situationsOf(five.map((one) => ({ ...one, sensitive: true })), now)).toEqual([]);
  });

  it('does not depend on the order of the records', () => {
    expect(situationsOf([...five].reverse(), now)).toEqual(situationsOf(five, now));
  });
});

describe('topics and places', () => {
  it('ten in a township and its county; a sensitive one from twenty and not below the county', () => {
    expect(situationsOf(many(9, () => ({})), now)).toEqual([]);
    expect(situationsOf(many(10, () => ({})), now).map((one) => one.division)).toEqual(['620102000000', '620102001000']);
    expect(situationsOf(many(19, () => ({ category: '01', sensitive: true })), now)).toEqual([]);
    expect(situationsOf(many(20, () => ({ category: '01', sensitive: true, title: '家庭矛盾' })), now)).toMatchObject([{ division: '620102000000', sensitive: true, keywords: [] }]);
  });

  it('tells the trend against the week before', () => {
    const weeks = (before: number) => situationsOf([...many(10, () => ({})), ...many(before, (index) => ({ rid: `w${index}`, atMs: now - 9 * dayMs }))], now).find((one) => one.toMs > now - 7 * dayMs)!.trend;
    expect([weeks(0), weeks(5), weeks(10), weeks(16)]).toEqual(['NEW', 'RISING', 'STEADY', 'FALLING']);
  });

  it('an estate is named without building or person', () => {
    const found = situationsOf(many(10, () => ({ category: null, estate: { key: 'e', name: '龙湖名苑' } })), now);
    expect(found).toMatchObject([{ kind: 'PLACE', name: '龙湖名苑' }]);
  });

  it('no subject is a person', () => {
    expect(JSON.stringify(situationsOf(many(30, () => ({ requester: '同一人' })), now))).not.toContain('同一人');
  });
});

describe('keywords', () => {
  it('hold no name, phone, address or digit of any report, and nothing that only one person wrote', () => {
    const titles = ['张小花家楼上漏水', '楼上漏水找13912345678', '顺江路楼上漏水', '楼上漏水'];
    const records = titles.map((title, index) => ({ title, topic: '房屋/漏水', requester: `p${index}`, private: ['张小花', '13912345678', '顺江路88号'] }));
    const found = keywordsOf(records, 3);
    expect(found).toEqual(['房屋', '漏水', '楼上漏水']);
    expect(found.join()).not.toMatch(/张|小花|顺江|\d/);
    expect(keywordsOf(records.map((one) => ({ ...one, requester: 'one person' })), 3)).toEqual([]);
  });
});
