import { getNamedType, isInterfaceType, isObjectType, isUnionType } from 'graphql';
import type { ConstDirectiveNode, GraphQLArgument, GraphQLField, GraphQLInputField, GraphQLNamedType, GraphQLSchema } from 'graphql';

/** How much a value tells about a person, from D0 to D5 (access.md). The order is that of strictness. */
export const fieldClasses = ['PUBLIC', 'WORK', 'PERSONAL', 'IDENTIFYING', 'SENSITIVE', 'RESTRICTED'] as const;
export type FieldClass = (typeof fieldClasses)[number];

/** What a value is, and so how it is masked; null: nothing of it can be shown in part. */
export const masks = ['NAME', 'PHONE', 'ID_NUMBER', 'ADDRESS', 'COORDINATES', 'BIRTH_DATE', 'TEXT'] as const;
export type Mask = (typeof masks)[number];

/** Whose duty a field serves, where it is no department's record: written in `owner` of `@classified`; `DATA` is OPERATIONS. */
export const duties = ['STATISTICS', 'OPERATIONS', 'AUDIT', 'SELF', 'CORRECTION', 'BREAK_GLASS'] as const;
export type Duty = (typeof duties)[number] | 'RECORD';

/** A field, argument or input field as the policy knows it. */
export interface Classified {
  /** Schema coordinate: `Person.name`, `Query.records(phone:)`, `RecordFilter.phone`. */
  coordinate: string;
  class: FieldClass;
  mask: Mask | null;
  /** A department (in capitals) that owns every value of the field, or a duty; null where the row's department owns it. */
  owner: string | null;
  /** Name of the mutation, where the field is one: it is not read but done, and decided as a change. */
  change?: string;
  /** Leads to objects whose own fields are decided: passed on where a value would be masked. Unset: not known here. */
  link?: boolean;
}

export const classifiedDirective = 'classified';
export const classifiedUrl = 'https://yiwang.example/classified/v1.0';

/** Reads `@classified` of a field of an object type; null where there is none, which a caller must treat as closed. */
export function classificationOfField(schema: GraphQLSchema, parent: string, field: GraphQLField<unknown, unknown>): Classified | null {
  const found = classificationIn(field.astNode?.directives ?? [], `${parent}.${field.name}`);
  return found && { ...found, link: found.mask === null && decidesItself(schema, getNamedType(field.type)) };
}

/** Reads `@classified` of an argument or input field. */
export function classificationOfInput(input: GraphQLArgument | GraphQLInputField, coordinate: string): Classified | null {
  return classificationIn(input.astNode?.directives ?? [], coordinate);
}

/** Where composition left several classifications of one field, the strictest holds. */
export function classificationIn(directives: readonly ConstDirectiveNode[], coordinate: string): Classified | null {
  const found = directives.flatMap((directive) => (directive.name.value === classifiedDirective ? (classification(directive, coordinate) ?? []) : []));
  return found.sort((a, b) => fieldClasses.indexOf(b.class) - fieldClasses.indexOf(a.class))[0] ?? null;
}

function classification(directive: ConstDirectiveNode, coordinate: string): Classified | null {
  const argument = (name: string): string | null => {
    const value = directive.arguments?.find((candidate) => candidate.name.value === name)?.value;
    return value && (value.kind === 'EnumValue' || value.kind === 'StringValue') ? value.value : null;
  };
  const as = argument('as');
  if (!isFieldClass(as)) return null;
  const mask = argument('mask');
  const change = changeOf(coordinate);
  return { coordinate, class: as, mask: isMask(mask) ? mask : null, owner: departmentCode(argument('owner')), ...(change === null ? {} : { change }) };
}

/** The mutation that a coordinate names, null for every other field; composition keeps the name `Mutation` (Federation 2). */
function changeOf(coordinate: string): string | null {
  return /^Mutation\.(\w+)$/.exec(coordinate)?.[1] ?? null;
}

export function dutyOf(field: Classified): Duty {
  if (field.owner === 'DATA') return 'OPERATIONS'; // the department of the hub's operators
  return (duties as readonly (string | null)[]).includes(field.owner) ? (field.owner as Duty) : 'RECORD';
}

/** Departments are compared in capitals: the folder `police`, the token's `POLICE`. */
export function departmentCode(department: string): string;
export function departmentCode(department: string | null): string | null;
export function departmentCode(department: string | null): string | null {
  return department === null ? null : department.toUpperCase();
}

/** True for values about a person: PERSONAL and everything stricter. */
export function isPersonal(as: FieldClass): boolean {
  return as !== 'PUBLIC' && as !== 'WORK';
}

export function isFieldClass(text: string | null): text is FieldClass {
  return (fieldClasses as readonly (string | null)[]).includes(text);
}

function isMask(text: string | null): text is Mask {
  return (masks as readonly (string | null)[]).includes(text);
}

/**
 * An entity, or a type of which some field is not public, decides for itself; one of public leaves (CodedValue) is decided
 * by the field that gives it. An entity's stub in another department's subgraph shows only its key, hence the first test.
 */
function decidesItself(schema: GraphQLSchema, type: GraphQLNamedType): boolean {
  if (isInterfaceType(type) || isUnionType(type)) return schema.getPossibleTypes(type).some((possible) => decidesItself(schema, possible));
  if (!isObjectType(type)) return false;
  const nodes = type.astNode ? [type.astNode, ...type.extensionASTNodes] : type.extensionASTNodes;
  if (nodes.some((node) => node.directives?.some((directive) => directive.name.value === 'key'))) return true;
  return Object.values(type.getFields()).some((field) => classificationIn(field.astNode?.directives ?? [], '')?.class !== 'PUBLIC');
}
