import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Kind,
  parse,
  print,
  visit,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
} from 'graphql';
import { projectRoot } from '../base/departments.ts';
import { invariant } from '../base/errors.ts';

/**
 * The full SDL of every subgraph, by name: the shared parts of `schema/`, the subgraph's own `schema.graphql`, and stubs of
 * the entities it names but does not define. Stubs are derived from what the other subgraphs define, so that a further
 * department's record type is known everywhere as soon as its folder is there.
 */
export function subgraphSdl(root: string = projectRoot()): Map<string, string> {
  const names = subgraphNames(root);
  const own = new Map(names.map((name) => [name, ownDefinitions(root, name)]));
  const world = worldOf([...own.values()]);
  return new Map(names.map((name) => [name, print({ kind: Kind.DOCUMENT, definitions: completed(own.get(name)!, world) })]));
}

/** Every folder under `subgraphs/` with a `schema.graphql`, in order. */
export function subgraphNames(root: string = projectRoot()): string[] {
  const folder = join(root, 'subgraphs');
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map((entry) => entry.name).filter((name) => existsSync(join(folder, name, 'schema.graphql'))).sort();
}

/** The types of records that a subgraph's SDL knows, its own and stubs. */
export function recordTypes(sdl: string): string[] {
  const types = objectTypes(parse(sdl, { noLocation: true }).definitions);
  return types.filter((type) => type.interfaces?.some((one) => one.name.value === 'Record')).map((type) => type.name.value);
}

/** The parts of `schema/` that have one home; a subgraph not named here is a department's. */
const homes: Record<string, readonly string[]> = {
  registry: ['person', 'place', 'organization', 'thing', 'linkage'],
  matter: ['matter', 'clock', 'situation', 'statistic'],
  hub: ['hub', 'correction', 'break-glass'],
};
const everywhere = ['directives', 'common'];
const departmentParts = ['record'];

interface World {
  /** Entities by name, as the subgraph that resolves them defines them. */
  entities: ReadonlyMap<string, ObjectTypeDefinitionNode>;
  /** Interfaces by name: every field any subgraph gives them. */
  interfaces: ReadonlyMap<string, InterfaceTypeDefinitionNode>;
  /** Interface → the entities that implement it. */
  implementers: ReadonlyMap<string, readonly string[]>;
}

function ownDefinitions(root: string, name: string): DefinitionNode[] {
  const parts = [...everywhere, ...(homes[name] ?? departmentParts)].map((part) => join(root, 'schema', `${part}.graphql`));
  return [...parts, join(root, 'subgraphs', name, 'schema.graphql')].flatMap((file) => definitionsIn(file));
}

function definitionsIn(file: string): readonly DefinitionNode[] {
  const document: DocumentNode = parse(readFileSync(file, 'utf8'), { noLocation: true });
  return document.definitions;
}

function worldOf(all: readonly DefinitionNode[][]): World {
  const entities = new Map<string, ObjectTypeDefinitionNode>();
  const interfaces = new Map<string, InterfaceTypeDefinitionNode>();
  const implementers = new Map<string, string[]>();
  for (const definition of all.flat()) {
    if (definition.kind === Kind.INTERFACE_TYPE_DEFINITION && !interfaces.has(definition.name.value)) interfaces.set(definition.name.value, definition);
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION || keyOf(definition) === undefined) continue;
    const name = definition.name.value;
    invariant(!entities.has(name), `the entity \`${name}\` is defined by one subgraph only`);
    entities.set(name, definition);
    for (const implemented of definition.interfaces ?? []) implementers.set(implemented.name.value, [...(implementers.get(implemented.name.value) ?? []), name]);
  }
  return { entities, interfaces, implementers };
}

/** Adds stubs until every named type is defined: a stub may itself name an interface with more implementers. */
function completed(own: DefinitionNode[], world: World): DefinitionNode[] {
  const definitions = [...own];
  for (;;) {
    const missing = missingNames(definitions);
    const stubs = [...missing].map((name) => stubOf(name, definitions, world));
    const implementing = missingImplementers(definitions, world).map((name) => stubOf(name, definitions, world));
    if (stubs.length + implementing.length === 0) return definitions;
    definitions.push(...unique([...stubs, ...implementing]));
  }
}

const builtIn = new Set(['String', 'Int', 'Float', 'Boolean', 'ID']);

