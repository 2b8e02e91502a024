import { sql } from 'drizzle-orm';
import { mentionRelation, rowAccess, workRows } from '../../policy/relation.sql.ts';
import { access, type RowAccess } from '../../policy/row.ts';
import { globalId } from '../globalId.ts';
import { allByKey, type Batch } from '../loader.ts';
import type { PartyRoleType } from './types.generated.ts';

/** One person as one record of the matter names them; the right to the person is that to this mention. */
export interface PartyParent {
  role: PartyRoleType;
  record: { __typename: string; id: string };
  entityKey: string;
  [access]: RowAccess;
}

export const partiesByMatter: Batch<string, PartyParent[]> = async (context, keys) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`
    SELECT mm.matter_key, r.rid, r.type_name, r.department, m.mention_id, m.role, coalesce(m.entity_key, m.mention_id) AS entity_key,
      ${sql.raw(mentionRelation('m', 'r'))} AS relation
    FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid JOIN hub.mention m ON m.rid = r.rid
    WHERE mm.matter_key = ANY (${sql.param([...keys])}) AND m.kind = 'PERSON' AND (${sql.raw(workRows(context.policy, context.viewer, 'r'))})
    ORDER BY mm.matter_key, coalesce(r.occurred_at, 'epoch'), r.rid, m.role, m.ordinal`);
  const grouped = allByKey(rows, (row) => row.matter_key);
  return new Map([...grouped].map(([key, group]) => [key, group.map(asParty)]));
};

type Columns = { matter_key: string; rid: string; type_name: string; department: string; mention_id: string; role: PartyRoleType; entity_key: string; relation: number };

function asParty(row: Columns): PartyParent {
  const { department, rid, mention_id: mentionId, role } = row;
  return {
    role,
    record: { __typename: row.type_name, id: globalId(row.type_name, rid) },
    entityKey: row.entity_key,
    [access]: rowAccess({ department, relation: Number(row.relation), rid, mention: { mentionId, role } }),
  };
}
