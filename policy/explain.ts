import { Kind, getNamedType, isAbstractType, isInputObjectType, isObjectType, validate } from 'graphql';
import type { DocumentNode, FieldNode, GraphQLArgument, GraphQLField, GraphQLInputField, GraphQLInputType, GraphQLObjectType, GraphQLOutputType, GraphQLSchema, OperationDefinitionNode, SelectionSetNode, ValueNode } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { classificationOfField, classificationOfInput, type Classified } from './classes.ts';
import type { Decision, Policy } from './decide.ts';
import { unauthorizedCode, type Grants } from './federation/requirement.ts';
import type { Requirements } from './federation/requirements.ts';
import { checkShape, fragmentsOf, parseBounded, type Fragments } from './operation-shape.ts';
import { unknownRow, type RowAccess } from './row.ts';
import type { Viewer } from './viewer.ts';

/** What a caller would see of one field of an operation, and why. No record is read. */
export interface ExplainedField {
  /** `Type.field` on the concrete type; `Type.field(argument:)` or `Input.field` for an argument that is given. */
  coordinate: string;
  /** Response keys joined by dots. */
  path: string;
  effect: Decision['effect'];
  policy: string;
  reason: Decision['reason']['code'] | typeof unauthorizedCode;
  basis: string;
  /** What a row could still change: reasons for which a less favourable row is refused, and ids of row conditions. */
  conditions: string[];
}

export interface ExplainOptions {
  /** Schema with its directives: built from the supergraph's SDL. */
  supergraphSchema: GraphQLSchema;
  policy: Policy;
  viewer: Viewer;
  operation: string;
  operationName?: string;
  /** What other teams' subgraphs ask of callers beside the policy, and what the caller's token grants; without it nothing is asked. */
  federation?: { requirements: Requirements; grants: Grants };
  /** The viewer's relation to the matter at hand (`matterRelation`); without it, the most favourable row. */
  assignment?: Partial<RowAccess>;
}

/**
 * Explains every field of an operation, on every concrete type it could meet, arguments included. `BAD_REQUEST` for an
 * operation that the schema refuses, `LIMIT_EXCEEDED` for one that expands beyond measure.
 */
export function explainOperation(options: ExplainOptions): ExplainedField[] {
  const document = readOperation(options);
  const operation = chosenOperation(document, options.operationName);
  const root = options.supergraphSchema.getRootType(operation.operation);
  if (!root) throw new YiwangError('BAD_REQUEST', { hint: `the schema has no ${operation.operation}` });
  const walk: Walk = { options, fragments: fragmentsOf(document), found: new Map(), walked: new Map() };
  explainSelections(walk, root, operation.selectionSet, '');
  return [...walk.found.values()];
}

const fieldsMax = 5_000;

interface Walk {
  options: ExplainOptions;
  fragments: Fragments;
  /** By coordinate and path: a field that stands twice in the operation is explained once. */
  found: Map<string, ExplainedField>;
  /** Type and path, of each selection set that was walked there: below an interface each of its types leads to the same ones. */
  walked: Map<SelectionSetNode, Set<string>>;
}

function readOperation({ operation, supergraphSchema }: ExplainOptions): DocumentNode {
  let document: DocumentNode;
  try {
    document = parseBounded(operation);
  } catch (error) {
    if (error instanceof YiwangError) throw error;
    throw new YiwangError('BAD_REQUEST', { hint: `the operation does not parse: ${(error as Error).message}`, cause: error });
  }
  checkShape(document);
  const [fault] = validate(supergraphSchema, document, undefined, { maxErrors: 1 });
  if (fault) throw new YiwangError('BAD_REQUEST', { hint: `the operation is not valid: ${fault.message.replace(/ Did you mean .*$/s, '')}` });
  return document;
}

function chosenOperation(document: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const [chosen, ...more] = name === undefined ? operations : operations.filter((one) => one.name?.value === name);
  if (!chosen || more.length > 0) throw new YiwangError('BAD_REQUEST', { hint: 'name the one operation to explain' });
  return chosen;
}

