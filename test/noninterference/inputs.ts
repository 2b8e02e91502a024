import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse, type FieldNode, type GraphQLObjectType, type OperationDefinitionNode } from 'graphql';
import { policyJudge } from '../../gateway/judge.ts';
import { classificationIn, type Classified } from '../../policy/classes.ts';
import { openPolicy } from '../../policy/decide.ts';
import { enforce } from '../../policy/enforce.ts';
import { openSeen } from '../../policy/seen.ts';
import type { Fault } from './checks.ts';
import { organisations } from './places.ts';
import { official } from './viewers.ts';
import { contextOf } from './walls.ts';

/**
 * The hub's own arguments are no stricter than their fields, so that a wall which forgot them would not be noticed there.
 * This graph has one that is: a list of work by a person's phone.
 */
const typeDefs = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"]) @link(url: "https://yiwang.example/classified/v1.0", import: ["@classified"]) @composeDirective(name: "@classified")
  directive @classified(as: FieldClass!, mask: Mask, owner: String) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  enum FieldClass { PUBLIC WORK PERSONAL } enum Mask { TEXT }
  type Query { tickets(filter: TicketFilter @classified(as: WORK)): Int @classified(as: WORK) }
  input TicketFilter { phone: String @classified(as: PERSONAL) }`);
const query = '{ tickets(filter: {phone: "138"}) }';

export async function inputFaults(): Promise<Fault[]> {
  const policy = openPolicy();
  const viewer = contextOf(official('CLERK', organisations[0]!, 'TOWNSHIP', '510107001000', 'MEDIATION', 'MEDIATION'));
  const schema = enforce(buildSubgraphSchema([{ typeDefs, resolvers: { Query: { tickets: () => 7 } } }]), policy);
  const { data } = await graphql({ schema, source: query, contextValue: { viewer, seen: openSeen() } });
  const faults: Fault[] = data?.['tickets'] === null ? [] : [{ check: 'a subgraph decides an argument like its field', viewer: viewer.sub, asked: query, expected: null, got: data }];
  const classes = new Map<string, Classified>();
  const note = (coordinate: string, directives: readonly never[] | undefined) => {
    const found = classificationIn(directives ?? [], coordinate);
    if (found) classes.set(coordinate, found);
  };
  for (const definition of typeDefs.definitions) {
    if (!('fields' in definition)) continue;
    for (const field of definition.fields ?? []) note(`${definition.name.value}.${field.name.value}`, field.directives as never);
  }
  const node = (parse(query).definitions[0] as OperationDefinitionNode).selectionSet.selections[0] as FieldNode;
  const refusal = policyJudge(policy, classes, viewer, {}).judge(schema.getQueryType() as GraphQLObjectType, node);
  if (refusal?.coordinate !== 'TicketFilter.phone') faults.push({ check: 'the gateway decides an argument like its field', viewer: viewer.sub, asked: query, expected: 'TicketFilter.phone', got: refusal });
  return faults;
}
