import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterRecords as cluster } from '../../matters/cluster.ts';
import { divisionsOf } from '../../jobs/mentions.ts';
import type { MatterDecision, MatterRecord } from '../../matters/record.ts';

const day = 86_400_000;
let serial = 0;

const divisions = divisionsOf([{ division: '510107001001' }]);
const clusterRecords = (records: readonly MatterRecord[], decisions: readonly MatterDecision[] = []) => cluster({ records, divisions, decisions });
const route = (name: string) => ({ kind: '公交线路', name, identifier: `BUS-${name}` });

function record(over: Partial<MatterRecord>): MatterRecord {
  serial += 1;
  return { rid: `r${String(serial).padStart(4, '0')}`, department: 'hotline', stream: 'tickets', occurredAtMs: 1_780_000_000_000 + serial, category: '02', division: '510107001001', placeText: '', text: '', thing: null, parentRid: null, parties: [], circle: [], organisations: [], rule: 'CLUSTER', ...over };
}

/** Unrelated records give the words their weight, as a county's do. */
const background = Array.from({ length: 40 }, (_, i) => record({ text: `${'甲乙丙丁戊己庚辛'[i % 8]}事${i}号另一件`, placeText: `${'东西南北'[i % 4]}路${i}号`, category: '99', occurredAtMs: 1_700_000_000_000 + i * 30 * day }));

function groups(...records: MatterRecord[]): string[][] {
  const mine = new Set(records.map((one) => one.rid));
  return clusterRecords([...background, ...records]).map((cluster) => cluster.members.map((member) => member.rid).filter((rid) => mine.has(rid))).filter((rids) => rids.length > 0);
}