function explainSelections(walk: Walk, type: GraphQLObjectType, selectionSet: SelectionSetNode, path: string): void {
  const walked = walk.walked.get(selectionSet) ?? new Set<string>();
  const place = `${type.name} ${path}`;
  if (walked.has(place)) return;
  walk.walked.set(selectionSet, walked.add(place));
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD) explainField(walk, type, selection, path);
    else {
      const spread = selection.kind === Kind.FRAGMENT_SPREAD ? walk.fragments.get(selection.name.value) : selection;
      if (spread && applies(walk.options.supergraphSchema, spread.typeCondition?.name.value, type)) explainSelections(walk, type, spread.selectionSet, path);
    }
  }
}

function explainField(walk: Walk, type: GraphQLObjectType, node: FieldNode, above: string): void {
  if (node.name.value.startsWith('__')) return;
  const schema = walk.options.supergraphSchema;
  const field = type.getFields()[node.name.value];
  if (!field) return;
  const path = above === '' ? responseKey(node) : `${above}.${responseKey(node)}`;
  const isRoot = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);
  const classified = classificationOfField(schema, type.name, field) ?? unclassified(`${type.name}.${field.name}`);
  // A change is decided on its row as well; the right to it covers what it is told.
  explain(walk, classified, path, isRoot && classified.change === undefined, grantsField(walk.options, type.name, field.name));
  for (const { coordinate, type: given, classified: own } of usedArguments(type, field, node)) {
    const isGranted = grantsInput(walk.options, given);
    if (!isGranted || (own && own.class !== 'PUBLIC' && classified.change === undefined)) explain(walk, own ?? { ...classified, coordinate }, path, true, isGranted);
  }
  if (!node.selectionSet) return;
  for (const concrete of concreteTypes(schema, field.type)) explainSelections(walk, concrete, node.selectionSet, path);
}

function explain(walk: Walk, classified: Classified, path: string, isForClass: boolean, isGranted: boolean): void {
  const key = `${classified.coordinate} ${path}`;
  if (walk.found.has(key)) return;
  if (walk.found.size >= fieldsMax) throw new YiwangError('LIMIT_EXCEEDED', { hint: `an explanation has at most ${fieldsMax} fields` });
  const { policy, viewer, assignment } = walk.options;
  const isKnown = assignment !== undefined && !isForClass;
  const known: RowAccess = { ...unknownRow, inMatter: viewer.matterKey !== null, ...assignment };
  const { effect, policy: rule, reason, basis } = isKnown ? policy.decide(viewer, classified, known) : policy.best(viewer, classified);
  if (effect !== 'WITHHELD' && !isGranted) {
    walk.found.set(key, { coordinate: classified.coordinate, path, effect: 'WITHHELD', policy: 'federation', reason: unauthorizedCode, basis: federationBasis, conditions: [] });
    return;
  }
  const conditions = effect === 'WITHHELD' || isForClass ? [] : conditionsOf(policy, viewer, classified, isKnown ? known : null, effect);
  walk.found.set(key, { coordinate: classified.coordinate, path, effect, policy: rule, reason: reason.code, basis, conditions });
}

const federationBasis = '@authenticated, @requiresScopes, @policy (https://specs.apollo.dev)';

function grantsField({ federation }: ExplainOptions, type: string, field: string): boolean {
  return federation === undefined || federation.requirements.allows(type, field, federation.grants);
}

/** Whoever may not read values of a type does not ask by them either. */
function grantsInput({ federation }: ExplainOptions, type: string): boolean {
  return federation === undefined || federation.requirements.allowsInput(type, federation.grants);
}

/** Takes relations away and adds protections one at a time: what lowers the effect is a condition. */
function conditionsOf(policy: Policy, viewer: Viewer, classified: Classified, known: RowAccess | null, effect: Decision['effect']): string[] {
  const favourable: RowAccess = known ?? everyRelation(viewer);
  const lowered = (row: RowAccess): Decision | null => {
    const decision = policy.decide(viewer, classified, row);
    return rank[decision.effect] < rank[effect] ? decision : null;
  };
  const less: RowAccess[] = known ? lessThan(known) : [unknownRow, { ...unknownRow, inMatter: viewer.matterKey !== null }];
  const missing = less.flatMap((row) => lowered(row)?.reason.code ?? []);
  const abouts = [undefined, { mentionId: '', role: 'REQUESTER' }];
  const protections = Object.entries(protectionRules).flatMap(([rule, change]) => (abouts.some((mention) => lowered({ ...favourable, ...change, ...(mention ? { mention } : {}) })) ? [rule] : []));
  return [...new Set([...missing, ...protections])];
}

