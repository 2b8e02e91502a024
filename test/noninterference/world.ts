import { createHash } from 'node:crypto';
import type { Keys } from '../../base/keys.ts';
import { isFinished, recordStates } from '../../schema/states.ts';
import type { Tape } from '../gateway/differential/tape.ts';
import { detailOf, factsOf, streamOf, type Department } from './details.ts';
import { communityOf, divisions, organisationRow, organisations, villages } from './places.ts';
import { emptyRows, put, type Row, type Rows } from './tables.ts';
import { addDerived } from './derived.ts';

/** A small hub after clustering: a few tens of records of every department, with every protection and every relation. */
export interface World {
  rows: Rows;
  /** The people whom mentions name; residents sign in as one of them. */
  people: readonly Human[];
}

export interface Human {
  name: string;
  idNumber: string;
  phones: string[];
}

const departments: readonly Department[] = ['hotline', 'police', 'court', 'civil', 'petition'];
const recordsOfDepartment = 4;
const mattersMax = 7;
const peopleCount = 9;
export const longAgo = '2009-03-01T02:00:00.000Z';

/** A world read off a list of choices. The same list is the same world, whatever the keys: rows are named by their place. */
export function worldOf(tape: Tape, keys: Keys): World {
  const rows = emptyRows();
  for (const row of divisions) put(rows, 'hub.division', row);
  for (const one of organisations) put(rows, 'hub.organization', organisationRow(one));
  const people = Array.from({ length: peopleCount }, (_, index) => human(index));
  const matters = Array.from({ length: mattersMax }, (_, index) => ({ key: hex('matter', index), no: keys.matterNo(hex('matter', index)) }));
  for (let index = 0; index < recordsOfDepartment * departments.length; index += 1) addRecord(rows, tape, index, people, matters.slice(0, -1), keys);
  addRegistration(rows, tape, people, keys);
  for (const { key, no } of matters) put(rows, 'hub.matter', { matter_key: key, matter_no: no, category: '02', status: 'OPEN', lead_org: null, division_now: villages[0], opened_at: null, updated_at: instant(1), merged_into: null });
  put(rows, 'hub.matter', { ...rows['hub.matter'].get(matters.at(-1)!.key)!, merged_into: matters[0]!.key });
  addDerived(rows, tape);
  return { rows, people };
}

export function hex(kind: string, index: number): string {
  return createHash('sha256').update(`${kind} ${index}`).digest('hex').slice(0, 32);
}

/** Days and minutes after the beginning of 2026: no two records at one time, unless they are meant to. */
export function instant(day: number, minute = 0): string {
  return new Date(Date.UTC(2026, 0, day, 2, minute)).toISOString();
}

const surnames = ['张', '李', '欧阳', '王', '赵', '周', '吴', '郑', '司马'];

function human(index: number): Human {
  const birth = index % 3 === 2 ? '20120815' : '19850307';
  const body = `510107${birth}${String(100 + index)}`;
  return { name: `${surnames[index % surnames.length]}${['伟', '秀英', '娜', '建国'][index % 4]}`, idNumber: body + checkDigit(body), phones: [`138${String(10_000_000 + index * 1_234_567).slice(0, 8)}`] };
}

function checkDigit(body: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return '10X98765432'[[...body].reduce((sum, digit, at) => sum + Number(digit) * weights[at]!, 0) % 11]!;
}

function addRecord(rows: Rows, tape: Tape, index: number, people: readonly Human[], matters: readonly { key: string }[], keys: Keys): void {
  const department = departments[index % departments.length]!;
  const { stream, typeName, roles } = streamOf[department];
  const rid = hex('record', index);
  const division = villages[Math.min(tape.below(8), 7) % villages.length]!;
  const [lead, assist] = [organisations[tape.below(organisations.length - 1)]!.code, organisations[tape.below(organisations.length - 1)]!.code];
  const status = recordStates[tape.below(recordStates.length)]!;
  const occurred = instant(2 + tape.below(60), index);
  const old = tape.chance(12);
  const facts = factsOf(department, tape);
  put(rows, 'hub.record', {
    rid, department, stream, record_key: `${department.toUpperCase()}-${1000 + index}`, type_name: typeName, occurred_at: old ? longAgo : occurred, source_updated_at: old ? longAgo : instant(70 + tape.below(20), index), fetched_at: instant(100), run_id: null,
    status, category: tape.chance(85) ? ['01', '02', '10'][tape.below(3)]! : null, division, division_now: division, grid_code: tape.chance(60) ? `${division}001` : null,
    place_key: tape.chance(65) ? hex('place', villages.indexOf(division)) : null, thing_key: department === 'hotline' && tape.chance(60) ? hex('thing', tape.below(2)) : null,
    subject_kind: null, text_for_matching: `文字${index}`, place_text: null, parent_key: null, lead_org: lead, assist_orgs: assist === lead ? [] : [assist],
    respondent_org: tape.chance(18) ? organisations[tape.below(organisations.length - 1)]!.code : null,
    confidential: tape.chance(20), minor: tape.chance(18), family_violence: tape.chance(25), repairs: tape.chance(40) ? [{ field: 'idNumber', kind: 'FULL_WIDTH' }] : [], matter_rule: 'CLUSTER',
    facts, first_seen: isFinished(status) ? { FINISHED: instant(80, index) } : {},
  });
  put(rows, detailOf[department].table, { rid, ...detailOf[department].row(tape, index, communityOf[division]!, organisations[tape.below(organisations.length)]!.code) });
  put(rows, 'hub.assignment', { rid, credit_code: lead, relation: 'LEAD' });
  if (assist !== lead && tape.chance(80)) put(rows, 'hub.assignment', { rid, credit_code: assist, relation: 'ASSIST' });
  if (tape.chance(90)) addMember(rows, tape, rid, matters[tape.below(matters.length)]!.key);
  roles.forEach((role, ordinal) => {
    if (ordinal === 0 || tape.chance(60)) addMention(rows, tape, { rid, department, role, ordinal, division, old }, people, keys);
  });
}

