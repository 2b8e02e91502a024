import { sql } from 'drizzle-orm';
import { recordRelation, rowAccess, workRows } from '../../policy/relation.sql.ts';
import { access, type RowAccess } from '../../policy/row.ts';
import { globalId } from '../globalId.ts';
import { allByKey, type Batch } from '../loader.ts';

export interface AssignmentParent {
  organization: { __typename: 'Organization'; creditCode: string };
  relation: 'LEAD' | 'ASSIST';
  record: { __typename: string; id: string };
  [access]: RowAccess;
}

const assignmentsMax = 20_000;

/** Who handles which record of many matters, in one statement; of records of which the caller sees WORK fields. */
export const assignmentsByMatter: Batch<string, AssignmentParent[]> = async (context, keys) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`
    SELECT mm.matter_key, r.rid, r.type_name, r.department, a.credit_code, a.relation AS part, ${sql.raw(recordRelation('r'))} AS relation
    FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid JOIN hub.assignment a ON a.rid = r.rid
    WHERE mm.matter_key = ANY (${sql.param([...keys])}) AND (${sql.raw(workRows(context.policy, context.viewer, 'r'))})
    ORDER BY mm.matter_key, coalesce(r.occurred_at, 'epoch'), r.rid, a.relation DESC, a.credit_code LIMIT ${assignmentsMax}`);
  const grouped = allByKey(rows, (row) => row.matter_key);
  return new Map([...grouped].map(([key, group]) => [key, group.map(asAssignment)]));
};

type Columns = { matter_key: string; rid: string; type_name: string; department: string; credit_code: string; part: 'LEAD' | 'ASSIST'; relation: number };

function asAssignment(row: Columns): AssignmentParent {
  return {
    organization: { __typename: 'Organization', creditCode: row.credit_code },
    relation: row.part,
    record: { __typename: row.type_name, id: globalId(row.type_name, row.rid) },
    [access]: rowAccess({ department: row.department, relation: Number(row.relation), rid: row.rid }),
  };
}
