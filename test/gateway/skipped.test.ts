import { GraphQLError, buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { withoutSkipped } from '../../gateway/engine/skipped.ts';

// Found by the differential campaign (seed 9100049): a field that was skipped was asked for all the same, and failed.
const schema = buildSchema('type Query { a: [A] } type A { b: B c: Int } type B { id: ID }');
const document = parse('query ($v: Boolean = false) { a { b @include(if: $v) { id } ...F c @skip(if: true) ... @include(if: $v) { y: c z: c } z: c } } fragment F on A { x: c }');
const left = (variables: Record<string, unknown>, ...paths: (string | number)[][]) =>
  withoutSkipped(paths.map((path) => new GraphQLError('fault', { path })), schema, document, variables, { data: {}, isOfType: () => true }).map(({ path }) => path!.join('.'));

test('an error at a place that was skipped is none', () => {
  expect(left({}, ['a', 0, 'b'], ['a', 0, 'b', 'id'], ['a', 1, 'c'], ['a', 0, 'y'])).toEqual([]);
});

test('every other error stays: asked for in whatever way, or at a place that the document does not name', () => {
  expect(left({ v: true }, ['a', 0, 'b'], ['a', 0, 'b', 'id'], ['a', 0, 'y'])).toEqual(['a.0.b', 'a.0.b.id', 'a.0.y']);
  expect(left({}, ['a', 0, 'x'], ['a', 0, 'z'], ['a', 0, 'hidden'], [])).toEqual(['a.0.x', 'a.0.z', 'a.0.hidden', '']);
});

// Found by the differential campaign: of an interface object each type was asked about, and each could fail (seed 14000018);
// where the call failed that was to tell its type, the error was not told (17900007).
test('an error in a fragment on another type than the object’s is none; where the type is not told it stays', () => {
  const media = buildSchema('type Query { list: [Media] } interface Media { more: String } type A implements Media { more: String } type B implements Media { more: String }');
  const asked = parse('{ list { ...F } } fragment F on A { more }');
  const data = { list: [{ __typename: 'A' }, { __typename: 'B' }, {}, { __typename: 'Media' }] };
  const kept = withoutSkipped([0, 1, 2, 3].map((index) => new GraphQLError('fault', { path: ['list', index, 'more'] })), media, asked, {}, { data, isOfType: (name, type) => name === type });
  expect(kept.map(({ path }) => path!.join('.'))).toEqual(['list.0.more', 'list.2.more', 'list.3.more']);
});
