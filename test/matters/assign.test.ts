import { describe, expect, it } from 'vitest';
import { planKeys } from '../../matters/assign.ts';
import { matterStatus } from '../../matters/status.ts';

const cluster = (...rids: string[]) => ({ members: rids.map((rid) => ({ rid, basis: 'INFERRED' as const, trustGroup: rid, evidence: [] })) });
const newKey = (rid: string) => `k:${rid}`;

describe('matter numbers stay', () => {
  it.each([
    ['a new matter is named by its founding record', [cluster('a', 'b')], {}, ['k:a'], {}],
    ['a matter that grows keeps its key', [cluster('z', 'a', 'b')], { a: 'K', b: 'K' }, ['K'], {}],
    ['of two that merge the larger stays and the other leads to it', [cluster('a', 'b', 'c')], { a: 'K', b: 'K', c: 'L' }, ['K'], { L: 'K' }],
    ['a split leaves the key with the larger part', [cluster('a'), cluster('b', 'c')], { a: 'K', b: 'K', c: 'K' }, ['k:a', 'K'], {}],
    ['a split-off part never takes the key of the whole', [cluster('a'), cluster('b', 'c')], { a: 'k:a', b: 'k:a', c: 'k:a' }, ['k:split a', 'k:a'], {}],
  ] as const)('%s', (_, clusters, previous, keys, merged) => {
    const plan = planKeys(clusters as never, new Map(Object.entries(previous)), newKey);
    expect(plan.keys).toEqual([...keys]);
    expect(Object.fromEntries(plan.mergedInto)).toEqual(merged);
  });
});

describe('the state of a matter is that of its least finished record', () => {
  it.each([
    [['CLOSED', 'OPEN'], 'OPEN'],
    [['CLOSED', 'IN_PROGRESS'], 'IN_PROGRESS'],
    [['WITHDRAWN', 'CLOSED'], 'CLOSED'],
    [['WITHDRAWN'], 'WITHDRAWN'],
    [[null, 'CLOSED'], 'OPEN'],
  ] as const)('%j → %s', (states, expected) => expect(matterStatus(states)).toBe(expected));
});
