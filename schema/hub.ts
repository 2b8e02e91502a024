import { bigint, boolean, date, integer, jsonb, numeric, pgSchema, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** What subgraphs read of the hub's own tables and views; what each holds and why stands in `schema/migrations/`. */
export const hub = pgSchema('hub');

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const day = (name: string) => date(name, { mode: 'string' });
const bigNumber = (name: string) => bigint(name, { mode: 'number' });

export interface RecordRepair {
  field: string;
  kind: string;
}

/** Why a record belongs to its matter, as matters/cluster.ts describes it: kinds and weights, no values. */
export interface StoredEvidence {
  otherRid: string;
  weight: number;
  reasons: { kind: string; weight: number }[];
}

// connectors --------------------------------------------------------------------------------------------------------------

export const streamReport = hub.view('stream_report', {
  department: text('department').notNull(),
  stream: text('stream').notNull(),
  freshThrough: instant('fresh_through'),
  staleReason: text('stale_reason'),
  paused: boolean('paused').notNull(),
  pausedAt: instant('paused_at'),
  totals: jsonb('totals').$type<Record<string, unknown>>().notNull(),
  drift: jsonb('drift').$type<Record<string, number>>().notNull(),
  live: bigNumber('live').notNull(),
  deleted: bigNumber('deleted').notNull(),
  repaired: jsonb('repaired').$type<Record<string, number>>().notNull(),
  quarantinedValues: jsonb('quarantined_values').$type<Record<string, number>>().notNull(),
}).existing();

export const deliveryReport = hub.view('delivery_report', {
  department: text('department').notNull(),
  folder: text('folder').notNull(),
  state: text('state').notNull(),
  reason: text('reason'),
  asOf: instant('as_of'),
  seenAt: instant('seen_at').notNull(),
}).existing();

export const runReport = hub.view('run_report', {
  id: uuid('id').notNull(),
  department: text('department').notNull(),
  stream: text('stream').notNull(),
  mode: text('mode').notNull(),
  status: text('status').notNull(),
  requestedBy: text('requested_by').notNull(),
  requestedAt: instant('requested_at').notNull(),
  startedAt: instant('started_at'),
  finishedAt: instant('finished_at'),
  attempt: integer('attempt').notNull(),
  counts: jsonb('counts').$type<Record<string, unknown>>().notNull(),
  errorCode: text('error_code'),
  message: text('message'),
  since: text('since'),
  until: text('until'),
  full: boolean('reads_all').notNull(),
}).existing();

export const quarantineReport = hub.view('quarantine_report', {
  id: bigNumber('id').notNull(),
  department: text('department').notNull(),
  stream: text('stream').notNull(),
  reason: text('reason').notNull(),
  field: text('field'),
  position: text('position').notNull(),
  sample: text('sample'),
  createdAt: instant('created_at').notNull(),
  releasedAt: instant('released_at'),
  outcome: text('outcome'),
}).existing();

/** One row per change that a mutation made (0600_changes.sql). */
export const effect = hub.table('effect', {
  traceId: text('trace_id').notNull(),
  coordinate: text('coordinate').notNull(),
  caller: text('caller').notNull(),
  kind: text('kind').notNull(),
  org: text('org'),
  department: text('department'),
  tier: text('tier'),
  division: text('division'),
  purpose: text('purpose'),
  matterNo: text('matter_no'),
  subject: text('subject').notNull(),
  policyVersion: text('policy_version').notNull(),
});

/** A correction asked of a department, and its texts, which only the two sides read (0603_corrections.sql). */
export const correction = hub.table('correction', {
  id: uuid('id').primaryKey(),
  rid: text('rid').notNull(),
  mentionId: text('mention_id'),
  department: text('department').notNull(),
  divisionNow: text('division_now'),
  coordinate: text('coordinate').notNull(),
  requester: text('requester').notNull(),
  state: text('state').notNull(),
  outcome: text('outcome'),
  requestedAt: instant('requested_at').notNull(),
  dueOn: day('due_on').notNull(),
  basis: text('basis').notNull(),
  answeredAt: instant('answered_at'),
});

export const correctionText = hub.table('correction_text', {
  id: uuid('id').primaryKey(),
  proposed: text('proposed'),
  reason: text('reason').notNull(),
  note: text('note'),
});

export const streamCoverage = hub.view('stream_coverage', {
  department: text('department').notNull(),
  stream: text('stream').notNull(),
  freshThrough: instant('fresh_through'),
}).existing();

// 地 and organisations ----------------------------------------------------------------------------------------------------

export const division = hub.table('division', {
  code: text('code').primaryKey(),
  name: text('name').notNull(),
  tier: text('tier').notNull(),
  parent: text('parent'),
  validFrom: day('valid_from'),
  validTo: day('valid_to'),
  successor: text('successor'),
  source: text('source').notNull(),
});

export const organization = hub.table('organization', {
  creditCode: text('credit_code').primaryKey(),
  name: text('name').notNull(),
  kind: text('kind').notNull(),
  department: text('department'),
  tier: text('tier'),
  division: text('division'),
  publicPhone: text('public_phone'),
  hours: text('hours'),
  address: text('address'),
  mediates: text('mediates').array().notNull(),
  source: text('source').notNull(),
});

export const place = hub.table('place', {
  placeKey: text('place_key').primaryKey(),
  kind: text('kind').notNull(),
  standardAddress: text('standard_address').notNull(),
  division: text('division').notNull(),
  gridCode: text('grid_code'),
  lng: numeric('lng', { precision: 10, scale: 6 }),
  lat: numeric('lat', { precision: 10, scale: 6 }),
});

export const thing = hub.table('thing', {
  thingKey: text('thing_key').primaryKey(),
  kind: text('kind').notNull(),
  name: text('name').notNull(),
  identifier: text('identifier'),
  operator: text('operator'),
  placeKey: text('place_key'),
  division: text('division'),
  facts: jsonb('facts').$type<{ name: string; value: string; unit: string; reports: string }[]>().notNull(),
});

// 事 ----------------------------------------------------------------------------------------------------------------------

export const record = hub.table('record', {
  rid: text('rid').primaryKey(),
  department: text('department').notNull(),
  stream: text('stream').notNull(),
  recordKey: text('record_key').notNull(),
  typeName: text('type_name'),
  occurredAt: instant('occurred_at'),
  sourceUpdatedAt: instant('source_updated_at'),
  fetchedAt: instant('fetched_at').notNull(),
  runId: uuid('run_id'),
  status: text('status'),
  category: text('category'),
  division: text('division'),
  divisionNow: text('division_now'),
  gridCode: text('grid_code'),
  placeKey: text('place_key'),
  thingKey: text('thing_key'),
  subjectKind: text('subject_kind'),
  parentKey: text('parent_key'),
  leadOrg: text('lead_org'),
  assistOrgs: text('assist_orgs').array().notNull(),
  confidential: boolean('confidential').notNull(),
  minor: boolean('minor').notNull(),
  familyViolence: boolean('family_violence').notNull(),
  repairs: jsonb('repairs').$type<RecordRepair[]>().notNull(),
});

export const assignment = hub.table(
  'assignment',
  { rid: text('rid').notNull(), creditCode: text('credit_code').notNull(), relation: text('relation').notNull() },
  (table) => [primaryKey({ columns: [table.rid, table.creditCode] })],
);

// 人 ----------------------------------------------------------------------------------------------------------------------

export const mention = hub.table('mention', {
  mentionId: text('mention_id').primaryKey(),
  rid: text('rid').notNull(),
  department: text('department').notNull(),
  role: text('role').notNull(),
  ordinal: integer('ordinal').notNull(),
  kind: text('kind').notNull(),
  name: text('name'),
  formOfAddress: text('form_of_address'),
  sex: text('sex'),
  birthDate: text('birth_date'),
  idType: text('id_type'),
  idNumber: text('id_number'),
  idHmac: text('id_hmac'),
  phones: text('phones').array().notNull(),
  address: text('address'),
  householdNo: text('household_no'),
  relationToHead: text('relation_to_head'),
  sourceUpdatedAt: instant('source_updated_at'),
  entityKey: text('entity_key'),
});

// matters -----------------------------------------------------------------------------------------------------------------

export const matter = hub.table('matter', {
  matterKey: text('matter_key').primaryKey(),
  matterNo: text('matter_no').notNull(),
  category: text('category'),
  status: text('status').notNull(),
  leadOrg: text('lead_org'),
  divisionNow: text('division_now'),
  openedAt: instant('opened_at'),
  updatedAt: instant('updated_at').notNull(),
  mergedInto: text('merged_into'),
});

export const matterMember = hub.table('matter_member', {
  rid: text('rid').primaryKey(),
  matterKey: text('matter_key').notNull(),
  basis: text('basis').notNull(),
  evidence: jsonb('evidence').$type<StoredEvidence[]>().notNull(),
  joinedAt: instant('joined_at').notNull(),
});
