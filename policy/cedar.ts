import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { sha256Hex } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';

/** One Cedar rule with what people are told of it. */
export interface Rule {
  id: string;
  effect: 'permit' | 'forbid';
  /** Reason code to callers, for rules that refuse or mask. */
  code: string | null;
  zh: string;
  en: string;
  basis: string;
  file: string;
  /** As it is written. */
  text: string;
}

export interface RuleSet {
  /** SHA-256 over names and contents of the policy's files. */
  version: string;
  rules: ReadonlyMap<string, Rule>;
  /** Evaluates every rule; about half a millisecond, so callers keep the answer. */
  ask(question: Question): Answer;
}

export interface Question {
  action: 'readFull' | 'readMasked' | 'change';
  viewer: { kind: string; tier: string; purpose: string; matter: boolean };
  /** `change`: name of a mutation's field, '' of one that is read. */
  field: { class: string; value: string; duty: string; change: string };
  row: Record<string, boolean>;
  about: string;
}

/** `rules`: ids of the rules that decided; empty where nothing permits. */
export interface Answer {
  allowed: boolean;
  rules: string[];
}

/** Names and texts of a policy's files: its Cedar schema first, then the rules by name. */
export type PolicyFiles = readonly (readonly [name: string, text: string])[];

/** Loads every `*.cedar` of a folder against its `yiwang.cedarschema`. */
export function loadRules(folder: string): RuleSet {
  return rulesOf(policyFiles(folder), folder);
}

/**
 * The rules of a policy's files, validated strictly against their schema. Throws `POLICY_INVALID` naming each fault;
 * nothing is half loaded. `from`: where they come from, for that message.
 */
export function rulesOf(files: PolicyFiles, from: string): RuleSet {
  const version = policyVersion(files);
  const schema = files.find(([name]) => name === schemaFile)?.[1] ?? '';
  const parts = files.filter(([name]) => name !== schemaFile).flatMap(([name, text]) => splitRules(name, text));
  const faults = parts.flatMap((part) => part.faults);
  const rules = new Map<string, Rule>();
  for (const { rule } of parts) {
    if (rules.has(rule.id)) faults.push(`${rule.file}: the id \`${rule.id}\` is used twice`);
    rules.set(rule.id, rule);
  }
  const staticPolicies = Object.fromEntries(parts.map((part) => [part.rule.id, part.rule.text]));
  if (faults.length === 0) faults.push(...validationFaults(schema, staticPolicies));
  if (faults.length > 0) throw new YiwangError('POLICY_INVALID', { hint: `the policy in \`${from}\` does not load: ${faults.join('; ')}` });
  const setName = `yiwang-${version}`;
  const parsed = cedar.preparsePolicySet(setName, { staticPolicies });
  if (parsed.type !== 'success') throw new YiwangError('POLICY_INVALID', { hint: `the policy in \`${from}\` does not load: ${messages(parsed.errors)}` });
  return { version, rules, ask: (question) => ask(setName, question) };
}

/** SHA-256 over names and contents: another policy is another version, whoever wrote it and wherever it lies. */
export function policyVersion(files: PolicyFiles): string {
  return sha256Hex(JSON.stringify(files));
}

const filesMax = 100;
const schemaFile = 'yiwang.cedarschema';

/** The files of a policy folder; `POLICY_INVALID` where they cannot be read. */
export function policyFiles(folder: string): PolicyFiles {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.cedar')).sort().slice(0, filesMax);
    return [schemaFile, ...names].map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
  } catch (error) {
    throw new YiwangError('POLICY_INVALID', { hint: `the policy folder \`${folder}\` cannot be read`, cause: error });
  }
}

function splitRules(file: string, text: string): { rule: Rule; faults: string[] }[] {
  const split = cedar.policySetTextToParts(text);
  if (split.type !== 'success') throw new YiwangError('POLICY_INVALID', { hint: `\`${file}\` does not parse: ${messages(split.errors)}` });
  return split.policies.map((part) => {
    const { annotations, effect } = parsedRule(file, part);
    const rule: Rule = {
      id: annotations['id'] ?? '',
      effect,
      code: annotations['code'] ?? null,
      zh: annotations['reason_zh'] ?? '',
      en: annotations['reason_en'] ?? '',
      basis: annotations['basis'] ?? '',
      file,
      text: part,
    };
    const missing = ['id', 'reason_zh', 'reason_en', 'basis'].filter((name) => !annotations[name]);
    return { rule, faults: missing.map((name) => `${file}: a rule (\`${rule.id}\`) lacks @${name}`) };
  });
}

function parsedRule(file: string, text: string): { annotations: Record<string, string>; effect: 'permit' | 'forbid' } {
  const answer = cedar.policyToJson(text);
  if (answer.type !== 'success') throw new YiwangError('POLICY_INVALID', { hint: `\`${file}\` does not parse: ${messages(answer.errors)}` });
  return { annotations: answer.json.annotations ?? {}, effect: answer.json.effect };
}

function validationFaults(schema: string, staticPolicies: Record<string, string>): string[] {
  const answer = cedar.validate({ schema, policies: { staticPolicies }, validationSettings: { mode: 'strict' } });
  if (answer.type !== 'success') return [messages(answer.errors)];
  // A warning of the validator is a rule that can never apply or hides a look-alike character: no rule of ours does.
  return [...answer.validationErrors, ...answer.validationWarnings].map(({ policyId, error }) => `${policyId}: ${error.message}`);
}

function messages(errors: cedar.DetailedError[]): string {
  return errors.map((error) => error.message).join('; ');
}

function ask(setName: string, { action, viewer, field, row, about }: Question): Answer {
  const entity = (type: string, id: string) => ({ __entity: { type, id } });
  const answer = cedar.statefulIsAuthorized({
    preparsedPolicySetId: setName,
    principal: { type: 'Viewer', id: 'caller' },
    action: { type: 'Action', id: action },
    resource: { type: 'Field', id: 'field' },
    context: { ...row, about: entity('About', about) },
    entities: [
      {
        uid: { type: 'Viewer', id: 'caller' },
        attrs: { kind: entity('Kind', viewer.kind), tier: entity('Tier', viewer.tier), purpose: entity('Purpose', viewer.purpose), matter: viewer.matter },
        parents: [],
      },
      {
        uid: { type: 'Field', id: 'field' },
        attrs: { class: entity('Class', field.class), value: entity('Value', field.value), duty: entity('Duty', field.duty), change: field.change },
        parents: [],
      },
    ],
  });
  // A rule that cannot be evaluated counts for nobody: an erring `forbid` would otherwise be skipped and open the row.
  if (answer.type !== 'success' || answer.response.diagnostics.errors.length > 0) return { allowed: false, rules: [] };
  return { allowed: answer.response.decision === 'allow', rules: answer.response.diagnostics.reason };
}
