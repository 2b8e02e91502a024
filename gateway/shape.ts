import { GraphQLIncludeDirective, GraphQLSkipDirective, Kind, getDirectiveValues, isCompositeType, isLeafType, isListType, isNonNullType, isObjectType, type FieldNode, type GraphQLCompositeType, type GraphQLOutputType, type GraphQLSchema, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { leafWriter } from './json.ts';
import { fieldOf, type Fragments, type Variables } from './limits.ts';
import { isIntrospection, type Pruned, type Refusal } from './prune.ts';
import { conditionsOf, requireBooleans } from './conditions.ts';
import { plannedKey } from './engine/planned.ts';

export type JsonObject = { [key: string]: unknown };

/** The answer as it was asked for, and how many positions of it each refusal left null. */
export interface Written {
  /** The text of `data`. */
  json: string;
  withheld: Array<Refusal & { count: number }>;
}

export interface ShapeOptions {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: Fragments;
  refused: Pruned['refused'];
}

export interface ToWrite {
  /** What the engine gave for the pruned operation, under `plannedKey`s; null where it gave nothing. */
  data: JsonObject | null;
  /** Coerced. */
  variables: Variables;
  /** Answers of introspection by response key, made by the gateway itself. */
  introspected: JsonObject | null;
}

/** The shape of an operation's answers. */
export interface Shape {
  write(given: ToWrite): Written;
}

/**
 * The one walk over an answer: it goes through the operation as the caller wrote it, over what the subgraphs gave, and
 * writes the JSON text at once: the caller's keys in the caller's order, null where something was refused or does not fit
 * the schema, nothing that was not asked for. Nulls climb as the specification says (6.4.4). Compiled on first use per
 * object type, and per values of the variables that include or skip.
 */
export function openShape(options: ShapeOptions): Shape {
  const root = options.schema.getRootType(options.operation.operation);
  const conditions = conditionsOf(options.operation, options.fragments);
  const variants = new Map<string, ObjectWriter>();
  const variantFor = (variables: Variables): ObjectWriter | undefined => {
    if (!root) return undefined;
    requireBooleans(conditions, variables);
    const key = conditions.map((name) => (variables[name] === true ? '1' : '0')).join('');
    const known = variants.get(key);
    if (known) return known;
    const writer = new Compiler(options, variables).object([options.operation.selectionSet], root);
    if (variants.size < variantsMax) variants.set(key, writer);
    return writer;
  };
  return {
    write({ data, variables, introspected }) {
      const walk: Walk = { withheld: new Map(), introspected };
      const json = data === null ? undefined : variantFor(variables)?.(data, walk);
      return { json: json ?? 'null', withheld: [...walk.withheld].map(([refusal, count]) => ({ ...refusal, count })) };
    },
  };
}

const variantsMax = 64;

interface Walk {
  withheld: Map<Refusal, number>;
  introspected: JsonObject | null;
}

/** Undefined when a null that may not be one has to climb past the object. */
type ObjectWriter = (source: JsonObject, walk: Walk) => string | undefined;
type ValueWriter = (value: unknown, walk: Walk) => string | undefined;
const nothing = 'null';

class Compiler {
  private readonly options: ShapeOptions;
  private readonly variables: Variables;
  private readonly written = new Map<string, ObjectWriter>();
  private readonly setNumbers = new Map<SelectionSetNode, number>();

  constructor(options: ShapeOptions, variables: Variables) {
    this.options = options;
    this.variables = variables;
  }

  /** Writes objects of one type, once per selection sets and type. */
  object(sets: readonly SelectionSetNode[], type: GraphQLCompositeType): ObjectWriter {
    const name = `${type.name} ${sets.map((set) => this.numberOf(set)).join(' ')}`;
    const known = this.written.get(name);
    if (known) return known;
    const groups = new Map<string, FieldNode[]>();
    for (const set of sets) this.collect(set.selections, type, groups);
    const leads: string[] = [];
    const fields: ObjectWriter[] = [];
    for (const [key, nodes] of groups) {
      leads.push(`${leads.length === 0 ? '{' : ','}${JSON.stringify(key)}:`);
      fields.push(this.field(key, nodes, type));
    }
    const writer = objectWriter(leads, fields);
    this.written.set(name, writer);
    return writer;
  }

  private field(key: string, nodes: readonly FieldNode[], type: GraphQLCompositeType): ObjectWriter {
    const [node] = nodes;
    if (!node) return () => nothing;
    if (node.name.value === '__typename') return isObjectType(type) ? constant(JSON.stringify(type.name)) : () => undefined;
    if (isIntrospection(node)) return (_source, { introspected }) => JSON.stringify(introspected?.[key] ?? null);
    const field = fieldOf(type, node.name.value);
    if (!field) return () => nothing;
    const refusal = this.refusalOf(nodes, type);
    if (refusal) return refusing(refusal, isNonNullType(field.type) ? undefined : nothing);
    const write = this.value(field.type, nodes);
    // A field may be called as something that every object inherits (threats.md, 21).
    const from = plannedKey(node);
    return from in Object.prototype ? (source, walk) => write(Object.hasOwn(source, from) ? source[from] : null, walk) : (source, walk) => write(source[from], walk);
  }

  private refusalOf(nodes: readonly FieldNode[], type: GraphQLCompositeType): Refusal | undefined {
    for (const node of nodes) {
      const refusal = this.options.refused.get(node)?.get(type.name);
      if (refusal) return refusal;
    }
    return undefined;
  }

  private value(type: GraphQLOutputType, nodes: readonly FieldNode[]): ValueWriter {
    if (isNonNullType(type)) {
      const write = this.value(type.ofType, nodes);
      return (value, walk) => {
        const text = write(value, walk);
        return text === nothing ? undefined : text;
      };
    }
    if (isListType(type)) return listWriter(this.value(type.ofType, nodes));
    if (isLeafType(type)) {
      const write = leafWriter(type);
      return (value) => (value === null || value === undefined ? nothing : write(value));
    }
    return this.composite(type, nodes.flatMap((node) => (node.selectionSet ? [node.selectionSet] : [])));
  }

  /** By the type that the object says it is; by the declared one where it says nothing. */
  private composite(declared: GraphQLCompositeType, sets: readonly SelectionSetNode[]): ValueWriter {
    const writers = new Map<unknown, ObjectWriter | null>();
    const writerFor = (name: unknown): ObjectWriter | null => {
      const known = writers.get(name);
      if (known !== undefined) return known;
      const told = name === undefined || name === null ? declared : this.options.schema.getType(String(name));
      const type = isObjectType(declared) && isCompositeType(told) ? declared : told;
      const writer = isCompositeType(type) ? this.object(sets, type) : null;
      if (writer) writers.set(name, writer); // names that the schema has: no more of them than it has types
      return writer;
    };
    return (value, walk) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return nothing;
      return writerFor((value as JsonObject)['__typename'])?.(value as JsonObject, walk) ?? nothing;
    };
  }

  /** Fields by response key (CollectFields, 6.3.2). */
  private collect(selections: readonly SelectionNode[], type: GraphQLCompositeType, groups: Map<string, FieldNode[]>): void {
    for (const node of selections) {
      if (!this.included(node)) continue;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        const group = groups.get(key);
        if (group) group.push(node);
        else groups.set(key, [node]);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? this.options.fragments.get(node.name.value) : node;
      if (fragment && this.meets(fragment.typeCondition?.name.value, type)) this.collect(fragment.selectionSet.selections, type, groups);
    }
  }

  private meets(condition: string | undefined, type: GraphQLCompositeType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const named = this.options.schema.getType(condition);
    if (!isCompositeType(named) || isObjectType(named) || !(isObjectType(type) || type.name !== named.name)) return false;
    return this.options.schema.isSubType(named, type as never);
  }

  private included(node: SelectionNode): boolean {
    if (!node.directives?.length) return true;
    if (getDirectiveValues(GraphQLSkipDirective, node, this.variables)?.['if'] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, node, this.variables)?.['if'] !== false;
  }

  private numberOf(set: SelectionSetNode): number {
    const known = this.setNumbers.get(set) ?? this.setNumbers.size;
    this.setNumbers.set(set, known);
    return known;
  }
}

function objectWriter(leads: readonly string[], fields: readonly ObjectWriter[]): ObjectWriter {
  if (fields.length === 0) return () => '{}';
  return (source, walk) => {
    let text = '';
    let climbs = false;
    for (let at = 0; at < fields.length; at += 1) {
      const value = fields[at]!(source, walk);
      if (value === undefined) climbs = true; // its siblings are still counted
      else text += leads[at]! + value;
    }
    return climbs ? undefined : `${text}}`;
  };
}

function listWriter(write: ValueWriter): ValueWriter {
  return (values, walk) => {
    if (!Array.isArray(values)) return nothing;
    let text = '';
    let climbs = false;
    for (let at = 0; at < values.length; at += 1) {
      const item = write(values[at], walk);
      if (item === undefined) climbs = true;
      else text += at === 0 ? item : `,${item}`;
    }
    return climbs ? nothing : `[${text}]`;
  };
}

function refusing(refusal: Refusal, value: string | undefined): ObjectWriter {
  return (_source, { withheld }) => {
    withheld.set(refusal, (withheld.get(refusal) ?? 0) + 1);
    return value;
  };
}

function constant(text: string): ObjectWriter {
  return () => text;
}
