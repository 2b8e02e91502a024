import { Kind, parse, print, visit, type ConstDirectiveNode, type ConstValueNode, type DefinitionNode, type DocumentNode, type FieldDefinitionNode, type SelectionSetNode, type TypeNode } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import type { Grants } from './grants.ts';
import { importedAs, linksOf, textOf } from './links.ts';

/** What `@authenticated`, `@requiresScopes` and `@policy` ask for together; every part must hold. */
export interface Requirement {
  authenticated: boolean;
  /** Each: one of these lists must be granted whole. */
  scopes: readonly (readonly string[])[][];
  policies: readonly (readonly string[])[][];
}

/** What a supergraph asks of callers. */
export interface Requirements {
  /** Whether a field of an object type may be read with these grants. */
  allows(type: string, field: string, grants: Grants): boolean;
  /** There is nothing to ask anybody for. */
  none: boolean;
}

/**
 * Reads the rules of a supergraph. A field asks for what stands on itself, on its type, on the type it gives, and on
 * everything its value is made from (`@requires`, `@fromContext`, through any number of steps). Rules that cannot be read,
 * such as those of another version or of a composition that only names them, are `CONFIG`: never served open.
 */
export function readRequirements(supergraphSdl: string): Requirements {
  const document = readSdl(supergraphSdl);
  refuseUnreadable(document);
  const names: Names = { authenticated: nameOf(document, 'authenticated'), requiresScopes: nameOf(document, 'requiresScopes'), policy: nameOf(document, 'policy') };
  const graph = readGraph(document, names);
  const known = new Map<string, readonly Requirement[]>();
  const all = (coordinate: string): readonly Requirement[] => {
    const found = known.get(coordinate) ?? reachedFrom(graph, coordinate);
    known.set(coordinate, found);
    return found;
  };
  return { none: graph.own.size === 0, allows: (type, field, grants) => all(`${type}.${field}`).every((requirement) => holds(requirement, grants)) };
}

/**
 * The supergraph as an engine takes it that knows no access rules and therefore refuses one whose links say `for: SECURITY`.
 * Only for a gateway that enforces what `readRequirements` read.
 */
export function withoutSecurityMarks(supergraphSdl: string): string {
  const document = parse(supergraphSdl, { noLocation: true });
  return print(
    visit(document, {
      Directive(node) {
        const url = node.name.value === 'link' ? textOf(node.arguments, 'url') : undefined;
        if (!specifications.some((name) => url?.startsWith(`https://specs.apollo.dev/${name}/`))) return undefined;
        return { ...node, arguments: node.arguments?.filter((argument) => argument.name.value !== 'for') };
      },
    }),
  );
}

const specifications = ['authenticated', 'requiresScopes', 'policy'] as const;
type Names = Record<(typeof specifications)[number], string | undefined>;
const readVersion = /\/v0\.1$/;
const securityOthers = /^https:\/\/specs\.apollo\.dev\/inaccessible\//;

function nameOf(document: DocumentNode, specification: string): string | undefined {
  return importedAs(document, `https://specs.apollo.dev/${specification}`, specification);
}

function readSdl(text: string): DocumentNode {
  try {
    return parse(text, { noLocation: true });
  } catch (error) {
    throw new YiwangError('CONFIG', { hint: 'the supergraph is not a GraphQL schema, so it is not served', cause: error });
  }
}

function refuseUnreadable(document: DocumentNode): void {
  const refuse = (hint: string) => {
    throw new YiwangError('CONFIG', { hint: `the supergraph's access rules cannot be read, so it is not served: ${hint}; compose it anew with a current composition` });
  };
  if (linksOf(document).length === 0) refuse('it has no @link, so it comes from a composition that is too old');
  for (const link of linksOf(document)) {
    const url = textOf(link.arguments, 'url') ?? '';
    const purpose = link.arguments?.find((arg) => arg.name.value === 'for')?.value;
    const ours = specifications.some((name) => url.startsWith(`https://specs.apollo.dev/${name}/`));
    if (ours && !readVersion.test(url)) refuse(`${url} is a version this gateway does not know`);
    if (!ours && purpose?.kind === Kind.ENUM && purpose.value === 'SECURITY' && !securityOthers.test(url)) refuse(`${url} is a rule this gateway does not know`);
  }
  for (const definition of document.definitions) {
    if (definition.kind === Kind.DIRECTIVE_DEFINITION && specifications.some((name) => name === definition.name.value) && !nameOf(document, definition.name.value)) refuse(`@${definition.name.value} is defined without a link to its specification`);
    for (const directive of everyDirective(definition)) {
      const named = textOf(directive.arguments, 'name');
      if (directive.name.value === 'join__directive' && specifications.some((name) => named === name)) refuse(`@${named} is carried along, not composed`);
    }
  }
}

function everyDirective(definition: DefinitionNode): ConstDirectiveNode[] {
  const own = 'directives' in definition ? [...(definition.directives ?? [])] : [];
  const below = 'fields' in definition ? (definition.fields ?? []).flatMap((field) => [...(field.directives ?? [])]) : [];
  return [...own, ...below] as ConstDirectiveNode[];
}

interface Graph {
  /** Type or coordinate → what stands on it. */
  own: Map<string, Requirement>;
  /** Coordinate → the type it gives. */
  gives: Map<string, string>;
  /** Coordinate → coordinates its value is made from. */
  madeFrom: Map<string, Set<string>>;
  /** Interface or union → its object types. */
  members: Map<string, Set<string>>;
  /** Context → types that set it. */
  contexts: Map<string, string[]>;
}

