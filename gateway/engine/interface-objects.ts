import { Kind, parse, valueFromASTUntyped, type ConstDirectiveNode, type DefinitionNode } from 'graphql';
import type { Entities, Required, Rewrite, Step } from './plan.ts';
import { typeTable } from './types.ts';

/**
 * Mends the native planner's plans (0.0.38) for subgraphs that know an interface as an object (`@interfaceObject`): there an
 * entity of whatever type is called by the interface. Two faults were met: where fragments on several types ask for
 * something, one call is made for all and keeps the type of one of them as what it is for, so that the others stay null;
 * and a representation goes out under the name of its own type, which that subgraph does not know.
 */
export function forInterfaceObjects(supergraphSdl: string): (step: Step) => Step {
  const objectsOf = interfaceObjects(parse(supergraphSdl, { noLocation: true }).definitions);
  if (objectsOf.size === 0) return (step) => step;
  const isOfType = typeTable(supergraphSdl);

  const asked = (one: Entities, objects: readonly string[]): Entities => {
    const objectOf = (required: Required) => (required.kind === 'on' ? objects.find((object) => isOfType(required.type, object)) : undefined);
    const met = new Set(one.requires.map(objectOf).filter((object) => object !== undefined));
    const requires = one.requires.map((required) => (required.kind === 'on' ? { ...required, type: objectOf(required) ?? required.type } : required));
    return { ...one, requires, inputRewrites: [...one.inputRewrites, ...[...met].map(calledBy)] };
  };
  const mended = (step: Step): Step => {
    switch (step.kind) {
      case 'Fetch':
        return { ...step, entities: step.entities.map((one) => asked(one, objectsOf.get(step.subgraph) ?? [])) };
      case 'Condition':
        return { ...step, then: step.then && mended(step.then), otherwise: step.otherwise && mended(step.otherwise) };
      default:
        return { ...step, steps: step.steps.map(mended) };
    }
  };
  return mended;
}

function calledBy(object: string): Rewrite {
  return { kind: 'set', path: [{ types: [object] }, '__typename'], value: object };
}

/** By subgraph: the interfaces that it knows as objects, as the supergraph's `@join__type` says. */
function interfaceObjects(definitions: readonly DefinitionNode[]): Map<string, string[]> {
  const graphs = new Map<string, string>();
  const objects = new Map<string, string[]>();
  for (const node of definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || node.name.value !== 'join__Graph') continue;
    for (const { name, directives } of node.values ?? []) for (const one of directives ?? []) graphs.set(name.value, String(argumentsOf(one)['name']));
  }
  for (const node of definitions) {
    if (node.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    for (const { graph, isInterfaceObject } of (node.directives ?? []).filter((one) => one.name.value === 'join__type').map(argumentsOf)) {
      const subgraph = graphs.get(String(graph));
      if (isInterfaceObject === true && subgraph !== undefined) objects.set(subgraph, [...(objects.get(subgraph) ?? []), node.name.value]);
    }
  }
  return objects;
}

function argumentsOf({ arguments: given }: ConstDirectiveNode): Record<string, unknown> {
  return Object.fromEntries((given ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]));
}
