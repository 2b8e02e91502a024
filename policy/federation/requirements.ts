import { Kind, parse, type ConstDirectiveNode, type DocumentNode, type FieldDefinitionNode, type SelectionSetNode, type TypeNode } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import { textOf } from './links.ts';
import { beyond, holds, requirementOf, type Grants, type Requirement } from './requirement.ts';
import { securityNames, type SecurityNames } from './directive-names.ts';

/** What a supergraph asks of callers. */
export interface Requirements {
  /** Whether a field of an object type may be read with these grants. */
  allows(type: string, field: string, grants: Grants): boolean;
  /** Whether values of an enum or scalar may be named in an argument: what may not be read is not asked about either. */
  allowsInput(type: string, grants: Grants): boolean;
  /** There is nothing to ask anybody for. */
  none: boolean;
}

/**
 * Reads the rules of a supergraph. A field asks for what stands on itself, on its type, on the type it gives, and on
 * everything its value is made from (`@requires`, `@fromContext`, through any number of steps). An interface's rules are
 * those of the types that are met; what was asked of the interface itself holds for each of them. Rules that cannot be
 * read, such as those of another version or of a composition that only names them, are `CONFIG`: never served open.
 */
export function readRequirements(supergraphSdl: string): Requirements {
  const document = readSdl(supergraphSdl);
  const graph = readGraph(document, securityNames(document));
  const known = new Map<string, Asked>();
  const asked = (coordinate: string): Asked => {
    const found = known.get(coordinate) ?? reachedFrom(graph, coordinate);
    known.set(coordinate, found);
    return found;
  };
  const none = graph.own.size === 0;
  return {
    none,
    allows: (type, field, grants) => none || granted(asked(`${type}.${field}`), grants),
    allowsInput(type, grants) {
      const own = graph.own.get(type);
      return own === undefined || holds(own, grants);
    },
  };
}

/** What a field asks for: all of `all`, and of each abstract type on the way one member's whole requirements. */
interface Asked {
  all: readonly Requirement[];
  someOf: readonly (readonly (readonly Requirement[])[])[];
}

function granted({ all, someOf }: Asked, grants: Grants): boolean {
  const each = (requirements: readonly Requirement[]) => requirements.every((requirement) => holds(requirement, grants));
  return each(all) && someOf.every((members) => members.some(each));
}

function readSdl(text: string): DocumentNode {
  try {
    return parse(text, { noLocation: true });
  } catch (error) {
    throw new YiwangError('CONFIG', { hint: 'the supergraph is not a GraphQL schema, so it is not served', cause: error });
  }
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
  /** Object type → its interfaces. */
  interfaces: Map<string, Set<string>>;
  /** Context → types that set it. */
  contexts: Map<string, string[]>;
}

const withFields = new Set<string>([Kind.OBJECT_TYPE_DEFINITION, Kind.OBJECT_TYPE_EXTENSION, Kind.INTERFACE_TYPE_DEFINITION, Kind.INTERFACE_TYPE_EXTENSION]);

function readGraph(document: DocumentNode, names: SecurityNames): Graph {
  const graph: Graph = { own: new Map(), gives: new Map(), madeFrom: new Map(), members: new Map(), interfaces: new Map(), contexts: new Map() };
  for (const definition of document.definitions) noteType(graph, definition, names);
  for (const definition of document.definitions) {
    if (!('fields' in definition) || !withFields.has(definition.kind)) continue;
    const type = definition.name.value;
    for (const field of (definition.fields ?? []) as readonly FieldDefinitionNode[]) {
      noteSources(graph, type, field, type);
      // What an interface object gives to the types of its interface is made from the same fields of each of them.
      if (definition.kind.startsWith('Interface')) for (const member of graph.members.get(type) ?? []) noteSources(graph, member, field, member);
    }
  }
  return graph;
}

