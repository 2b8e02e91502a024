import { getNamedType, isAbstractType, isInputObjectType, isIntrospectionType, isInterfaceType, isNonNullType, isObjectType, type GraphQLField, type GraphQLNamedType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { loadRules } from './cedar.ts';
import { classificationOfField, classificationOfInput, fieldClasses, isPersonal, type FieldClass } from './classes.ts';
import { policyFolder } from './decide.ts';
import { derivedFields } from './derived.ts';
import { YiwangError } from '../base/errors.ts';

/** One thing that is wrong with the policy or with the classification of the schema. */
export interface PolicyFault {
  rule: 'CEDAR' | 'UNCLASSIFIED' | 'OPEN_CHANGE' | 'NON_NULL' | 'INVERSE_EDGE' | 'INTERFACE' | 'DERIVED' | 'OPEN_PERSON' | 'ARGUMENT';
  coordinate: string;
  text: string;
}

/**
 * Checks the policy files and, where a schema is given, that nobody gets around them through it. Empty: all is well.
 * The schema is the supergraph's, with its directives.
 */
export function checkPolicy({ folder = policyFolder, supergraphSchema }: { folder?: string; supergraphSchema?: GraphQLSchema }): PolicyFault[] {
  const cedar = cedarFaults(folder);
  if (!supergraphSchema) return cedar;
  const types = Object.values(supergraphSchema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !/^(join|link|core|federation)__/.test(type.name));
  return [...cedar, ...types.flatMap((type) => [...outputFaults(supergraphSchema, type), ...inputFaults(type)]), ...inverseFaults(supergraphSchema, types), ...derivedFaults(supergraphSchema)];
}

function cedarFaults(folder: string): PolicyFault[] {
  try {
    const { rules } = loadRules(folder);
    const without = [...rules.values()].filter((rule) => rule.effect === 'forbid' && rule.file !== 'rows.cedar' && rule.code === null);
    return without.map((rule) => ({ rule: 'CEDAR', coordinate: rule.id, text: 'a rule that refuses needs @code, or its callers learn no reason' }));
  } catch (error) {
    if (!(error instanceof YiwangError)) throw error;
    return [{ rule: 'CEDAR', coordinate: folder, text: error.message }];
  }
}

function outputFaults(schema: GraphQLSchema, type: GraphQLNamedType): PolicyFault[] {
  if (!isObjectType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => {
    const coordinate = `${type.name}.${field.name}`;
    const found = classificationOfField(schema, type.name, field as GraphQLField<unknown, unknown>);
    if (!found) return [{ rule: 'UNCLASSIFIED' as const, coordinate, text: 'no @classified' }];
    const faults: PolicyFault[] = [];
    const canBeRefused = found.class !== 'PUBLIC' || field.args.some((arg) => (classificationOfInput(arg, '')?.class ?? 'PUBLIC') !== 'PUBLIC');
    if (canBeRefused && isNonNullType(field.type)) faults.push({ rule: 'NON_NULL', coordinate, text: 'a field that can be refused is nullable, or its refusal empties the object around it' });
    if (found.class === 'PUBLIC' && found.change !== undefined) faults.push({ rule: 'OPEN_CHANGE', coordinate, text: 'a change is PUBLIC' });
    for (const looser of interfaceClasses(schema, type, field.name)) {
      if (fieldClasses.indexOf(looser) > fieldClasses.indexOf(found.class)) faults.push({ rule: 'INTERFACE', coordinate, text: `is ${found.class}, the interface says ${looser}` });
    }
    // `node` is open: a person's id resolves for the caller it was given to only.
    if (found.class === 'PUBLIC' && !isDecidedAbove(type) && getNamedType(field.type).name !== 'Node' && leadsTo(schema, field.type, 'Person')) faults.push({ rule: 'OPEN_PERSON', coordinate, text: 'leads to a person and is PUBLIC' });
    return faults;
  });
}

/** Connections and edges are given by a field that is decided itself. */
function isDecidedAbove(type: GraphQLObjectType): boolean {
  return /(Connection|Edge)$/.test(type.name);
}

function inputFaults(type: GraphQLNamedType): PolicyFault[] {
  const unclassified = (coordinate: string): PolicyFault => ({ rule: 'ARGUMENT', coordinate, text: 'an argument is a read of its field and carries its class: no @classified' });
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).flatMap((field) => (classificationOfInput(field, '') ? [] : [unclassified(`${type.name}.${field.name}`)]));
  }
  if (!isObjectType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) =>
    field.args.flatMap((arg) => (classificationOfInput(arg, '') ? [] : [unclassified(`${type.name}.${field.name}(${arg.name}:)`)])),
  );
}

