import { YiwangError } from '../../base/errors.ts';
import type { Classified } from '../../policy/classes.ts';
import { explainOperation } from '../../policy/explain.ts';
import { callers, classifiedFields, exampleViewer, policyMatrix } from '../../policy/matrix.ts';
import { unauthorizedCode } from '../../policy/federation/requirement.ts';
import { publishedRequirements, publishedSchema } from '../../policy/published.ts';
import type { SubgraphContext } from '../context.ts';
import type { CallerInputType, QueryPolicyMatrixArgsType } from './types.generated.ts';

const matrixRowsMax = 5_000;

/** Tier × purpose × field. Public fields are left out: they are the same for everybody. */
export function matrix({ policy }: SubgraphContext, { kind, tier, purpose, type }: QueryPolicyMatrixArgsType) {
  const chosen = { ...(kind ? { kind } : {}), ...(tier ? { tier } : {}), ...(purpose ? { purpose } : {}) };
  const schema = publishedSchema();
  const fields = classifiedFields(schema).filter((field) => field.class !== 'PUBLIC' && (!type || field.coordinate.startsWith(`${type}.`)));
  if (callers(chosen).length * fields.length > matrixRowsMax) throw new YiwangError('LIMIT_EXCEEDED', { hint: `a policy matrix has at most ${matrixRowsMax} rows: choose a kind, a tier, a purpose or a type` });
  return policyMatrix({ supergraphSchema: schema, policy, ...chosen, ...(type ? { type } : {}) }).map((row) => ({ ...row, reason: reasonOf(policy, row.policy, row.reason) }));
}

/** What a caller of a class would see of each field of an operation, and why. No record is read. */
export function explanation({ policy }: SubgraphContext, { operation, as }: { operation: string; as: CallerInputType }) {
  const { kind, tier, purpose, department, withMatter, scopes, policies } = as;
  const viewer = exampleViewer({ kind, tier: tier ?? null, purpose: purpose ?? null, department: department?.toUpperCase() ?? null, withMatter: withMatter ?? false });
  const grants = { authenticated: kind !== 'ANONYMOUS', scopes: new Set(scopes), policies: new Set(policies) };
  return explainOperation({ supergraphSchema: publishedSchema(), policy, viewer, operation, federation: { requirements: publishedRequirements(), grants } }).map((field) => ({ ...field, reason: reasonOf(policy, field.policy, field.reason) }));
}

/** How the graph classifies a field of an object type; null for anything else. */
export function classifiedField(coordinate: string): Classified | null {
  if (!/^[A-Z]\w{0,63}\.[a-z]\w{0,63}$/.test(coordinate)) return null;
  return (fields ??= new Map(classifiedFields(publishedSchema()).map((field) => [field.coordinate, field]))).get(coordinate) ?? null;
}

let fields: ReadonlyMap<string, Classified> | undefined;

function reasonOf({ rules }: SubgraphContext['policy'], rule: string, code: string) {
  if (code === unauthorizedCode) return { code, zh: '提供该字段的子图要求登录，或要求令牌带有某些范围或策略', en: 'the subgraph of this field asks for a signed-in caller, or for scopes or policies that the token does not grant' };
  const found = rules.get(rule);
  return { code, zh: found?.zh ?? code, en: found?.en ?? code };
}