function noteType(graph: Graph, definition: DocumentNode['definitions'][number], names: SecurityNames): void {
  if (!('name' in definition) || !definition.name || !('directives' in definition)) return;
  const type = definition.name.value;
  const directives = (definition.directives ?? []) as readonly ConstDirectiveNode[];
  note(graph, type, directives, names);
  for (const directive of directives) {
    const context = directive.name.value === 'context' ? textOf(directive.arguments, 'name') : undefined;
    if (context !== undefined) graph.contexts.set(context, [...(graph.contexts.get(context) ?? []), type]);
  }
  if ('types' in definition) for (const member of definition.types ?? []) addTo(graph.members, type, member.name.value);
  if (!('fields' in definition) || !withFields.has(definition.kind)) return;
  if ('interfaces' in definition && definition.kind.startsWith('Object')) {
    for (const one of definition.interfaces ?? []) {
      addTo(graph.members, one.name.value, type);
      addTo(graph.interfaces, type, one.name.value);
    }
  }
  for (const field of (definition.fields ?? []) as readonly FieldDefinitionNode[]) {
    graph.gives.set(`${type}.${field.name.value}`, namedType(field.type));
    note(graph, `${type}.${field.name.value}`, field.directives ?? [], names);
  }
}

/** A place may be written in several parts (extensions): each adds to what is asked. */
function note(graph: Graph, place: string, directives: readonly ConstDirectiveNode[], names: SecurityNames): void {
  const next = requirementOf(directives, names);
  const known = graph.own.get(place);
  if (next) graph.own.set(place, known ? { authenticated: known.authenticated || next.authenticated, scopes: [...known.scopes, ...next.scopes], policies: [...known.policies, ...next.policies] } : next);
}

/** `@requires` and `@fromContext` stand in `@join__field` as `requires` and `contextArguments`; `on`: whose fields are meant. */
function noteSources(graph: Graph, type: string, field: FieldDefinitionNode, on: string): void {
  const coordinate = `${type}.${field.name.value}`;
  for (const directive of field.directives ?? []) {
    if (directive.name.value !== 'join__field') continue;
    const requires = textOf(directive.arguments, 'requires');
    if (requires !== undefined) noteSelection(graph, coordinate, selectionOf(requires), [on]);
    const contexts = directive.arguments?.find((arg) => arg.name.value === 'contextArguments')?.value;
    if (contexts?.kind !== Kind.LIST) continue;
    for (const context of contexts.values) {
      if (context.kind !== Kind.OBJECT) continue;
      const entry = (name: string) => context.fields.find((part) => part.name.value === name)?.value;
      const [name, selection] = [entry('context'), entry('selection')];
      if (name?.kind === Kind.STRING && selection?.kind === Kind.STRING) noteSelection(graph, coordinate, selectionOf(selection.value), graph.contexts.get(name.value) ?? []);
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
    for (const type of types.flatMap((name) => [...(graph.members.get(name) ?? [name])])) {
      const source = `${type}.${node.name.value}`;
      const given = graph.gives.get(source);
      if (given === undefined) continue;
      addTo(graph.madeFrom, coordinate, source);
      if (node.selectionSet) noteSelection(graph, coordinate, node.selectionSet, [given]);
    }
  }
}

/** Everything a field's value rests on, each place once. */
function reachedFrom(graph: Graph, coordinate: string): Asked {
  const met = new Set<string>();
  const pending = [coordinate];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (met.has(place)) continue;
    met.add(place);
    pending.push(...(graph.madeFrom.get(place) ?? []));
  }
  const given = [...met].flatMap((place) => graph.gives.get(place) ?? []);
  const places = [...met].flatMap((place) => [place, ...ofInterfaces(graph, place), place.slice(0, place.indexOf('.'))]);
  const abstract = new Set(given.filter((type) => graph.members.has(type)));
  return {
    all: [...new Set([...places, ...given])].flatMap((place) => ownOf(graph, place)),
    someOf: [...abstract].map((type) => [...graph.members.get(type)!].map((member) => ownOf(graph, member))),
  };
}

/** The same field of the interfaces of its type, and these interfaces. */
function ofInterfaces(graph: Graph, coordinate: string): string[] {
  const [type = '', field = ''] = coordinate.split('.');
  return [...(graph.interfaces.get(type) ?? [])].flatMap((one) => [`${one}.${field}`, one]);
}

/** What stands on a place, less what it has from the types of its interface (composition puts their rules together there). */
function ownOf(graph: Graph, place: string): Requirement[] {
  const own = graph.own.get(place);
  if (!own) return [];
  const [type = '', field] = place.split('.');
  const members = graph.members.get(type);
  if (!members) return [own];
  const theirs = [...members].flatMap((member) => graph.own.get(field === undefined ? member : `${member}.${field}`) ?? []);
  return [beyond(own, theirs) ?? []].flat();
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
