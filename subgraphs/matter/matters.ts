import { sql, type SQL } from 'drizzle-orm';
import { matterRelation, rowAccess, workRows } from '../../policy/relation.sql.ts';
import { access, type RowAccess } from '../../policy/row.ts';
import type { Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import type { Position } from '../cursor.ts';
import { byKey, type Batch } from '../loader.ts';
import { territoryPrefix } from '../territory.ts';
import type { MatterFilterType, MatterStatusType } from './types.generated.ts';

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
  assistOrgs: string[];
  [access]: RowAccess;
}

export const mattersByKey: Batch<string, MatterParent> = async (context, keys) => {
  const rows = await matters(context, { which: sql`mm.matter_key = ANY (${sql.param([...keys])})`, having: sql`true`, tail: sql`` });
  return byKey(rows, (row) => row.matterKey);
};

/** The key a matter number leads to, its successor's where it was merged; null for a number that leads nowhere. */
export const matterKeysByNumber: Batch<string, { number: string; key: string }> = async (context, numbers) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ number: string; key: string }>(
    sql`SELECT n.number, k.key FROM unnest(${sql.param([...numbers])}::text[]) AS n(number) CROSS JOIN LATERAL hub.matter_successor(n.number) AS k(key) WHERE k.key IS NOT NULL`,
  );
  return byKey(rows, (row) => row.number);
};

/** One page of matters, the latest opened first. */
export async function matterPage(context: SubgraphContext, page: Page, filter: MatterFilterType): Promise<MatterParent[]> {
  const having = sql.join([sql`true`, ...conditions(filter), ...(page.after ? [beforePosition(page.after)] : [])], sql` AND `);
  return matters(context, { which: sql`true`, having, tail: sql`ORDER BY ${openedAt} DESC, mm.matter_key DESC LIMIT ${page.rowsMax + 1}` });
}

export function matterPosition(matter: MatterParent): Position {
  return [matter.openedAt, matter.matterKey];
}

/** From the least finished to what no longer counts, as matters/status.ts has it: the least finished record decides. */
const statusOrder: readonly MatterStatusType[] = ['OPEN', 'ASSIGNED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED'];
const orderArray = sql.raw(`ARRAY[${statusOrder.map((status) => `'${status}'`).join(', ')}]`);
const status = sql`coalesce((${orderArray})[min(coalesce(array_position(${orderArray}, r.status), 1)) FILTER (WHERE r.status IS DISTINCT FROM 'WITHDRAWN')], 'WITHDRAWN')`;
const openedAt = sql`coalesce(min(r.occurred_at), '-infinity')`;
const category = firstOf('category');
const leadOrg = firstOf('lead_org');
const division = firstOf('division_now');

/** The earliest record that says something says it for the matter. */
function firstOf(column: string): SQL {
  return sql.raw(`(array_agg(r.${column} ORDER BY coalesce(r.occurred_at, 'epoch'), r.rid) FILTER (WHERE r.${column} IS NOT NULL))[1]`);
}

async function matters(context: SubgraphContext, { which, having, tail }: { which: SQL; having: SQL; tail: SQL }): Promise<MatterParent[]> {
  const work = sql.raw(workRows(context.policy, context.viewer, 'r'));
  const tx = await context.tx();
  const { rows } = await tx.execute<MatterColumns>(sql`
    SELECT d.*, m.matter_no, ${sql.raw(matterRelation('m'))} AS relation,
      ARRAY(SELECT DISTINCT a.credit_code FROM hub.matter_member x JOIN hub.record r ON r.rid = x.rid JOIN hub.assignment a ON a.rid = r.rid
            WHERE x.matter_key = d.matter_key AND (${work}) AND a.credit_code IS DISTINCT FROM d.lead_org ORDER BY 1) AS assist_orgs
    FROM (
      SELECT mm.matter_key, ${category} AS category, ${status} AS status, ${leadOrg} AS lead_org, ${division} AS division,
        min(r.occurred_at)::text AS opened_at, max(coalesce(r.source_updated_at, r.occurred_at, r.fetched_at))::text AS updated_at,
        row_number() OVER (ORDER BY ${openedAt} DESC, mm.matter_key DESC) AS place
      FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid
      WHERE ${which} AND (${work})
      GROUP BY mm.matter_key HAVING ${having} ${tail}
    ) d JOIN hub.matter m ON m.matter_key = d.matter_key ORDER BY d.place`);
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
  assist_orgs: string[];
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
    assistOrgs: row.assist_orgs,
    [access]: rowAccess({ department: '', relation: Number(row.relation) }),
  };
}

/** Filters range over what the caller sees of the matter, never over what the hub knows of it. */
function conditions(filter: MatterFilterType): SQL[] {
  const found: SQL[] = [];
  if (filter.status) found.push(sql`${status} = ANY (${sql.param(filter.status)}::text[])`);
  if (filter.category) found.push(sql`${category} = ANY (${sql.param(filter.category)}::text[])`);
  if (filter.division) found.push(sql`starts_with(${division}, ${territoryPrefix(filter.division) ?? 'none'})`);
  if (filter.lead) found.push(sql`${leadOrg} = ${filter.lead}`);
  if (filter.assignedTo) found.push(sql`bool_or(EXISTS (SELECT 1 FROM hub.assignment a WHERE a.rid = r.rid AND a.credit_code = ${filter.assignedTo}))`);
  if (filter.openedFrom) found.push(sql`min(r.occurred_at) >= ${filter.openedFrom.toISOString()}::timestamptz`);
  if (filter.openedBefore) found.push(sql`min(r.occurred_at) < ${filter.openedBefore.toISOString()}::timestamptz`);
  return found;
}

function beforePosition([opened, key]: Position): SQL {
  return sql`(${openedAt}, mm.matter_key) < (coalesce(${opened}::timestamptz, '-infinity'), ${key})`;
}
