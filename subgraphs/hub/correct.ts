import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { GraphQLResolveInfo } from 'graphql';
import type { Transaction } from '../../base/db.ts';
import { YiwangError } from '../../base/errors.ts';
import { addDays, isWorkingDay, shanghaiDayOf } from '../../matters/calendar.ts';
import { access } from '../../policy/row.ts';
import { change, requireChange } from '../change.ts';
import type { SubgraphContext } from '../context.ts';
import { correctionById, type CorrectionParent } from './corrections.ts';
import { disputedValue, type DisputedValue } from './disputed.ts';
import { wordsOf } from './words.ts';
import type { MutationAnswerCorrectionArgsType, MutationRequestCorrectionArgsType } from './types.generated.ts';

type Context = SubgraphContext;

/** Asking the department that owns a value to correct it, and its answer. No value of a source is ever edited here. */
export const correctionChanges = {
  requestCorrection: (_: unknown, args: MutationRequestCorrectionArgsType, context: Context, info: GraphQLResolveInfo) => requested(context, info, args),
  answerCorrection: (_: unknown, args: MutationAnswerCorrectionArgsType, context: Context, info: GraphQLResolveInfo) => answered(context, info, args),
};

async function requested(context: Context, info: GraphQLResolveInfo, args: MutationRequestCorrectionArgsType): Promise<CorrectionParent | null> {
  const texts = { proposed: wordsOf('proposed', args.proposed), reason: wordsOf('reason', args.reason) };
  if (texts.reason === null) throw new YiwangError('BAD_REQUEST', { hint: '`reason` is empty' });
  const value = await disputedValue(context, info, args);
  const due = await dueDate(context, value.department);
  const id = await change(context, info, (made: string) => made, (tx) => open(tx, value, due, texts));
  return correctionById(context, id);
}

/** Asking again while the department has not answered is the same request: its id is returned, and nothing is written. */
async function open(tx: Transaction, { rid, mentionId, department, divisionNow, coordinate, valueIn, valueColumn }: DisputedValue, { dueOn, basis }: Due, { proposed, reason }: { proposed: string | null; reason: string | null }): Promise<string> {
  const id = randomUUID();
  const { rowCount } = await tx.execute(sql`
    INSERT INTO hub.correction (id, rid, mention_id, department, division_now, coordinate, requester, due_on, basis, value_in, value_column, value_digest)
    VALUES (${id}, ${rid}, ${mentionId}, ${department}, ${divisionNow}, ${coordinate}, hub.requester(), ${dueOn}, ${basis}, ${valueIn}, ${valueColumn},
      hub.value_digest(${id}::uuid, ${valueIn}, ${valueColumn}, ${rid}, ${mentionId}))
    ON CONFLICT (rid, coalesce(mention_id, ''), coordinate, requester) WHERE state = 'SENT' DO NOTHING`);
  if (rowCount === 1) {
    await tx.execute(sql`INSERT INTO hub.correction_text (id, proposed, reason) VALUES (${id}, ${proposed}, ${reason})`);
    return id;
  }
  const { rows } = await tx.execute<{ id: string }>(sql`
    SELECT id FROM hub.correction WHERE rid = ${rid} AND coalesce(mention_id, '') = ${mentionId ?? ''} AND coordinate = ${coordinate} AND requester = hub.requester() AND state = 'SENT'`);
  if (!rows[0]) throw new YiwangError('DATABASE_UNAVAILABLE', { detail: 'a correction was answered at this moment' });
  return rows[0].id;
}

interface Due {
  dueOn: string;
  basis: string;
}

/** So many working days from tomorrow on, by the period of the department or that of all. */
async function dueDate(context: Context, department: string): Promise<Due> {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ working_days: number; basis: string }>(sql`SELECT working_days, basis FROM hub.correction_period WHERE department IN (${department}, '*') ORDER BY department = '*' LIMIT 1`);
  if (!rows[0]) throw new YiwangError('CONFIG', { detail: 'no period of corrections' });
  let dueOn = shanghaiDayOf(context.clock().getTime());
  for (let left = rows[0].working_days, steps = 0; left > 0 && steps < stepsMax; steps += 1) {
    dueOn = addDays(dueOn, 1);
    if (isWorkingDay(dueOn)) left -= 1;
  }
  return { dueOn, basis: rows[0].basis };
}

const stepsMax = 400; // sixty working days never take a year

async function answered(context: Context, info: GraphQLResolveInfo, { id, outcome, note }: MutationAnswerCorrectionArgsType): Promise<CorrectionParent | null> {
  const text = wordsOf('note', note);
  const found = uuid.test(id) ? await correctionById(context, id) : null;
  requireChange(context, info, found && found[access]);
  await change(context, info, id, async (tx) => {
    const { rowCount } = await tx.execute(sql`UPDATE hub.correction SET state = 'ANSWERED', outcome = ${outcome}, answered_at = now() WHERE id = ${id} AND state = 'SENT'`);
    if (rowCount !== 1) throw new YiwangError('BAD_REQUEST', { hint: 'the correction has been answered' });
    if (text !== null) await tx.execute(sql`UPDATE hub.correction_text SET note = ${text} WHERE id = ${id}`);
  });
  return correctionById(context, id);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
