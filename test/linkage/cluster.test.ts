import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cluster, type ClusterInput } from '../../linkage/cluster.ts';
import { evaluate } from '../../linkage/evaluate.ts';
import { history } from '../../linkage/history.ts';
import { daysApart, edits, jaroWinkler, omission } from '../../linkage/similarity.ts';

describe('clusters', () => {
  test('a chain of single links does not become one cluster', () => {
    const evidence = [
      [0, 12, -9, -9],
      [12, 0, 11, -9],
      [-9, 11, 0, 12],
      [-9, -9, 12, 0],
    ];
    const { clusterOf, refused } = cluster(input(4, [[0, 1, 12], [1, 2, 11], [2, 3, 12]], { evidence: (i, j) => evidence[i]?.[j] ?? 0 }));
    expect([...clusterOf]).toEqual([0, 0, 2, 2]);
    expect(refused).toEqual([{ edge: 1, reason: 'AVERAGE_WEIGHT' }]);
  });

  test.each<[string, Partial<ClusterInput>, string]>([
    ['two valid ID numbers', { distinct: [7, -1, 8] }, 'DISTINCT'],
    ['a decision of a person', { cannotLink: [[0, 2]] }, 'CANNOT_LINK'],
    ['two rows of one input', { oneOfEach: [0, 1, 0] }, 'ONE_OF_EACH'],
  ])('%s are refused, also through a third row', (_, rules, reason) => {
    const { clusterOf, refused } = cluster(input(3, [[0, 1, 20], [1, 2, 19]], rules));
    expect([...clusterOf]).toEqual([0, 0, 2]);
    expect(refused).toEqual([{ edge: 1, reason }]);
  });

  test('rules hold for any edges, and the answer does not depend on their order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.integer({ min: 1, max: 30 })).filter(([i, j]) => i !== j), { maxLength: 40 }),
        fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 12, maxLength: 12 }),
        fc.array(fc.tuple(fc.nat(11), fc.nat(11)).filter(([i, j]) => i !== j), { maxLength: 4 }),
        (edges, distinct, cannotLink) => {
          const { clusterOf } = cluster(input(12, edges, { distinct, cannotLink }));
          for (const group of Map.groupBy(clusterOf.keys(), (row) => clusterOf[row]).values()) {
            expect(new Set(group.map((row) => distinct[row]).filter((value) => value !== -1)).size).toBeLessThanOrEqual(1);
          }
          for (const [i, j] of cannotLink) expect(clusterOf[i]).not.toBe(clusterOf[j]);
          expect([...cluster(input(12, edges.toReversed(), { distinct, cannotLink })).clusterOf]).toEqual([...clusterOf]);
        },
      ),
    );
  });

  function input(rows: number, edges: readonly (readonly [number, number, number])[], more: Partial<ClusterInput>): ClusterInput {
    return { rows, left: edges.map(([i]) => i), right: edges.map(([, j]) => j), weight: edges.map(([, , weight]) => weight), evidence: () => 10, averageEvidenceMin: 3, ...more };
  }
});

describe('stable ids', () => {
  const stamp = { modelVersion: 'm@1', reason: 'TEST' };
  let count = 0;
  const name = () => `N${(count += 1)}`;

  test.each([
    ['nothing changes', [['a', 'b'], ['c']], [{ id: 'X', mentions: ['a', 'b'] }, { id: 'Y', mentions: ['c'] }], ['X', 'Y'], []],
    ['a mention joins', [['a', 'b', 'z']], [{ id: 'X', mentions: ['a', 'b'] }], ['X'], []],
    ['two merge: the larger keeps its id', [['a', 'b', 'c']], [{ id: 'Y', mentions: ['c'] }, { id: 'X', mentions: ['a', 'b'] }], ['X'], [{ kind: 'MERGED', entity: 'X', from: 'Y', mentions: ['c'] }]],
    ['a merge undone gives the id back to the larger part', [['a', 'b'], ['c']], [{ id: 'X', mentions: ['a', 'b', 'c'] }], ['X', 'N1'], [{ kind: 'SPLIT', entity: 'N1', from: 'X', mentions: ['c'] }]],
    ['an entity without mentions is retired', [['a']], [{ id: 'X', mentions: ['a'] }, { id: 'Y', mentions: ['gone'] }], ['X'], [{ kind: 'RETIRED', entity: 'Y', mentions: ['gone'] }]],
    ['a new one', [['a']], [], ['N2'], [{ kind: 'CREATED', entity: 'N2', mentions: ['a'] }]],
  ])('%s', (_, clusters, previous, ids, events) => {
    const found = history(clusters, previous, stamp, name);
    expect(found.entities.map((entity) => entity.id)).toEqual(ids);
    expect(found.events).toEqual(events.map((event) => ({ ...event, ...stamp })));
  });
});

describe('evaluation', () => {
  test('a worked example', () => {
    const result = evaluate(['1', '1', '1', '2', '3'], ['a', 'a', 'b', 'b', 'c']);
    expect(result.pairwise).toMatchObject({ foundPairs: 3, truePairs: 2, rightPairs: 1, precision: 1 / 3, recall: 1 / 2 });
    expect(result.bcubed.precision).toBeCloseTo((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5);
    expect(result.bcubed.recall).toBeCloseTo((1 + 1 + 1 / 2 + 1 / 2 + 1) / 5);
    expect(result).toMatchObject({ overMerges: 1, largestCluster: 3, largestTrueCluster: 2 });
  });

  test('truth against itself is perfect', () => {
    fc.assert(fc.property(fc.array(fc.string({ maxLength: 2 }), { minLength: 1 }), (truth) => evaluate(truth, truth).pairwise.f1 === 1 && Math.abs(evaluate(truth, truth).bcubed.f1 - 1) < 1e-9));
  });
});

describe('similarity', () => {
  test.each([
    ['martha', 'marhta', 0.9611],
    ['dixon', 'dicksonx', 0.8133],
    ['abc', 'xyz', 0],
    ['same', 'same', 1],
  ])('jaroWinkler %s %s', (a, b, value) => expect(jaroWinkler(a, b)).toBeCloseTo(value, 3));

  test.each([
    ['ca', 'ac', 1],
    ['kitten', 'sitting', 3],
    ['13800138000', '13800183000', 1],
    ['', 'abc', 3],
  ])('edits %s %s', (a, b, value) => expect(edits(a, b, 5)).toBe(value));

  test('edits is symmetric, zero only for equals, and cut at its limit', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, fc.nat(4), (a, b, limit) => {
        const distance = edits(a, b, 20);
        expect(edits(b, a, 20)).toBe(distance);
        expect(distance === 0).toBe(a === b);
        expect(edits(a, b, limit)).toBe(Math.min(distance, limit + 1));
      }),
    );
  });

  test.each([['杨香桂', '杨桂', 1], ['杨桂', '杨桂香', 1], ['杨桂', '桂杨', Infinity]])('omission %s %s', (a, b, value) => expect(omission(a, b)).toBe(value));

  test('days', () => expect([daysApart('2000-03-01', '2000-02-28'), daysApart('2000', '2000-02-28')]).toEqual([2, Infinity]));
});
