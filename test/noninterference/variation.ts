import type { Tape } from '../gateway/differential/tape.ts';
import { recordStates } from '../../schema/states.ts';
import { organisations, villages } from './places.ts';
import { copied, type Cell, type Row, type Rows, type TableName } from './tables.ts';
import { view } from './view.ts';
import type { Viewer } from './viewers.ts';
import { hex, instant } from './world.ts';

const attemptsMax = 60;

/**
 * A world that must look the same to a viewer and differs in what they may not see: first and last characters, lengths,
 * nulls, order, flags, edges and whole rows. Null where nothing of that kind is hidden from them.
 */
export function twinOf(viewer: Viewer, rows: Rows, tape: Tape, differencesMax: number): Rows | null {
  const told = view(viewer, rows);
  let twin = rows;
  let differences = 0;
  for (let attempt = 0; attempt < attemptsMax && differences < differencesMax; attempt += 1) {
    const candidate = varied(twin, tape);
    if (candidate === null || view(viewer, candidate) !== told) continue;
    twin = candidate;
    differences += 1;
  }
  return differences === 0 ? null : twin;
}

type Vary = (value: Cell, tape: Tape) => Cell;

const text: Vary = (value, tape) => {
  if (value === null) return '变造的文字';
  const old = String(value);
  return [`甲${old.slice(1)}`, `${old.slice(0, -1)}乙`, `${old}增加`, old.slice(0, -1), null, '变'][tape.below(6)]!;
};
const time: Vary = (value, tape) => (value === null || tape.chance(80) ? instant(20 + tape.below(60), 900 + tape.below(400)) : null);
const day: Vary = (_value, tape) => (tape.chance(80) ? `2026-05-${10 + tape.below(15)}` : null);
const flag: Vary = (value) => value !== true;
const count: Vary = (_value, tape) => 1 + tape.below(5);
const organisation: Vary = (_value, tape) => organisations[tape.below(organisations.length)]!.code;
const oneOf = (...values: Cell[]): Vary => (_value, tape) => values[tape.below(values.length)]!;

/** Under their masks a mobile, an ID number, a name and an address keep what the masks show. */
const phones: Vary = (value, tape) => (Array.isArray(value) && value.length > 0 && tape.chance(80) ? value.map((one) => `${String(one).slice(0, 3)}${1000 + tape.below(9000)}${String(one).slice(7)}`) : tape.chance(50) ? [] : ['13900001111', '13900002222']);
const idNumber: Vary = (value, tape) => (value !== null && tape.chance(75) ? `${String(value).slice(0, 2)}${String(1_000_000 + tape.below(9_000_000)).repeat(2)}${String(value).slice(16)}` : tape.chance(50) ? null : '51010719900101003X');
const name: Vary = (value, tape) => (value === null ? '陈陌生' : tape.chance(60) ? `${String(value).slice(0, -1)}${['甲', '乙', '丙'][tape.below(3)]}` : text(value, tape));
const address: Vary = (value, tape) => (value !== null && tape.chance(65) ? `${String(value).slice(0, String(value).indexOf('社区') + 2)}另一条路${tape.below(90)}号` : text(value, tape));
const birth: Vary = (value, tape) => (value !== null && tape.chance(60) ? `${String(value).slice(0, 4)}0${1 + tape.below(9)}11` : tape.chance(50) ? null : '19770707');

interface Evidence {
  reasons: readonly { kind: string; weight: number }[];
}

/** Another set of reasons, or the same but for those that tell of a shared party: these hide behind other rights than the rest. */
const reasons = (old: Evidence['reasons'], tape: Tape): Evidence['reasons'] => {
  if (tape.chance(40)) return tape.chance(50) ? [] : [{ kind: 'SHARED_PARTY', weight: 9 }, { kind: 'PLACE', weight: 1 }];
  return [...old.filter(({ kind }) => !kind.startsWith('SHARED')), ...(tape.chance(50) ? [{ kind: 'SHARED_HOUSEHOLD', weight: 7 }] : [])];
};

