import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { buildASTSchema, parse, type FieldNode, type OperationDefinitionNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { readClasses } from '../../gateway/classes.ts';
import { policyJudge } from '../../gateway/judge.ts';
import { checkPolicy } from '../../policy/check.ts';
import { openPolicy } from '../../policy/decide.ts';
import { viewer } from '../policy/viewers.ts';

/** What the classes of a graph could give away around the policy (threats.md, 5, 6 and 11). */
const head = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@composeDirective"])
    @link(url: "https://yiwang.example/classified/v1.0", import: ["@classified"])
    @composeDirective(name: "@classified")
  directive @classified(as: FieldClass!, mask: Mask, owner: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  enum FieldClass { PUBLIC WORK PERSONAL IDENTIFYING SENSITIVE RESTRICTED }
  enum Mask { NAME PHONE ID_NUMBER ADDRESS COORDINATES BIRTH_DATE TEXT }`;
const source = `${head}
  type Query { case: Case @classified(as: WORK) }
  type Case @key(fields: "id") { id: ID @classified(as: PUBLIC) kind: String @classified(as: WORK) parties: [Party] @classified(as: WORK) }
  interface Party { label: String @classified(as: WORK) }
  type Child implements Party { label: String @classified(as: SENSITIVE) }`;
const derived = `${head}
  type Case @key(fields: "id") { id: ID @classified(as: PUBLIC) kind: String @external parties: [Party] @external summary: String @requires(fields: "kind") @classified(as: WORK) who: String @requires(fields: "parties { label }") @classified(as: WORK) }
  interface Party { label: String @classified(as: WORK) }
  type Child implements Party { label: String @external @classified(as: SENSITIVE) }`;
const again = `${head}
  type Case @key(fields: "id") { id: ID @classified(as: PUBLIC) who: String @external digest: String @requires(fields: "who") @classified(as: PUBLIC) }`;

describe('a derived field', () => {
  const { supergraphSdl, errors } = composeServices([['source', source], ['derived', derived], ['again', again]].map(([name, sdl]) => ({ name: name!, url: 'http://x', typeDefs: parse(sdl!) })));

  test('a field made from a stricter one is as strict, through every step', () => {
    expect(errors).toBeUndefined();
    const classes = readClasses(supergraphSdl!);
    expect(['summary', 'who', 'digest'].map((name) => classes.get(`Case.${name}`)?.class)).toEqual(['WORK', 'SENSITIVE', 'SENSITIVE']);
  });

  test('and `policy check` names it', () => {
    const faults = checkPolicy({ supergraphSchema: buildASTSchema(parse(supergraphSdl!), { assumeValid: true, assumeValidSDL: true }) });
    expect(faults.filter(({ rule }) => rule === 'DERIVED').map(({ coordinate }) => coordinate)).toEqual(['Case.who', 'Case.digest']);
  });
});

test('the graph that is served has none of these: no loose derived field, no inverse edge, no open person, no unclassified argument', () => {
  const sdl = readFileSync(join(projectRoot(), 'schema', 'supergraph.graphql'), 'utf8');
  expect(checkPolicy({ supergraphSchema: buildASTSchema(parse(sdl), { assumeValid: true, assumeValidSDL: true }) })).toEqual([]);
});

test('an argument nested deeper than anybody looks is refused, not let through', () => {
  const schema = buildASTSchema(parse(`directive @classified(as: String!) on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
    type Query { search(filter: Filter): String @classified(as: "WORK") } input Filter { not: Filter phone: String }`));
  const coordinate = (name: string, as: 'WORK' | 'PERSONAL') => [name, { coordinate: name, class: as, mask: null, owner: null }] as const;
  const classes = new Map([coordinate('Query.search', 'WORK'), coordinate('Filter.phone', 'PERSONAL')]);
  const node = (text: string) => (parse(text).definitions[0] as OperationDefinitionNode).selectionSet.selections[0] as FieldNode;
  const nested = (levels: number): string => (levels === 0 ? 'phone: "138"' : `not: { ${nested(levels - 1)} }`);
  const { judge } = policyJudge(openPolicy(), classes, viewer({ kind: 'ANALYST', purpose: 'SUPERVISION', tier: 'COUNTY' }), {});
  const query = schema.getQueryType()!;
  expect(judge(query, node(`{ search(filter: { ${nested(3)} }) }`))).toMatchObject({ coordinate: 'Filter.phone' });
  expect(() => judge(query, node(`{ search(filter: { ${nested(20)} }) }`))).toThrow(/nested deeper/);
});
