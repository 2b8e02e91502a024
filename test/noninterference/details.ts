import type { Tape } from '../gateway/differential/tape.ts';
import { organisations } from './places.ts';
import type { Row, TableName } from './tables.ts';

export type Department = 'hotline' | 'police' | 'court' | 'civil' | 'petition';

export const streamOf: Record<Department, { stream: string; typeName: string; roles: readonly string[] }> = {
  hotline: { stream: 'tickets', typeName: 'HotlineTicket', roles: ['REQUESTER'] },
  police: { stream: 'jcj_jjd', typeName: 'PoliceCall', roles: ['REPORTER'] },
  court: { stream: 'prelitigation', typeName: 'CourtCase', roles: ['PLAINTIFF', 'DEFENDANT', 'AGENT'] },
  civil: { stream: 'jzsq', typeName: 'AssistanceApplication', roles: ['APPLICANT'] },
  petition: { stream: 'xfj', typeName: 'Petition', roles: ['PETITIONER', 'PETITIONER'] },
};

type Detail = (tape: Tape, index: number, community: string, organisation: string) => Row;

const at = (tape: Tape, percent: number, day: number): string | null => (tape.chance(percent) ? `2026-03-0${1 + day}T03:00:00.000Z` : null);
const day = (tape: Tape, percent: number, number: number): string | null => (tape.chance(percent) ? `2026-04-0${1 + number}` : null);
const text = (tape: Tape, words: string, index: number): string | null => (tape.chance(85) ? `${words}${index}` : null);

/** What only a department's own table holds. Texts carry the number of their record, so that each is told from all others. */
export const detailOf: Record<Department, { table: TableName; row: Detail }> = {
  hotline: {
    table: 'hotline.ticket',
    row: (tape, index, community, _organisation) => ({
      status: 'HANDLING', withdrawn: tape.chance(10), channel: 'PHONE_12345', appeal_type: 'HELP', category_code: 'A1', category_path: ['城市管理', `类别${index}`], title: text(tape, '楼上漏水标题', index), body: text(tape, '诉求内容正文', index), address: tape.chance(80) ? `${community}锦里路${index}号` : null,
      lng: tape.chance(70) ? `104.0${10 + index}` : null, lat: '30.650001', urgency: 'NORMAL', assigned_at: at(tape, 70, 0), contacted_at: at(tape, 60, 1), accepted_at: at(tape, 60, 2), returned_at: at(tape, 10, 3), due_at: at(tape, 80, 4), closed_at: at(tape, 40, 5), reply: text(tape, '答复内容', index), follow_up_at: at(tape, 30, 6),
      resolved_by_resident: tape.chance(50), satisfaction: 1 + tape.below(5), parent_ticket_no: tape.chance(40) ? `HOTLINE-${1000 + 5 * tape.below(4)}` : null, subject_kind: 'OTHER', facility_kind: null, facility_name: null, facility_identifier: null,
    }),
  },
  police: {
    table: 'police.call',
    row: (tape, index, community) => ({
      receiving_unit: '510107001', call_category: '纠纷', dispatched_at: at(tape, 70, 0), finished_at: at(tape, 60, 1), result: '02', address: tape.chance(80) ? `${community}洗面桥街${index}号` : null, lng: tape.chance(70) ? `104.1${10 + index}` : null, lat: '30.650002', narrative: text(tape, '简要警情', index),
      handed_to_mediation: tape.chance(40), handed_at: at(tape, 40, 2), family_violence_warning: tape.chance(25),
    }),
  },
  court: {
    table: 'court.prelitigation_case',
    row: (tape, index, community, organisation) => ({
      case_no: `(2026)川0107民初${index}号`, court_code: '川0107', case_type: 'MC', cause_code: '9003', cause_name: '民间借贷纠纷', received_on: '2026-02-02', filed_on: day(tape, 30, 0), diverted_on: day(tape, 60, 1), mediation_due_on: day(tape, 60, 2), confirmation_filed_on: day(tape, 20, 3), confirmed_on: day(tape, 20, 4),
      diverted_to: tape.chance(60) ? organisation : null, outcome: 'PENDING', fulfilment: 'NONE', claim_amount_yuan: `${10_000 + index}.00`, summary: text(tape, '诉讼请求摘要', index), address: tape.chance(80) ? `${community}科华路${index}号` : null,
    }),
  },
  civil: {
    table: 'civil.application',
    row: (tape, index, community) => ({
      household_no: `F${index}`, household_size: 1 + tape.below(5), assistance_kind: ['低保', '特困', '临时救助'][tape.below(3)]!, applied_on: '2026-01-15', status: tape.chance(60) ? '批准' : '受理', decided_on: day(tape, 60, 0), monthly_amount_yuan: tape.chance(80) ? `${700 + index}.50` : null, address: tape.chance(80) ? `${community}棕树街${index}号` : null, agency_code: '510107001',
    }),
  },
  petition: {
    table: 'petition.petition',
    row: (tape, index, community, organisation) => ({
      form: '1', headcount: 1 + tape.below(4), content_category: '住建', purpose: '3', place_text: tape.chance(80) ? `${community}倪家桥路${index}号` : null, narrative: text(tape, '信访概要', index), handling: '1', handled_by: organisation, accepted_on: day(tape, 60, 0), due_on: day(tape, 60, 1), extended: tape.chance(30), extension_reason: text(tape, '延期理由', index), decision: '2',
      reviewed_on: day(tape, 20, 2), finally_reviewed_on: day(tape, 20, 3), satisfaction: 1 + tape.below(5), repeat: tape.chance(40),
    }),
  },
};

/** Facts from which docking, mediation and recurrence are derived. */
export function factsOf(department: Department, tape: Tape): Row {
  if (department === 'court' && tape.chance(60)) return { divertedTo: organisations[tape.below(2)]!.code, divertedOn: '2026-03-05', outcome: ['AGREED', 'NOT_AGREED', 'PENDING'][tape.below(3)]!, fulfilment: ['VOLUNTARY', 'UNFULFILLED'][tape.below(2)]! };
  if (department === 'police' && tape.chance(50)) return { handedOver: true, handedOverAt: '2026-03-06T01:00:00Z' };
  if (department === 'petition') return { handledBy: organisations[tape.below(8)]!.code, ...(tape.chance(40) ? { repeat: true } : {}) };
  return {};
}
