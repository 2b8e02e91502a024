import { sql } from 'drizzle-orm';
import type { GraphQLResolveInfo } from 'graphql';
import { YiwangError } from '../../base/errors.ts';
import { recordRelation, rowAccess } from '../../policy/relation.sql.ts';
import { access, type RowAccess } from '../../policy/row.ts';
import { change, requireChange } from '../change.ts';
import type { SubgraphContext } from '../context.ts';
import { keyOfId } from '../globalId.ts';
import { emergencyById, type EmergencyParent } from './emergencies.ts';
import { wordsOf } from './words.ts';
import type { MutationApproveBreakGlassArgsType, MutationEndBreakGlassArgsType, MutationRequestBreakGlassArgsType } from './types.generated.ts';

type Context = SubgraphContext;

/** Asking for an emergency, approving it, ending it. The functions of 0680_break_glass.sql check the same once more. */
export const emergencyChanges = {
  requestBreakGlass: (_: unknown, args: MutationRequestBreakGlassArgsType, context: Context, info: GraphQLResolveInfo) => requested(context, info, args),
  approveBreakGlass: (_: unknown, { id }: MutationApproveBreakGlassArgsType, context: Context, info: GraphQLResolveInfo) => settled(context, info, id, 'approve_break_glass'),
  endBreakGlass: (_: unknown, { id }: MutationEndBreakGlassArgsType, context: Context, info: GraphQLResolveInfo) => settled(context, info, id, 'end_break_glass'),
};

const hoursMax = 24;
const recordsMax = 100;

async function requested(context: Context, info: GraphQLResolveInfo, args: MutationRequestBreakGlassArgsType): Promise<EmergencyParent | null> {
  const reason = wordsOf('reason', args.reason);
  const hours = args.hours ?? 0;
  if (reason === null) throw new YiwangError('BAD_REQUEST', { hint: '`reason` is empty' });
  if (hours < 1 || hours > hoursMax) throw new YiwangError('BAD_REQUEST', { hint: `an emergency is open for 1 to ${hoursMax} hours` });
  if (args.purpose && args.purpose !== context.viewer.purpose) throw new YiwangError('BAD_REQUEST', { hint: '`purpose` is another than that of `X-Purpose`' });
  const members = await membersInTerritory(context, args.matterNo);
  requireChange(context, info, members[0]?.access ?? null);
  const rids = args.records ? named(members, args.records) : joinedToFirst(members);
  const id = await change(context, info, (made: string) => made, async (tx) => {
    const { rows } = await tx.execute<{ id: string | null }>(sql`SELECT hub.request_break_glass(${members[0]!.matterNo}, ${sql.param(rids)}::text[], ${reason}, ${hours})::text AS id`);
    if (!rows[0]?.id) throw new YiwangError('LIMIT_EXCEEDED', { hint: 'a person has a few emergencies waiting or open at once, no more; end one first' });
    return rows[0].id;
  });
  return emergencyById(context, id);
}

interface Member {
  rid: string;
  typeName: string;
  matterNo: string;
  trustGroup: string;
  access: RowAccess;
}

/** The records of a matter that lie in the caller's territory, the earliest first; none where row-level security shows none. */
async function membersInTerritory(context: Context, matterNo: string): Promise<Member[]> {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ rid: string; type_name: string; department: string; matter_no: string; trust_group: string; relation: number }>(sql`
    SELECT r.rid, coalesce(r.type_name, '') AS type_name, r.department, m.matter_no, mm.trust_group, ${sql.raw(recordRelation('r'))} AS relation
    FROM hub.matter_successor(${matterNo.trim().toUpperCase()}) AS k(key) JOIN hub.matter m ON m.matter_key = k.key JOIN hub.matter_member mm ON mm.matter_key = m.matter_key JOIN hub.record r ON r.rid = mm.rid
    ORDER BY coalesce(r.occurred_at, 'epoch'), r.rid LIMIT ${recordsMax}`);
  const members = rows.map((row) => ({ rid: row.rid, typeName: row.type_name, matterNo: row.matter_no, trustGroup: row.trust_group, access: rowAccess({ department: row.department, relation: Number(row.relation), rid: row.rid }) }));
  return members.filter((member) => member.access.inJurisdiction);
}

function named(members: readonly Member[], ids: readonly string[]): string[] {
  if (ids.length === 0 || ids.length > recordsMax) throw new YiwangError('BAD_REQUEST', { hint: `choose 1 to ${recordsMax} records` });
  return ids.map((id) => {
    const member = members.find((one) => one.rid === keyOfId(one.typeName, id));
    if (!member) throw new YiwangError('NOT_FOUND', { hint: 'a record is not of this matter' });
    return member.rid;
  });
}

/** A wrong merge must never open a person's data, in an emergency neither: what was merely inferred is opened by name only. */
function joinedToFirst(members: readonly Member[]): string[] {
  const first = members[0]!;
  return members.filter((one) => one.rid === first.rid || (first.trustGroup !== '' && one.trustGroup === first.trustGroup)).map((one) => one.rid);
}

async function settled(context: Context, info: GraphQLResolveInfo, id: string, how: 'approve_break_glass' | 'end_break_glass'): Promise<EmergencyParent | null> {
  const found = await emergencyById(context, id);
  requireChange(context, info, found && found[access]);
  await change(context, info, found!.id, async (tx) => {
    const { rows } = await tx.execute<{ done: boolean }>(sql`SELECT ${sql.raw(`hub.${how}`)}(${found!.id}::uuid) AS done`);
    if (rows[0]?.done !== true) throw new YiwangError('BAD_REQUEST', { hint: 'the emergency is over or was decided already' });
  });
  return emergencyById(context, found!.id);
}