const columns: Partial<Record<TableName, Readonly<Record<string, Vary>>>> = {
  'hub.record': {
    status: oneOf(...recordStates), category: oneOf('01', '02', '10', null), occurred_at: (_value, tape) => instant(2 + tape.below(60), 600 + tape.below(200)), source_updated_at: oneOf(instant(71), instant(95), '2009-03-01T02:00:00.000Z'), division: oneOf(...villages), division_now: oneOf(...villages), grid_code: oneOf('510107001001001', null),
    place_key: oneOf(...villages.map((_, index) => hex('place', index)), null), thing_key: oneOf(hex('thing', 0), hex('thing', 1), null), text_for_matching: text, place_text: text, lead_org: organisation, assist_orgs: (_value, tape) => tape.some(organisations, 25).map(({ code }) => code), respondent_org: (_value, tape) => (tape.chance(50) ? null : organisation(null, tape)),
    confidential: flag, minor: flag, family_violence: flag, repairs: oneOf([], [{ field: 'name', kind: 'SPACES' }]), facts: oneOf({}, { handedOver: true }, { divertedTo: organisations[0]!.code, divertedOn: '2026-03-09', outcome: 'AGREED', fulfilment: 'UNFULFILLED' }), first_seen: oneOf({}, { FINISHED: instant(81) }, { MEDIATED: instant(82) }),
  },
  'hub.mention': { name, sex: oneOf('1', '2', null), birth_date: birth, id_number: idNumber, id_suspect: text, form_of_address: text, phones, address, household_no: oneOf('H1', 'H99', null), relation_to_head: oneOf('02', '10', null), source_updated_at: time, standard: oneOf({}, { name: '变' }), entity_key: (_value, tape) => (tape.chance(40) ? null : hex('entity', tape.below(9))), ordinal: oneOf(0, 7), role: oneOf('DEFENDANT', 'REQUESTER', 'AGENT') },
  'hotline.ticket': { status: oneOf('HANDLING', 'CLOSED'), withdrawn: flag, channel: oneOf('WEB', 'COUNTER'), appeal_type: oneOf('REPORT', null), category_path: oneOf([], ['甲', '乙']), title: text, body: text, reply: text, address, lng: oneOf('104.5', null), urgency: oneOf('URGENT', null), assigned_at: time, closed_at: time, resolved_by_resident: flag, satisfaction: count, parent_ticket_no: oneOf('HOTLINE-1000', 'HOTLINE-1005', 'HOTLINE-1010', null), facility_name: text },
  'police.call': { receiving_unit: oneOf('510107002', null), call_category: oneOf('其他', null), dispatched_at: time, result: oneOf('01', '03', null), address, lng: oneOf('104.6', null), narrative: text, handed_to_mediation: flag, handed_at: time, family_violence_warning: flag },
  'court.prelitigation_case': { case_no: text, cause_name: text, diverted_on: day, diverted_to: organisation, outcome: oneOf('AGREED', 'PENDING', null), claim_amount_yuan: oneOf('1.00', '99999.99', null), summary: text, address },
  'civil.application': { household_no: text, household_size: count, assistance_kind: oneOf('低保', '特困', null), status: oneOf('批准', '受理', '不予批准'), decided_on: day, monthly_amount_yuan: oneOf('1.00', '801.00', null), address },
  'petition.petition': { form: oneOf('2', '3'), headcount: count, narrative: text, extension_reason: text, place_text: address, handled_by: organisation, decision: oneOf('1', '3', null), satisfaction: count, repeat: flag },
  'hub.matter': { category: oneOf('01', '10', null), status: oneOf('CLOSED', 'ASSIGNED'), lead_org: organisation, division_now: oneOf(...villages), opened_at: time },
  'hub.matter_member': { basis: oneOf('INFERRED', 'EXPLICIT', 'CONFIRMED'), joined_at: oneOf(instant(102), instant(103)), trust_group: oneOf('another group', 'one more group', ''), evidence: (value, tape) => (value as Evidence[]).map((one) => ({ ...one, reasons: reasons(one.reasons, tape) })) },
  'hub.place': { standard_address: (value, tape) => address(value, tape) ?? '无', lng: oneOf('104.7', null), kind: oneOf('ROAD', 'ESTATE') },
  'hub.thing': { name: (value, tape) => text(value, tape) ?? '无', identifier: oneOf('L9', null) },
  'hub.clock': { due_at: time, stopped_at: time, started_at: time, extended: flag, stated_due_at: time },
  'hub.correction_text': { proposed: text, reason: (_value, tape) => `别的理由${tape.below(9)}`, note: text },
  'hub.matter_event': { reason: (_value, tape) => `别的依据${tape.below(9)}` },
  'hub.situation': { matter_keys: (value, tape) => [...(value as string[]).filter(() => tape.chance(70)), hex('matter', tape.below(7))].filter((key, at, all) => all.indexOf(key) === at) },
};

