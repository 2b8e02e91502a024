import { getNamedType, isEnumType, isObjectType, type GraphQLField, type GraphQLNamedType, type GraphQLSchema } from 'graphql';
import { classificationOfField, fieldClasses, type FieldClass } from '../policy/classes.ts';
import type { Stream } from './contract.ts';
import type { Lineage } from './lineage.ts';

/** The field of the schema that shows what a line of lineage writes. */
export interface Published {
  coordinate: string;
  /** Its description, which has both languages. */
  title: { zh: string; en: string };
  class: FieldClass;
  /** A standard that the schema names for it. */
  codeSystem: string | null;
  /** It holds a code, whatever its list. */
  isCode: boolean;
}

/**
 * The field is found by the name that column and field share, or by the source column that the field's description names:
 * `案号（caseNo）`. Null: the column is kept for rules only and shown to nobody.
 */
export function publishedAs({ target, reads }: Lineage, stream: Stream, schema: GraphQLSchema): Published | null {
  const at = target.lastIndexOf('.');
  const [table, column] = [target.slice(0, at), target.slice(at + 1)];
  if (table === 'mention') return personField(schema, stream.typeName, personFields[column]);
  if (table === 'thing') return fieldOf(schema, 'Thing', column);
  if (table === 'organization') return fieldOf(schema, 'Organization', camelCase(column));
  if (target === 'record.recordKey' && stream.organization) return fieldOf(schema, 'Organization', 'creditCode');
  if (target === 'record.placeText') return fieldOf(schema, 'Place', 'standardAddress');
  if (table === 'decision' || table === 'record.facts' || rulesOnly.has(target) || stream.typeName === null) return null;
  const name = table === 'record' ? (recordFields[column] ?? column) : camelCase(column);
  if (target === 'record.category') return sharedList(fieldOf(schema, stream.typeName, name), 'dispute-type');
  return fieldOf(schema, stream.typeName, name) ?? fieldOf(schema, stream.typeName, namedIn(reads, fieldsOf(schema, stream.typeName)));
}

export function strictest(classes: readonly FieldClass[]): FieldClass {
  return classes.reduce((a, b) => (fieldClasses.indexOf(b) > fieldClasses.indexOf(a) ? b : a), 'PUBLIC' as FieldClass);
}

/** Where the hub's column has another name than the field of every record. */
const recordFields: Readonly<Record<string, string>> = { sourceUpdatedAt: 'updatedAt', gridCode: 'grid', leadOrg: 'lead', assistOrgs: 'assisting' };
const personFields: Readonly<Record<string, string>> = {
  name: 'Person.name', sex: 'Person.sex', birthDate: 'Person.birthYear', idNumber: 'Person.idNumber', phones: 'Person.phones', address: 'Person.address',
  householdNo: 'Household.number', relationToHead: 'Household.relationToHead',
};
/** Decide, protect or compare, and leave through no field. */
const rulesOnly = new Set(['respondentOrg', 'confidential', 'minor', 'familyViolence', 'textForMatching', 'parentKey'].map((column) => `record.${column}`));

/** A list that several departments use, under its name in schema/codes.ts. */
function sharedList(found: Published | null, name: string): Published | null {
  return found && { ...found, codeSystem: name };
}

/** A person's field is as strict as the strictest way to it: who asks for assistance is sensitive, whatever a name is. */
function personField(schema: GraphQLSchema, typeName: string | null, coordinate: string | undefined): Published | null {
  const [type, name] = coordinate?.split('.') ?? [];
  const found = fieldOf(schema, type ?? '', name);
  if (!found) return null;
  const edges = [...leadingTo(schema, typeName, 'Person'), ...(type === 'Person' ? [] : leadingTo(schema, 'Person', type!))];
  return { ...found, class: strictest([found.class, ...edges]) };
}

/** Classes of a type's fields that lead to another type, directly or over one type between. */
function leadingTo(schema: GraphQLSchema, from: string | null, to: string): FieldClass[] {
  const direct = (type: GraphQLNamedType) => type.name === to || (isObjectType(type) && !type.getInterfaces().length && Object.values(type.getFields()).some((field) => getNamedType(field.type).name === to));
  return Object.values(from === null ? {} : fieldsOf(schema, from)).flatMap((field) => (direct(getNamedType(field.type)) ? (classificationOfField(schema, from!, field)?.class ?? []) : []));
}

function fieldOf(schema: GraphQLSchema, type: string, name: string | undefined): Published | null {
  const field = name === undefined ? undefined : fieldsOf(schema, type)[name];
  const classified = field && classificationOfField(schema, type, field);
  if (!field || !classified) return null;
  const named = getNamedType(field.type);
  return { coordinate: classified.coordinate, title: bothLanguages(field.description), class: classified.class, codeSystem: standardOf(field, named), isCode: named.name === 'CodedValue' || isEnumType(named) };
}

/** The field whose description names one of the columns in brackets, or is named like it. */
function namedIn(columns: readonly string[], fields: Readonly<Record<string, GraphQLField<unknown, unknown>>>): string | undefined {
  const heads = columns.map((column) => column.split(/\[\]|\./)[0]!);
  const names = (field: GraphQLField<unknown, unknown>) => {
    const { zh } = bothLanguages(field.description);
    return [zh.split(/[，；]/)[0]!, ...[...zh.matchAll(/（([^）]+)）/g)].flatMap((match) => match[1]!.split('、'))].map((part) => part.trim());
  };
  return Object.values(fields).find((field) => heads.some((head) => names(field).includes(head)))?.name;
}

/** A standard named by the field, by its type, or by the key of the entity it leads to. */
function standardOf(field: GraphQLField<unknown, unknown>, type: GraphQLNamedType): string | null {
  const keys = isObjectType(type) ? ['code', 'creditCode'].map((name) => type.getFields()[name]?.description) : [];
  for (const text of [field.description, type.description, ...keys]) {
    const found = text?.match(/(?:GB|GA)(?:\/T)? \d+(?:\.\d+)?/)?.[0];
    if (found) return found;
  }
  return null;
}

function bothLanguages(description: string | null | undefined): { zh: string; en: string } {
  const [zh = '', ...en] = (description ?? '').split('·');
  return { zh: zh.trim(), en: en.join('·').trim() };
}

function fieldsOf(schema: GraphQLSchema, name: string): Readonly<Record<string, GraphQLField<unknown, unknown>>> {
  const type = schema.getType(name);
  return isObjectType(type) ? type.getFields() : {};
}

function camelCase(column: string): string {
  return column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
