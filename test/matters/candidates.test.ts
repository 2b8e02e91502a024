import fc from 'fast-check';
import { describe as group, expect, it } from 'vitest';
import { divisionsOf } from '../../jobs/mentions.ts';
import { eachCandidate, explicitPairs, reachDays } from '../../matters/candidates.ts';
import { byTime } from '../../matters/cluster.ts';
import { describe, learn } from '../../matters/describe.ts';
import { pairWeight } from '../../matters/evidence.ts';
import { LatestBearers } from '../../matters/latest-bearers.ts';
import type { MatterRecord } from '../../matters/record.ts';

const dayMs = 86_400_000;
const divisions = divisionsOf([{ division: '510107001001' }]);

function record(rid: string, day: number | null, over: Partial<MatterRecord> = {}): MatterRecord {
  return { rid, department: 'hotline', stream: 'tickets', occurredAtMs: day === null ? null : day * dayMs, category: '02', division: '510107001001', placeText: '', text: '', thing: null, parentRid: null, parties: [], circle: [], organisations: [], rule: 'CLUSTER', ...over };
}

const described = (records: readonly MatterRecord[]) => describe(records, divisions, learn(records, divisions));

function candidates(records: readonly MatterRecord[]): string[] {
  const sorted = records.toSorted(byTime);
  const found: string[] = [];
  eachCandidate(described(sorted), (i, j) => void found.push(`${sorted[i]!.rid}-${sorted[j]!.rid}`));
  return found.sort();
}

group('candidates', () => {
  it('gives of each key the latest bearers, whatever number of keys there is', () => {
    const bearers = new LatestBearers();
    const oracle = new Map<string, number[]>();
    for (let index = 0; index < 30_000; index += 1) {
      const key = index % 3 === 0 ? `often ${index % 7}` : `seldom ${(index * 7919) % 11_003}`;
      const found: number[] = [];
      bearers.visit(key, index, 5, (other) => void found.push(other));
      const before = oracle.get(key) ?? [];
      expect(found).toEqual(before.slice(-5).reverse());
      oracle.set(key, [...before, index]);
    }
  });

  it('meets who shares a party, each pair once, and nobody out of reach', () => {
    const shared = { parties: ['p1', 'p2'] };
    expect(candidates([record('a', 0, shared), record('b', reachDays, shared), record('c', reachDays + 1, shared), record('x', 1, { parties: ['p3'] })])).toEqual(['a-b', 'b-c']);
  });

  it('a record without a time is in reach of every other', () => {
    const shared = { parties: ['p1'] };
    expect(candidates([record('a', null, shared), record('b', 2 * reachDays, shared)])).toEqual(['a-b']);
  });

  it('a reference is a pair, however long after', () => {
    const records = [record('parent', 0), record('child', 10 * reachDays, { parentRid: 'parent' }), record('own', 1, { parentRid: 'parent', rule: 'OWN' })].toSorted(byTime);
    expect(explicitPairs(records)).toEqual([[0, 2]]);
  });
});

group('the weight of a pair', () => {
  it('is given up early only where it does not exceed what was asked', () => {
    const words = ['渗水', '停车', '噪音', '欠薪五百元', '漏电', '阳台', '楼道', '光明餐饮店'];
    const worlds = fc.array(
      fc.record({ text: fc.array(fc.constantFrom(...words), { maxLength: 4 }), place: fc.constantFrom('', '阳光家园3栋', '阳光家园5栋', '锦绣花园1栋'), day: fc.integer({ min: 0, max: 200 }), category: fc.constantFrom('02', '10', null), parties: fc.subarray(['p1', 'p2', 'p3']), route: fc.constantFrom(null, '12路', '335路') }),
      { minLength: 6, maxLength: 16 },
    );
    fc.assert(
      fc.property(worlds, fc.integer({ min: -6, max: 6 }), (world, least) => {
        const all = described(world.map((one, i) => record(`w${i}`, one.day, { text: one.text.join('，'), placeText: one.place, category: one.category, parties: one.parties, thing: one.route === null ? null : { kind: '公交线路', name: one.route, identifier: null } })));
        for (let i = 0; i < world.length; i += 1) {
          for (let j = i + 1; j < world.length; j += 1) {
            const exact = pairWeight(all, i, j);
            const asked = pairWeight(all, i, j, least);
            if (exact > least) expect(asked).toBe(exact);
            else expect(asked).toBeLessThanOrEqual(least);
          }
        }
      }),
      { numRuns: 200, seed: 11 },
    );
  });
});