const varying = Object.keys(columns) as TableName[];

/** One difference somewhere: a cell, an assignment come or gone, a person named or not, a record that is not there. */
function varied(rows: Rows, tape: Tape): Rows | null {
  const kind = tape.below(20);
  if (kind === 0) return withoutRecord(rows, tape);
  if (kind === 1) return withoutMention(rows, tape);
  if (kind <= 3) return otherAssignment(rows, tape);
  const weighted = kind < 11 ? (['hub.record', 'hub.mention'] as const)[kind % 2]! : varying[tape.below(varying.length)]!;
  const [key, row] = one(rows[weighted], tape) ?? [];
  if (key === undefined || !row) return null;
  const names = Object.keys(columns[weighted]!);
  const column = names[tape.below(names.length)]!;
  const value = columns[weighted]![column]!(row[column] ?? null, tape);
  if (JSON.stringify(value) === JSON.stringify(row[column])) return null;
  return replaced(rows, weighted, key, { ...row, [column]: value });
}

function replaced(rows: Rows, table: TableName, key: string, row: Row): Rows | null {
  // Two mentions of a record in one place would be one.
  if (table === 'hub.mention' && [...rows[table].values()].some((other) => other['mention_id'] !== row['mention_id'] && other['rid'] === row['rid'] && other['role'] === row['role'] && other['ordinal'] === row['ordinal'])) return null;
  const twin = copied(rows);
  twin[table].set(key, row);
  if (table === 'hub.mention' && row['entity_key'] !== null) twin['hub.entity'].set(String(row['entity_key']), { entity_key: row['entity_key']!, created_at: instant(101), merged_into: null });
  return twin;
}

function withoutRecord(rows: Rows, tape: Tape): Rows | null {
  const [rid] = one(rows['hub.record'], tape) ?? [];
  if (rid === undefined) return null;
  const twin = copied(rows);
  const gone = [...twin['hub.mention'].values()].filter((row) => row['rid'] === rid).map((row) => row['mention_id']);
  if ([...twin['hub.link_edge'].values()].some((edge) => gone.includes(edge['a']!) || gone.includes(edge['b']!))) return null;
  for (const table of Object.keys(twin) as TableName[]) for (const [key, row] of twin[table]) if (row['rid'] === rid) twin[table].delete(key);
  for (const [key] of twin['hub.correction_text']) if (!twin['hub.correction'].has(key)) twin['hub.correction_text'].delete(key);
  return twin;
}

function withoutMention(rows: Rows, tape: Tape): Rows | null {
  const [key, row] = one(rows['hub.mention'], tape) ?? [];
  if (key === undefined || !row || [...rows['hub.link_edge'].values()].some((edge) => edge['a'] === key || edge['b'] === key)) return null;
  const twin = copied(rows);
  twin['hub.mention'].delete(key);
  if (![...twin['hub.mention'].values()].some((other) => other['rid'] === row['rid'] && other['id_hmac'] === row['id_hmac'])) twin['hub.mention_self'].delete(`${row['id_hmac']}|${row['rid']}`);
  return twin;
}

function otherAssignment(rows: Rows, tape: Tape): Rows | null {
  const twin = copied(rows);
  const [rid] = one(rows['hub.record'], tape) ?? [];
  const { code } = organisations[tape.below(organisations.length)]!;
  if (rid === undefined) return null;
  if (!twin['hub.assignment'].delete(`${rid}|${code}`)) twin['hub.assignment'].set(`${rid}|${code}`, { rid, credit_code: code, relation: tape.chance(50) ? 'LEAD' : 'ASSIST' });
  return twin;
}

function one(rows: ReadonlyMap<string, Row>, tape: Tape): [string, Row] | undefined {
  return [...rows][tape.below(rows.size)];
}
