import { sql, type SQL } from 'drizzle-orm';
import { matterRelation, rowAccess, workRows } from '../../policy/relation.sql.ts';
import { access, type RowAccess } from '../../policy/row.ts';
import { rowsRead, type Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import type { Position } from '../cursor.ts';
import { allByKey, byKey, type Batch } from '../loader.ts';
import { finishedStates, recordStates } from '../../schema/states.ts';
import { conditions, likelyAlerts } from './filters.ts';
import type { MatterFilterType, MatterOrderType, MatterStatusType } from './types.generated.ts';

/**
 * A matter as one caller sees it. Status, lead, category, division and times are derived from the records of which the
 * caller sees WORK fields, never taken from hub.matter: a hidden record (of the organisation complained about, of another
 * territory) must not show in them.
 */
export interface MatterParent {
  __typename: 'Matter';
  matterKey: string;
  matterNo: string;
  category: string | null;
  status: MatterStatusType;
  openedAt: string | null;
  updatedAt: string;
  division: string | null;
  leadOrg: string | null;
  /** The earliest of its records that the caller sees. */
  openingRid: string;
  [access]: RowAccess;
}

export const mattersByKey: Batch<string, MatterParent> = async (context, keys) => {
  const rows = await matters(context, sql`SELECT unnest(${sql.param([...keys])}::text[]) AS matter_key`, sql``, sql`DESC`);
  return byKey(rows, (row) => row.matterKey);
};

/** The organisations that handle records of many matters, in one statement; of records of which the caller sees WORK fields. */
export const organizationsByMatter: Batch<string, string[]> = async (context, keys) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ matter_key: string; credit_code: string }>(sql`
    SELECT DISTINCT mm.matter_key, a.credit_code FROM ${visible(context)} JOIN hub.assignment a ON a.rid = r.rid
    WHERE mm.matter_key = ANY (${sql.param([...keys])}) ORDER BY mm.matter_key, a.credit_code`);
  return new Map([...allByKey(rows, (row) => row.matter_key)].map(([key, group]) => [key, group.map((row) => row.credit_code)]));
};

/** The key a matter number leads to, its successor's where it was merged; null for a number that leads nowhere. */
export const matterKeysByNumber: Batch<string, { number: string; key: string }> = async (context, numbers) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ number: string; key: string }>(
    sql`SELECT n.number, k.key FROM unnest(${sql.param([...numbers])}::text[]) AS n(number) CROSS JOIN LATERAL hub.matter_successor(n.number) AS k(key) WHERE k.key IS NOT NULL`,
  );
  return byKey(rows, (row) => row.number);
};

/**
 * One page of matters by when they were opened. A matter is opened by the earliest of its records that the caller sees, so
 * the page is found by walking records from one end of time, and is as quick as it is short.
 */
export async function matterPage(context: SubgraphContext, page: Page, filter: MatterFilterType, order: MatterOrderType = 'OPENED_DESC'): Promise<MatterParent[]> {
  const work = (alias: string) => sql.raw(`(${workRows(context.policy, context.viewer, alias)})`);
  const latestFirst = order === 'OPENED_DESC';
  const direction = latestFirst ? sql`DESC` : sql`ASC`;
  const after = page.after ? sql`AND (o.occurred_at, o.rid) ${latestFirst ? sql`<` : sql`>`} (${page.after[0]}::timestamptz, ${page.after[1]})` : sql``;
  const opening = sql`
    SELECT om.matter_key, o.occurred_at, o.rid FROM hub.record o JOIN hub.matter_member om ON om.rid = o.rid
    WHERE o.occurred_at IS NOT NULL AND ${work('o')} ${after} ${likelyAlerts(filter.alert)} AND NOT EXISTS (
      SELECT 1 FROM hub.matter_member em JOIN hub.record e ON e.rid = em.rid
      WHERE em.matter_key = om.matter_key AND (e.occurred_at, e.rid) < (o.occurred_at, o.rid) AND ${work('e')})`;
  const where = sql.join([sql`WHERE true`, ...conditions(filter)], sql` AND `);
  return matters(context, opening, sql`${where} ORDER BY k.occurred_at ${direction}, k.rid ${direction} LIMIT ${rowsRead(page)}`, direction);
}

export function matterPosition({ openedAt, openingRid }: MatterParent): Position {
  return [openedAt, openingRid];
}

