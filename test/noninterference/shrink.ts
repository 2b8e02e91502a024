import { parse, print, validate, visit, BREAK, type DocumentNode } from 'graphql';
import { publishedSchema } from '../../policy/published.ts';
import { shrunk } from '../gateway/differential/shrink.ts';
import { ask } from './asking.ts';
import type { Arena, Finding } from './campaign.ts';
import { changesBetween, copied, type Change, type Rows } from './tables.ts';
import { view } from './view.ts';

const shrinkMsMax = 60_000;
const selectionsMax = 400;

/** The same finding with as few differences between the hubs, and as short an operation, as still show it. Both hubs hold `base`. */
export async function smallest(arena: Arena, finding: Finding): Promise<Finding> {
  const untilMs = performance.now() + shrinkMsMax;
  const changes = changesBetween(finding.base, finding.twin);
  const indexes = await shrunk(changes.map((_, index) => index + 1), async (candidate) => {
    const twin = withChanges(finding.base, candidate.flatMap((index) => changes[index - 1] ?? []));
    return (await answersOf(arena, { ...finding, twin })) !== null;
  }, untilMs);
  let small: Finding = { ...finding, twin: withChanges(finding.base, indexes.flatMap((index) => changes[index - 1] ?? [])) };
  for (let at = 0; at < selectionsMax && performance.now() < untilMs; at += 1) {
    const text = withoutSelection(parse(small.operation.text), at);
    if (text === null) break;
    const candidate = { ...small, operation: { ...small.operation, text } };
    if (validate(publishedSchema(), parse(text)).length > 0 || (await answersOf(arena, candidate)) === null) continue;
    small = candidate;
    at = -1;
  }
  const answers = await answersOf(arena, small);
  return answers ? { ...small, ...answers } : finding;
}

function withChanges(base: Rows, changes: readonly Change[]): Rows {
  const rows = copied(base);
  for (const { table, key, after } of changes) if (after) rows[table].set(key, after); else rows[table].delete(key);
  return rows;
}

/** The two answers where they differ though the viewer must see one world; else null. */
async function answersOf({ one, other, register }: Arena, { viewer, operation, base, twin }: Finding): Promise<{ one: string; other: string } | null> {
  if (view(viewer, base) !== view(viewer, twin)) return null;
  register.addText(operation.text);
  await other.change(changesBetween(base, twin)).catch(() => undefined); // a part of a change may not stand alone
  const answers = [await ask(one, viewer, operation, null), await ask(other, viewer, operation, null)];
  await other.change(changesBetween(twin, base));
  return answers[0]!.text === answers[1]!.text ? null : { one: answers[0]!.text, other: answers[1]!.text };
}

/** The document without its selection number `at`; null where there is none. */
function withoutSelection(document: DocumentNode, at: number): string | null {
  let number = -1;
  let found = false;
  const remove = () => {
    number += 1;
    if (number !== at) return undefined;
    found = true;
    return null;
  };
  const without = visit(document, { Field: remove, InlineFragment: remove, FragmentSpread: remove });
  if (!found) return null;
  let empty = false;
  visit(without, { SelectionSet: (node) => (node.selections.length === 0 ? ((empty = true), BREAK) : undefined) });
  return empty ? withoutSelection(document, at + 1) : print(without);
}