/**
 * An edge is as strict in one direction as in the other: whoever may not go from a petition to its petitioner must not
 * find the petitions of a person either. Edges between two types are compared by whether they tell of a person.
 */
function inverseFaults(schema: GraphQLSchema, types: readonly GraphQLNamedType[]): PolicyFault[] {
  const objects = types.filter((type) => isObjectType(type));
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const edges = objects.filter((type) => !roots.includes(type)).flatMap((from) => edgesOf(schema, from));
  return edges.flatMap((edge) => {
    const back = edges.filter((other) => other.from === edge.to && other.to === edge.from);
    const stricter = back.find((other) => isPersonal(other.class) && !isPersonal(edge.class));
    return stricter ? [{ rule: 'INVERSE_EDGE' as const, coordinate: edge.coordinate, text: `is ${edge.class}, its way back \`${stricter.coordinate}\` is ${stricter.class}` }] : [];
  });
}

function derivedFaults(schema: GraphQLSchema): PolicyFault[] {
  const classOf = (coordinate: string): FieldClass => {
    const [name = '', field = ''] = coordinate.split('.');
    const type = schema.getType(name);
    const found = isObjectType(type) ? type.getFields()[field] : undefined;
    return (found && classificationOfField(schema, name, found as GraphQLField<unknown, unknown>)?.class) ?? 'RESTRICTED';
  };
  return [...derivedFields(schema)].flatMap(([coordinate, sources]) => {
    const stricter = [...sources].find((source) => fieldClasses.indexOf(classOf(source)) > fieldClasses.indexOf(classOf(coordinate)));
    return stricter ? [{ rule: 'DERIVED' as const, coordinate, text: `is ${classOf(coordinate)} and made from \`${stricter}\`, which is ${classOf(stricter)}` }] : [];
  });
}

interface Edge {
  coordinate: string;
  from: string;
  to: string;
  class: FieldClass;
}

/** Edges to entities, through connections: `Person.petitions { nodes }` leads from Person to Petition. */
function edgesOf(schema: GraphQLSchema, from: GraphQLObjectType): Edge[] {
  return Object.values(from.getFields()).flatMap((field) => {
    const found = classificationOfField(schema, from.name, field as GraphQLField<unknown, unknown>);
    const targets = targetsOf(schema, getNamedType(field.type), 0);
    return targets.filter((to) => to !== from.name).map((to) => ({ coordinate: `${from.name}.${field.name}`, from: from.name, to, class: found?.class ?? 'RESTRICTED' }));
  });
}

const throughMax = 3; // connection → edge → node

function targetsOf(schema: GraphQLSchema, type: GraphQLNamedType, depth: number): string[] {
  if (isAbstractType(type)) return schema.getPossibleTypes(type).flatMap((possible) => targetsOf(schema, possible, depth));
  if (!isObjectType(type)) return [];
  if (!isDecidedAbove(type) || depth >= throughMax) return [type.name];
  return [...new Set(Object.values(type.getFields()).flatMap((field) => targetsOf(schema, getNamedType(field.type), depth + 1)))];
}

function leadsTo(schema: GraphQLSchema, output: GraphQLField<unknown, unknown>['type'], name: string): boolean {
  return targetsOf(schema, getNamedType(output), 0).includes(name);
}

function interfaceClasses(schema: GraphQLSchema, type: GraphQLObjectType, name: string): FieldClass[] {
  return type.getInterfaces().flatMap((one) => {
    const field = isInterfaceType(one) ? one.getFields()[name] : undefined;
    return (field && classificationOfField(schema, one.name, field as GraphQLField<unknown, unknown>)?.class) ?? [];
  });
}