/** As matters/status.ts has it: the least finished record decides, and OPEN after everything was settled is REOPENED. */
const orderArray = `(ARRAY[${recordStates.map((state) => `'${state}'`).join(', ')}])`;
const leastFinished = `${orderArray}[min(coalesce(array_position(${orderArray}, r.status), 1))]`;
const isUnfinished = `NOT (coalesce(r.status, 'OPEN') = ANY (ARRAY[${finishedStates.map((state) => `'${state}'`).join(', ')}]))`;
/** The record came in after all earlier ones had been finished, or was finished once and is not any more. */
export const comesBack = `(r.first_seen ? 'FINISHED' AND ${isUnfinished}) OR coalesce(max(coalesce((r.first_seen ->> 'FINISHED')::timestamptz, 'infinity'))
    OVER (ORDER BY r.occurred_at, r.rid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) < r.occurred_at, false)`;

/** The status of a matter whose records `r` know `comes_back` of themselves. */
export const derivedStatus = `CASE WHEN ${leastFinished} = 'OPEN' AND bool_or(r.comes_back) THEN 'REOPENED' ELSE ${leastFinished} END`;

/** What the records `r` of a matter say of it; the earliest that says something of a kind says it for the matter. */
const derived = sql.raw(`
  count(*) AS records,
  array_agg(r.rid) AS rids,
  (array_agg(r.rid ORDER BY r.occurred_at, r.rid))[1] AS opening_rid,
  ${firstOf('category')} AS category,
  ${derivedStatus} AS status,
  bool_or(r.comes_back) AS comes_back,
  bool_or(${isUnfinished}) AS unfinished,
  ${firstOf('lead_org')} AS lead_org,
  ${firstOf('division_now')} AS division,
  min(r.occurred_at) AS opened_at,
  max(coalesce(r.source_updated_at, r.occurred_at, r.fetched_at)) AS updated_at`);

/** What the earliest record `r` that says something in this column says in it. */
export function firstOf(column: string): string {
  return `(array_agg(r.${column} ORDER BY coalesce(r.occurred_at, 'epoch'), r.rid) FILTER (WHERE r.${column} IS NOT NULL))[1]`;
}

/** Members `mm` of matters and their records `r`, of which the caller sees WORK fields. */
function visible(context: SubgraphContext): SQL {
  return sql`hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid AND (${sql.raw(workRows(context.policy, context.viewer, 'r'))})`;
}

/** The matters whose `matter_key` stands in `from`, as `tail` chooses and limits them, by when they were opened. */
async function matters(context: SubgraphContext, from: SQL, tail: SQL, direction: SQL): Promise<MatterParent[]> {
  const members = visible(context);
  const tx = await context.tx();
  const { rows } = await tx.execute<MatterColumns>(sql`
    SELECT d.matter_key, d.category, d.status, d.lead_org, d.division, d.opening_rid, d.opened_at::text AS opened_at, d.updated_at::text AS updated_at,
      m.matter_no, ${sql.raw(matterRelation('m'))} AS relation
    FROM (
      SELECT k.matter_key, v.* FROM (${from}) k
      JOIN LATERAL (SELECT ${derived} FROM (SELECT r.*, ${sql.raw(comesBack)} AS comes_back FROM ${members} WHERE mm.matter_key = k.matter_key) r) v ON v.records > 0
      ${tail}
    ) d JOIN hub.matter m ON m.matter_key = d.matter_key ORDER BY d.opened_at ${direction} NULLS LAST, d.opening_rid ${direction}`);
  return rows.map(asParent);
}

type MatterColumns = {
  matter_key: string;
  matter_no: string;
  category: string | null;
  status: MatterStatusType;
  lead_org: string | null;
  division: string | null;
  opened_at: string | null;
  updated_at: string;
  relation: number;
  opening_rid: string;
};

function asParent(row: MatterColumns): MatterParent {
  return {
    __typename: 'Matter',
    matterKey: row.matter_key,
    matterNo: row.matter_no,
    category: row.category,
    status: row.status,
    openedAt: row.opened_at,
    updatedAt: row.updated_at,
    division: row.division,
    leadOrg: row.lead_org,
    openingRid: row.opening_rid,
    [access]: rowAccess({ department: '', relation: Number(row.relation) }),
  };
}
