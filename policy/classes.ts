import type { GraphQLArgument, GraphQLField, GraphQLInputField, ConstDirectiveNode } from 'graphql';

/** How much a value tells about a person, from D0 to D5 (access.md). The order is that of strictness. */
export const fieldClasses = ['PUBLIC', 'WORK', 'PERSONAL', 'IDENTIFYING', 'SENSITIVE', 'RESTRICTED'] as const;
export type FieldClass = (typeof fieldClasses)[number];

/** What a value is, and so how it is masked; null: nothing of it can be shown in part. */
export const masks = ['NAME', 'PHONE', 'ID_NUMBER', 'ADDRESS', 'COORDINATES', 'BIRTH_DATE', 'TEXT'] as const;
export type Mask = (typeof masks)[number];

/**
 * A field, argument or input field as the policy knows it. `owner` is the department that owns every value of the field;
 * null where the owner is that of the row. Three owners are not departments of records: `DATA` (runs, quarantine, linkage
 * levels), `AUDIT` (the access log) and `STATISTICS` (protected aggregates).
 */
export interface Classified {
  /** Schema coordinate: `Person.name`, `Query.records(phone:)`, `RecordFilter.phone`. */
  coordinate: string;
  class: FieldClass;
  mask: Mask | null;
  owner: string | null;
}

export const classifiedDirective = 'classified';
export const classifiedUrl = 'https://yiwang.example/classified/v1.0';

/** Reads `@classified` of a definition; null where there is none, which a caller must treat as closed. */
export function classificationOf(definition: GraphQLField<unknown, unknown> | GraphQLArgument | GraphQLInputField, coordinate: string): Classified | null {
  return classificationIn(definition.astNode?.directives ?? [], coordinate);
}

export function classificationIn(directives: readonly ConstDirectiveNode[], coordinate: string): Classified | null {
  const directive = directives.find((candidate) => candidate.name.value === classifiedDirective);
  if (!directive) return null;
  const argument = (name: string): string | null => {
    const value = directive.arguments?.find((candidate) => candidate.name.value === name)?.value;
    return value && (value.kind === 'EnumValue' || value.kind === 'StringValue') ? value.value : null;
  };
  const as = argument('as');
  if (!isFieldClass(as)) return null;
  const mask = argument('mask');
  return { coordinate, class: as, mask: isMask(mask) ? mask : null, owner: departmentCode(argument('owner')) };
}

/** Departments are compared in capitals: the folder `police`, the token's `POLICE`. */
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
