import { z } from 'zod';
import { YiwangError } from '../base/errors.ts';

export const simulatedDepartments = ['police', 'court', 'civil', 'petition', 'hotline'] as const;

/** What an answer over HTTP can be instead of what it should be. */
const answers = ['delay', '429', '429-date', '5xx', 'cut', 'reset', 'garbage', 'empty', 'trickle', 'redirect', 'mislabelled', 'hang', 'expire', 'repeat'] as const;
const pushes = ['duplicates', 'disorder', 'lose'] as const;
const envelopes = ['dtd', 'laughs', 'deep', 'total', 'lost-page'] as const;
const connections = ['delay', 'hang', 'reset', 'cut'] as const;
const deliveries = ['late', 'truncate', 'repeat', 'garbage'] as const;

const kindsOf: Record<(typeof simulatedDepartments)[number], readonly string[]> = {
  court: answers,
  petition: [...answers, ...envelopes],
  hotline: [...answers, ...pushes],
  police: connections,
  civil: deliveries,
};

/**
 * What a source can do wrong on request. Answers: `delay` answers late, `429` asks to come back after `seconds` and
 * `429-date` at a date, `5xx` answers `status`, `cut` sends half and drops the connection, `reset` drops it at once,
 * `garbage` sends a login page with 200, `empty` nothing, `trickle` a byte each `ms`, `redirect` points at another host,
 * `mislabelled` sends GB18030 as UTF-8, `hang` never answers, `expire` refuses token and cursor, `repeat` gives every record
 * three times. XML: `dtd`, `laughs`, `deep` are hostile, `total` counts wrong, `lost-page` leaves the records out. Pushes of the
 * hotline: `duplicates`, `disorder`, `lose`. Connections to the police database: `delay`, `hang`, `reset`, `cut` after `ms`.
 * Deliveries of civil affairs: `late` is half written for `ms`, `truncate` cut for `ms`, `garbage` a bomb for `ms`, `repeat`
 * stands there again.
 */
export const misbehaviourSchema = z.strictObject({
  department: z.enum(simulatedDepartments),
  kind: z.enum([...new Set(Object.values(kindsOf).flat())] as [string, ...string[]]),
  times: z.number().int().min(0).max(1_000_000).default(1),
  ms: z.number().int().min(0).max(600_000).default(2_000),
  seconds: z.number().int().min(0).max(3_600).default(1),
  status: z.number().int().min(500).max(599).default(503),
});

export type Misbehaviour = z.infer<typeof misbehaviourSchema>;
export type MisbehaviourRequest = z.input<typeof misbehaviourSchema>;

const pushKinds = new Set<string>(pushes);

/** What a department can be asked for. */
export function misbehavioursOf(department: Misbehaviour['department']): readonly string[] {
  return kindsOf[department];
}

/** The misbehaviour asked for, first asked first done. `times: 0` forgets what stands for that department and kind. */
export class Misbehaviours {
  #pending: Misbehaviour[] = [];
  readonly #unserved = new Map<string, string>();

  /** Nobody would ever do what is asked of this department. */
  refuse(department: string, why: string): void {
    this.#unserved.set(department, why);
  }

  ask(request: unknown): void {
    const parsed = misbehaviourSchema.safeParse(request);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new YiwangError('BAD_REQUEST', { hint: `\`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'is wrong'}` });
    }
    const wanted = parsed.data;
    if (!kindsOf[wanted.department].includes(wanted.kind)) throw new YiwangError('BAD_REQUEST', { hint: `\`${wanted.kind}\` is not for \`${wanted.department}\`, which can do ${kindsOf[wanted.department].join(', ')}` });
    const unserved = this.#unserved.get(wanted.department);
    if (unserved !== undefined) throw new YiwangError('BAD_REQUEST', { hint: `\`${wanted.department}\` cannot misbehave here: ${unserved}` });
    if (wanted.times === 0) this.#pending = this.#pending.filter((one) => one.department !== wanted.department || one.kind !== wanted.kind);
    else this.#pending.push({ ...wanted });
  }

  /** The next misbehaviour for an answer, connection or delivery of `department`, used up by asking. */
  next(department: string, fits: (kind: string) => boolean = () => true): Misbehaviour | undefined {
    return this.#take((one) => one.department === department && !pushKinds.has(one.kind) && fits(one.kind));
  }

  /** Whether one of `kind` stands for `department`; it stays. */
  peek(department: string, kind: string): boolean {
    return this.#pending.some((one) => one.department === department && one.kind === kind);
  }

  /** As `peek`, and uses it up. */
  use(department: string, kind: string): boolean {
    return this.#take((one) => one.department === department && one.kind === kind) !== undefined;
  }

  /** How much is still to be done wrong. */
  left(): number {
    return this.#pending.reduce((sum, one) => sum + one.times, 0);
  }

  #take(fits: (one: Misbehaviour) => boolean): Misbehaviour | undefined {
    const found = this.#pending.find(fits);
    if (!found) return undefined;
    found.times -= 1;
    if (found.times === 0) this.#pending.splice(this.#pending.indexOf(found), 1);
    return { ...found };
  }
}
