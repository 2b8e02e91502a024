import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildASTSchema, Kind, parse, visit, type GraphQLSchema } from 'graphql';
import { projectRoot } from '../base/departments.ts';
import { readRequirements, type Requirements } from './federation/requirements.ts';

let schema: GraphQLSchema | undefined;
let requirements: Requirements | undefined;

/** The public graph with its classes, from the generated supergraph: what is `@inaccessible`, and what only the federation needs, is not in it. */
export function publishedSchema(): GraphQLSchema {
  if (schema) return schema;
  const document = parse(publishedSdl());
  const isOfFederation = (name: string) => /^(join|link)__/.test(name);
  const open = visit(document, {
    FieldDefinition: (node) => (node.directives?.some((directive) => directive.name.value === 'inaccessible') ? null : undefined),
    EnumTypeDefinition: (node) => (isOfFederation(node.name.value) ? null : undefined),
    ScalarTypeDefinition: (node) => (isOfFederation(node.name.value) ? null : undefined),
    InputObjectTypeDefinition: (node) => (isOfFederation(node.name.value) ? null : undefined),
    DirectiveDefinition: (node) => (node.name.value === 'classified' ? undefined : null),
    Directive: (node) => (node.name.value === 'classified' ? undefined : null),
  });
  schema = buildASTSchema({ kind: Kind.DOCUMENT, definitions: open.definitions.filter((one) => one.kind !== Kind.SCHEMA_EXTENSION) }, { assumeValidSDL: true });
  return schema;
}

/** What the federation's own directives ask of callers of the public graph, which subgraphs of other teams may bring. */
export function publishedRequirements(): Requirements {
  return (requirements ??= readRequirements(publishedSdl()));
}

function publishedSdl(): string {
  return readFileSync(join(projectRoot(), 'schema', 'supergraph.graphql'), 'utf8');
}
