import { sql } from 'drizzle-orm';
import { recordRelation, rowAccess, workRows } from '../../policy/relation.sql.ts';
import { access, type RowAccess } from '../../policy/row.ts';
import type { SubgraphContext } from '../context.ts';

export interface VisibleMember {
  rid: string;
  typeName: string;
  matterKey: string;
  /** The caller's organisation is named by this very record. */
  own: boolean;
  [access]: RowAccess;
}

const membersMax = 500;

/** The records of a matter of which the caller sees work fields, the earliest first. */
export async function visibleMembers(context: SubgraphContext, matterKey: string): Promise<VisibleMember[]> {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ rid: string; type_name: string; department: string; own: boolean; relation: number }>(sql`
    SELECT r.rid, r.type_name, r.department, ${sql.raw(recordRelation('r'))} AS relation,
      EXISTS (SELECT 1 FROM hub.assignment a WHERE a.rid = r.rid AND a.credit_code = hub.viewer('org')) AS own
    FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid
    WHERE mm.matter_key = ${matterKey} AND (${sql.raw(workRows(context.policy, context.viewer, 'r'))})
    ORDER BY coalesce(r.occurred_at, 'epoch'), r.rid LIMIT ${membersMax}`);
  return rows.map((row) => ({ rid: row.rid, typeName: row.type_name, matterKey, own: row.own, [access]: rowAccess({ department: row.department, relation: Number(row.relation), rid: row.rid }) }));
}
