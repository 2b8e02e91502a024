import { Kind, parse, type FieldDefinitionNode, type SelectionSetNode, type TypeNode } from 'graphql';
import { Invariant } from '../../base/errors.ts';
import type { Step } from './plan.ts';

/**
 * Refuses a plan with a call that no subgraph would read: an object that is asked for without any of its fields. The native
 * planner (0.0.38) writes such calls where a field is asked for twice with other fields below it; the other planner makes a
 * plan of the same operation. Throws an `Invariant`.
 */
export function callable(supergraphSdl: string): (step: Step) => Step {
  const fieldsOf = fieldTypes(supergraphSdl);

  const check = ({ selections }: SelectionSetNode, parent: string | undefined): void => {
    for (const node of selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD) continue; // checked where it is defined
      if (node.kind === Kind.INLINE_FRAGMENT) {
        check(node.selectionSet, node.typeCondition?.name.value ?? parent);
        continue;
      }
      const type = parent === undefined ? undefined : fieldsOf.get(parent)?.get(node.name.value);
      if (!node.selectionSet && type !== undefined && fieldsOf.has(type)) throw new Invariant('a planned call asks for an object without any of its fields');
      if (node.selectionSet) check(node.selectionSet, type);
    }
  };
  const checked = (step: Step): Step => {
    if (step.kind === 'Fetch') {
      for (const node of parse(step.operation, { noLocation: true }).definitions) {
        if (node.kind === Kind.OPERATION_DEFINITION) check(node.selectionSet, rootNames[node.operation]);
        if (node.kind === Kind.FRAGMENT_DEFINITION) check(node.selectionSet, node.typeCondition.name.value);
      }
    } else for (const one of step.kind === 'Condition' ? [step.then, step.otherwise] : step.steps) if (one) checked(one);
    return step;
  };
  return checked;
}

/** As supergraphs call them. */
export const rootNames = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

/** Objects, interfaces and unions by name: field → the name of its type. A union has no field. */
export function fieldTypes(supergraphSdl: string): Map<string, Map<string, string>> {
  const types = new Map<string, Map<string, string>>();
  for (const node of parse(supergraphSdl, { noLocation: true }).definitions) {
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION) types.set(node.name.value, new Map((node.fields ?? []).map((field: FieldDefinitionNode) => [field.name.value, namedType(field.type)])));
    if (node.kind === Kind.UNION_TYPE_DEFINITION) types.set(node.name.value, new Map());
  }
  return types;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
