import Fastify from 'fastify';
import { buildSchema, graphql } from 'graphql';
import mercurius from 'mercurius';
import { expect, test } from 'vitest';
import { withoutSpreads } from '../../subgraphs/spreads.ts';

const schema = buildSchema('type Query { a: [Item!] b: [Item!] } type Item { names: [Name!] size: Int } type Name { text: String }');
const rootValue: Record<string, unknown> = { a: [{ names: [{ text: 'x' }], size: 1 }], b: [{ names: [{ text: 'y' }], size: 2 }] };
for (const [name, field] of Object.entries(schema.getQueryType()!.getFields())) field.resolve = () => rootValue[name];

test('a field of a fragment that one place skips is there in the other one, compiled or not', async () => {
  const app = Fastify();
  await app.register(mercurius, { schema, routes: false, jit: 1 });
  await app.ready();
  const text = 'query ($v: Boolean!) { a { ... on Item @skip(if: $v) { ...f } size } b { ...f } } fragment f on Item { names { text } }';
  for (let time = 0; time < 4; time += 1) {
    for (const v of [true, false]) expect((await app.graphql(withoutSpreads(text), {}, { v })).data, `time ${time}`).toEqual(JSON.parse(JSON.stringify((await graphql({ schema, source: text, rootValue, variableValues: { v } })).data)));
  }
  await app.close();
});

test.each([
  ['no condition', 'query { a { ...f } } fragment f on Item { size }'],
  ['no spread', 'query ($v: Boolean!) { a { size @skip(if: $v) } }'],
  ['a fragment that spreads itself', 'query { a { ...f @skip(if: true) } } fragment f on Item { ...f }'],
  ['a fragment that is not there', 'query { a { ...g @skip(if: true) } }'],
  ['no document', 'query { a { ...f @skip('],
])('%s: the text stays', (_name, text) => {
  expect(withoutSpreads(text)).toBe(text);
});
