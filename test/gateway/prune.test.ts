import fc from 'fast-check';
import { GraphQLObjectType, buildSchema, execute, isAbstractType, isObjectType, parse, visit, visitWithTypeInfo, TypeInfo, type DocumentNode, type ExecutionResult, type GraphQLFieldResolver, type GraphQLNamedType } from 'graphql';
import { expect, test } from 'vitest';
import { fragmentsOf, onlyOperation } from '../../gateway/limits.ts';
import { prune, type Judge } from '../../gateway/prune.ts';
import { asPlanned } from '../../gateway/engine/planned.ts';
import { openShape, type JsonObject } from '../../gateway/shape.ts';

/**
 * What must hold for every operation and every set of refused fields: pruned, executed and shaped, it answers as if the
 * whole operation had been executed by resolvers that give null for the refused; no refused field is executed; and what is
 * counted is how often those resolvers were asked.
 */
const schema = buildSchema(`
  type Query { a: A b: [B] any: [Any] node: Node need: A! list: [A!] tight: [A!]! }
  interface Node { id: ID  next: Node  name: String }
  interface Named { name: String }
  type A implements Node & Named { id: ID next: Node name: String b: B! only: Int }
  type B implements Node { id: ID next: A name: String a: A list: [B!] }
  type C implements Named { name: String c: C any: Any }
  union Any = A | B | C
`);
const objectTypes = ['A', 'B', 'C', 'Query'].map((name) => schema.getType(name) as GraphQLObjectType);
const coordinates = objectTypes.flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
const depthMax = 4;

const selections = (type: GraphQLNamedType, depth: number): fc.Arbitrary<string> => {
  const fields = isObjectType(type) || (isAbstractType(type) && 'getFields' in type) ? Object.values(type.getFields()) : [];
  const leaf = fc.constant('__typename');
  const alias = fc.constantFrom('', '', 'x: ', 'y: ');
  const directive = fc.constantFrom('', '', '', ' @skip(if: $on)', ' @include(if: $on)');
  const field = fields.map((one) => {
    const named = schema.getType(String(one.type).replace(/[[\]!]/g, ''))!;
    const below = 'getFields' in named || 'getTypes' in named ? (depth === 0 ? fc.constant(null) : selections(named, depth - 1)) : fc.constant('');
    // An alias of its own for each field and type: two fields under one key would not be valid.
    return fc.tuple(alias, directive, below).map(([name, condition, set]) => (set === null ? '__typename' : `${name && `${name[0]}_${one.name}_${String(one.type).replace(/\W/g, '')}: `}${one.name}${condition}${set && ` { ${set} }`}`));
  });
  const types = [type, ...(isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? type.getInterfaces() : [])];
  const fragment = depth === 0 ? [] : [fc.constantFrom(...types).chain((condition) => fc.tuple(directive, selections(condition, depth - 1)).map(([test_, set]) => `... on ${condition.name}${test_} { ${set} }`))];
  return fc.array(fc.oneof(leaf, ...field, ...fragment), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(' '));
};

const worlds = fc.record({
  query: selections(schema.getQueryType()!, depthMax).map((set) => `query ($on: Boolean = false) { ${set} }`),
  refused: fc.subarray(coordinates).map((list) => new Set(list)),
  on: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1_000 }),
});

/** Values are a function of the path alone, so that two executions of one operation agree. */
function resolver(seed: number, refused: ReadonlySet<string>, asked: Map<string, number>): GraphQLFieldResolver<{ depth: number }, unknown> {
  return ({ depth }, _args, _context, info) => {
    const coordinate = `${info.parentType.name}.${info.fieldName}`;
    asked.set(coordinate, (asked.get(coordinate) ?? 0) + 1);
    if (refused.has(coordinate)) return null;
    const draw = (seed * 31 + depth * 17 + info.fieldName.length * 7 + info.parentType.name.charCodeAt(0)) % 11;
    const type = String(info.returnType);
    const object = (salt: number) => ({ depth: depth + 1, __typename: ['A', 'B', 'C'][(draw + salt) % 3] });
    const ofType = (salt: number) => {
      const named = schema.getType(type.replace(/[[\]!]/g, ''))!;
      return { ...object(salt), ...(isObjectType(named) ? { __typename: named.name } : named.name === 'Node' ? { __typename: ['A', 'B'][(draw + salt) % 2] } : {}) };
    };
    if (draw === 0 && !type.endsWith('!')) return null;
    if (type.includes('[')) return [ofType(0), ofType(1)];
    return /^(ID|String|Int)/.test(type) ? draw : ofType(0);
  };
}

