import { getNamedType, isAbstractType, isCompositeType, isEnumType, isInputObjectType, isListType, isNonNullType, isObjectType, type GraphQLArgument, type GraphQLCompositeType, type GraphQLField, type GraphQLInputType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import type { Tape } from '../gateway/differential/tape.ts';
import { divisions, organisations } from './places.ts';
import { EnumName, literal } from '../gateway/differential/literal.ts';

/** A document with its variables; those that hold `@cursor` or `@id` are filled in with what the caller was given before. */
export interface Operation {
  text: string;
  variables: Record<string, unknown>;
  /** Page after page of its first list, by its cursors. */
  isWalk: boolean;
}

const depthMax = 7;
const fieldsMax = 22;

/** Names of root fields, as often as they are asked for. The log is verified and the matrix printed elsewhere: both cost seconds. */
const roots: readonly string[] = [
  ...times(6, 'matters', 'records', 'node'), ...times(5, 'matter'), ...times(2, 'me', 'situations', 'statistic', 'linkageReviews', 'linkageOf', 'corrections'),
  'organizations', 'division', 'connectors', 'syncRuns', 'quarantine', 'datasets', 'myAccessHistory', 'accessLog',
];
/** Below lists and records, fields that lead somewhere are asked for more often than others. */
const leading = new Set(['nodes', 'edges', 'node', 'records', 'requester', 'reporter', 'petitioners', 'applicant', 'parties', 'person', 'matter', 'matters', 'place', 'facility', 'parent', 'provenance', 'entitlements', 'sides', 'evidence', 'decisions', 'clocks', 'timeline', 'docking', 'assignments']);

export interface Known {
  recordIds: readonly string[];
  matterIds: readonly string[];
  matterNos: readonly string[];
}

export function operationOf(schema: GraphQLSchema, tape: Tape, known: Known): Operation {
  const writer = new Writer(schema, tape, known);
  const isWalk = tape.chance(8);
  const body = isWalk ? writer.walk(schema.getQueryType()!) : writer.root(schema.getQueryType()!);
  const variables = writer.variables.map(({ name, type }) => `$${name}: ${type}`);
  const text = [`query Q${variables.length > 0 ? `(${variables.join(', ')})` : ''} ${body}`, ...writer.fragments.map(({ name, on, body: inner }) => `fragment ${name} on ${on} ${inner}`)].join('\n');
  return { text, variables: writer.values, isWalk };
}

class Writer {
  readonly variables: { name: string; type: string }[] = [];
  readonly values: Record<string, unknown> = {};
  readonly fragments: { name: string; on: string; body: string }[] = [];
  private fields = 0;
  private aliases = 0;
  private readonly schema: GraphQLSchema;
  private readonly tape: Tape;
  private readonly known: Known;

  constructor(schema: GraphQLSchema, tape: Tape, known: Known) {
    this.schema = schema;
    this.tape = tape;
    this.known = known;
  }

  root(query: GraphQLObjectType): string {
    const count = this.tape.chance(75) ? 1 : 2;
    const chosen = Array.from({ length: count }, () => query.getFields()[this.tape.one(roots)!]).filter((field) => field !== undefined);
    return `{ ${[...chosen.map((field) => this.field(field, 0)), ...(this.tape.chance(5) ? ['__typename'] : [])].join(' ')} }`;
  }

  walk(query: GraphQLObjectType): string {
    const field = query.getFields()[this.tape.one(['matters', 'records', 'organizations', 'linkageReviews', 'corrections', 'situations'])!]!;
    const connection = getNamedType(field.type) as GraphQLObjectType;
    const node = getNamedType(connection.getFields()['nodes']!.type) as GraphQLCompositeType;
    const filter = field.args.find((arg) => arg.name === 'filter');
    const given = filter && this.tape.chance(50) ? `, filter: ${this.argument(filter)}` : '';
    const after = this.variable('String', null);
    return `{ ${field.name}(first: ${1 + this.tape.below(4)}, after: ${after}${given}) { pageInfo { hasNextPage endCursor } nodes ${this.selections(node, 2)} } }`;
  }

  private selections(type: GraphQLCompositeType, depth: number): string {
    const count = 1 + this.tape.below(4);
    const parts = Array.from({ length: count }, () => this.selection(type, depth));
    return `{ ${parts.join(' ')} }`;
  }

  private selection(type: GraphQLCompositeType, depth: number): string {
    if (depth >= depthMax || this.fields >= fieldsMax) return '__typename';
    const kind = this.tape.below(20);
    const fields = isObjectType(type) || 'getFields' in type ? Object.values(type.getFields()) : [];
    if (kind === 0) return this.tape.chance(30) ? `${this.alias()}: __typename` : '__typename';
    if (isAbstractType(type) ? kind < 12 : kind < 3) return this.fragment(type, depth, kind % 3 === 0);
    const ways = fields.filter(({ name }) => leading.has(name));
    const field = ways.length > 0 && depth < depthMax - 2 && this.tape.chance(45) ? this.tape.one(ways)! : this.tape.one(fields)!;
    return this.field(field, depth);
  }

  private field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const type = getNamedType(field.type);
    if (isCompositeType(type) && depth + 1 >= depthMax) return '__typename';
    this.fields += 1;
    const args = this.arguments(field);
    const alias = args !== '' || this.tape.chance(15) ? `${this.alias()}: ` : '';
    return `${alias}${field.name}${args}${this.condition()}${isCompositeType(type) ? ` ${this.selections(type, depth + 1)}` : ''}`;
  }

  private fragment(type: GraphQLCompositeType, depth: number, isNamed: boolean): string {
    const on = this.tape.one(this.overlapping(type))!;
    const known = this.fragments.find((one) => one.on === on.name && !one.body.includes('...F'));
    if (isNamed && known && this.tape.chance(40)) return `...${known.name}${this.condition()}`;
    const body = this.selections(on, depth + 1);
    if (!isNamed) return `... on ${on.name}${this.condition()} ${body}`;
    const name = `F${this.fragments.length}`;
    this.fragments.push({ name, on: on.name, body });
    return `...${name}${this.condition()}`;
  }

  private overlapping(type: GraphQLCompositeType): GraphQLCompositeType[] {
    const objects = isAbstractType(type) ? [...this.schema.getPossibleTypes(type)] : [type];
    const wider = isObjectType(type) ? [...type.getInterfaces()] : [];
    return this.tape.chance(75) ? objects : [...objects, ...wider, type];
  }

  private condition(): string {
    if (!this.tape.chance(7)) return '';
    const [name, value] = [this.tape.chance(50) ? 'skip' : 'include', this.tape.chance(50)];
    return ` @${name}(if: ${this.tape.chance(60) ? this.variable('Boolean!', value) : value})`;
  }

  private arguments(field: GraphQLField<unknown, unknown>): string {
    const isList = field.args.some((arg) => arg.name === 'first');
    const given = field.args.filter((arg) => isNonNullType(arg.type) || this.tape.chance(arg.name === 'first' ? 90 : arg.name === 'after' ? 12 : 45));
    if (isList && !given.some((arg) => arg.name === 'first')) return given.length === 0 ? '(first: 3)' : `(first: 3, ${given.map((arg) => `${arg.name}: ${this.argument(arg)}`).join(', ')})`;
    return given.length === 0 ? '' : `(${given.map((arg) => `${arg.name}: ${this.argument(arg)}`).join(', ')})`;
  }

  private argument(arg: GraphQLArgument): string {
    if (arg.name === 'first') return String(this.tape.chance(95) ? this.tape.below(5) : 101);
    if (arg.name === 'after') return this.variable('String', '@cursor');
    if (arg.name === 'id' && this.tape.chance(30)) return this.variable('ID!', '@id');
    const value = this.value(arg.name, arg.type, 0);
    return this.tape.chance(50) ? literal(value) : this.variable(String(arg.type), JSON.parse(JSON.stringify(value)) as unknown);
  }

  private value(name: string, type: GraphQLInputType, depth: number): unknown {
    if (isNonNullType(type)) return this.value(name, type.ofType, depth);
    if (isListType(type)) return Array.from({ length: 1 + this.tape.below(2) }, () => this.value(name, type.ofType, depth));
    if (isEnumType(type)) return new EnumName(this.tape.one(type.getValues())!.name);
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || this.tape.chance(depth === 0 ? 35 : 20));
      return Object.fromEntries(fields.map((field) => [field.name, this.value(field.name, field.type, depth + 1)]));
    }
    return this.leaf(name, type.name);
  }

  private leaf(name: string, type: string): unknown {
    const { recordIds, matterIds, matterNos } = this.known;
    if (type === 'Boolean') return this.tape.chance(50);
    if (type === 'Int') return this.tape.below(5);
    if (type === 'DateTime') return `2026-0${1 + this.tape.below(4)}-${10 + this.tape.below(18)}T00:00:00Z`;
    if (type === 'Date') return '2026-03-01';
    if (name === 'matterNo' || name === 'other') return this.tape.chance(90) ? this.tape.one(matterNos) : 'M000000000000';
    if (name === 'id' || name === 'record') return this.tape.chance(70) ? this.tape.one(recordIds) : this.tape.chance(80) ? this.tape.one(matterIds) : 'nothing';
    if (name === 'category') return this.tape.one(['01', '02', '10']);
    if (name === 'division' || name === 'code') return String(this.tape.one(divisions)!['code']);
    if (name === 'lead' || name === 'assignedTo' || name === 'divertedTo') return this.tape.one(organisations)!.code;
    if (name === 'department') return this.tape.one(['hotline', 'police', 'court', 'civil', 'petition']);
    if (name === 'period') return this.tape.one(['2026', '2026-Q1', '2026-02', '2026-02-03']);
    return this.tape.one(['L0', 'tickets', 'MEDIATION_CENTRE', 'x']);
  }

  private variable(type: string, value: unknown): string {
    const name = `v${this.variables.length}`;
    this.variables.push({ name, type });
    this.values[name] = value;
    return `$${name}`;
  }

  private alias(): string {
    this.aliases += 1;
    return `x${this.aliases}`;
  }
}

function times(count: number, ...names: string[]): string[] {
  return Array.from({ length: count }, () => names).flat();
}
