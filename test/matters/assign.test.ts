import { describe, expect, it } from 'vitest';
import { planKeys } from '../../matters/assign.ts';
import { matterStatus } from '../../matters/status.ts';

const cluster = (...rids: string[]) => ({ members: rids.map((rid) => ({ rid, basis: 'INFERRED' as const, trustGroup: rid, evidence: [] })) });
const newKey = (rid: string) => `k:${rid}`;

type Case = [name: string, clusters: ReturnType<typeof cluster>[], current: Record<string, string>, keys: string[], merged: Record<string, string>, home?: Record<string, string>, leaving?: string[], splitFrom?: Record<string, string>, successor?: Record<string, string>];

describe('matter numbers stay', () => {
  it.each([
    ['a new matter is named by its founding record', [cluster('a', 'b')], {}, ['k:a'], {}],
    ['a matter that grows keeps its key', [cluster('z', 'a', 'b')], { a: 'K', b: 'K' }, ['K'], {}],
    ['of two that merge the larger stays and the other leads to it', [cluster('a', 'b', 'c')], { a: 'K', b: 'K', c: 'L' }, ['K'], { L: 'K' }],
    ['a split leaves the key with the larger part', [cluster('a'), cluster('b', 'c')], { a: 'K', b: 'K', c: 'K' }, ['k:a', 'K'], {}],
    ['a split-off part never takes the key of the whole', [cluster('a'), cluster('b', 'c')], { a: 'k:a', b: 'k:a', c: 'k:a' }, ['k:split a', 'k:a'], {}],
    ['a split that leaves two equal parts leaves the key with one', [cluster('a'), cluster('b')], { a: 'K', b: 'K' }, ['K', 'k:b'], {}],
    ['an undone merge gives each its number back', [cluster('b'), cluster('a')], { a: 'K', b: 'K' }, ['L', 'K'], {}, { b: 'L' }],
    ['a number is given back to the larger part of those who bore it', [cluster('a'), cluster('b'), cluster('c', 'd')], { a: 'K', b: 'K', c: 'K', d: 'K' }, ['K', 'k:b', 'L'], {}, { b: 'L', c: 'L', d: 'L' }],
    ['what a person took out leaves the number behind, though it comes first', [cluster('a'), cluster('b')], { a: 'K', b: 'K' }, ['k:a', 'K'], {}, {}, ['a']],
    ['what a person took out leaves the number behind, though it is the larger part', [cluster('a', 'b'), cluster('c')], { a: 'K', b: 'K', c: 'K' }, ['k:a', 'K'], {}, {}, ['a', 'b']],
    ['an undone split has the number of those that were left, though the others are more', [cluster('a', 'b', 'c')], { a: 'k:a', b: 'k:a', c: 'K' }, ['K'], { 'k:a': 'K' }, {}, [], { a: 'K', b: 'K' }],
    ['what was split off counts for itself elsewhere', [cluster('a', 'b', 'c')], { a: 'k:a', b: 'k:a', c: 'M' }, ['k:a'], { M: 'k:a' }, {}, [], { a: 'K', b: 'K' }],
    ['what was merged twice and is parted once has the number of the first merge', [cluster('a', 'b', 'c'), cluster('x', 'y', 'z', 'w')], { a: 'X', b: 'X', c: 'X', x: 'X', y: 'X', z: 'X', w: 'X' }, ['K', 'X'], {}, { a: 'A', b: 'A', c: 'K' }, [], {}, { A: 'K', K: 'X' }],
    ['who joined since goes where it goes', [cluster('a'), cluster('b', 'n')], { a: 'K', b: 'K', n: 'K' }, ['k:a', 'K'], {}, {}],
    ['a merged matter that grows stays itself', [cluster('a', 'b', 'c')], { a: 'K', b: 'K' }, ['K'], {}, { b: 'L' }],
    ['of what was merged, the whole goes on under its number into the next', [cluster('a', 'b', 'c')], { a: 'K', b: 'K', c: 'M' }, ['K'], { M: 'K' }, { b: 'L' }],
  ] as readonly Case[])('%s', (_, clusters, current, keys, merged, home = {}, leaving: readonly string[] = [], splitFrom = {}, successor = {}) => {
    const plan = planKeys(clusters, { current: new Map(Object.entries(current)), home: new Map(Object.entries(home)), leaving: new Set(leaving), splitFrom: new Map(Object.entries(splitFrom)), successor: new Map(Object.entries(successor)) }, newKey);
    expect(plan.keys).toEqual(keys);
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
