import { idKey, type FieldSpec, type ObjectSpec, type TypeSpec, type World } from './world.ts';

const imports = ['@key', '@shareable', '@external', '@requires', '@provides', '@override', '@inaccessible', '@interfaceObject'];
const head = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [${imports.map((name) => `"${name}"`).join(', ')}])`;
const inputs = `enum Colour { RED GREEN BLUE }
input Given { n: Int = 3, text: String, colours: [Colour!] = [GREEN], inner: Given }`;

/** The SDL of one subgraph. */
export function subgraphSdl(world: World, at: number): string {
  const objects = world.objects.filter((one) => (one.isEntity ? one.in.includes(at) || one.stubs.includes(at) : true));
  return [
    head,
    inputs,
    `type Ref @shareable { x: ID! }`,
    rootType('Query', world, at),
    ...(world.mutations.some((one) => one.in.includes(at)) ? [rootType('Mutation', world, at)] : []),
    ...objects.map((one) => objectType(world, one, at)),
    ...world.interfaces.filter((one) => one.in.includes(at)).map(({ name }) => `interface ${name} { label: String }`),
    ...world.unions.flatMap(({ name, members }) => (members.has(at) ? [`union ${name} = ${members.get(at)!.join(' | ')}`] : [])),
    ...interfaceObject(world, at),
  ].join('\n');
}

export function typeText({ name, wraps }: TypeSpec): string {
  return [...wraps].reduce((text, wrap) => (wrap === '!' ? `${text}!` : `[${text}]`), name);
}

function rootType(name: 'Query' | 'Mutation', world: World, at: number): string {
  const fields = (name === 'Query' ? world.roots : world.mutations).filter((one) => one.in.includes(at)).map((one) => `  ${fieldText(one, at)}`);
  return [`type ${name} {`, ...fields, '}'].join('\n');
}

function objectType(world: World, object: ObjectSpec, at: number): string {
  if (!object.isEntity) return [`type ${object.name} @shareable {`, ...object.fields.map((one) => `  ${one.name}: ${typeText(one.type)}`), '}'].join('\n');
  if (object.stubs.includes(at)) return `type ${object.name} @key(fields: "${idKey}", resolvable: false) { id: ID! }`;
  const keys = object.keys.get(at)!;
  const interfaces = [...world.interfaces.filter((one) => one.in.includes(at) && one.members.includes(object.name)), ...(world.interfaceObject?.interfaceIn === at && world.interfaceObject.members.includes(object.name) ? [world.interfaceObject] : [])];
  const here = object.fields.filter((one) => one.in.includes(at) || one.overridden === at);
  const external = object.fields.filter((one) => !here.includes(one) && isExternal(world, object, one, at));
  return [
    `type ${object.name}${interfaces.length > 0 ? ` implements ${interfaces.map(({ name }) => name).join(' & ')}` : ''} ${keys.map((key) => `@key(fields: "${key}")`).join(' ')} {`,
    ...keyFields(keys).map((field) => `  ${field}`),
    ...here.map((one) => `  ${fieldText(one, at)}`),
    ...external.map((one) => `  ${one.name}: ${typeText(one.type)} @external`),
    '}',
  ].join('\n');
}

/** Named by a `@requires` or `@provides` of this subgraph. */
function isExternal(world: World, object: ObjectSpec, field: FieldSpec, at: number): boolean {
  const required = object.fields.some((one) => one.in.includes(at) && one.requires.includes(field));
  const givers = [...world.roots, ...world.objects.flatMap(({ fields }) => fields)].filter((one) => one.in.includes(at) && one.type.name === object.name);
  return required || givers.some((one) => one.provides.includes(field.name));
}

function keyFields(keys: readonly string[]): string[] {
  const all = keys.join(' ');
  return [...(/\bid\b/.test(all) ? ['id: ID!'] : []), ...(/\bcode\b/.test(all) ? ['code: String!'] : []), ...(/\bref\b/.test(all) ? ['ref: Ref!'] : [])];
}

function fieldText(field: FieldSpec, at: number): string {
  const args = field.args.length > 0 ? `(${field.args.map(({ name, sdl }) => `${name}: ${sdl}`).join(', ')})` : '';
  return [
    `${field.name}${args}: ${typeText(field.type)}`,
    ...(field.in.length > 1 || field.isProvided ? ['@shareable'] : []),
    ...(field.overridden !== null && field.in.includes(at) ? [`@override(from: "s${field.overridden}")`] : []),
    ...(field.requires.length > 0 ? [`@requires(fields: "${field.requires.map(requiredText).join(' ')}")`] : []),
    ...(field.provides.length > 0 ? [`@provides(fields: "${field.provides.join(' ')}")`] : []),
    ...(field.isInaccessible && field.in.includes(at) ? ['@inaccessible'] : []),
  ].join(' ');
}

/** A required value object is asked for whole. */
function requiredText({ name, type }: FieldSpec): string {
  return type.name === 'V' ? `${name} { v0 v1 }` : name;
}

function interfaceObject(world: World, at: number): string[] {
  const spec = world.interfaceObject;
  if (spec?.interfaceIn === at) return [`interface ${spec.name} @key(fields: "id") { id: ID! }`];
  if (spec?.objectIn !== at) return [];
  return [[`type ${spec.name} @key(fields: "id") @interfaceObject {`, '  id: ID!', ...spec.fields.map((one) => `  ${fieldText(one, at)}`), '}'].join('\n')];
}