/** Most members of a matter are of one of two trust groups; the group's name is all that counts. */
function addMember(rows: Rows, tape: Tape, rid: string, matterKey: string): void {
  const others = [...rows['hub.matter_member'].values()].filter((one) => one['matter_key'] === matterKey);
  const [first] = others;
  const trusted = tape.chance(50);
  const basis = !first ? 'FOUNDING' : trusted ? (tape.chance(50) ? 'EXPLICIT' : 'CONFIRMED') : 'INFERRED';
  const group = !first ? `${matterKey}/1` : trusted ? String(first['trust_group']) : `${matterKey}/${rid}`;
  const kinds = ['SHARED_PARTY', 'PLACE', 'TIME', 'SHARED_HOUSEHOLD', 'TEXT'];
  const evidence = others.slice(0, 2).map((other) => ({ otherRid: other['rid'], weight: 5, reasons: kinds.filter(() => tape.chance(50)).map((kind) => ({ kind, weight: 2.5 })) }));
  put(rows, 'hub.matter_member', { rid, matter_key: matterKey, basis, evidence, joined_at: instant(101), trust_group: group });
}

interface Named {
  rid: string;
  department: string;
  role: string;
  ordinal: number;
  division: string;
  old: boolean;
}

function addMention(rows: Rows, tape: Tape, { rid, department, role, ordinal, division, old }: Named, people: readonly Human[], keys: Keys): void {
  const which = tape.below(people.length);
  const { name, idNumber, phones } = people[which]!;
  const named = tape.chance(80) ? idNumber : null;
  const id = createHash('sha256').update(`mention ${rid} ${role} ${ordinal}`).digest('hex').slice(0, 32);
  const mention: Row = {
    mention_id: id, rid, department, role, ordinal, kind: 'PERSON', name: tape.chance(90) ? name : null, form_of_address: null, sex: tape.chance(80) ? ['1', '2'][which % 2]! : null, birth_date: named === null ? null : named.slice(6, 14), id_type: '111',
    id_number: named, id_suspect: null, id_hmac: named === null ? null : keys.idHmac(named), phones: tape.chance(80) ? phones : [], address: tape.chance(70) ? `${communityOf[division]}${10 + which}号2单元` : null,
    household_no: role === 'RESIDENT' || tape.chance(20) ? `H${which}` : null, relation_to_head: null, source_updated_at: old ? longAgo : instant(60 + which, ordinal), standard: {}, entity_key: tape.chance(75) ? hex('entity', which) : null,
  };
  put(rows, 'hub.mention', mention);
  if (mention['entity_key'] !== null) put(rows, 'hub.entity', { entity_key: hex('entity', which), created_at: instant(101), merged_into: null });
  if (mention['id_hmac'] !== null) put(rows, 'hub.mention_self', { rid, id_hmac: mention['id_hmac']! });
}

/** The household registration: a record without a type of its own, whose mention tells who somebody is. */
function addRegistration(rows: Rows, tape: Tape, people: readonly Human[], keys: Keys): void {
  for (let index = 100; index < 103; index += 1) {
    const rid = hex('record', index);
    const division = villages[tape.below(3)]!;
    put(rows, 'hub.record', {
      rid, department: 'police', stream: 'rk_hj', record_key: `HJ-${index}`, type_name: null, occurred_at: null, source_updated_at: instant(50, index % 60), fetched_at: instant(100), run_id: null, status: null, category: null, division, division_now: division, grid_code: null,
      place_key: null, thing_key: null, subject_kind: null, text_for_matching: null, place_text: null, parent_key: null, lead_org: null, assist_orgs: [], respondent_org: null, confidential: false, minor: false, family_violence: false, repairs: [], matter_rule: 'CLUSTER', facts: {}, first_seen: {},
    });
    addMention(rows, tape, { rid, department: 'police', role: 'RESIDENT', ordinal: 0, division, old: false }, people, keys);
  }
}
