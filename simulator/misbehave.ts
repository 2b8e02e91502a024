import { z } from 'zod';
import { YiwangError } from '../base/errors.ts';

export const simulatedDepartments = ['police', 'court', 'civil', 'petition', 'hotline'] as const;

/**
 * What a source can do wrong on request. `delay` answers late, `429` asks to come back after `seconds`, `5xx` answers
 * `status`, `cut` sends half of the answer and drops the connection, `garbage` sends a login page with 200, `hang` never
 * answers, `expire` refuses token and cursor; `duplicates`, `disorder` and `lose` happen to the pushes of the hotline.
 */
export const misbehaviourSchema = z.strictObject({
  department: z.enum(simulatedDepartments),
  kind: z.enum(['delay', '429', '5xx', 'cut', 'garbage', 'hang', 'expire', 'duplicates', 'disorder', 'lose']),
  times: z.number().int().min(0).max(1_000_000).default(1),
  ms: z.number().int().min(0).max(600_000).default(2_000),
  seconds: z.number().int().min(0).max(3_600).default(1),
  status: z.number().int().min(500).max(599).default(503),
});

export type Misbehaviour = z.infer<typeof misbehaviourSchema>;
export type MisbehaviourRequest = z.input<typeof misbehaviourSchema>;

const pushKinds = new Set(['duplicates', 'disorder', 'lose']);

/** The misbehaviour asked for, first asked first done. `times: 0` forgets what stands for that department and kind. */
export class Misbehaviours {
  #pending: Misbehaviour[] = [];

  ask(request: unknown): void {
    const parsed = misbehaviourSchema.safeParse(request);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new YiwangError('BAD_REQUEST', { hint: `\`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'is wrong'}` });
    }
    const wanted = parsed.data;
    if (pushKinds.has(wanted.kind) && wanted.department !== 'hotline') throw new YiwangError('BAD_REQUEST', { hint: `only the hotline pushes: \`${wanted.kind}\` is not for \`${wanted.department}\`` });
    if (wanted.department === 'police' || wanted.department === 'civil') throw new YiwangError('BAD_REQUEST', { hint: `\`${wanted.department}\` is not served over HTTP` });
    if (wanted.times === 0) this.#pending = this.#pending.filter((one) => one.department !== wanted.department || one.kind !== wanted.kind);
    else this.#pending.push({ ...wanted });
  }

  /** The next misbehaviour for an answer of `department`, used up by asking. */
  next(department: string): Misbehaviour | undefined {
    return this.#take((one) => one.department === department && !pushKinds.has(one.kind));
  }

  /** Whether one of `kind` stands for `department`; it stays. */
  peek(department: string, kind: Misbehaviour['kind']): boolean {
    return this.#pending.some((one) => one.department === department && one.kind === kind);
  }

  /** As `peek`, and uses it up. */
  use(department: string, kind: Misbehaviour['kind']): boolean {
    return this.#take((one) => one.department === department && one.kind === kind) !== undefined;
  }

  #take(fits: (one: Misbehaviour) => boolean): Misbehaviour | undefined {
    const found = this.#pending.find(fits);
    if (!found) return undefined;
    found.times -= 1;
    if (found.times === 0) this.#pending.splice(this.#pending.indexOf(found), 1);
    return { ...found };
  }
}
