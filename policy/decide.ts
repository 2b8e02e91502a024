import { fileURLToPath } from 'node:url';
import { log, safeError } from '../base/log.ts';
import { dutyOf, type Classified } from './classes.ts';
import { loadRules, type Question, type Rule, type RuleSet } from './cedar.ts';
import { aboutOf, favourableRow, relationBits, rowOfBits } from './bits.ts';
import type { RowAccess } from './row.ts';
import type { Viewer } from './viewer.ts';

export type Effect = 'FULL' | 'MASKED' | 'WITHHELD';

/** Why a value is not given in full, in the terms a caller is told. `GRANTED` where it is. */
export type ReasonCode = 'GRANTED' | 'NO_PURPOSE' | 'NO_MATTER' | 'NOT_ASSIGNED' | 'OUT_OF_JURISDICTION' | 'TIER' | 'KIND' | 'CLASS' | 'ROW_PROTECTED';

export interface Decision {
  effect: Effect;
  /** Id of the rule that decided; `row-protection` for every condition on the row, never which one. */
  policy: string;
  reason: { code: ReasonCode; zh: string; en: string };
  basis: string;
}

export interface Policy {
  /** Hash of the policy files in force; `none` where none ever loaded. */
  readonly version: string;
  readonly rules: ReadonlyMap<string, Rule>;
  decide(viewer: Viewer, field: Classified, row: RowAccess): Decision;
  /** The most any row could give; `WITHHELD` means that the gateway takes the field out. */
  best(viewer: Viewer, field: Classified): Decision;
  /** Reads the folder again. Rules that do not load leave the last good ones in force; tells whether these are in force. */
  reload(): { loaded: boolean; version: string; fault?: string };
}

/**
 * The policy of a folder of Cedar files, or of whatever `load` gives. Where its rules do not load, nothing but PUBLIC is given until `reload` succeeds.
 * Cedar is asked once per class of caller, class of field and set of row booleans; the answers go when the rules change.
 */
export function openPolicy({ folder = policyFolder, load = () => loadRules(folder) }: { folder?: string; load?: () => RuleSet } = {}): Policy {
  let inForce: Memo | null = null;
  const reload = (): { loaded: boolean; version: string; fault?: string } => {
    try {
      const rules = load();
      if (rules.version !== inForce?.rules.version) inForce = memoOf(rules);
      return { loaded: true, version: inForce.rules.version };
    } catch (error) {
      log.error({ err: safeError(error) }, inForce ? 'the policy does not load; the last good one stays in force' : 'the policy does not load; only public fields are given');
      return { loaded: false, version: inForce?.rules.version ?? 'none', fault: error instanceof Error ? error.message : 'unknown' };
    }
  };
  reload();
  return {
    get version() {
      return inForce?.rules.version ?? 'none';
    },
    get rules() {
      return inForce?.rules.rules ?? new Map();
    },
    decide: (viewer, field, row) => (isOpen(field) ? granted : inForce ? decideOnce(inForce, viewer, field, relationBits(viewer, field, row)) : closed),
    best: (viewer, field) => (isOpen(field) ? granted : inForce ? decideOnce(inForce, viewer, field, favourableRow(viewer)) : closed),
    reload,
  };
}

export const policyFolder: string = fileURLToPath(new URL('.', import.meta.url));

/** A change is never open to everybody, whatever class its field has. */
function isOpen(field: Classified): boolean {
  return field.class === 'PUBLIC' && field.change === undefined;
}

/** Decisions already made: class of caller → class of field → booleans of the row → decision. */
interface Memo {
  rules: RuleSet;
  decisions: Map<string, Map<string, Map<number, Decision>>>;
  /** The keys of viewers and fields, which live as long as a request and a schema. */
  viewerKeys: WeakMap<Viewer, string>;
  fieldKeys: WeakMap<Classified, string>;
  size: number;
}

const decisionsMax = 200_000; // about 60 MB at worst; a real graph and its callers make a few thousand

function memoOf(rules: RuleSet): Memo {
  return { rules, decisions: new Map(), viewerKeys: new WeakMap(), fieldKeys: new WeakMap(), size: 0 };
}

function decideOnce(memo: Memo, viewer: Viewer, field: Classified, bits: number): Decision {
  let viewerKey = memo.viewerKeys.get(viewer);
  if (viewerKey === undefined) memo.viewerKeys.set(viewer, (viewerKey = `${viewer.kind} ${viewer.tier} ${viewer.purpose} ${viewer.matterKey !== null}`));
  let fieldKey = memo.fieldKeys.get(field);
  if (fieldKey === undefined) memo.fieldKeys.set(field, (fieldKey = `${field.class} ${valueOf(field)} ${dutyOf(field)} ${field.change ?? ''}`));
  const known = memo.decisions.get(viewerKey)?.get(fieldKey)?.get(bits);
  if (known) return known;
  const decided = Object.freeze(withoutTelling(memo, viewer, field, bits));
  keep(memo, viewerKey, fieldKey, bits, decided);
  return decided;
}

