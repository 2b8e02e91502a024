import { bySurvivorship } from '../../subgraphs/survivorship.ts';
import type { Class, Relation, Value } from './oracle.ts';
import { effectOn, reaches, relationTo } from './oracle.ts';
import { shown } from './shown.ts';
import type { Row, Rows, TableName } from './tables.ts';
import type { Viewer } from './viewers.ts';

/** One field of a record: what is asked, where its value stands and how it is decided. */
interface Field {
  ask: string;
  column: string;
  as: Class;
  value: Value;
  /** From what is seen of the column to what the schema shows. */
  show?: (seen: unknown, row: Row) => unknown;
}

export interface Probe {
  fields: readonly Field[];
  table: TableName;
  /** The field that leads to the people named, their roles, and whether it is a list. */
  people: { field: string; as: Class; roles: readonly string[]; form: 'one' | 'list' | 'parties' };
  number: string;
}

const coded = (seen: unknown) => (seen === null ? null : { code: seen });
export const personText = 'name sex birthYear idNumber phones address';
const person = `{ ${personText} }`;
const text = (ask: string, column: string, as: Class = 'PERSONAL'): Field => ({ ask, column, as, value: 'TEXT' });
const address = (as: Class = 'IDENTIFYING', column = 'address'): Field => ({ ask: 'address', column, as, value: 'ADDRESS' });
const location: Field = { ask: 'location { longitude latitude }', column: 'lng', as: 'IDENTIFYING', value: 'COORDINATES', show: (seen, row) => (seen === null || row['lat'] === null ? null : { longitude: decimal(seen), latitude: decimal(row['lat']) }) };

/** By type: fields of every class, and the way to the people. */
export const probes: Readonly<Record<string, Probe>> = {
  HotlineTicket: probe('hotline.ticket', 'ticketNo', [text('title', 'title'), text('body', 'body'), text('reply', 'reply'), address(), location, { ask: 'satisfaction', column: 'satisfaction', as: 'WORK', value: 'OTHER' }], { field: `requester ${person}`, as: 'PERSONAL', roles: ['REQUESTER'], form: 'one' }),
  PoliceCall: probe('police.call', 'callNo', [text('narrative', 'narrative'), address(), location, { ask: 'familyViolenceWarning', column: 'family_violence_warning', as: 'SENSITIVE', value: 'OTHER' }], { field: `reporter ${person}`, as: 'PERSONAL', roles: ['REPORTER'], form: 'one' }),
  CourtCase: probe('court.prelitigation_case', 'prelitNo', [text('summary', 'summary'), address(), { ask: 'caseNo', column: 'case_no', as: 'WORK', value: 'OTHER' }], { field: `parties { role person ${person} }`, as: 'PERSONAL', roles: ['AGENT', 'DEFENDANT', 'PLAINTIFF'], form: 'parties' }),
  AssistanceApplication: probe('civil.application', 'applicationNo', [{ ask: 'assistanceKind { code }', column: 'assistance_kind', as: 'SENSITIVE', value: 'TEXT', show: coded }, { ask: 'monthlyAmountYuan', column: 'monthly_amount_yuan', as: 'SENSITIVE', value: 'OTHER' }, { ask: 'householdSize', column: 'household_size', as: 'SENSITIVE', value: 'OTHER' }, text('householdNo', 'household_no', 'IDENTIFYING'), address('SENSITIVE')], { field: `applicant ${person}`, as: 'SENSITIVE', roles: ['APPLICANT'], form: 'one' }),
  Petition: probe('petition.petition', 'petitionNo', [text('narrative', 'narrative', 'SENSITIVE'), text('extensionReason', 'extension_reason', 'SENSITIVE'), address('IDENTIFYING', 'place_text'), { ask: 'headcount', column: 'headcount', as: 'WORK', value: 'OTHER' }], { field: `petitioners ${person}`, as: 'PERSONAL', roles: ['PETITIONER'], form: 'list' }),
};

function probe(table: TableName, number: string, fields: readonly Field[], people: Probe['people']): Probe {
  return { table, number, fields, people };
}

/** What is asked of a record of one type. */
export function selectionOf(typeName: string): string {
  const { number, fields, people } = probes[typeName]!;
  return `${number} ${fields.map(({ ask }) => ask).join(' ')} ${people.field}`;
}

/** The document for records of one type; through `node`, through an interface and by fragments. */
export function probeText(typeName: string): string {
  return `query Probe($id: ID!) { node(id: $id) { __typename ... on Record { department category { code } } ... on ${typeName} { ${selectionOf(typeName)} } } }`;
}

/** What `node` of that record must give, by the oracle. */
export function expected(viewer: Viewer, rows: Rows, record: Row): unknown {
  const relation = relationTo(viewer, rows, record);
  if (effectOn(viewer, record, relation, 'WORK', 'OTHER') !== 'FULL') return null;
  const typeName = String(record['type_name']);
  const { table, number, fields, people } = probes[typeName]!;
  const detail = rows[table].get(String(record['rid']))!;
  const found: Record<string, unknown> = { __typename: typeName, department: record['department'], category: record['category'] === null ? null : coded(record['category']), [number]: record['record_key'] };
  for (const field of fields) {
    const seen = shown(effectOn(viewer, record, relation, field.as, field.value), field.value, detail[field.column]);
    found[field.ask.split(' ')[0]!] = field.show ? field.show(seen, detail) : seen;
  }
  found[people.field.split(' ')[0]!] = named(viewer, rows, record, relation, people);
  return found;
}

