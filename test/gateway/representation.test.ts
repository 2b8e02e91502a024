import { expect, test } from 'vitest';
import type { Required } from '../../gateway/engine/plan.ts';
import { representation } from '../../gateway/engine/representation.ts';

const field = (name: string): Required => ({ kind: 'field', from: [name], to: name, selections: null });
const on = (type: string, ...fields: string[]): Required => ({ kind: 'on', type, selections: fields.map(field) });
const isOfType = (name: unknown, type: string) => name === type;

// Found by the differential campaign (seed 8200053): what a skipped field requires must not keep the others from being asked.
test.each([
  ['everything there', [on('A', 'id', 'b'), on('A', 'id')], { __typename: 'A', id: '1', b: 2 }, '{"__typename":"A","id":"1","b":2}'],
  ['a fragment that lacks a field is left out', [on('A', 'id', 'b'), on('A', 'id')], { __typename: 'A', id: '1' }, '{"__typename":"A","id":"1"}'],
  ['whichever comes first', [on('A', 'id'), on('A', 'id', 'b')], { __typename: 'A', id: '1' }, '{"__typename":"A","id":"1"}'],
  ['a fragment of another type says nothing', [on('B', 'id'), on('A', 'id', 'b')], { __typename: 'A', id: '1' }, null],
  ['the only fragment lacks a field', [on('A', 'id', 'b')], { __typename: 'A', id: '1' }, null],
  ['every fragment lacks a field', [on('A', 'id', 'b'), on('A', 'id', 'c')], { __typename: 'A', id: '1' }, null],
  ['a fragment within one that is there', [{ kind: 'on', type: 'A', selections: [field('id'), on('A', 'b')] }], { __typename: 'A', id: '1' }, '{"__typename":"A","id":"1"}'],
  ['a field outside of fragments is missing', [field('c'), on('A', 'id')], { __typename: 'A', id: '1' }, null],
] as [string, Required[], Record<string, unknown>, string | null][])('%s', (_, requires, entity, text) => {
  const named = { texts: [] as string[], indexes: new Map<string, number>() };
  const place = representation({ alias: '_entities', variable: 'representations', paths: [], requires, inputRewrites: [], outputRewrites: [] } as never, isOfType as never)(named);
  expect(place(Object.assign(Object.create(null), entity))).toBe(text === null ? -1 : 0);
  expect(named.texts).toEqual(text === null ? [] : [text]);
});
