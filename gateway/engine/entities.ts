import { subgraphError } from '../errors.ts';
import type { JsonObject } from '../shape.ts';
import type { Fault, SubgraphAnswer } from '../subgraph.ts';
import { isObject, merge, withinStack } from './merge.ts';
import { collector, placesOf, type Collect, type Place } from './path.ts';
import type { Entities, Fetch } from './plan.ts';
import { representation, type Named } from './representation.ts';
import { bodyOf } from './request.ts';
import { renamed, rewrite } from './rewrites.ts';
import { fail, type Program, type Run } from './run.ts';
import type { IsOfType } from './types.ts';

/** Asks for fields of entities that are known by their keys: each entity once, however many places of the answer it fills. */
export function entityFetch(fetch: Fetch, isOfType: IsOfType): Program {
  const body = bodyOf(fetch);
  const compiled = fetch.entities.map((entities): Compiled => ({ entities, collect: entities.paths.map((path) => collector(path, isOfType)), placed: representation(entities, isOfType) }));
  return async (run) => {
    const named = new Map<string, Named>();
    const asked: Asked[] = [];
    const failing = (about: readonly Placed[], fault: Fault) => {
      for (const place of placesOfFault(run, about, fault, isOfType)) fail(run, subgraphError(fault.code, place, fetch.subgraph));
    };
    if (!withinStack(() => void asked.push(...compiled.map((one) => askedAbout(run, one, named))))) return failing(compiled.map((one) => allOf(run, one)), garbage);
    if ([...named.values()].every(({ texts }) => texts.length === 0)) return;
    const variables = [...named].map(([variable, { texts }]) => `${JSON.stringify(variable)}:[${texts.join(',')}]`);
    const answer = await run.ask(fetch.subgraph, body(run.variables, variables, run.counts ? positions(asked) : undefined));
    for (const fault of answer.errors) failing(asked, fault);
    if (!answer.data) return;
    for (const one of asked) {
      let garbled: Placed = one;
      if (!withinStack(() => (garbled = received(one, answer, isOfType)))) takenBack(one, answer.data);
      if (garbled.targets.length > 0) failing([garbled], garbage);
    }
  };
}

const garbage: Fault = { code: 'SUBGRAPH_UNAVAILABLE', path: undefined };

/** Every place that a call could be about. */
function allOf(run: Run, { entities, collect }: Compiled): Placed {
  const targets: JsonObject[] = [];
  for (const one of collect) one(run.root, targets);
  return { entities, targets, indexes: targets.map(() => 0) };
}

/** Nothing nested of an answer that was not merged to its end. */
function takenBack({ entities, targets, indexes }: Placed, data: JsonObject): void {
  const list = data[entities.alias] as readonly unknown[];
  targets.forEach((target, at) => {
    const entity = list[indexes[at]!];
    if (isObject(entity)) for (const key of Object.keys(entity)) if (Object.hasOwn(target, key) && typeof target[key] === 'object') target[key] = null;
  });
}

/** Of which lists of entities, and the places. */
type Placed = Pick<Asked, 'entities' | 'targets' | 'indexes'>;

interface Compiled {
  entities: Entities;
  collect: readonly Collect[];
  placed: ReturnType<typeof representation>;
}

/** The objects to fill, and which representation each one is. */
interface Asked {
  entities: Entities;
  targets: JsonObject[];
  indexes: number[];
  named: Named;
}

function askedAbout(run: Run, { entities, collect, placed }: Compiled, all: Map<string, Named>): Asked {
  const named = all.get(entities.variable) ?? { texts: [], indexes: new Map<string, number>() };
  all.set(entities.variable, named);
  const found: JsonObject[] = [];
  for (const one of collect) one(run.root, found);
  const asked: Asked = { entities, targets: [], indexes: [], named };
  const place = placed(named);
  for (const target of found) {
    const index = place(target);
    if (index < 0) continue;
    asked.targets.push(target);
    asked.indexes.push(index);
  }
  return asked;
}

/** How many positions each entity stands for, where that is not one each: what is seen is counted in positions. */
function positions(all: readonly Asked[]): string | undefined {
  const parts: string[] = [];
  for (const { entities, indexes, named } of all) {
    const counts = new Array<number>(named.texts.length).fill(0);
    for (const index of indexes) counts[index]! += 1;
    if (counts.some((count) => count !== 1)) parts.push(`${JSON.stringify(entities.alias)}:[${counts.join(',')}]`);
  }
  return parts.length === 0 ? undefined : `"positions":{${parts.join(',')}}`;
}

/** Fills the places of the answer. Gives those for which the subgraph gave something else than an entity or null, and no error. */
function received(asked: Asked, { data, errors }: SubgraphAnswer, isOfType: IsOfType): Placed {
  const { entities, targets, indexes, named } = asked;
  const garbled: Placed = { entities, targets: [], indexes: [] };
  const list = data && Object.hasOwn(data, entities.alias) ? data[entities.alias] : null;
  if (list === null) return errors.some(({ path }) => path === undefined || path[0] === entities.alias) ? garbled : asked;
  if (!Array.isArray(list) || list.length !== named.texts.length) return asked;
  const given = new Uint8Array(list.length);
  for (let at = 0; at < targets.length; at += 1) {
    const [target, index] = [targets[at]!, indexes[at]!];
    const entity: unknown = list[index];
    if (!isObject(entity)) {
      if (entity !== null) garbled.targets.push(target), garbled.indexes.push(index);
      continue;
    }
    const isFirst = given[index] === 0;
    given[index] = 1;
    if (isFirst && entities.outputRewrites.length > 0) {
      if (entity['__typename'] === undefined) entity['__typename'] = target['__typename'];
      rewrite(entities.outputRewrites, entity, isOfType);
    }
    const known = target['__typename'];
    merge(target, entity, !isFirst);
    // The subgraph of an `@interfaceObject` calls it by the interface: what was told before says more.
    const told = target['__typename'];
    if (told !== known && typeof told === 'string' && isOfType(known, told)) target['__typename'] = known;
  }
  return garbled;
}

/** Places of one fault, at most this many: a subgraph that is down would else fail every place of a long list. */
const placesOfFaultMax = 20;

/** An error of an entity is one at every place that it fills; one of the whole call at every entity that it was to fill. */
function placesOfFault(run: Run, all: readonly Placed[], { path }: Fault, isOfType: IsOfType): (Place | undefined)[] {
  const [alias, index, ...rest] = path ?? [];
  const found = all.filter(({ entities }) => path === undefined || entities.alias === alias);
  const places = found.flatMap(({ entities, targets, indexes }): Place[] => {
    const known = entities.paths.map((one) => placesOf(run.root, one, isOfType));
    return targets.flatMap((target, at) => {
      if (typeof index === 'number' && indexes[at] !== index) return [];
      const place = known.map((one) => one.get(target)).find((one) => one !== undefined);
      return place ? [[...place, ...renamed(entities.outputRewrites, rest)]] : [];
    });
  });
  return places.length === 0 ? [undefined] : typeof index === 'number' ? places : places.slice(0, placesOfFaultMax);
}
