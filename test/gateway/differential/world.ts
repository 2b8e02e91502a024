import { Tape } from './tape.ts';

/** A federated graph as one schema, with who knows what: the subgraphs' SDL and data are made from it. */
export interface World {
  /** Of all values: same world, same values. */
  seed: number;
  subgraphs: number;
  objects: ObjectSpec[];
  interfaces: InterfaceSpec[];
  unions: UnionSpec[];
  interfaceObject: InterfaceObjectSpec | null;
  roots: RootSpec[];
  mutations: RootSpec[];
  /** Percent of positions. */
  nulls: number;
  faults: number;
  /** Percent of entities that no subgraph knows by their key any more. */
  missing: number;
  /** Non-null fields may fail too. */
  violations: boolean;
}

export interface ObjectSpec {
  name: string;
  isEntity: boolean;
  /** Subgraphs that define it; the first one, its home, has every key. */
  in: number[];
  /** Subgraph → its keys. Values have none. */
  keys: Map<number, string[]>;
  /** Subgraphs that name it only to refer to it. */
  stubs: number[];
  fields: FieldSpec[];
}

export interface FieldSpec {
  name: string;
  type: TypeSpec;
  args: ArgSpec[];
  /** Subgraphs that resolve it. */
  in: number[];
  /** A subgraph whose field was taken over (`@override`). */
  overridden: number | null;
  /** Made from other fields of the same entity, which other subgraphs resolve. */
  requires: FieldSpec[];
  /** Of a field that gives an entity: fields of it that come along from this subgraph. */
  provides: string[];
  /** Some other subgraph provides it. */
  isProvided: boolean;
  isInaccessible: boolean;
}

export interface TypeSpec {
  name: string;
  /** From inside out: '!' not null, '[' a list of it. */
  wraps: string;
}

export interface ArgSpec {
  name: string;
  sdl: string;
}

export interface InterfaceSpec {
  name: string;
  in: number[];
  /** Entities that are defined in each of `in`. */
  members: string[];
}

export interface UnionSpec {
  name: string;
  /** Subgraph → members there; they may differ. */
  members: Map<number, string[]>;
}

export interface InterfaceObjectSpec {
  /** The interface with a key, and where it is one. */
  name: string;
  interfaceIn: number;
  members: string[];
  /** Where it is an object with fields of its own. */
  objectIn: number;
  fields: FieldSpec[];
}

export interface RootSpec extends FieldSpec {
  /** Counts up with each call: shows in which order root fields ran. */
  ticks: boolean;
}

export const idKey = 'id';
export const leafTypes = ['String', 'Int', 'Boolean', 'ID', 'Float', 'Colour'] as const;
const keyChoices = [['id'], ['code'], ['id', 'code'], ['id code'], ['ref { x }'], ['id', 'ref { x }'], ['ref { x } code']];
const entitiesMax = 4;
const fieldsMax = 5;
const argChoices: ArgSpec[][] = [[], [], [], [{ name: 'n', sdl: 'Int = 2' }], [{ name: 'colour', sdl: 'Colour' }], [{ name: 'given', sdl: 'Given' }, { name: 'n', sdl: 'Int! = 7' }], [{ name: 'ids', sdl: '[ID!] = ["a"]' }]];
const wrapChoices = ['', '', '', '!', '[', '![', '[!', '![!', '[[', '![!['];

export function worldOf(choices: readonly number[]): World {
  const tape = new Tape(choices);
  const subgraphs = 2 + tape.below(3);
  const world: World = { seed: tape.below(1_000), subgraphs, objects: [], interfaces: [], unions: [], interfaceObject: null, roots: [], mutations: [], nulls: tape.below(3) * 10, faults: tape.below(3) * 4, missing: tape.chance(25) ? 15 : 0, violations: tape.chance(30) };
  const entities = 1 + tape.below(entitiesMax);
  for (let index = 0; index < entities; index += 1) world.objects.push(entity(tape, 'ABCD'[index]!, subgraphs));
  if (tape.chance(60)) world.objects.push(valueObject(tape, 'V'));
  addAbstract(tape, world);
  for (const object of world.objects) addFields(tape, world, object);
  for (const object of world.objects) if (object.isEntity) addDerived(tape, object);
  addInterfaceObject(tape, world);
  for (let at = 0; at < subgraphs; at += 1) addRoots(tape, world, at);
  for (const field of [...world.roots, ...world.objects.flatMap(({ fields }) => fields)]) addProvides(tape, world, field);
  return world;
}

