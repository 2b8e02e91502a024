import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildASTSchema, Kind, parse, visit, type GraphQLSchema } from 'graphql';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError } from '../../base/errors.ts';
import { explainOperation } from '../../policy/explain.ts';
import { callers, classifiedFields, exampleViewer, policyMatrix } from '../../policy/matrix.ts';
import type { SubgraphContext } from '../context.ts';
import type { CallerInputType, QueryPolicyMatrixArgsType } from './types.generated.ts';

const matrixRowsMax = 5_000;

/** Tier × purpose × field. Public fields are left out: they are the same for everybody. */
export function matrix({ policy }: SubgraphContext, { kind, tier, purpose, type }: QueryPolicyMatrixArgsType) {
  const chosen = { ...(kind ? { kind } : {}), ...(tier ? { tier } : {}), ...(purpose ? { purpose } : {}) };
  const schema = supergraphSchema();
  const fields = classifiedFields(schema).filter((field) => field.class !== 'PUBLIC' && (!type || field.coordinate.startsWith(`${type}.`)));
  if (callers(chosen).length * fields.length > matrixRowsMax) throw new YiwangError('LIMIT_EXCEEDED', { hint: `a policy matrix has at most ${matrixRowsMax} rows: choose a kind, a tier, a purpose or a type` });
  return policyMatrix({ supergraphSchema: schema, policy, ...chosen, ...(type ? { type } : {}) }).map((row) => ({ ...row, reason: reasonOf(policy, row.policy, row.reason) }));
}

/** What a caller of a class would see of each field of an operation, and why. No record is read. */
export function explanation({ policy }: SubgraphContext, { operation, as }: { operation: string; as: CallerInputType }) {
  const { kind, tier, purpose, department, withMatter } = as;
  const viewer = exampleViewer({ kind, tier: tier ?? null, purpose: purpose ?? null, department: department?.toUpperCase() ?? null, withMatter: withMatter ?? false });
  return explainOperation({ supergraphSchema: supergraphSchema(), policy, viewer, operation }).map((field) => ({ ...field, reason: reasonOf(policy, field.policy, field.reason) }));
}

function reasonOf({ rules }: SubgraphContext['policy'], rule: string, code: string) {
  const found = rules.get(rule);
  return { code, zh: found?.zh ?? code, en: found?.en ?? code };
}

let schema: GraphQLSchema | undefined;

/** The public graph with its classes: what is `@inaccessible`, and what only the federation needs, is not in it. */
function supergraphSchema(): GraphQLSchema {
  if (schema) return schema;
  const document = parse(readFileSync(join(projectRoot(), 'schema', 'supergraph.graphql'), 'utf8'));
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
