import { sql } from 'drizzle-orm';
import type { HistoryRecord } from '../../matters/history.ts';
import { recordRelation, rowAccess, workRows } from '../../policy/relation.sql.ts';
import type { RowAccess } from '../../policy/row.ts';
import { globalId } from '../globalId.ts';
import { allByKey, type Batch } from '../loader.ts';

/** A record of a matter with what is derived from it, and the caller's relation to it. */
export interface MemberHistory extends HistoryRecord {
  stub: { __typename: string; id: string };
  row: RowAccess;
}

const recordsPerMatterMax = 500;

/**
 * The work facts of the records of many matters in one statement, the earliest first: those of which the caller sees WORK
 * fields, so that what is derived for this caller is derived without the others (access.md, C1).
 */
export const historiesByMatter: Batch<string, MemberHistory[]> = async (context, keys) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`
    SELECT k.matter_key, p.* FROM unnest(${sql.param([...keys])}::text[]) AS k(matter_key) CROSS JOIN LATERAL (
      SELECT r.rid, r.type_name, r.department, r.status, r.assist_orgs, r.facts, r.first_seen, ${sql.raw(recordRelation('r'))} AS relation,
        (extract(epoch FROM r.occurred_at) * 1000)::float8 AS occurred_ms, (extract(epoch FROM coalesce(r.source_updated_at, r.fetched_at)) * 1000)::float8 AS updated_ms,
        EXISTS (SELECT 1 FROM hub.organization o WHERE o.credit_code = r.facts ->> 'handledBy' AND (o.department = 'MEDIATION' OR o.kind IN ('MEDIATION_CENTRE', 'MEDIATION_ORGANIZATION'))) AS mediator
      FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid
      WHERE mm.matter_key = k.matter_key AND (${sql.raw(workRows(context.policy, context.viewer, 'r'))})
      ORDER BY coalesce(r.occurred_at, 'epoch'), r.rid LIMIT ${recordsPerMatterMax}
    ) p ORDER BY k.matter_key, p.occurred_ms NULLS FIRST, p.rid`);
  const grouped = allByKey(rows, (row) => row.matter_key);
  return new Map([...grouped].map(([key, group]) => [key, group.map(asHistory)]));
};

type Columns = {
  matter_key: string;
  rid: string;
  type_name: string;
  department: string;
  status: string | null;
  assist_orgs: string[];
  facts: Record<string, unknown>;
  first_seen: Record<string, string>;
  relation: number;
  occurred_ms: number | null;
  updated_ms: number;
  mediator: boolean;
};

function asHistory(row: Columns): MemberHistory {
  return {
    rid: row.rid,
    department: row.department,
    status: row.status,
    occurredMs: row.occurred_ms,
    updatedMs: row.updated_ms,
    assistOrgs: row.assist_orgs,
    facts: row.facts,
    firstSeen: row.first_seen,
    handledByMediator: row.mediator,
    stub: { __typename: row.type_name, id: globalId(row.type_name, row.rid) },
    row: rowAccess({ department: row.department, relation: Number(row.relation), rid: row.rid }),
  };
}
