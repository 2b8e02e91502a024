import { Kind, parse, print, visit, type ArgumentNode, type ConstDirectiveNode, type FieldDefinitionNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import { textOf } from '../../policy/federation/links.ts';
import { fieldTypes, rootNames } from './callable.ts';
import type { Fetch, Path, Step } from './plan.ts';
import { renamed } from './rewrites.ts';
import type { IsOfType } from './types.ts';

/**
 * Whether a plan gives every `@requires` the arguments that it names (`price(cur: "EUR")`). Both planners write plans that
 * ask for one response key with two sets of arguments at one place, or with one of the two only; then what is derived is
 * made of the wrong value without anybody telling. Throws `BAD_REQUEST` for a field with an argument from its context
 * (`@fromContext`): no executor here knows how to fill it.
 */
export function argumentsKept(supergraphSdl: string, isOfType: IsOfType): (step: Step | null) => boolean {
  const typesOf = fieldTypes(supergraphSdl);
  const { requires, contextual } = readArguments(supergraphSdl, typesOf);
  if (requires.size === 0 && contextual.size === 0) return () => true;

  return (step) => {
    const asked: Asked[] = [];
    const needs: Asked[] = [];
    for (const fetch of fetchesOf(step)) {
      for (const { set, type, bases, fragments } of rootsOf(fetch)) {
        const walk = ({ selections }: SelectionSetNode, parent: string | undefined, below: readonly string[]): void => {
          for (const node of selections) {
            if (node.kind !== Kind.FIELD) {
              const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
              if (fragment) walk(fragment.selectionSet, fragment.typeCondition?.name.value ?? parent, below);
              continue;
            }
            const [name, key] = [node.name.value, (node.alias ?? node.name).value];
            const coordinate = `${parent}.${name}`;
            if (contextual.has(coordinate)) throw new YiwangError('BAD_REQUEST', { hint: `\`${coordinate}\` takes an argument from its context (\`@fromContext\`), which this gateway does not support` });
            const rewrites = fetch.entities[0]?.outputRewrites ?? fetch.outputRewrites;
            for (const base of bases) {
              const place = (inner: readonly string[]) => [...base, ...renamed(rewrites, inner)].join('.');
              asked.push({ place: place(below), type: parent, name, key, given: textOfArguments(node.arguments) });
              for (const { path, name, type, given } of requires.get(coordinate) ?? []) needs.push({ place: place([...below, ...path]), type: type ?? parent, name, key: name, given });
            }
            if (node.selectionSet) walk(node.selectionSet, parent === undefined ? undefined : typesOf.get(parent)?.get(name), [...below, key]);
          }
        };
        walk(set, type, []);
      }
    }
    const overlap = (one: string | undefined, other: string | undefined) => one === undefined || other === undefined || isOfType(one, other) || isOfType(other, one);
    return needs.every((need) => {
      const candidates = asked.filter(({ place, name, type }) => place === need.place && name === need.name && overlap(type, need.type));
      const keys = [...new Set(candidates.map(({ key }) => key))];
      return keys.length === 0 || keys.some((key) => candidates.every((one) => one.key !== key || one.given === need.given));
    });
  };
}

/** Whether any field of the graph has an argument from its context. */
export function takesContext(supergraphSdl: string): boolean {
  return readArguments(supergraphSdl, new Map()).contextual.size > 0;
}

export function argumentsLost(): YiwangError {
  return new YiwangError('BAD_REQUEST', { hint: 'a field of the operation is made of another one with arguments of its own, which is needed with other arguments at the same place; ask for them in two operations' });
}

interface Asked {
  /** Response keys from the root. */
  place: string;
  type: string | undefined;
  name: string;
  key: string;
  given: string;
}

interface Need {
  path: readonly string[];
  type: string | undefined;
  name: string;
  given: string;
}

interface Root {
  set: SelectionSetNode;
  type: string | undefined;
  bases: readonly (readonly string[])[];
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

function fetchesOf(step: Step | null): Fetch[] {
  if (!step) return [];
  if (step.kind === 'Fetch') return [step];
  return step.kind === 'Condition' ? [...fetchesOf(step.then), ...fetchesOf(step.otherwise)] : step.steps.flatMap(fetchesOf);
}

/** What a call asks for, and where in the answer it goes. */
function rootsOf(fetch: Fetch): Root[] {
  const { definitions } = parse(fetch.operation, { noLocation: true });
  const fragments = new Map(definitions.filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION).map((node) => [node.name.value, node]));
  return definitions.flatMap((node): Root[] => {
    if (node.kind !== Kind.OPERATION_DEFINITION) return [];
    if (fetch.entities.length === 0) return [{ set: node.selectionSet, type: rootNames[node.operation], bases: [keysOf(fetch.at)], fragments }];
    return node.selectionSet.selections.flatMap((one) => {
      const entities = one.kind === Kind.FIELD && fetch.entities.find(({ alias }) => alias === (one.alias ?? one.name).value);
      return entities && one.selectionSet ? [{ set: one.selectionSet, type: undefined, bases: entities.paths.map(keysOf), fragments }] : [];
    });
  });
}

function keysOf(path: Path): string[] {
  return path.filter((segment) => typeof segment === 'string').filter((segment) => segment !== '@');
}

function readArguments(supergraphSdl: string, typesOf: ReturnType<typeof fieldTypes>) {
  const requires = new Map<string, Need[]>();
  const contextual = new Set<string>();
  const withArguments = new Set<string>();
  const fields = parse(supergraphSdl, { noLocation: true }).definitions.flatMap((node) => (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION ? (node.fields ?? []).map((field) => ({ type: node.name.value, field })) : []));
  for (const { type, field } of fields) if (field.arguments?.length) withArguments.add(`${type}.${field.name.value}`);
  for (const { type, field } of fields) {
    const coordinate = `${type}.${field.name.value}`;
    for (const { arguments: given } of joinsOf(field)) {
      const context = given?.find(({ name }) => name.value === 'contextArguments')?.value;
      if (context?.kind === Kind.LIST && context.values.length > 0) contextual.add(coordinate);
      const text = textOf(given, 'requires');
      if (text === undefined) continue;
      const needs = needsOf(text, type, typesOf, withArguments);
      if (needs.length > 0) requires.set(coordinate, [...(requires.get(coordinate) ?? []), ...needs]);
    }
  }
  return { requires, contextual };
}

function joinsOf({ directives }: FieldDefinitionNode): ConstDirectiveNode[] {
  return (directives ?? []).filter(({ name }) => name.value === 'join__field');
}

function needsOf(text: string, on: string, typesOf: ReturnType<typeof fieldTypes>, withArguments: ReadonlySet<string>): Need[] {
  const [operation] = parse(`{${text}}`, { noLocation: true }).definitions;
  const needs: Need[] = [];
  const walk = ({ selections }: SelectionSetNode, parent: string | undefined, path: readonly string[]): void => {
    for (const node of selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) walk(node.selectionSet, node.typeCondition?.name.value ?? parent, path);
      if (node.kind !== Kind.FIELD) continue;
      const name = node.name.value;
      // At the top the type is whatever type the field was asked of: an interface object's members, for one.
      if (withArguments.has(`${parent}.${name}`)) needs.push({ path, type: path.length === 0 ? undefined : parent, name, given: textOfArguments(node.arguments) });
      if (node.selectionSet) walk(node.selectionSet, parent === undefined ? undefined : typesOf.get(parent)?.get(name), [...path, name]);
    }
  };
  if (operation?.kind === Kind.OPERATION_DEFINITION) walk(operation.selectionSet, on, []);
  return needs;
}

/** In one order, whoever wrote them. */
function textOfArguments(given: readonly ArgumentNode[] | undefined): string {
  const sorted = (value: ArgumentNode['value']) => visit(value, { ObjectValue: { leave: (node) => ({ ...node, fields: [...node.fields].sort((one, other) => (one.name.value < other.name.value ? -1 : 1)) }) } });
  return (given ?? []).map(({ name, value }) => `${name.value}: ${print(sorted(value))}`).sort().join(', ');
}
