import { masks, type Classified, type FieldClass } from './classes.ts';
import { openPolicy, type Decision, type Policy } from './decide.ts';
import { callers, classifiedFields, exampleViewer, type MatrixOptions } from './matrix.ts';
import { publishedSchema } from './published.ts';
import { reachOf, type Reach } from './reach.ts';
import { ruleChanges } from './rule-changes.ts';
import { unknownRow, type RowAccess } from './row.ts';
import type { Viewer } from './viewer.ts';
import { YiwangError } from '../base/errors.ts';

/** One class of caller that gains or loses something on one kind of value and row. */
export interface PolicyChange {
  change: 'GAINS' | 'LOSES';
  kind: Viewer['kind'];
  tier: Viewer['tier'];
  purpose: Viewer['purpose'];
  class: FieldClass;
  /** Mask of the value; null: shown whole or not at all. */
  mask: Classified['mask'];
  duty: string;
  /** Where it is about changing, not reading. */
  mutation?: string;
  /** In words: `assigned`, `inJurisdiction, confidential` … */
  row: string;
  before: Decision['effect'];
  after: Decision['effect'];
  rules: { before: string; after: string };
}

/**
 * Who gains or loses what between two policies (or folders of policy files): every class of caller, or those of a scope,
 * against every kind of field on a list of rows that tell the relations and protections apart.
 * `POLICY_INVALID` where one of them does not load.
 */
export function policyDiff(before: Policy | string, after: Policy | string, scope: Pick<MatrixOptions, 'kind' | 'tier' | 'purpose'> = {}): PolicyChange[] {
  const [old, next] = [opened(before), opened(after)];
  if (old.version === next.version) return [];
  const changes = classifiedFields(publishedSchema()).filter((field) => field.change !== undefined);
  const isReached = reached(old, next);
  return viewersOf(scope).flatMap((viewer) => {
    const rows = Object.entries(rowsFor(viewer));
    const forChanges = rows.filter(([name]) => changeRows.includes(name));
    return [...fields.filter((field) => isReached(viewer, field)).flatMap((field) => rows.flatMap(([name, row]) => changed(old, next, viewer, field, name, row))), ...changes.filter((field) => isReached(viewer, field)).flatMap((field) => forChanges.flatMap(([name, row]) => changed(old, next, viewer, field, name, row)))];
  });
}

/** Only where a rule that is new, gone or written otherwise could apply can a decision differ. */
function reached(old: Policy, next: Policy): Reach {
  const { added, removed, changed } = ruleChanges(old.rules, next.rules);
  const texts = [...[...removed, ...changed].map((id) => old.rules.get(id)), ...[...added, ...changed].map((id) => next.rules.get(id))];
  const reaches = texts.flatMap((rule) => (rule ? [reachOf(rule.text)] : []));
  return (viewer, field) => reaches.some((reach) => reach(viewer, field));
}

/** Besides every class with a matter: one caller without a purpose, one without a matter. */
function viewersOf(scope: Pick<MatrixOptions, 'kind' | 'tier' | 'purpose'>): Viewer[] {
  const lacking = [exampleViewer({ kind: 'CLERK', tier: 'COUNTY', purpose: null }), exampleViewer({ kind: 'CLERK', tier: 'COUNTY', purpose: 'MATTER_HANDLING', withMatter: false })];
  const isAll = scope.kind === undefined && scope.tier === undefined && scope.purpose === undefined;
  return isAll ? [...callers(scope), ...lacking] : callers(scope);
}

function opened(folder: Policy | string): Policy {
  if (typeof folder !== 'string') return folder;
  const policy = openPolicy({ folder });
  if (policy.version === 'none') throw new YiwangError('POLICY_INVALID', { hint: `the policy in \`${folder}\` does not load: ${policy.reload().fault}` });
  return policy;
}

function changed(old: Policy, next: Policy, viewer: Viewer, field: Classified, name: string, row: RowAccess): PolicyChange[] {
  const [before, after] = [old.decide(viewer, field, row), next.decide(viewer, field, row)];
  if (before.effect === after.effect) return [];
  const { kind, tier, purpose } = viewer;
  return [
    {
      change: rank[after.effect] > rank[before.effect] ? 'GAINS' : 'LOSES',
      ...{ kind, tier, purpose, class: field.class, mask: field.mask, duty: field.owner ?? 'RECORD', ...(field.change === undefined ? {} : { mutation: field.change }), row: name, before: before.effect, after: after.effect },
      rules: { before: before.policy, after: after.policy },
    },
  ];
}

const rank = { WITHHELD: 0, MASKED: 1, FULL: 2 } as const;

const fields: readonly Classified[] = [
  ...(['WORK', 'SENSITIVE', 'RESTRICTED'] as const).map((as) => ({ coordinate: '', class: as, mask: null, owner: null, link: false })),
  ...masks.map((mask) => ({ coordinate: '', class: ['NAME', 'PHONE', 'TEXT'].includes(mask) ? ('PERSONAL' as const) : ('IDENTIFYING' as const), mask, owner: null, link: false })),
  ...['STATISTICS', 'OPERATIONS', 'AUDIT', 'SELF', 'CORRECTION', 'BREAK_GLASS'].map((owner) => ({ coordinate: '', class: 'WORK' as const, mask: null, owner, link: false })),
  { coordinate: '', class: 'SENSITIVE', mask: null, owner: 'STATISTICS', link: false },
];

/** Mutations are decided by their names, on the rows that open the most. */
const changeRows: readonly string[] = ['self', 'every relation', 'respondent'];

/** Rows by what is true of them; a protection is added to the row that opens the most. */
function rowsFor(viewer: Viewer): Record<string, RowAccess> {
  const inMatter = viewer.matterKey !== null;
  const row = (changes: Partial<RowAccess>): RowAccess => ({ ...unknownRow, inMatter, ...changes });
  const isResident = viewer.kind === 'RESIDENT';
  const open: Partial<RowAccess> = isResident ? { self: true, involved: true } : { assigned: true, lead: true, linked: true, inJurisdiction: true };
  const protectedBy = (name: keyof RowAccess['protections']): RowAccess => row({ ...open, protections: { ...unknownRow.protections, [name]: true }, mention: { mentionId: '', role: 'REQUESTER' } });
  return {
    none: row({}),
    ...(isResident ? { involved: row({ involved: true }), self: row(open) } : relationRows(row)),
    respondent: row({ ...open, respondent: true }),
    confidential: protectedBy('confidential'),
    minor: protectedBy('minor'),
    familyViolence: protectedBy('familyViolence'),
    pastRetention: protectedBy('pastRetention'),
  };
}

function relationRows(row: (changes: Partial<RowAccess>) => RowAccess): Record<string, RowAccess> {
  const assigned = { assigned: true, linked: true };
  return {
    assigned: row(assigned),
    'assigned outside the matter': row({ ...assigned, inMatter: false }),
    'assigned, lead': row({ ...assigned, lead: true }),
    'assigned, lead, owner': row({ ...assigned, lead: true, owner: true }),
    owner: row({ owner: true, inJurisdiction: true }),
    linked: row({ linked: true }),
    'in an emergency': row({ breakGlass: true, inJurisdiction: true }),
    'in an emergency, owner': row({ breakGlass: true, inJurisdiction: true, owner: true }),
    inJurisdiction: row({ inJurisdiction: true }),
    'every relation': row({ ...assigned, lead: true, owner: true, inJurisdiction: true }),
  };
}
