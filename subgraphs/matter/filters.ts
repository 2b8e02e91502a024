import { sql, type SQL } from 'drizzle-orm';
import { territoryPrefix } from '../territory.ts';
import { clockState } from './clocks.ts';
import type { DockingChannelType, MatterAlertType, MatterFilterType } from './types.generated.ts';

/** Filters range over what the caller sees of the matter, never over what the hub knows of it. */
export function conditions(filter: MatterFilterType): SQL[] {
  const found: SQL[] = [];
  if (filter.status) found.push(sql`v.status = ANY (${sql.param(filter.status)}::text[])`);
  if (filter.category) found.push(sql`v.category = ANY (${sql.param(filter.category)}::text[])`);
  if (filter.division) found.push(sql`starts_with(v.division, ${territoryPrefix(filter.division) ?? 'none'})`);
  if (filter.lead) found.push(sql`v.lead_org = ${filter.lead}`);
  if (filter.assignedTo) found.push(sql`EXISTS (SELECT 1 FROM unnest(v.rids) AS w(rid) JOIN hub.assignment a ON a.rid = w.rid WHERE a.credit_code = ${filter.assignedTo})`);
  if (filter.openedFrom) found.push(sql`v.opened_at >= ${filter.openedFrom.toISOString()}::timestamptz`);
  if (filter.openedBefore) found.push(sql`v.opened_at < ${filter.openedBefore.toISOString()}::timestamptz`);
  if (filter.alert) found.push(anyOf(filter.alert.map((alert) => alertOf[alert])));
  if (filter.docking || filter.divertedTo) found.push(diverted(filter.docking ?? null, filter.divertedTo ?? null));
  return found;
}

/** A record `r` of the matter for which `condition` holds. */
const someRecord = (condition: SQL) => sql`EXISTS (SELECT 1 FROM unnest(v.rids) AS w(rid) JOIN hub.record r ON r.rid = w.rid WHERE ${condition})`;
const someClock = (state: string) => sql`EXISTS (SELECT 1 FROM unnest(v.rids) AS w(rid) JOIN hub.clock c ON c.rid = w.rid WHERE c.stopped_at IS NULL AND ${sql.raw(clockState)} = ${sql.raw(`'${state}'`)})`;

/** As subgraphs/matter/facets.ts derives them for one matter. */
const alertOf: Record<MatterAlertType, SQL> = {
  OVERDUE: someClock('OVERDUE'),
  DUE_SOON: someClock('DUE_SOON'),
  THIRD_RECORD: sql`v.unfinished AND EXISTS (
    SELECT 1 FROM (SELECT r.occurred_at - lag(r.occurred_at, 2) OVER (ORDER BY r.occurred_at) AS span FROM unnest(v.rids) AS w(rid) JOIN hub.record r ON r.rid = w.rid) s WHERE s.span <= interval '30 days')`,
  REOPENED: sql`v.unfinished AND v.comes_back`,
  AGREEMENT_NOT_KEPT: someRecord(sql`r.facts ->> 'outcome' = 'AGREED' AND r.facts ->> 'fulfilment' IN ('ENFORCED', 'UNFULFILLED')`),
};

/** Most matters have no late clock: they are passed over before anything is derived of them. */
export function likelyAlerts(alerts: readonly MatterAlertType[] | null | undefined): SQL {
  if (!alerts || alerts.some((alert) => alert !== 'OVERDUE' && alert !== 'DUE_SOON')) return sql``;
  return sql`AND EXISTS (SELECT 1 FROM hub.matter_member cm JOIN hub.clock c ON c.rid = cm.rid
    WHERE cm.matter_key = om.matter_key AND c.stopped_at IS NULL AND c.paused_since IS NULL AND c.soon_at <= hub.business_now())`;
}

const mediates = sql.raw(`EXISTS (SELECT 1 FROM hub.organization o WHERE o.credit_code = r.facts ->> 'handledBy' AND (o.department = 'MEDIATION' OR o.kind IN ('MEDIATION_CENTRE', 'MEDIATION_ORGANIZATION')))`);
const dockedBy: Record<DockingChannelType, { is: SQL; to: SQL }> = {
  LITIGATION: { is: sql`(r.facts ? 'divertedTo' OR r.facts ? 'divertedOn')`, to: sql`r.facts ->> 'divertedTo'` },
  POLICE: { is: sql`r.facts ->> 'handedOver' = 'true'`, to: sql`r.assist_orgs[1]` },
  PETITION: { is: mediates, to: sql`r.facts ->> 'handledBy'` },
};

/** One record that was handed over through one of the channels, and to that organisation where one is named. */
function diverted(channels: readonly DockingChannelType[] | null, organization: string | null): SQL {
  const wanted = channels ?? (Object.keys(dockedBy) as DockingChannelType[]);
  const ways = wanted.map((channel) => (organization === null ? sql`(${dockedBy[channel].is})` : sql`(${dockedBy[channel].is} AND ${dockedBy[channel].to} = ${organization})`));
  return someRecord(anyOf(ways));
}

/** One of these; an empty list asks for none, as it does of states and categories. */
function anyOf(ways: readonly SQL[]): SQL {
  return ways.length === 0 ? sql`false` : sql`(${sql.join([...ways], sql` OR `)})`;
}
