import { sql, type SQL } from 'drizzle-orm';
import { breakGlassBasis, type Purpose } from '../../policy/purposes.ts';
import { access, unknownRow, type RowAccess } from '../../policy/row.ts';
import type { Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import type { Position } from '../cursor.ts';
import { byKey, type Batch } from '../loader.ts';
import { reference } from '../record.ts';
import type { BreakGlassStateType } from './types.generated.ts';

/** An emergency (break-glass) as a caller meets it, and their relation to it. */
export interface EmergencyParent {
  id: string;
  matterNo: string;
  state: BreakGlassStateType;
  purpose: Purpose;
  reason: string;
  records: number;
  hours: number;
  org: string;
  requestedAt: string;
  approverOrg: string | null;
  approvedAt: string | null;
  openUntil: string | null;
  endedAt: string | null;
  [access]: RowAccess;
}

export const BreakGlass = {
  organization: ({ org }: EmergencyParent) => reference('Organization', 'creditCode', org),
  approver: ({ approverOrg }: EmergencyParent) => reference('Organization', 'creditCode', approverOrg),
  basis: () => breakGlassBasis,
};

/** One page, the newest first, of what row-level security shows: one's own, those one supervises, all of them to auditors. */
export async function emergencyPage(context: SubgraphContext, page: Page, state: string | null | undefined): Promise<EmergencyParent[]> {
  const after = page.after ? sql`(b.requested_at, b.id) < (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)` : sql`true`;
  const inState = state ? sql`hub.break_glass_state(b) = ${state}` : sql`true`;
  return emergencies(context, sql`${after} AND ${inState}`, page.rowsMax + 1);
}

export function emergencyPosition({ requestedAt, id }: EmergencyParent): Position {
  return [requestedAt, id];
}

/** One emergency, as far as row-level security shows it. */
export async function emergencyById(context: SubgraphContext, id: string): Promise<EmergencyParent | null> {
  return uuid.test(id) ? ((await emergencies(context, sql`b.id = ${id}::uuid`, 1))[0] ?? null) : null;
}

/** What residents are told of the emergencies that their entries name, when these are over. */
export const noticesById: Batch<string, Notice> = async (context, ids) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ id: string; approver_org: string; approved_at: string; open_until: string }>(
    sql`SELECT id::text, approver_org, approved_at::text, open_until::text FROM hub.break_glass_notices(${sql.param([...ids])}::uuid[])`,
  );
  const notices = rows.map((row): Notice => ({ id: row.id, ...noticeTexts, approver: reference('Organization', 'creditCode', row.approver_org), approvedAt: row.approved_at, openUntil: row.open_until }));
  return byKey(notices, (notice) => notice.id);
};

interface Notice {
  id: string;
  zh: string;
  en: string;
  approver: ReturnType<typeof reference>;
  approvedAt: string;
  openUntil: string;
}

const noticeTexts = {
  zh: '在紧急情况下，为保护自然人的生命健康和财产安全，经另一人批准，您的信息曾被限时查阅。依法在紧急情况消除后告知您；如有异议，可向批准机构查询或投诉。',
  en: 'In an emergency, to protect somebody’s life, health or property, and approved by a second person, your data was read for a limited time. The law asks that you be told afterwards; the organisation that approved it answers questions and complaints.',
};

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function emergencies(context: SubgraphContext, where: SQL, rowsMax: number): Promise<EmergencyParent[]> {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`
    SELECT b.id::text, b.matter_no, hub.break_glass_state(b) AS state, b.purpose, b.reason, b.hours, b.org, b.requested_at::text, b.approver_org, b.approved_at::text, b.open_until::text, b.ended_at::text,
      (SELECT count(*)::integer FROM hub.break_glass_record g WHERE g.id = b.id) AS records, b.requested_by = hub.viewer('caller') AS own, hub.supervises(b) AS supervised
    FROM hub.break_glass b WHERE ${where} ORDER BY b.requested_at DESC, b.id DESC LIMIT ${rowsMax}`);
  return rows.map(asParent);
}

type Columns = {
  id: string; matter_no: string; state: BreakGlassStateType; purpose: Purpose; reason: string; hours: number; org: string; requested_at: string; approver_org: string | null;
  approved_at: string | null; open_until: string | null; ended_at: string | null; records: number; own: boolean | null; supervised: boolean;
};

/** Who asked is `self` and `assigned`; whoever supervises it is in the leading place. */
function asParent(row: Columns): EmergencyParent {
  const own = row.own === true;
  return {
    id: row.id, matterNo: row.matter_no, state: row.state, purpose: row.purpose, reason: row.reason, records: row.records, hours: row.hours, org: row.org,
    requestedAt: row.requested_at, approverOrg: row.approver_org, approvedAt: row.approved_at, openUntil: row.open_until, endedAt: row.ended_at,
    [access]: { ...unknownRow, self: own, assigned: own, lead: row.supervised, inJurisdiction: row.supervised },
  };
}