function missingNames(definitions: readonly DefinitionNode[]): Set<string> {
  const defined = new Set(definitions.flatMap((definition) => ('name' in definition && definition.name ? [definition.name.value] : [])));
  const named = new Set<string>();
  for (const definition of definitions) {
    visit(definition, {
      NamedType(node) {
        if (!defined.has(node.name.value) && !builtIn.has(node.name.value)) named.add(node.name.value);
      },
    });
  }
  return named;
}

function missingImplementers(definitions: readonly DefinitionNode[], world: World): string[] {
  const defined = new Set(objectTypes(definitions).map((type) => type.name.value));
  const names = givenInterfaces(definitions).flatMap((given) => world.implementers.get(given.name.value) ?? []);
  return [...new Set(names)].filter((name) => !defined.has(name));
}

/**
 * The interfaces whose entities this subgraph has to know, all of them: those a field of it returns, and those it gives a
 * field of its own.
 */
function givenInterfaces(definitions: readonly DefinitionNode[]): InterfaceTypeDefinitionNode[] {
  const returned = new Set(objectTypes(definitions).flatMap((type) => (type.fields ?? []).map(namedTypeOf)));
  const interfaces = definitions.filter((definition) => definition.kind === Kind.INTERFACE_TYPE_DEFINITION);
  return interfaces.filter((one) => returned.has(one.name.value) || isExtendedHere(one));
}

/** An interface with a field beyond `id` in a subgraph that owns none of its entities: each stub gets that field. */
function isExtendedHere(definition: InterfaceTypeDefinitionNode): boolean {
  return (definition.interfaces ?? []).length === 0 && (definition.fields ?? []).length > 1;
}

function stubOf(name: string, definitions: readonly DefinitionNode[], world: World): DefinitionNode {
  const entity = world.entities.get(name);
  if (entity) return entityStub(entity, definitions);
  const known = world.interfaces.get(name);
  invariant(known, `the type \`${name}\` is defined nowhere`);
  return { ...known, interfaces: [], fields: known.fields?.filter((field) => field.name.value === 'id') };
}

/** The key, and the fields that interfaces of this subgraph ask of it. `resolvable: false` where it adds nothing of its own. */
function entityStub(entity: ObjectTypeDefinitionNode, definitions: readonly DefinitionNode[]): ObjectTypeDefinitionNode {
  const key = keyOf(entity)!;
  const interfaces = givenInterfaces(definitions).filter((given) => entity.interfaces?.some((one) => one.name.value === given.name.value));
  const keyField = entity.fields?.find((field) => field.name.value === key);
  invariant(keyField, `the key of \`${entity.name.value}\` is one of its fields`);
  const fields = new Map<string, FieldDefinitionNode>([[key, keyField]]);
  for (const one of interfaces) for (const field of one.fields ?? []) if (field.name.value !== key) fields.set(field.name.value, entity.fields?.find((own) => own.name.value === field.name.value) ?? field);
  const adds = interfaces.some((one) => isExtendedHere(one));
  return {
    ...entity,
    interfaces: interfaces.map((one) => ({ kind: Kind.NAMED_TYPE, name: one.name })),
    directives: [keyDirective(key, adds)],
    fields: [...fields.values()],
  };
}

function keyOf(type: ObjectTypeDefinitionNode): string | undefined {
  const fields = type.directives?.find((directive) => directive.name.value === 'key')?.arguments?.find((argument) => argument.name.value === 'fields')?.value;
  return fields?.kind === Kind.STRING ? fields.value : undefined;
}

function keyDirective(key: string, resolvable: boolean): ConstDirectiveNode {
  const [stub] = parse(`type Stub @key(fields: "${key}"${resolvable ? '' : ', resolvable: false'})`, { noLocation: true }).definitions;
  return (stub as ObjectTypeDefinitionNode).directives![0]!;
}

function objectTypes(definitions: readonly DefinitionNode[]): ObjectTypeDefinitionNode[] {
  return definitions.filter((definition) => definition.kind === Kind.OBJECT_TYPE_DEFINITION);
}

function namedTypeOf(field: FieldDefinitionNode): string {
  let type = field.type;
  while (type.kind !== Kind.NAMED_TYPE) type = type.type;
  return type.name.value;
}

function unique(definitions: readonly DefinitionNode[]): DefinitionNode[] {
  const byName = new Map(definitions.map((definition) => ['name' in definition ? definition.name?.value : undefined, definition]));
  return [...byName.values()];
}
