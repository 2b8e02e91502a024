import { getNamedType, getNullableType, isInputObjectType, isListType } from 'graphql';
import type { GraphQLArgument, GraphQLInputType } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { classificationOfInput, type Classified } from './classes.ts';
import type { Decision, Policy } from './decide.ts';
import type { Viewer } from './viewer.ts';

/** A field's argument with the class it carries and, for input objects, its parts; null class: not classified itself. */
export interface ClassifiedArgument {
  name: string;
  type: GraphQLInputType;
  classified: Classified | null;
}

/** The arguments of a field that could carry a class: themselves, or through an input object. */
export function classifiedArguments(coordinate: string, args: readonly GraphQLArgument[]): ClassifiedArgument[] {
  const carrying = args.map((arg) => ({ name: arg.name, type: arg.type, classified: closedToPublic(classificationOfInput(arg, `${coordinate}(${arg.name}:)`)) }));
  return carrying.filter((arg) => arg.classified !== null || isInputObjectType(getNamedType(arg.type)));
}

/**
 * The first argument given that the viewer may not use. An argument over a field is a read of it: filtering by a phone
 * tells whose phone it is, so it takes the right to the field in full. Null where all given arguments are allowed.
 */
export function refusedArgument(policy: Policy, viewer: Viewer, args: readonly ClassifiedArgument[], given: Record<string, unknown>): { classified: Classified; decision: Decision } | null {
  for (const arg of args) {
    const value = given[arg.name];
    if (value === undefined || value === null) continue;
    const refused = (arg.classified && refusedRight(policy, viewer, arg.classified)) ?? refusedPart(policy, viewer, arg.type, value, 0);
    if (refused) return refused;
  }
  return null;
}

/** Input objects may hold their like. What lies deeper is not looked into, so it is not let through either. */
const inputDepthMax = 16;

function refusedPart(policy: Policy, viewer: Viewer, type: GraphQLInputType, value: unknown, depth: number): ReturnType<typeof refusedArgument> {
  const bare = getNullableType(type);
  if (isListType(bare)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      const refused = refusedPart(policy, viewer, bare.ofType as GraphQLInputType, item, depth);
      if (refused) return refused;
    }
    return null;
  }
  if (!isInputObjectType(bare) || typeof value !== 'object' || value === null) return null;
  if (depth > inputDepthMax) throw new YiwangError('LIMIT_EXCEEDED', { hint: `an argument is nested deeper than ${inputDepthMax} levels` });
  for (const field of Object.values(bare.getFields())) {
    const part = (value as Record<string, unknown>)[field.name];
    if (part === undefined || part === null) continue;
    const classified = closedToPublic(classificationOfInput(field, `${bare.name}.${field.name}`));
    const refused = (classified && refusedRight(policy, viewer, classified)) ?? refusedPart(policy, viewer, field.type, part, depth + 1);
    if (refused) return refused;
  }
  return null;
}

function refusedRight(policy: Policy, viewer: Viewer, classified: Classified): { classified: Classified; decision: Decision } | null {
  const decision = policy.best(viewer, classified);
  return decision.effect === 'FULL' ? null : { classified, decision: { ...decision, effect: 'WITHHELD' } };
}

function closedToPublic(classified: Classified | null): Classified | null {
  return classified?.class === 'PUBLIC' ? null : classified;
}