function readGraph(document: DocumentNode, names: Names): Graph {
  const graph: Graph = { own: new Map(), gives: new Map(), madeFrom: new Map(), members: new Map(), contexts: new Map() };
  for (const definition of document.definitions) noteType(graph, definition, names);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    for (const field of definition.fields ?? []) noteSources(graph, definition.name.value, field);
  }
  return graph;
}

function noteType(graph: Graph, definition: DefinitionNode, names: Names): void {
  if (!('name' in definition) || !definition.name || !('directives' in definition)) return;
  const type = definition.name.value;
  note(graph, type, (definition.directives ?? []) as readonly ConstDirectiveNode[], names);
  for (const directive of definition.directives ?? []) {
    const context = directive.name.value === 'context' ? textOf(directive.arguments, 'name') : undefined;
    if (context !== undefined) graph.contexts.set(context, [...(graph.contexts.get(context) ?? []), type]);
  }
  if (definition.kind === Kind.UNION_TYPE_DEFINITION) for (const member of definition.types ?? []) addTo(graph.members, type, member.name.value);
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) return;
  for (const one of definition.interfaces ?? []) if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) addTo(graph.members, one.name.value, type);
  for (const field of definition.fields ?? []) {
    graph.gives.set(`${type}.${field.name.value}`, namedType(field.type));
    note(graph, `${type}.${field.name.value}`, field.directives ?? [], names);
  }
}

function note(graph: Graph, place: string, directives: readonly ConstDirectiveNode[], names: Names): void {
  const of = (name: string | undefined) => directives.filter((directive) => name !== undefined && directive.name.value === name);
  const requirement: Requirement = {
    authenticated: of(names.authenticated).length > 0,
    scopes: of(names.requiresScopes).map((directive) => alternatives(directive, 'scopes')),
    policies: of(names.policy).map((directive) => alternatives(directive, 'policies')),
  };
  if (requirement.authenticated || requirement.scopes.length > 0 || requirement.policies.length > 0) graph.own.set(place, requirement);
}

function alternatives(directive: ConstDirectiveNode, argument: string): string[][] {
  const value = directive.arguments?.find((arg) => arg.name.value === argument)?.value;
  const texts = (node: ConstValueNode): string[] => (node.kind === Kind.LIST ? node.values.flatMap(texts) : node.kind === Kind.STRING ? [node.value] : []);
  return value?.kind === Kind.LIST ? value.values.map(texts) : [];
}

/** `@requires` and `@fromContext` stand in `@join__field` as `requires` and `contextArguments`. */
function noteSources(graph: Graph, type: string, field: FieldDefinitionNode): void {
  for (const directive of field.directives ?? []) {
    if (directive.name.value !== 'join__field') continue;
    const requires = textOf(directive.arguments, 'requires');
    if (requires !== undefined) noteSelection(graph, `${type}.${field.name.value}`, selectionOf(requires), [type]);
    const contexts = directive.arguments?.find((arg) => arg.name.value === 'contextArguments')?.value;
    if (contexts?.kind !== Kind.LIST) continue;
    for (const context of contexts.values) {
      if (context.kind !== Kind.OBJECT) continue;
      const entry = (name: string) => context.fields.find((part) => part.name.value === name)?.value;
      const [name, selection] = [entry('context'), entry('selection')];
      if (name?.kind === Kind.STRING && selection?.kind === Kind.STRING) noteSelection(graph, `${type}.${field.name.value}`, selectionOf(selection.value), graph.contexts.get(name.value) ?? []);
    }
  }
}

function selectionOf(text: string): SelectionSetNode | undefined {
  const [definition] = parse(text.trim().startsWith('{') ? text : `{ ${text} }`, { noLocation: true }).definitions;
  return definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet : undefined;
}

function noteSelection(graph: Graph, coordinate: string, set: SelectionSetNode | undefined, types: readonly string[]): void {
  for (const node of set?.selections ?? []) {
    if (node.kind === Kind.INLINE_FRAGMENT) noteSelection(graph, coordinate, node.selectionSet, node.typeCondition ? [node.typeCondition.name.value] : types);
    if (node.kind !== Kind.FIELD) continue;
    for (const type of types.flatMap((name) => [name, ...(graph.members.get(name) ?? [])])) {
      const source = `${type}.${node.name.value}`;
      const given = graph.gives.get(source);
      if (given === undefined) continue;
      addTo(graph.madeFrom, coordinate, source);
      if (node.selectionSet) noteSelection(graph, coordinate, node.selectionSet, [given]);
    }
  }
}

/** Everything a field's value rests on, each place once. */
function reachedFrom(graph: Graph, coordinate: string): readonly Requirement[] {
  const met = new Set<string>();
  const pending = [coordinate];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (met.has(place)) continue;
    met.add(place);
    pending.push(...(graph.madeFrom.get(place) ?? []));
  }
  const places = [...met].flatMap((place) => [place, place.slice(0, place.indexOf('.')), graph.gives.get(place) ?? '']);
  return [...new Set(places)].flatMap((place) => graph.own.get(place) ?? []);
}

function holds({ authenticated, scopes, policies }: Requirement, grants: Grants): boolean {
  const granted = (lists: readonly (readonly string[])[], held: ReadonlySet<string>) => lists.some((list) => list.every((word) => held.has(word)));
  return (!authenticated || grants.authenticated) && scopes.every((lists) => granted(lists, grants.scopes)) && policies.every((lists) => granted(lists, grants.policies));
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
