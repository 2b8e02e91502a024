import type { Class, Value } from './oracle.ts';
import type { TableName } from './tables.ts';

/** How a column is shown, where the schema shows it at all: its class, and what kind of value it is. */
export type Shown = readonly [Class, Value];

const work: Shown = ['WORK', 'OTHER'];
const personalText: Shown = ['PERSONAL', 'TEXT'];
const address: Shown = ['IDENTIFYING', 'ADDRESS'];
const point: Shown = ['IDENTIFYING', 'COORDINATES'];

const allWork = (...columns: string[]): Record<string, Shown> => Object.fromEntries(columns.map((column) => [column, work]));

/** Columns that no field shows stand nowhere here: whatever they hold, nobody may notice. */
export const recordColumns: Readonly<Record<string, Shown>> = {
  ...allWork('department', 'stream', 'record_key', 'type_name', 'occurred_at', 'source_updated_at', 'fetched_at', 'run_id', 'status', 'category', 'division', 'division_now', 'grid_code', 'place_key', 'thing_key', 'lead_org', 'assist_orgs', 'facts', 'first_seen'),
  repairs: ['IDENTIFYING', 'TEXT'],
};

export const detailColumns: Partial<Record<TableName, Readonly<Record<string, Shown>>>> = {
  'hotline.ticket': {
    ...allWork('status', 'withdrawn', 'channel', 'appeal_type', 'category_code', 'category_path', 'urgency', 'assigned_at', 'contacted_at', 'accepted_at', 'returned_at', 'due_at', 'closed_at', 'follow_up_at', 'resolved_by_resident', 'satisfaction', 'subject_kind'),
    title: personalText, body: personalText, reply: personalText, address, lng: point, lat: point,
  },
  'police.call': {
    ...allWork('receiving_unit', 'call_category', 'dispatched_at', 'finished_at', 'result', 'handed_to_mediation', 'handed_at'),
    narrative: personalText, address, lng: point, lat: point, family_violence_warning: ['SENSITIVE', 'OTHER'],
  },
  'court.prelitigation_case': {
    ...allWork('case_no', 'court_code', 'case_type', 'cause_code', 'cause_name', 'received_on', 'filed_on', 'diverted_on', 'mediation_due_on', 'confirmation_filed_on', 'confirmed_on', 'diverted_to', 'outcome', 'fulfilment', 'claim_amount_yuan'),
    summary: personalText, address,
  },
  'civil.application': {
    ...allWork('applied_on', 'status', 'decided_on', 'agency_code'),
    assistance_kind: ['SENSITIVE', 'TEXT'], monthly_amount_yuan: ['SENSITIVE', 'OTHER'], household_size: ['SENSITIVE', 'OTHER'], household_no: ['IDENTIFYING', 'TEXT'], address: ['SENSITIVE', 'ADDRESS'],
  },
  'petition.petition': {
    ...allWork('form', 'headcount', 'content_category', 'purpose', 'handling', 'accepted_on', 'due_on', 'extended', 'decision', 'reviewed_on', 'finally_reviewed_on', 'satisfaction', 'repeat'),
    narrative: ['SENSITIVE', 'TEXT'], extension_reason: ['SENSITIVE', 'TEXT'], place_text: address,
  },
};

export const mentionColumns: Readonly<Record<string, Shown>> = {
  name: ['PERSONAL', 'NAME'], sex: personalText, phones: ['PERSONAL', 'PHONE'],
  birth_date: ['IDENTIFYING', 'BIRTH_DATE'], id_number: ['IDENTIFYING', 'ID_NUMBER'], address, household_no: ['IDENTIFYING', 'TEXT'], relation_to_head: ['IDENTIFYING', 'TEXT'],
};

/** Every way of deciding that a field of a record or of a person can have. */
export const decisions: readonly Shown[] = (['PERSONAL', 'IDENTIFYING', 'SENSITIVE'] as const).flatMap((as) => (['NAME', 'PHONE', 'ID_NUMBER', 'ADDRESS', 'COORDINATES', 'BIRTH_DATE', 'TEXT', 'LINK', 'OTHER'] as const).map((value): Shown => [as, value]));
