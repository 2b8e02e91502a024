import { getNamedType, isAbstractType, isCompositeType, isEnumType, isInputObjectType, isListType, isNonNullType, isObjectType, type GraphQLCompositeType, type GraphQLField, type GraphQLInputType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { Tape } from './tape.ts';
import { EnumName, literal } from './literal.ts';

export interface Operation {
  text: string;
  variables: Record<string, unknown>;
}

const depthMax = 6;
const fieldsMax = 60;

/** An operation on a schema, read off a list of choices. It may break a rule of validation: two fields of one alias. */
export function operationOf(schema: GraphQLSchema, choices: readonly number[]): Operation {
  const tape = new Tape(choices);
  const isMutation = schema.getMutationType() !== undefined && tape.chance(20);
  const writer = new Writer(schema, tape);
  const selections = writer.selections((isMutation ? schema.getMutationType() : schema.getQueryType())!, 0);
  const variables = writer.variables.map(({ name, type, initial }) => `$${name}: ${type}${initial === undefined ? '' : ` = ${initial}`}`);
  const head = `${isMutation ? 'mutation' : 'query'} Q${variables.length > 0 ? `(${variables.join(', ')})` : ''}`;
  return { text: [`${head} ${selections}`, ...writer.fragments.map(({ name, on, body }) => `fragment ${name} on ${on} ${body}`)].join('\n'), variables: writer.values };
}

class Writer {
  readonly variables: { name: string; type: string; initial?: string }[] = [];
  readonly values: Record<string, unknown> = {};
  readonly fragments: { name: string; on: string; body: string }[] = [];
  private fields = 0;
  private aliases = 0;
  private readonly schema: GraphQLSchema;
  private readonly tape: Tape;

  constructor(schema: GraphQLSchema, tape: Tape) {
    this.schema = schema;
    this.tape = tape;
  }

  selections(type: GraphQLCompositeType, depth: number): string {
    const count = 1 + this.tape.below(4);
    const parts = Array.from({ length: count }, () => this.selection(type, depth)).filter((part) => part !== '');
    return `{ ${(parts.length > 0 ? parts : ['__typename']).join(' ')} }`;
  }

  private selection(type: GraphQLCompositeType, depth: number): string {
    if (depth >= depthMax || this.fields >= fieldsMax) return '__typename';
    const kind = this.tape.below(10);
    const fields = isObjectType(type) || 'getFields' in type ? Object.values(type.getFields()) : [];
    if (kind === 9) return this.tape.chance(30) ? `${this.alias()}: __typename` : '__typename';
    if (kind === 8 || (kind === 7 && depth > 0)) return this.fragment(type, depth, kind === 8);
    if (fields.length > 0 && (kind < 6 || !isAbstractType(type))) return this.field(this.tape.one(fields)!, depth, fields.map(({ name }) => name));
    return isAbstractType(type) ? this.fragment(type, depth, this.tape.chance(20)) : '__typename';
  }

  private field(field: GraphQLField<unknown, unknown>, depth: number, names: readonly string[]): string {
    this.fields += 1;
    const args = this.arguments(field);
    const alias = args !== '' || this.tape.chance(15) ? `${this.tape.chance(8) ? this.tape.one(names) : this.alias()}: ` : '';
    const type = getNamedType(field.type);
    return `${alias}${field.name}${args}${this.condition()}${isCompositeType(type) ? ` ${this.selections(type, depth + 1)}` : ''}`;
  }

  private fragment(type: GraphQLCompositeType, depth: number, isNamed: boolean): string {
    const on = this.tape.one(this.overlapping(type))!;
    const known = this.fragments.find((one) => one.on === on.name && !one.body.includes('...F'));
    if (isNamed && known && this.tape.chance(40)) return `...${known.name}${this.condition()}`;
    const body = this.selections(on, depth + 1);
    if (!isNamed) return `...${this.tape.chance(85) || on !== type ? ` on ${on.name}` : ''}${this.condition()} ${body}`;
    const name = `F${this.fragments.length}`;
    this.fragments.push({ name, on: on.name, body });
    return `...${name}${this.condition()}`;
  }

  /** Types that have an object type in common with this one. */
  private overlapping(type: GraphQLCompositeType): GraphQLCompositeType[] {
    const objects = new Set<GraphQLObjectType>(isAbstractType(type) ? this.schema.getPossibleTypes(type) : [type]);
    const all = Object.values(this.schema.getTypeMap()).filter(isCompositeType).filter(({ name }) => !name.startsWith('__'));
    const found = all.filter((one) => one !== type && (isAbstractType(one) ? this.schema.getPossibleTypes(one) : [one]).some((each) => objects.has(each)));
    return isAbstractType(type) ? [...found, type] : [type, ...found];
  }

  private condition(): string {
    if (!this.tape.chance(8)) return '';
    const [name, value] = [this.tape.chance(50) ? 'skip' : 'include', this.tape.chance(50)];
    return ` @${name}(if: ${this.tape.chance(60) ? this.variable('Boolean!', value, undefined) : value})`;
  }

  private arguments(field: GraphQLField<unknown, unknown>): string {
    const given = field.args.filter((arg) => (isNonNullType(arg.type) && arg.defaultValue === undefined) || this.tape.chance(60));
    if (given.length === 0) return '';
    return `(${given.map((arg) => `${arg.name}: ${this.argument(arg.type, arg.defaultValue !== undefined)}`).join(', ')})`;
  }

  private argument(type: GraphQLInputType, hasDefault: boolean): string {
    const value = this.value(type, 0);
    const isVariable = this.tape.chance(40);
    if (!isVariable) return literal(value);
    if (value === null && hasDefault) return literal(null);
    const initial = this.tape.chance(30) && value !== null ? literal(this.value(type, 0) ?? value) : undefined;
    const isGiven = initial === undefined || this.tape.chance(60);
    return this.variable(String(type), isGiven ? value : undefined, initial);
  }

  private value(type: GraphQLInputType, depth: number): unknown {
    if (isNonNullType(type)) return this.present(type.ofType, depth);
    return this.tape.chance(10) ? null : this.present(type, depth);
  }

  private present(type: GraphQLInputType, depth: number): unknown {
    if (isNonNullType(type)) return this.present(type.ofType, depth);
    if (isListType(type)) return Array.from({ length: this.tape.below(3) }, () => this.value(type.ofType as GraphQLInputType, depth + 1));
    if (isEnumType(type)) return new EnumName(this.tape.one(type.getValues())!.name);
    if (!isInputObjectType(type)) return type.name === 'Int' ? this.tape.below(9) : type.name === 'Boolean' ? this.tape.chance(50) : `text ${this.tape.below(5)} "quoted"`;
    const fields = Object.values(type.getFields()).filter((field) => (depth < 2 || !isInputObjectType(getNamedType(field.type))) && this.tape.chance(50));
    return Object.fromEntries(fields.map((field) => [field.name, this.value(field.type, depth + 1)]));
  }

  private variable(type: string, value: unknown, initial: string | undefined): string {
    const name = `v${this.variables.length}`;
    this.variables.push({ name, type, ...(initial === undefined ? {} : { initial }) });
    if (value !== undefined) this.values[name] = JSON.parse(JSON.stringify(value)) as unknown;
    return `$${name}`;
  }

  private alias(): string {
    this.aliases += 1;
    return `x${this.aliases}`;
  }
}