/** What may be known of a matter and not hold for each of its records: one that was joined by inference is assigned to nobody there. */
function lessThan(known: RowAccess): RowAccess[] {
  return [...(known.breakGlass ? [{ ...known, breakGlass: false }] : []), ...(known.assigned ? [{ ...known, assigned: false, lead: false }] : [])];
}

const rank = { WITHHELD: 0, MASKED: 1, FULL: 2 } as const;

const protectionRules: Record<string, Partial<RowAccess>> = {
  'row.respondent': { respondent: true },
  'row.confidential': { protections: { ...unknownRow.protections, confidential: true } },
  'row.minor': { protections: { ...unknownRow.protections, minor: true } },
  'row.family-violence': { protections: { ...unknownRow.protections, familyViolence: true } },
  'row.retention': { protections: { ...unknownRow.protections, pastRetention: true } },
};

// Neither owner nor self: their exemptions would hide conditions that others' rows have.
function everyRelation(viewer: Viewer): RowAccess {
  const isResident = viewer.idHmac !== null;
  return { ...unknownRow, assigned: viewer.org !== null, lead: viewer.org !== null, linked: viewer.org !== null, inJurisdiction: viewer.division !== null, inMatter: viewer.matterKey !== null, self: isResident, involved: isResident };
}

function responseKey(node: FieldNode): string {
  return node.alias?.value ?? node.name.value;
}

function applies(schema: GraphQLSchema, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true;
  const abstract = schema.getType(condition);
  return isAbstractType(abstract) && schema.isSubType(abstract, type);
}

function concreteTypes(schema: GraphQLSchema, output: GraphQLOutputType): readonly GraphQLObjectType[] {
  const named = getNamedType(output);
  if (isObjectType(named)) return [named];
  return isAbstractType(named) ? schema.getPossibleTypes(named) : [];
}

/** Without a class nothing is given: the field would not compose. */
function unclassified(coordinate: string): Classified {
  return { coordinate, class: 'RESTRICTED', mask: null, owner: null, link: false };
}

/** An argument or input field that the text gives, and the name of its type. */
interface UsedInput {
  coordinate: string;
  type: string;
  classified: Classified | undefined;
}

/** Arguments and input fields that the text names; a variable may hold any field of its type. */
function usedArguments(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>, node: FieldNode): UsedInput[] {
  return (node.arguments ?? []).flatMap((given) => {
    const argument = field.args.find((one) => one.name === given.name.value);
    if (!argument || given.value.kind === Kind.NULL) return [];
    const coordinate = `${type.name}.${field.name}(${argument.name}:)`;
    return [used(argument, coordinate), ...usedInputFields(argument.type, given.value, new Set())];
  });
}

function usedInputFields(declared: GraphQLInputType, value: ValueNode, seen: Set<string>): UsedInput[] {
  const type = getNamedType(declared);
  if (!isInputObjectType(type)) return [];
  if (value.kind === Kind.LIST) return value.values.flatMap((item) => usedInputFields(declared, item, seen));
  const isVariable = value.kind === Kind.VARIABLE;
  if (isVariable && seen.has(type.name)) return [];
  if (isVariable) seen.add(type.name);
  return Object.values(type.getFields()).flatMap((field) => {
    const part = value.kind === Kind.OBJECT ? value.fields.find((one) => one.name.value === field.name)?.value : isVariable ? value : undefined;
    if (!part || part.kind === Kind.NULL) return [];
    return [used(field, `${type.name}.${field.name}`), ...usedInputFields(field.type, part, seen)];
  });
}

function used(input: GraphQLArgument | GraphQLInputField, coordinate: string): UsedInput {
  return { coordinate, type: getNamedType(input.type).name, classified: classificationOfInput(input, coordinate) ?? undefined };
}