describe('records become matters', () => {
  it('joins a call and a ticket about one leak in one house', () => {
    const a = record({ text: '楼上阳台渗水把家里淹了', placeText: '玉林中路通用机器厂家属院3栋' });
    const b = record({ text: '阳台渗水，楼上不修', placeText: '通用机器厂家属院三栋', stream: 'jcj_jjd' });
    expect(groups(a, b)).toEqual([[a.rid, b.rid]]);
  });

  it('keeps two problems of one requester apart', () => {
    const a = record({ text: '楼上阳台渗水', placeText: '玉林中路通用机器厂家属院3栋', parties: ['p1'] });
    const b = record({ text: '公司拖欠工资两个月', placeText: '高新大道软件园', parties: ['p1'], category: '10' });
    expect(groups(a, b)).toEqual([[a.rid], [b.rid]]);
  });

  it('a shared requester is never the only evidence', () => {
    const a = record({ parties: ['p1', 'p2', 'p3'] });
    const b = record({ parties: ['p1', 'p2', 'p3'] });
    expect(groups(a, b)).toEqual([[a.rid], [b.rid]]);
  });

  it('joins what names its parent, and says that the reference is the reason', () => {
    const parent = record({ text: '第一次来电' });
    const child = record({ text: '完全不同的话', parentRid: parent.rid });
    const cluster = clusterRecords([...background, parent, child]).find((one) => one.members.some((member) => member.rid === child.rid))!;
    expect(cluster.members.map((member) => member.basis)).toEqual(['FOUNDING', 'EXPLICIT']);
    expect(cluster.members[1]!.trustGroup).toBe(parent.rid);
  });

  it('thirty tickets that name one parent rest on that reference each, however far from it in time', () => {
    const parent = record({ text: '道路塌陷' });
    const children = Array.from({ length: 30 }, (_, n) => record({ text: `另说一事${n}`, parentRid: parent.rid }));
    const found = clusterRecords([...background, parent, ...children]).find((cluster) => cluster.members[0]!.rid === parent.rid)!;
    expect(found.members.slice(1).map(({ basis, evidence }) => `${basis} ${evidence[0]?.otherRid}`)).toEqual(children.map(() => `EXPLICIT ${parent.rid}`));
  });

  it('a parent that is the record itself, that names its own child, or that is not there holds nothing up', () => {
    const [a, b, c] = [record({ text: '一事' }), record({ text: '二事' }), record({ text: '三事' })];
    const looped = [{ ...a, parentRid: a.rid }, { ...b, parentRid: c.rid }, { ...c, parentRid: b.rid }, record({ text: '四事', parentRid: 'gone' })] as const;
    expect(groups(...looped)).toEqual([[a.rid], [b.rid, c.rid], [looped[3].rid]]);
  });

  it('thousands of records that references join are one matter', () => {
    const first = record({ text: '停水' });
    let before = first.rid;
    const chain = Array.from({ length: 3_100 }, () => {
      const next = record({ parentRid: before });
      before = next.rid;
      return next;
    });
    expect(groups(first, ...chain).map((rids) => rids.length)).toEqual([3_101]);
  });

  it('what was only inferred stands in a trust group of its own', () => {
    const a = record({ text: '楼上阳台渗水把家里淹了', placeText: '玉林中路通用机器厂家属院3栋' });
    const b = record({ text: '楼上阳台渗水把家里淹了', placeText: '玉林中路通用机器厂家属院3栋' });
    const cluster = clusterRecords([...background, a, b]).find((one) => one.members.length === 2)!;
    expect(cluster.members.map((member) => [member.basis, member.trustGroup])).toEqual([['FOUNDING', a.rid], ['INFERRED', b.rid]]);
  });

  // A confirmation ties a record to the caller's own one, which need not be the one that the matter began with.
  it('what a person confirmed or a reference names rests on that, also where the matter began with another record', () => {
    const same = { text: '楼上阳台渗水把家里淹了', placeText: '玉林中路通用机器厂家属院3栋' };
    const [a, b, c, d] = [record(same), record(same), record(same), record(same)];
    const basis = (decisions: MatterDecision[], ...records: MatterRecord[]) => clusterRecords([...background, ...records], decisions).find((one) => one.members[0]!.rid === a.rid)!.members.map((member) => member.basis);
    expect(basis([{ a: b.rid, b: c.rid, decision: 'MUST_LINK' }], a, b, c, d)).toEqual(['FOUNDING', 'CONFIRMED', 'CONFIRMED', 'INFERRED']);
    expect(basis([], a, b, { ...c, parentRid: b.rid }, d)).toEqual(['FOUNDING', 'EXPLICIT', 'EXPLICIT', 'INFERRED']);
  });

  it('reports of one route join within days, another route and another month do not', () => {
    const text = '等车四十分钟一辆都没来';
    const [a, b] = [record({ thing: route('12路'), text }), record({ thing: route('12路'), text: '车间隔太长等不上' })];
    const other = record({ thing: route('335路'), text });
    const later = record({ thing: route('12路'), text: '晚上收车太早', occurredAtMs: 1_780_000_000_000 + 90 * day });
    expect(groups(a, b, other, later)).toEqual([[a.rid, b.rid], [other.rid], [later.rid]]);
  });

  it('an application is a matter of its own, whatever it shares', () => {
    const same = { text: '低保申请', placeText: '玉林中路通用机器厂家属院3栋', parties: ['p1'], rule: 'OWN' as const };
    const [a, b] = [record(same), record(same)];
    expect(groups(a, b)).toEqual([[a.rid], [b.rid]]);
  });

  it('people decide before any weight', () => {
    const same = { text: '楼上阳台渗水把家里淹了', placeText: '玉林中路通用机器厂家属院3栋' };
    const [a, b, c] = [record(same), record(same), record({ text: '无关', placeText: '别处' })];
    const found = clusterRecords([...background, a, b, c], [{ a: a.rid, b: b.rid, decision: 'CANNOT_LINK' }, { a: a.rid, b: c.rid, decision: 'MUST_LINK' }]);
    const of = (rid: string) => found.findIndex((cluster) => cluster.members.some((member) => member.rid === rid));
    expect(of(a.rid)).toBe(of(c.rid));
    expect(of(a.rid)).not.toBe(of(b.rid));
  });

  it('gives the same matters in whatever order the records come', () => {
    const words = ['渗水', '停车', '噪音', '欠薪', '漏电', '阳台', '楼道', '车位'];
    const worlds = fc.array(fc.record({ text: fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 4 }), place: fc.constantFrom('阳光家园3栋', '阳光家园5栋', '锦绣花园1栋'), day: fc.integer({ min: 0, max: 60 }) }), { minLength: 2, maxLength: 25 });
    fc.assert(
      fc.property(worlds, fc.integer(), (world, seed) => {
        const records = world.map((one, i) => record({ rid: `w${i}`, text: one.text.join('，'), placeText: one.place, occurredAtMs: one.day * day }));
        const shuffled = [...records].sort((x, y) => ((Number(x.rid.slice(1)) * 7919 + seed) % 101) - ((Number(y.rid.slice(1)) * 7919 + seed) % 101));
        expect(clusterRecords(shuffled)).toEqual(clusterRecords(records));
        expect(clusterRecords(records).flatMap((cluster) => cluster.members).length).toBe(records.length);
      }),
      { numRuns: 50, seed: 7 },
    );
  });
});