function keep(memo: Memo, viewerKey: string, fieldKey: string, bits: number, decided: Decision): void {
  if (memo.size >= decisionsMax) {
    memo.decisions.clear();
    memo.size = 0;
  }
  const ofViewer = memo.decisions.get(viewerKey) ?? new Map<string, Map<number, Decision>>();
  const ofField = ofViewer.get(fieldKey) ?? new Map<number, Decision>();
  memo.decisions.set(viewerKey, ofViewer.set(fieldKey, ofField.set(bits, decided)));
  memo.size += 1;
}

/**
 * The decision as a caller may know it. A condition on the row shows only where the caller would have got more without
 * it, and then only as `ROW_PROTECTED`: a caller who gets nothing anyway must not learn that the row is protected.
 */
function withoutTelling(memo: Memo, viewer: Viewer, field: Classified, bits: number): Decision {
  const { unprotected, isProtected } = rowOfBits(bits);
  if (!isProtected) return askBoth(memo.rules, viewer, field, bits);
  const open = decideOnce(memo, viewer, field, unprotected);
  if (open.effect === 'WITHHELD') return open;
  const actual = askBoth(memo.rules, viewer, field, bits);
  return actual.effect === open.effect ? open : { ...rowProtected, effect: actual.effect };
}

/** Masked first: most questions end there, and whoever may not even read masked reads nothing. */
function askBoth(rules: RuleSet, viewer: Viewer, field: Classified, bits: number): Decision {
  const question = questionOf(viewer, field, bits);
  if (field.change !== undefined) return askChange(rules, question);
  const part = rules.ask({ ...question, action: 'readMasked' });
  const rule = ruleOf(rules, part.rules);
  if (!part.allowed) return rule ? decision('WITHHELD', rule, rule.code as ReasonCode) : nothingPermits;
  const full = rules.ask({ ...question, action: 'readFull' });
  if (full.allowed) return decision('FULL', ruleOf(rules, full.rules), 'GRANTED');
  return decision(isMaskable(field) ? 'MASKED' : 'WITHHELD', rule, (rule?.code as ReasonCode | undefined) ?? 'CLASS');
}

/** A change is made or refused: there is nothing to mask. */
function askChange(rules: RuleSet, question: Omit<Question, 'action'>): Decision {
  const { allowed, rules: ids } = rules.ask({ ...question, action: 'change' });
  const rule = ruleOf(rules, ids);
  if (allowed) return decision('FULL', rule, 'GRANTED');
  return rule ? decision('WITHHELD', rule, rule.code as ReasonCode) : nothingPermits;
}

function questionOf(viewer: Viewer, field: Classified, bits: number): Omit<Question, 'action'> {
  return {
    viewer: { kind: viewer.kind, tier: viewer.tier ?? 'NONE', purpose: viewer.purpose ?? 'NONE', matter: viewer.matterKey !== null },
    field: { class: field.class, value: valueOf(field), duty: dutyOf(field), change: field.change ?? '' },
    row: rowOfBits(bits).row,
    about: aboutOf(bits),
  };
}

function valueOf(field: Classified): string {
  return field.mask ?? (field.link === false ? 'OTHER' : 'LINK');
}

/** Texts and coordinates have no part that could be shown, and neither has a value without a mask, unless it is a link. */
function isMaskable(field: Classified): boolean {
  return field.mask === null ? field.link !== false : field.mask !== 'TEXT' && field.mask !== 'COORDINATES';
}

// Where several rules refuse, the one that most plainly tells what to change; equal codes in the order of their ids.
const codeOrder: readonly (string | null)[] = [null, 'KIND', 'NO_PURPOSE', 'CLASS', 'TIER', 'NO_MATTER', 'OUT_OF_JURISDICTION', 'NOT_ASSIGNED'];

function ruleOf(rules: RuleSet, ids: readonly string[]): Rule | undefined {
  const found = ids.flatMap((id) => rules.rules.get(id) ?? []);
  return found.sort((a, b) => codeOrder.indexOf(a.code) - codeOrder.indexOf(b.code) || (a.id < b.id ? -1 : 1))[0];
}

function decision(effect: Effect, rule: Rule | undefined, code: ReasonCode): Decision {
  if (!rule) return nothingPermits;
  return { effect, policy: rule.id, reason: { code, zh: rule.zh, en: rule.en }, basis: rule.basis };
}

const granted: Decision = Object.freeze<Decision>({
  effect: 'FULL',
  policy: 'public',
  reason: { code: 'GRANTED', zh: '公开信息', en: 'public' },
  basis: '政府信息公开条例 第5条、第19条',
});

const nothingPermits: Decision = Object.freeze<Decision>({
  effect: 'WITHHELD',
  policy: 'default',
  reason: { code: 'CLASS', zh: '没有规则为该目的开放这一密级', en: 'no rule opens this class for this purpose' },
  basis: '个人信息保护法 第6条',
});

const closed: Decision = Object.freeze<Decision>({
  effect: 'WITHHELD',
  policy: 'none',
  reason: { code: 'CLASS', zh: '权限策略未加载，只提供公开信息', en: 'no policy is loaded: public fields only' },
  basis: '个人信息保护法 第51条',
});

const rowProtected: Decision = Object.freeze<Decision>({
  effect: 'WITHHELD',
  policy: 'row-protection',
  reason: { code: 'ROW_PROTECTED', zh: '该记录受法律保护', en: 'the record is protected by law' },
  basis: '个人信息保护法 第28条、第51条',
});
