import { isObjectType, type GraphQLField, type GraphQLResolveInfo } from 'graphql';
import { callerPseudonym } from '../audit/caller.ts';
import type { Transaction } from '../base/db.ts';
import { invariant } from '../base/errors.ts';
import { classificationOfField } from '../policy/classes.ts';
import type { Decision } from '../policy/decide.ts';
import { ChangeRefused } from '../policy/enforce.ts';
import { unknownRow, type RowAccess } from '../policy/row.ts';
import { effect } from '../schema/hub.ts';
import type { SubgraphContext } from './context.ts';

/**
 * Makes one change: `work` runs as the writing role, and who did it is written in the same transaction, so that there is
 * no change without that row. `subject`: opaque ids or names of streams of what is changed, never a value of it; a
 * function where it is known only afterwards. Root fields of a mutation run one after the other, each a transaction.
 */
export async function change<T>(context: SubgraphContext, info: GraphQLResolveInfo, subject: string | ((result: T) => string), work: (tx: Transaction) => Promise<T>): Promise<T> {
  const { viewer } = context;
  const result = await context.change(async (tx) => {
    const made = await work(tx);
    await tx.insert(effect).values({
      traceId: viewer.traceId,
      coordinate: `Mutation.${info.fieldName}`,
      caller: callerPseudonym(context.master, viewer),
      kind: viewer.kind,
      org: viewer.org,
      department: viewer.department,
      tier: viewer.tier,
      division: viewer.division,
      purpose: viewer.purpose,
      matterNo: viewer.matterNo,
      subject: typeof subject === 'string' ? subject : subject(made),
      policyVersion: viewer.policyVersion,
    });
    return made;
  });
  context.loaders.clear(); // what was read before may be old now
  return result;
}

/**
 * Refuses the change unless the policy allows it on this row; null for one that is missing or that the caller cannot see,
 * which is refused in the same words. Call it before `change`, with the row as the reading role sees it.
 */
export function requireChange(context: SubgraphContext, info: GraphQLResolveInfo, row: RowAccess | null): asserts row is RowAccess {
  const decision = changeDecision(context, info, row ?? unknownRow);
  if (decision.effect === 'WITHHELD' || row === null) throw new ChangeRefused(decision, row ?? unknownRow);
}

/** What the policy says of this mutation on this row. */
export function changeDecision(context: SubgraphContext, info: GraphQLResolveInfo, row: RowAccess): Decision {
  const mutation = info.schema.getMutationType();
  const field = isObjectType(mutation) ? mutation.getFields()[info.fieldName] : undefined;
  const classified = field && classificationOfField(info.schema, 'Mutation', field as GraphQLField<unknown, unknown>);
  invariant(classified, 'a change is made by a classified field of Mutation');
  return context.policy.decide(context.viewer, classified, row);
}
