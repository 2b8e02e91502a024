import { GraphQLError, print, specifiedRules, validate, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { sha256Hex } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import { conditionsOf } from './conditions.ts';
import { checkShape, fragmentsOf, limits, onlyOperation, parseBounded, type Fragments } from './limits.ts';
import { recent } from './recent.ts';

/** One text that passed every check which does not depend on the caller. */
export interface ReadDocument {
  text: string;
  /** SHA-256 of the text as sent; Apollo Server's key of the document. */
  hash: string;
  /** SHA-256 of the text as graphql-js prints it: the same operation in any layout. Operations are registered by it. */
  normalHash: string;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  fragments: Fragments;
  /** Variables that `@skip` and `@include` go by. */
  conditions: readonly string[];
}

/** An operation as the log and the register know it; `hash` is that of `normalHashOf`. */
export interface NamedOperation {
  name: string | null;
  hash: string;
}

/** Documents by text: parsed, bounded and validated once. */
export interface Documents {
  /**
   * Throws `LIMIT_EXCEEDED` or `BAD_REQUEST`, or a `DocumentFault` with every sentence of the parser or validator. `met`
   * hears which operation it is before the schema is asked anything, and may throw.
   */
  read(text: string, met: (operation: NamedOperation) => void): ReadDocument;
  /** The document of a hash that `read` saw lately. */
  known(hash: string): ReadDocument | undefined;
}

const documentsKeptMax = 1_000;
/** Characters of the texts kept; a document weighs some tens of times its text. */
const charactersKeptMax = 4_000_000;

export function openDocuments(schema: GraphQLSchema): Documents {
  const kept = recent<ReadDocument>(documentsKeptMax, { weightMax: charactersKeptMax, weightOf: ({ text }) => text.length });
  const hashes = recent<string>(documentsKeptMax, { weightMax: charactersKeptMax, weightOf: (_hash, text) => text.length });
  return {
    read(text, met) {
      const hash = hashes.get(text) ?? hashes.set(text, sha256Hex(text)); // a map finds a text faster than it is hashed
      const known = kept.get(hash);
      if (!known) return kept.set(hash, readDocument(schema, text, hash, met));
      met({ name: known.operation.name?.value ?? null, hash: known.normalHash });
      return known;
    },
    known: (hash) => kept.get(hash),
  };
}

/** What the parser or validator found; each error leaves through gateway/errors.ts. */
export class DocumentFault extends Error {
  override readonly name = 'DocumentFault';
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super('the document is not valid');
    this.errors = errors;
  }
}

/** The hash under which an operation is registered. */
export function normalHashOf(document: DocumentNode): string {
  return sha256Hex(print(document));
}

function readDocument(schema: GraphQLSchema, text: string, hash: string, met: (operation: NamedOperation) => void): ReadDocument {
  const document = parsed(text);
  const operation = onlyOperation(document);
  const normalHash = normalHashOf(document);
  met({ name: operation.name?.value ?? null, hash: normalHash });
  if (operation.operation === 'subscription') throw new YiwangError('BAD_REQUEST', { hint: 'there are no subscriptions at this gateway' });
  if (!schema.getRootType(operation.operation)) throw new YiwangError('BAD_REQUEST', { hint: `there is no ${operation.operation} in this graph` });
  checkShape(document);
  const errors = validate(schema, document, specifiedRules, { maxErrors: limits.validationErrorsMax });
  if (errors.length > 0) throw new DocumentFault(errors);
  const fragments = fragmentsOf(document);
  return { text, hash, normalHash, document, operation, fragments, conditions: conditionsOf(operation, fragments) };
}

function parsed(text: string): DocumentNode {
  try {
    return parseBounded(text);
  } catch (error) {
    if (error instanceof GraphQLError) throw new DocumentFault([error]);
    throw error;
  }
}
