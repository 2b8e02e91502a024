import { expect, test } from 'vitest';
import { keysKnown } from '../../gateway/engine/known-keys.ts';
import type { Fetch, Required, Step } from '../../gateway/engine/plan.ts';

const call = (operation: string, more: Partial<Fetch> = {}): Fetch => ({ kind: 'Fetch', subgraph: 's', operation, operationName: undefined, isMutation: false, variables: [], at: [], entities: [], outputRewrites: [], ...more });
/** Entities of type A that stand at `one`, named by this key. */
const about = (key: string, fields: string): Fetch => {
  const requires: Required[] = [{ kind: 'on', type: 'A', selections: ['__typename', key].map((name): Required => ({ kind: 'field', from: [name], to: name, selections: null })) }];
  return call(`query($representations:[_Any!]!,$v:Boolean){_entities(representations:$representations){...on A{${fields}}}}`, { entities: [{ alias: '_entities', variable: 'representations', paths: [['one']], requires, inputRewrites: [], outputRewrites: [] }] });
};
const root = call('{one{__typename code}}');
const inTurn = (...steps: Step[]): Step => ({ kind: 'Sequence', steps });
const where = (variable: string, step: Step): Step => ({ kind: 'Condition', variable, then: step, otherwise: null });

test.each<[string, Step]>([
  ['a key that the call itself tells first', inTurn(root, about('id', 'id told'))],
  ['a key that a call beside it tells', inTurn(root, { kind: 'Parallel', steps: [about('code', 'id'), about('id', 'id told')] })],
  ['a key that is told under a condition, and a field without it', inTurn(root, about('code', 'other ...on A@include(if:$v){id}'), about('id', 'code told@include(if:$v)'))],
  ['a key that is told under the other condition', inTurn(root, about('code', 'id@skip(if:$v)'), about('id', 'told@include(if:$v)'))],
  ['a key that is told in a step with a condition', inTurn(root, where('v', about('code', 'id')), about('id', 'told'))],
])('a plan is refused where a call names its entities by %s', (_, plan) => {
  expect(() => keysKnown(plan)).toThrow(/names entities by what is not known/);
});

test.each<[string, Step]>([
  ['was told before', inTurn(root, about('code', 'id'), about('id', 'id told'))],
  ['was told under the condition of all that is asked', inTurn(root, about('code', 'id@include(if:$v)'), about('id', '__typename ...on A@include(if:$v){told}'))],
  ['was told under the condition of the step', inTurn(root, about('code', 'id@include(if:$v)'), where('v', about('id', 'told')))],
  ['was told under one condition, and under the other', inTurn(root, about('code', 'id@include(if:$v)'), about('code', 'id@skip(if:$v)'), about('id', 'told@include(if:$v) more@skip(if:$v)'))],
  ['comes from where this does not look', inTurn(root, about('made', 'told'))],
])('and is used where the key %s', (_, plan) => {
  expect(keysKnown(plan)).toBe(plan);
});