function entity(tape: Tape, name: string, subgraphs: number): ObjectSpec {
  const all = [...Array(subgraphs).keys()];
  const home = tape.below(subgraphs);
  const others = tape.some(all.filter((at) => at !== home), 55);
  const keys = new Map(others.map((at) => [at, tape.one(keyChoices)!]));
  keys.set(home, [...new Set([idKey, ...[...keys.values()].flat()])]);
  const stubs = tape.some(all.filter((at) => !keys.has(at)), 30);
  return { name, isEntity: true, in: [home, ...others], keys, stubs, fields: [] };
}

function valueObject(tape: Tape, name: string): ObjectSpec {
  const leaf = (field: string): FieldSpec => plain(field, { name: tape.one(leafTypes)!, wraps: tape.one(wrapChoices)! }, []);
  return { name, isEntity: false, in: [], keys: new Map(), stubs: [], fields: [leaf('v0'), leaf('v1')] };
}

export function plain(name: string, type: TypeSpec, places: number[]): FieldSpec {
  return { name, type, args: [], in: places, overridden: null, requires: [], provides: [], isProvided: false, isInaccessible: false };
}

function addAbstract(tape: Tape, world: World): void {
  const entities = world.objects.filter(({ isEntity }) => isEntity);
  if (tape.chance(50)) {
    const at = tape.below(world.subgraphs);
    const here = entities.filter((one) => one.in.includes(at));
    const members = here.filter((_one, index) => index === 0 || tape.chance(70));
    const second = [...Array(world.subgraphs).keys()].filter((other) => other !== at && members.every((one) => one.in.includes(other)));
    const places = [at, ...tape.some(second, 40)];
    if (members.length > 0) world.interfaces.push({ name: 'Item', in: places, members: members.map(({ name }) => name) });
    for (const member of members) member.fields.push(plain('label', { name: 'String', wraps: '' }, places));
  }
  if (!tape.chance(50)) return;
  const members = new Map<number, string[]>();
  for (let at = 0; at < world.subgraphs; at += 1) {
    const here = world.objects.filter((one) => !one.isEntity || one.in.includes(at)).filter((_one, index) => index === 0 || tape.chance(70));
    if (here.some(({ isEntity }) => isEntity) && tape.chance(60)) members.set(at, here.map(({ name }) => name));
  }
  if (members.size > 0) world.unions.push({ name: 'Either', members });
}

/** Types that a field of these subgraphs may give. */
export function outputTypes(world: World, places: readonly number[]): string[] {
  const inAll = (at: readonly number[]) => places.every((place) => at.includes(place));
  return [
    ...world.objects.filter((one) => (one.isEntity ? inAll([...one.in, ...one.stubs]) : true)).map(({ name }) => name),
    ...world.interfaces.filter((one) => inAll(one.in)).map(({ name }) => name),
    // What a field of two subgraphs gives must be the same in both, so must the members be.
    ...world.unions.filter((one) => inAll([...one.members.keys()]) && new Set(places.map((at) => one.members.get(at)!.join())).size === 1).map(({ name }) => name),
  ];
}

function someType(tape: Tape, world: World, places: readonly number[]): TypeSpec {
  const composite = tape.chance(45) ? tape.one(outputTypes(world, places)) : undefined;
  return { name: composite ?? tape.one(leafTypes)!, wraps: tape.one(wrapChoices)! };
}

