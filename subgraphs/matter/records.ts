import { sql, type SQL } from 'drizzle-orm';
import { recordRelation, rowAccess, workRows } from '../../policy/relation.sql.ts';
import { access, type RowAccess } from '../../policy/row.ts';
import { rowsRead, type Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import type { Position } from '../cursor.ts';
import { globalId } from '../globalId.ts';
import { allByKey, byKey, keyText, type Batch } from '../loader.ts';
import { territoryPrefix } from '../territory.ts';
import type { MembershipBasisType, RecordFilterType } from './types.generated.ts';

/** A record as this subgraph knows it: what it is called, and the matter it belongs to. Its fields are its department's. */
export interface RecordStub {
  __typename: string;
  id: string;
  rid: string;
  matterKey: string | null;
  occurredAt: string;
  [access]: RowAccess;
}

export interface MemberStub extends RecordStub {
  basis: MembershipBasisType;
  joinedAt: string;
}

/** Stubs of records that a gateway refers to by id, among all that row-level security shows. */
export const recordsByRid: Batch<string, RecordStub> = async (context, rids) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`
    SELECT ${columns}, mm.matter_key FROM hub.record r LEFT JOIN hub.matter_member mm ON mm.rid = r.rid
    WHERE r.rid = ANY (${sql.param([...rids])}) AND r.type_name IS NOT NULL`);
  return byKey(rows.map(asStub), (row) => row.rid);
};

/** One page of records, the latest first. Only rows with open WORK fields: presence in a filtered list is such a fact. */
export async function recordPage(context: SubgraphContext, page: Page, filter: RecordFilterType): Promise<RecordStub[]> {
  const tx = await context.tx();
  const after = page.after ? [sql`(r.occurred_at, r.rid) < (${page.after[0]}::timestamptz, ${page.after[1]})`] : [];
  const where = sql.join([sql`r.type_name IS NOT NULL`, sql`r.occurred_at IS NOT NULL`, work(context), ...conditions(filter), ...after], sql` AND `);
  const { rows } = await tx.execute<Columns>(sql`
    SELECT ${columns}, mm.matter_key FROM hub.record r LEFT JOIN hub.matter_member mm ON mm.rid = r.rid
    WHERE ${where} ORDER BY r.occurred_at DESC, r.rid DESC LIMIT ${rowsRead(page)}`);
  return rows.map(asStub);
}

export interface MembersKey {
  matterKey: string;
  rowsMax: number;
  /** Ends of the page before: time and rid. */
  after: Position | null;
}

/** Pages of records of many matters in one statement, the earliest first. */
export const membersByMatter: Batch<MembersKey, MemberStub[]> = async (context, keys) => {
  const tx = await context.tx();
  const asked = keys.map((key) => ({ ask: keyText(key), matter_key: key.matterKey, rows_max: key.rowsMax + 1, at: key.after?.[0] ?? null, rid: key.after?.[1] ?? null }));
  const { rows } = await tx.execute<Columns & { ask: string; basis: MembershipBasisType; joined_at: string }>(sql`
    SELECT k.ask, p.* FROM jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) AS k(ask text, matter_key text, rows_max integer, at timestamptz, rid text)
    CROSS JOIN LATERAL (
      SELECT ${columns}, mm.matter_key, mm.basis, mm.joined_at::text AS joined_at FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid
      WHERE mm.matter_key = k.matter_key AND ${work(context)} AND (k.rid IS NULL OR (coalesce(r.occurred_at, 'epoch'), r.rid) > (k.at, k.rid))
      ORDER BY coalesce(r.occurred_at, 'epoch'), r.rid LIMIT k.rows_max
    ) p ORDER BY k.ask, coalesce(p.occurred_at::timestamptz, 'epoch'), p.rid`);
  const grouped = allByKey(rows, (row) => row.ask);
  return new Map([...grouped].map(([ask, group]) => [ask, group.map((row) => ({ ...asStub(row), basis: row.basis, joinedAt: row.joined_at }))]));
};

export function recordPosition({ occurredAt, rid }: RecordStub): Position {
  return [occurredAt, rid];
}

type Columns = { rid: string; type_name: string; department: string; occurred_at: string | null; relation: number; matter_key: string | null };

const columns = sql.raw(`r.rid, r.type_name, r.department, r.occurred_at::text AS occurred_at, ${recordRelation('r')} AS relation`);
const noTime = '1970-01-01 00:00:00+00';

function asStub(row: Columns): RecordStub {
  return {
    __typename: row.type_name,
    id: globalId(row.type_name, row.rid),
    rid: row.rid,
    matterKey: row.matter_key,
    occurredAt: row.occurred_at ?? noTime,
    [access]: rowAccess({ department: row.department, relation: Number(row.relation), rid: row.rid }),
  };
}

function work(context: SubgraphContext): SQL {
  return sql`(${sql.raw(workRows(context.policy, context.viewer, 'r'))})`;
}

function conditions(filter: RecordFilterType): SQL[] {
  const found: SQL[] = [];
  if (filter.department) found.push(sql`r.department = ANY (${sql.param(filter.department)}::text[])`);
  if (filter.status) found.push(sql`r.status = ANY (${sql.param(filter.status)}::text[])`);
  if (filter.category) found.push(sql`r.category = ANY (${sql.param(filter.category)}::text[])`);
  if (filter.division) found.push(sql`starts_with(r.division_now, ${territoryPrefix(filter.division) ?? 'none'})`);
  if (filter.assignedTo) found.push(sql`EXISTS (SELECT 1 FROM hub.assignment a WHERE a.rid = r.rid AND a.credit_code = ${filter.assignedTo})`);
  if (filter.occurredFrom) found.push(sql`r.occurred_at >= ${filter.occurredFrom.toISOString()}::timestamptz`);
  if (filter.occurredBefore) found.push(sql`r.occurred_at < ${filter.occurredBefore.toISOString()}::timestamptz`);
  return found;
}