function run(document: DocumentNode, on: boolean, seed: number, refused: ReadonlySet<string>): { result: ExecutionResult; asked: Map<string, number> } {
  const asked = new Map<string, number>();
  const result = execute({ schema, document, rootValue: { depth: 0 }, variableValues: { on }, fieldResolver: resolver(seed, refused, asked), typeResolver: (value: { __typename: string }) => value.__typename }) as ExecutionResult;
  return { result, asked };
}

test('a pruned operation answers as if every refused field had been asked for and found null', () => {
  fc.assert(
    fc.property(worlds, ({ query, refused, on, seed }) => {
      const document = parse(query);
      const [operation, fragments] = [onlyOperation(document), fragmentsOf(document)];
      const whole = run(document, on, seed, refused);
      const judge: Judge = (type, node) => (refused.has(`${type.name}.${node.name.value}`) ? { coordinate: `${type.name}.${node.name.value}`, policy: 'p', reason: 'r' } : undefined);
      const pruned = prune(schema, document, operation, fragments, judge);
      const left = pruned.empty ? { result: { data: {} }, asked: new Map<string, number>() } : run(pruned.refused.size === 0 ? pruned.document : asPlanned(pruned.document), on, seed, new Set());
      const data = left.result.data as JsonObject | null;
      // Where nothing was taken out the answer has its shape already, and nothing that shaping needs was added.
      const shaped = pruned.refused.size === 0 && !pruned.empty ? JSON.stringify(data) : openShape({ schema, operation, fragments, refused: pruned.refused }).write({ variables: { on }, data, introspected: null }).json;
      expect([...left.asked.keys()].filter((coordinate) => refused.has(coordinate))).toEqual([]);
      expect(shaped).toBe(JSON.stringify(whole.result.data));
    }),
    { numRuns: 600 },
  );
});

test('every position of a refused field is counted once', () => {
  const document = parse('{ b { id a { name } } any { ... on Named { name } } }');
  const [operation, fragments] = [onlyOperation(document), fragmentsOf(document)];
  const judge: Judge = (type, node) => (node.name.value === 'name' ? { coordinate: `${type.name}.name`, policy: 'p', reason: 'r' } : undefined);
  const pruned = prune(schema, document, operation, fragments, judge);
  const data = { b: [{ id: '1', a: { __typename: 'A' } }, null, { id: '2', a: null }], any: [{ __typename: 'C' }, { __typename: 'B' }, { __typename: 'A' }] };
  const { json, withheld } = openShape({ schema, operation, fragments, refused: pruned.refused }).write({ variables: {}, data, introspected: null });
  expect(JSON.parse(json)).toEqual({ b: [{ id: '1', a: { name: null } }, null, { id: '2', a: null }], any: [{ name: null }, {}, { name: null }] });
  expect(withheld.map(({ coordinate, count }) => [coordinate, count]).sort()).toEqual([['A.name', 1], ['A.name', 1], ['C.name', 1]]);
});

test('the pruned text names no refused field', () => {
  const document = parse('{ node { name ... on A { only } next { name } } }');
  const judge: Judge = (type, node) => (`${type.name}.${node.name.value}` === 'A.name' ? { coordinate: 'A.name', policy: 'p', reason: 'r' } : undefined);
  const { document: left } = prune(schema, document, onlyOperation(document), fragmentsOf(document), judge);
  const info = new TypeInfo(schema);
  const met: string[] = [];
  visit(left, visitWithTypeInfo(info, { Field: (node) => void met.push(`${info.getParentType()?.name}.${node.name.value}`) }));
  expect(met.filter((coordinate) => coordinate.endsWith('.name'))).toEqual(['B.name', 'B.name']);
});