/** Fields of the record itself that are not given in full: each is to be told, whether there is a value or not. */
export function restrictedFields(viewer: Viewer, rows: Rows, record: Row): string[] {
  const relation = relationTo(viewer, rows, record);
  const { fields, people } = probes[String(record['type_name'])]!;
  const all: { ask: string; as: Class; value: Value }[] = [...fields, { ask: people.field, as: people.as, value: 'LINK' }];
  return all.filter(({ as, value }) => effectOn(viewer, record, relation, as, value) !== 'FULL').map(({ ask }) => `${record['type_name']}.${ask.split(' ')[0]}`).sort();
}

/** Fields of the record itself of which the caller must be told `ROW_PROTECTED`, and no other ones. */
export function protectedFields(viewer: Viewer, rows: Rows, record: Row): string[] {
  const relation = relationTo(viewer, rows, record);
  const open = { ...record, confidential: false, minor: false, family_violence: false, source_updated_at: '2026' };
  const isOther = (as: Class, value: Value) => effectOn(viewer, record, relation, as, value) !== effectOn(viewer, open, relation, as, value);
  const { fields, people } = probes[String(record['type_name'])]!;
  return [...fields.filter(({ as, value }) => isOther(as, value)).map(({ ask }) => ask.split(' ')[0]!), ...(isOther(people.as, 'LINK') ? [people.field.split(' ')[0]!] : [])].map((field) => `${record['type_name']}.${field}`).sort();
}

function named(viewer: Viewer, rows: Rows, record: Row, relation: Relation, { as, roles, form }: Probe['people']): unknown {
  if (effectOn(viewer, record, relation, as, 'LINK') === 'WITHHELD') return null;
  const mentions = [...rows['hub.mention'].values()].filter((row) => row['rid'] === record['rid'] && roles.includes(String(row['role']))).sort((a, b) => (String(a['role']) < String(b['role']) ? -1 : a['role'] === b['role'] ? Number(a['ordinal']) - Number(b['ordinal']) : 1));
  if (form === 'one') return mentions[0] ? personOf(viewer, rows, mentions[0]) : null;
  // A party's person is decided on the record, as the list of parties is.
  return mentions.map((mention) => (form === 'parties' ? { role: mention['role'], person: personOf(viewer, rows, mention) } : personOf(viewer, rows, mention)));
}

const personFields: readonly Field[] = [
  { ask: 'name', column: 'name', as: 'PERSONAL', value: 'NAME' },
  { ask: 'sex', column: 'sex', as: 'PERSONAL', value: 'TEXT', show: (seen) => ({ '1': 'MALE', '2': 'FEMALE' })[String(seen)] ?? null },
  { ask: 'birthYear', column: 'birth_date', as: 'IDENTIFYING', value: 'BIRTH_DATE', show: (seen) => (seen === null ? null : Number(String(seen).slice(0, 4))) },
  { ask: 'idNumber', column: 'id_number', as: 'IDENTIFYING', value: 'ID_NUMBER' },
  { ask: 'phones', column: 'phones', as: 'PERSONAL', value: 'PHONE', show: (seen) => (Array.isArray(seen) && seen.length === 0 ? null : seen) },
  { ask: 'address', column: 'address', as: 'IDENTIFYING', value: 'ADDRESS' },
];

/** A person is what several mentions say: the best right first, then the best source, and the first that says something. */
export function personOf(viewer: Viewer, rows: Rows, mention: Row): Record<string, unknown> {
  const keyOf = (row: Row) => row['entity_key'] ?? row['mention_id'];
  const met = [...rows['hub.mention'].values()].filter((row) => keyOf(row) === keyOf(mention)).flatMap((row) => {
    const record = rows['hub.record'].get(String(row['rid']))!;
    const relation = relationTo(viewer, rows, record);
    return reaches(viewer, relation) ? [{ row, record, relation }] : [];
  });
  met.sort((a, b) => bySurvivorship(ranked(a.row), ranked(b.row)));
  return Object.fromEntries(personFields.map(({ ask, column, as, value, show }) => {
    const by = met.map(({ row, record, relation }) => ({ row, effect: effectOn(viewer, record, relation, as, value, String(row['role']), viewer.idHmac !== null && row['id_hmac'] === viewer.idHmac) }));
    const inOrder = [...by.filter(({ effect }) => effect === 'FULL'), ...by.filter(({ effect }) => effect === 'MASKED')];
    const chosen = inOrder.find(({ row }) => row[column] !== null && !(Array.isArray(row[column]) && row[column].length === 0));
    const seen = chosen ? shown(chosen.effect, value, chosen.row[column]) : null;
    return [ask, show ? show(seen, mention) : seen];
  }));
}

function ranked(row: Row) {
  return { mentionId: String(row['mention_id']), role: String(row['role']), sourceUpdatedAt: row['source_updated_at'] === null ? null : new Date(String(row['source_updated_at'])) };
}

/** As `numeric(10, 6)` is written. */
function decimal(value: unknown): string {
  return Number(value).toFixed(6);
}
