import type { Rule } from './cedar.ts';

/** Which rules of a policy are new, gone or written otherwise, by their ids. */
export interface RuleChanges {
  added: string[];
  removed: string[];
  changed: string[];
}

export function ruleChanges(before: ReadonlyMap<string, Rule>, after: ReadonlyMap<string, Rule>): RuleChanges {
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort();
  return {
    added: ids.filter((id) => !before.has(id)),
    removed: ids.filter((id) => !after.has(id)),
    changed: ids.filter((id) => before.has(id) && after.has(id) && before.get(id)!.text !== after.get(id)!.text),
  };
}