function addFields(tape: Tape, world: World, object: ObjectSpec): void {
  if (!object.isEntity) return;
  const count = 1 + tape.below(fieldsMax);
  for (let index = 0; index < count; index += 1) {
    const first = tape.one(object.in)!;
    const others = object.in.filter((at) => at !== first);
    const places = [first, ...(tape.chance(20) ? tape.some(others, 60) : [])];
    const field = { ...plain(`${object.name.toLowerCase()}${index}`, someType(tape, world, places), places), args: tape.one(argChoices)!, isInaccessible: tape.chance(6) };
    const free = others.filter((at) => !places.includes(at));
    if (places.length === 1 && tape.chance(12) && outputTypes(world, [first, ...free.slice(0, 1)]).concat(leafTypes).includes(field.type.name)) field.overridden = free[0] ?? null;
    object.fields.push(field);
  }
}

/**
 * Fields made from others, in a subgraph that does not resolve those itself; they may be made from each other. Not from a
 * field that was taken over: composition forgets that it is external where it is required (2.14.4).
 */
function addDerived(tape: Tape, object: ObjectSpec): void {
  const count = tape.below(3);
  for (let index = 0; index < count; index += 1) {
    const at = tape.one(object.in)!;
    const sources = object.fields.filter((one) => !one.in.includes(at) && one.overridden === null && one.args.length === 0 && isSource(one));
    const chosen = sources.filter((_one, position) => position === 0 || tape.chance(40));
    if (chosen.length > 0) object.fields.push({ ...plain(`${object.name.toLowerCase()}From${index}`, { name: 'String', wraps: '' }, [at]), requires: chosen });
  }
}

// What may be null, and holds no entity: a null that climbs would take the key away with it.
function isSource({ type }: FieldSpec): boolean {
  return !type.wraps.endsWith('!') && ([...leafTypes, 'V'] as string[]).includes(type.name);
}

function addInterfaceObject(tape: Tape, world: World): void {
  if (!tape.chance(35)) return;
  const interfaceIn = tape.below(world.subgraphs);
  const objectIn = (interfaceIn + 1 + tape.below(world.subgraphs - 1)) % world.subgraphs;
  const members = world.objects.filter((one) => one.isEntity && one.keys.get(interfaceIn)?.includes(idKey) && !one.in.includes(objectIn) && !one.stubs.includes(objectIn)).map(({ name }) => name);
  if (members.length === 0) return;
  const fields = [0, 1].map((index) => ({ ...plain(`more${index}`, { name: tape.one(leafTypes)!, wraps: tape.one(wrapChoices)! }, [objectIn]), args: tape.one(argChoices)! }));
  world.interfaceObject = { name: 'Media', interfaceIn, members, objectIn, fields };
}

function addRoots(tape: Tape, world: World, at: number): void {
  const names = [...outputTypes(world, [at]), ...([world.interfaceObject?.interfaceIn, world.interfaceObject?.objectIn].includes(at) ? ['Media'] : [])];
  const count = 1 + tape.below(3);
  for (let index = 0; index < count; index += 1) {
    const name = tape.one(names) ?? 'Int';
    const isEverywhere = at === 0 && tape.chance(15) && outputTypes(world, [0, 1]).includes(name);
    world.roots.push({ ...plain(`root${at}_${index}`, { name, wraps: tape.one(wrapChoices)! }, isEverywhere ? [0, 1] : [at]), args: tape.one(argChoices)!, ticks: false });
  }
  if (tape.chance(40)) world.mutations.push({ ...plain(`change${at}`, { name: tape.one(names) ?? 'Int', wraps: '' }, [at]), args: [{ name: 'n', sdl: 'Int = 2' }], ticks: false });
  if (tape.chance(40)) world.mutations.push({ ...plain(`tick${at}`, { name: 'Int', wraps: '' }, [at]), ticks: true });
}

function addProvides(tape: Tape, world: World, field: FieldSpec): void {
  const given = world.objects.find(({ name, isEntity }) => isEntity && name === field.type.name);
  const [at] = field.in;
  if (!given || at === undefined || field.in.length > 1 || !given.in.includes(at) || !tape.chance(25)) return;
  const candidates = given.fields.filter((one) => !one.in.includes(at) && one.overridden !== at && one.requires.length === 0 && one.args.length === 0 && (leafTypes as readonly string[]).includes(one.type.name));
  const provided = candidates.slice(0, 1 + tape.below(2));
  for (const one of provided) one.isProvided = true;
  field.provides = provided.map(({ name }) => name);
}
