import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { dutyOf, type Classified } from './classes.ts';
import type { Viewer } from './viewer.ts';

/** Whether a rule could apply to this caller and field on some row. May say yes too often, never no by mistake. */
export type Reach = (viewer: Viewer, field: Classified) => boolean;

/**
 * Reads off a rule what it plainly requires of the caller and the field: parts of its `when` that are joined by `&&` and
 * compare one attribute with a value or a set. Whatever else it says is taken as possible.
 */
export function reachOf(ruleText: string): Reach {
  const read = policyToJson(ruleText);
  if (read.type !== 'success') return () => true;
  const whens = (read.json.conditions as unknown as { kind: string; body: Expression }[]).filter(({ kind }) => kind === 'when');
  const required = whens.flatMap(({ body }) => conjuncts(body, 0)).flatMap((part) => requirementOf(part) ?? []);
  return (viewer, field) => required.every(({ attribute, values }) => values.has(attributes[attribute]!(viewer, field)));
}

type Expression = { [operator: string]: unknown };
const depthMax = 100;

function conjuncts(expression: Expression, depth: number): Expression[] {
  const both = expression['&&'] as { left: Expression; right: Expression } | undefined;
  return both && depth < depthMax ? [...conjuncts(both.left, depth + 1), ...conjuncts(both.right, depth + 1)] : [expression];
}

interface Requirement {
  attribute: string;
  values: ReadonlySet<string>;
}

const attributes: Record<string, (viewer: Viewer, field: Classified) => string> = {
  'principal.kind': (viewer) => viewer.kind,
  'principal.tier': (viewer) => viewer.tier ?? 'NONE',
  'principal.purpose': (viewer) => viewer.purpose ?? 'NONE',
  'resource.class': (_, field) => field.class,
  'resource.duty': (_, field) => dutyOf(field),
  'resource.change': (_, field) => field.change ?? '',
};

/** `x.y == value` and `[values].contains(x.y)`; null for anything else. */
function requirementOf(part: Expression): Requirement | null {
  const equal = part['=='] as { left: Expression; right: Expression } | undefined;
  if (equal) return requirement(equal.left, [equal.right]);
  const contains = part['contains'] as { left: Expression; right: Expression } | undefined;
  const set = contains?.left['Set'];
  return contains && Array.isArray(set) ? requirement(contains.right, set as Expression[]) : null;
}

function requirement(of: Expression, given: readonly Expression[]): Requirement | null {
  const path = of['.'] as { left: Expression; attr: string } | undefined;
  const attribute = path ? `${String(path.left['Var'])}.${path.attr}` : '';
  const values = given.map(valueOf);
  return Object.hasOwn(attributes, attribute) && values.every((value) => value !== null) ? { attribute, values: new Set(values as string[]) } : null;
}

function valueOf(expression: Expression): string | null {
  const value = expression['Value'];
  if (typeof value === 'string') return value;
  const entity = (value as { __entity?: { id?: unknown } } | undefined)?.__entity;
  return typeof entity?.id === 'string' ? entity.id : null;
}
