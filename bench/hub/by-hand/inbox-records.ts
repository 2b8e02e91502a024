import type { HistoryRecord } from '../../../matters/history.ts';
import { named, outcomes } from '../../../schema/codes.ts';
import { channels, statuses } from '../../../subgraphs/hotline/codes.ts';
import { forms, handlings } from '../../../subgraphs/petition/codes.ts';
import { states } from '../../../subgraphs/police/codes.ts';
import { openRows, plain, rowsOf, type Asked } from './asked.ts';

/** A record of the inbox: what its matter's history reads of it, and its own department's fields. */
export interface InboxRecord extends HistoryRecord {
  matterKey: string;
  basis: string;
  handedToName: string | null;
  node: object;
}

interface Row {
  matter_key: string;
  basis: string;
  rid: string;
  type_name: string;
  department: string;
  record_key: string;
  occurred_at: Date | null;
  updated_at: Date;
  status: string | null;
  assist_orgs: string[];
  facts: Record<string, unknown>;
  first_seen: Record<string, string>;
  org_name: string | null;
  mediator: boolean;
  case_no: string | null;
  cause_code: string | null;
  cause_name: string | null;
  claim_amount_yuan: string | null;
  diverted_on: string | null;
  mediation_due_on: string | null;
  outcome: string | null;
  ticket_status: string | null;
  channel: string | null;
  category_code: string | null;
  category_path: string[];
  handed_to_mediation: boolean;
  form: string | null;
  handling: string | null;
}

/** The records of a page of matters that the caller sees, with their departments' rows, the earliest first. */
export async function recordsOf(asked: Asked, matterKeys: readonly string[]): Promise<InboxRecord[]> {
  const rows = await rowsOf<Row>(asked, 'inbox-records',
    `SELECT mm.matter_key, mm.basis, r.rid, r.type_name, r.department, r.record_key, r.occurred_at, coalesce(r.source_updated_at, r.fetched_at) AS updated_at, r.status, r.assist_orgs, r.facts, r.first_seen,
       g.name AS org_name, coalesce(r.facts ? 'handledBy' AND (g.department = 'MEDIATION' OR g.kind IN ('MEDIATION_CENTRE', 'MEDIATION_ORGANIZATION')), false) AS mediator,
       c.case_no, c.cause_code, c.cause_name, c.claim_amount_yuan, c.diverted_on::text, c.mediation_due_on::text, c.outcome,
       t.status AS ticket_status, t.channel, t.category_code, t.category_path, p.handed_to_mediation, x.form, x.handling
     FROM hub.matter_member mm JOIN hub.record r ON r.rid = mm.rid
     LEFT JOIN court.prelitigation_case c ON c.rid = r.rid LEFT JOIN hotline.ticket t ON t.rid = r.rid
     LEFT JOIN police.call p ON p.rid = r.rid LEFT JOIN petition.petition x ON x.rid = r.rid
     LEFT JOIN hub.organization g ON g.credit_code = coalesce(r.facts ->> 'divertedTo', CASE WHEN r.facts ->> 'handedOver' = 'true' THEN r.assist_orgs[1] END, r.facts ->> 'handledBy')
     WHERE mm.matter_key = ANY ($1) AND ${openRows(asked, 'r')} ORDER BY mm.matter_key, coalesce(r.occurred_at, 'epoch'), r.rid`,
    [matterKeys],
  );
  return rows.map((row) => ({
    matterKey: row.matter_key, basis: row.basis, rid: row.rid, department: row.department, status: row.status, assistOrgs: row.assist_orgs, facts: row.facts, firstSeen: row.first_seen,
    occurredMs: row.occurred_at?.getTime() ?? null, updatedMs: row.updated_at.getTime(), handledByMediator: row.mediator, handedToName: row.org_name, node: nodeOf(row),
  }));
}

function nodeOf(row: Row): object {
  const { status, ...rest } = own(row);
  return { __typename: row.type_name, department: row.department, occurredAt: row.occurred_at, status: plain(status), ...rest };
}

/** What each department's type shows; its persons are withheld. */
function own(row: Row) {
  switch (row.type_name) {
    case 'CourtCase':
      return {
        status: named(row.outcome, 'outcome', outcomes), prelitNo: row.record_key, caseNo: row.case_no, cause: row.cause_code && { code: row.cause_code, name: row.cause_name },
        claimAmountYuan: row.claim_amount_yuan, divertedOn: row.diverted_on, mediationDueOn: row.mediation_due_on, parties: null,
      };
    case 'HotlineTicket':
      return {
        status: named(row.ticket_status, 'hotline-status', statuses), ticketNo: row.record_key, channel: plain(named(row.channel, 'channel', channels)),
        contentCategory: row.category_code && { name: row.category_path.length > 0 ? row.category_path.join(' / ') : null }, requester: null,
      };
    case 'PoliceCall':
      return { status: named(row.status, 'police-state', states), callNo: row.record_key, handedToMediation: row.handed_to_mediation, reporter: null };
    default:
      return { status: named(row.handling, 'clfs', handlings), petitionNo: row.record_key, form: nameOf(named(row.form, 'xfxs', forms)), petitioners: null };
  }
}

function nameOf(value: { name: string | null } | null) {
  return value && { name: value.name };
}
