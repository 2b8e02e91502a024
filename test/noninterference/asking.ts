import type { Tape } from '../gateway/differential/tape.ts';
import type { Operation } from './operation.ts';
import type { Twin } from './twin.ts';
import type { Viewer } from './viewers.ts';

/** What callers were given so far: ids and cursors, to be sent back by them and by others. */
export interface Memory {
  /** The operation with its blanks filled in. */
  filled(viewer: Viewer, operation: Operation, tape: Tape): Operation;
  note(viewer: Viewer, answer: string): void;
}

const tokensKeptMax = 60;
const token = /"([\w-]{24,400})"/g;
const pagesMax = 6;

export function openMemory(): Memory {
  const given = new Map<string, string[]>();
  return {
    filled(viewer, operation, tape) {
      const blank = Object.values(operation.variables).some((value) => value === '@cursor' || value === '@id');
      if (!blank) return operation;
      const own = given.get(viewer.label) ?? [];
      const all = tape.chance(25) ? [...given.values()].flat() : own;
      const fill = (value: unknown) => (value === '@cursor' ? (tape.one(all) ?? null) : value === '@id' ? (tape.one(all) ?? 'nothing') : value);
      return { ...operation, variables: Object.fromEntries(Object.entries(operation.variables).map(([name, value]) => [name, fill(value)])) };
    },
    note(viewer, answer) {
      const known = given.get(viewer.label) ?? [];
      for (const [, one] of answer.matchAll(token)) if (known.length < tokensKeptMax && !known.includes(one!)) known.push(one!);
      given.set(viewer.label, known);
    },
  };
}

/** Asks one operation, or walks through its pages; all that was answered, with its status. */
export async function ask(twin: Twin, viewer: Viewer, operation: Operation, memory: Memory | null): Promise<{ text: string; requests: number }> {
  let variables = operation.variables;
  const answers: string[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const { status, text } = await twin.ask(viewer, { query: operation.text, variables });
    memory?.note(viewer, text);
    answers.push(`${status} ${compared(viewer, operation, text)}`);
    const cursor = operation.isWalk ? /"pageInfo":\{"hasNextPage":true,"endCursor":"([^"]+)"\}/.exec(text)?.[1] : undefined;
    if (cursor === undefined) break;
    variables = { ...variables, v0: cursor };
  }
  return { text: answers.join('\n'), requests: answers.length };
}

/**
 * The access log tells of other callers' requests and of real time: for those who may read it, of such an operation's answers
 * only the status and the errors are compared.
 */
function compared(viewer: Viewer, operation: Operation, text: string): string {
  const readsLog = (viewer.kind === 'AUDITOR' || viewer.kind === 'RESIDENT') && /\b(accessLog|accessAnomalies|myAccessHistory)\b/.test(operation.text);
  return readsLog ? JSON.stringify((JSON.parse(text) as { errors?: unknown }).errors ?? null) : text;
}
