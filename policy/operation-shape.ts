import { Kind, Lexer, Source, TokenKind, parse, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { YiwangError } from '../base/errors.ts';

/**
 * Bounds on the text of an operation, whoever reads one: the gateway before it runs it, an explanation before it walks it.
 * They come before validation, which can be made to cost more than linear time (threats.md, 15).
 */
export const shapeLimits = {
  documentTokensMax: 6_000,
  /** Brackets of any kind that are open at once: the parser and those who walk what it gives go down with each. */
  nestingMax: 64,
  depthMax: 24,
  aliasesMax: 100,
  directivesMax: 200,
  /** On one place: of the two that there are neither may stand twice. */
  directivesPerPlaceMax: 4,
  /** Fields of one selection set: the validator compares each with each. */
  fieldsPerSetMax: 250,
  /** Fields after every fragment spread is written out. */
  expandedSelectionsMax: 20_000,
} as const;

/** Throws `LIMIT_EXCEEDED` for a text of more than `documentTokensMax` or nested deeper than `nestingMax`, and the parser's `GraphQLError`. */
export function parseBounded(text: string): DocumentNode {
  checkTokens(text);
  return parse(text);
}

/** Before anything is made of the text: a parser that runs out of stack says nothing that a caller could be told. */
function checkTokens(text: string): void {
  const lexer = new Lexer(new Source(text));
  let nesting = 0;
  for (let tokens = 0; lexer.advance().kind !== TokenKind.EOF; ) {
    refuseOver('documentTokensMax', (tokens += 1));
    nesting += bracketSteps[lexer.token.kind] ?? 0;
    refuseOver('nestingMax', nesting);
  }
}

const bracketSteps: Readonly<Partial<Record<TokenKind, number>>> = {
  [TokenKind.BRACE_L]: 1, [TokenKind.BRACKET_L]: 1, [TokenKind.PAREN_L]: 1,
  [TokenKind.BRACE_R]: -1, [TokenKind.BRACKET_R]: -1, [TokenKind.PAREN_R]: -1,
};

/** Throws `LIMIT_EXCEEDED`, naming the limit. Walks the text once and fragments once each, whatever they expand to. */
export function checkShape(document: DocumentNode): void {
  const fragments = fragmentsOf(document);
  const known = new Map<string, Measure>();
  const open = new Set<string>();
  const counts = { aliases: 0, directives: 0 };
  const ofFragment = (name: string): Measure => {
    const measured = known.get(name);
    if (measured) return measured;
    const fragment = fragments.get(name);
    if (!fragment || open.has(name)) return { depth: 0, fields: 0 }; // unknown or circular: the validator's to refuse
    open.add(name);
    countDirectives(fragment, counts);
    const measure = ofSet(fragment.selectionSet, 1);
    open.delete(name);
    known.set(name, measure);
    return measure;
  };
  const ofSet = (set: SelectionSetNode, nesting: number): Measure => {
    refuseOver('depthMax', nesting);
    refuseOver('fieldsPerSetMax', set.selections.length);
    const total = { depth: 0, fields: 0 };
    for (const node of set.selections) {
      countDirectives(node, counts);
      const inner = node.kind === Kind.FRAGMENT_SPREAD ? ofFragment(node.name.value) : node.selectionSet ? ofSet(node.selectionSet, nesting + 1) : noMeasure;
      if (node.kind === Kind.FIELD) countAlias(node, counts);
      total.depth = Math.max(total.depth, inner.depth + (node.kind === Kind.FIELD ? 1 : 0));
      total.fields = Math.min(total.fields + inner.fields + (node.kind === Kind.FIELD ? 1 : 0), shapeLimits.expandedSelectionsMax + 1);
    }
    return total;
  };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) ofFragment(definition.name.value);
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const node of [definition, ...(definition.variableDefinitions ?? [])]) countDirectives(node, counts);
    const measure = ofSet(definition.selectionSet, 1);
    refuseOver('depthMax', measure.depth);
    refuseOver('expandedSelectionsMax', measure.fields);
  }
  refuseOver('aliasesMax', counts.aliases);
  refuseOver('directivesMax', counts.directives);
}


export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

export function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = document.definitions.filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

function countDirectives({ directives }: { directives?: readonly unknown[] | undefined }, counts: { directives: number }): void {
  const here = directives?.length ?? 0;
  refuseOver('directivesPerPlaceMax', here);
  counts.directives += here;
}

interface Measure {
  depth: number;
  fields: number;
}

const noMeasure: Measure = { depth: 0, fields: 0 };

// Names that begin with `__` belong to GraphQL; as an alias one could stand for a prototype or forge a `__typename`.
function countAlias(node: FieldNode, counts: { aliases: number }): void {
  if (!node.alias) return;
  counts.aliases += 1;
  if (node.alias.value.startsWith('__') && node.alias.value !== node.name.value) {
    throw new YiwangError('BAD_REQUEST', { hint: 'an alias does not begin with two underscores' });
  }
}

function refuseOver(name: keyof typeof shapeLimits, value: number): void {
  if (value > shapeLimits[name]) throw new YiwangError('LIMIT_EXCEEDED', { hint: `the operation is over the limit \`${name}\` of ${shapeLimits[name]}` });
}
