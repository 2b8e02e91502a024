import { standardiseIdNumber } from '../linkage/standardise/id-number.ts';
import { solidText } from '../linkage/standardise/text.ts';
import { isFinished } from '../schema/states.ts';
import { unitOf } from '../schema/units.ts';
import type { Keys } from '../base/keys.ts';
import type { FactValue, Findings, MentionRules, RecordRules, Row, Rule, Stream } from './contract.ts';
import { limits } from './limits.ts';
import { placedDivision } from './repairs/divisions.ts';
import { shanghaiDay, sourceTime } from './repairs/times.ts';
import { solidCode, valueAt } from './rules.ts';

/** What one live version becomes: columns of the hub's tables, without the keys of the record. */
export interface Mapped {
  record: Record<string, unknown>;
  detail: Record<string, unknown> | null;
  mentions: MentionColumns[];
  assignments: { credit_code: string; relation: 'LEAD' | 'ASSIST' }[];
  units: { kind: string; code: string; credit_code: string }[];
  organization: Record<string, unknown> | null;
  thing: { kind: string; name: string; identifier: string | null } | null;
  sourceUpdatedAt: string | null;
  /** Names of the conditions that this version fulfils; `FINISHED` follows from its state. */
  milestones: string[];
  repairs: { field: string; kind: string }[];
  quarantined: Findings['quarantined'];
}

export interface MentionColumns {
  role: string;
  ordinal: number;
  kind: 'PERSON' | 'ORG';
  name: string | null;
  form_of_address: string | null;
  sex: string | null;
  birth_date: string | null;
  id_type: string | null;
  id_number: string | null;
  id_suspect: string | null;
  id_hmac: string | null;
  phones: string[];
  address: string | null;
  household_no: string | null;
  relation_to_head: string | null;
}

/** Maps the content of a version that passed `judge`. `restricted`: its persons were never stored. */
export function mapRecord(stream: Stream, row: Row, keys: Keys, restricted: boolean): Mapped {
  const found = noFindings(stream);
  const rules = stream.record;
  const read = <T>(rule: Rule<T> | undefined): T | null => (rule ? rule.apply(row, found) : null);
  const occurredAt = occurredIn(stream, row, found);
  const division = divisionIn(stream, row, found);
  const mentions = mentionsIn(stream, row, found, keys);
  const { assignments, units } = assigned(stream, row, division?.code ?? null);
  const record = {
    occurred_at: occurredAt,
    status: read(rules?.status),
    category: indexed(rules?.category, row, found),
    division: division?.code ?? null,
    division_now: division?.now ?? null,
    grid_code: read(rules?.gridCode),
    subject_kind: read(rules?.subjectKind),
    text_for_matching: read(rules?.textForMatching),
    place_text: read(rules?.placeText),
    parent_key: read(rules?.parentKey),
    lead_org: assignments.find((one) => one.relation === 'LEAD')?.credit_code ?? null,
    assist_orgs: assignments.filter((one) => one.relation === 'ASSIST').map((one) => one.credit_code),
    respondent_org: indexed(rules?.respondentOrg, row, found),
    confidential: read(rules?.confidential) ?? false,
    minor: restricted || isMinor(stream, row, found, mentions, occurredAt),
    family_violence: read(rules?.familyViolence) ?? false,
    matter_rule: rules?.matterRule ?? 'CLUSTER',
    facts: factsOf(rules, row, found),
  };
  const detail = stream.detail ? applied(stream.detail.columns, row, found) : null;
  const organization = stream.organization ? registered(stream.organization, row, found) : null;
  return { record, detail, mentions, assignments, units, organization, thing: thingOf(stream, row, found), sourceUpdatedAt: updatedIn(stream, row), milestones: milestonesOf(rules, row, found, record.status), repairs: once(found.repairs), quarantined: once(found.quarantined) };
}

/** What stands in an index: PostgreSQL would refuse one that is longer, and with it the whole page, or the matter. */
export function indexed(rule: Rule<string | null> | undefined, row: Row, found: Findings): string | null {
  const value = rule?.apply(row, found) ?? null;
  if (value === null || Buffer.byteLength(value) <= limits.keyBytesMax) return value;
  found.quarantined.push({ field: rule!.reads[0]!, reason: 'OTHER' });
  return null;
}

export function noFindings(stream: Stream): Findings {
  return { spreadsheet: stream.spreadsheet, eventDate: null, repairs: [], quarantined: [] };
}

/** Also tells `found` the date of the event, at which divisions are valid. */
export function occurredIn(stream: Stream, row: Row, found: Findings): string | null {
  const occurredAt = stream.record?.occurredAt?.apply(row, found) ?? null;
  found.eventDate = occurredAt ? shanghaiDay(occurredAt) : null;
  return occurredAt;
}

export function divisionIn({ record: rules }: Stream, row: Row, found: Findings) {
  return divisionOf(rules?.division?.apply(row, found) ?? null, rules?.division?.reads[0] ?? '', found);
}

export function mentionsIn(stream: Stream, row: Row, found: Findings, keys: Keys): MentionColumns[] {
  return onePerPlace(stream.mentions.flatMap((mention) => mentionsOf(mention, row, found, keys)));
}

/** By what the source says, or by the age of somebody mentioned. */
export function isMinor(stream: Stream, row: Row, found: Findings, mentions: readonly MentionColumns[], occurredAt: string | null): boolean {
  return (stream.record?.minor?.apply(row, found) ?? false) || mentions.some((mention) => underEighteen(mention, occurredAt));
}

/** What the history of a record keeps of a version that is not its newest, without the rest of its mapping. */
export function historyIn(stream: Stream, row: Row): Pick<Mapped, 'sourceUpdatedAt' | 'milestones'> {
  const found = noFindings(stream);
  return { sourceUpdatedAt: updatedIn(stream, row), milestones: milestonesOf(stream.record, row, found, stream.record?.status?.apply(row, found) ?? null) };
}

function updatedIn(stream: Stream, row: Row): string | null {
  return sourceTime(valueAt(row, stream.watermark))?.instant ?? null;
}

function factsOf(rules: RecordRules | undefined, row: Row, found: Findings): Record<string, FactValue> {
  const facts: Record<string, FactValue> = {};
  for (const name in rules?.facts) {
    const value = rules.facts[name]!.apply(row, found);
    if (value !== null) facts[name] = value;
  }
  return facts;
}

function applied(rules: Readonly<Record<string, Rule>>, row: Row, found: Findings): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  for (const column in rules) columns[column] = rules[column]!.apply(row, found);
  return columns;
}

/**
 * An organisation lies where its code says today. Its staff's territory follows from it, so that a code which no table knows
 * is not cut to a parent's here: it would open the parent's records.
 */
export function registered(rules: Readonly<Record<string, Rule>>, row: Row, found: Findings): Record<string, unknown> {
  const columns = applied(rules, row, found);
  const { division } = columns;
  if (typeof division !== 'string') return columns;
  const placed = placedDivision(division, null);
  const isKnown = placed !== null && placed.repair !== 'DIVISION_CUT';
  const kind = isKnown ? placed.repair : 'DIVISION_UNKNOWN';
  if (kind) found.repairs.push({ field: rules['division']!.reads[0]!, kind });
  return isKnown ? { ...columns, division: placed.now } : columns;
}

function milestonesOf(rules: RecordRules | undefined, row: Row, found: Findings, status: string | null): string[] {
  const reached: string[] = [];
  for (const name in rules?.milestones) if (rules.milestones[name]!.apply(row, found)) reached.push(name);
  if (isFinished(status)) reached.push('FINISHED');
  return reached;
}

/** A rule read twice (in the record and in its detail) finds the same twice: a value counts once. */
function once<T extends { field: string }>(findings: T[]): T[] {
  if (findings.length < 2) return findings;
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

function divisionOf(code: string | null, field: string, found: Findings) {
  if (code === null) return null;
  const placed = placedDivision(code, found.eventDate);
  if (placed === null) found.repairs.push({ field, kind: 'DIVISION_UNKNOWN' });
  else if (placed.repair) found.repairs.push({ field, kind: placed.repair });
  return placed;
}

/** Two rules may read the same person, once in a list and once beside it. */
function onePerPlace(mentions: MentionColumns[]): MentionColumns[] {
  if (mentions.length < 2) return mentions;
  const places = new Map<string, MentionColumns>();
  for (const mention of mentions) if (!places.has(`${mention.role}/${mention.ordinal}`)) places.set(`${mention.role}/${mention.ordinal}`, mention);
  return [...places.values()];
}

function mentionsOf(rules: MentionRules, row: Row, found: Findings, keys: Keys): MentionColumns[] {
  if (rules.list === undefined) return presentMention(mentionOf(rules, row, 0, '', found, keys));
  const list = valueAt(row, rules.list);
  // As many as there are: what bounds a list is the size of a record (`recordBytesMax`), and nobody in it may be lost.
  const items: unknown[] = Array.isArray(list) ? list : [];
  return items.flatMap((item: unknown, ordinal) => (typeof item === 'object' && item !== null ? presentMention(mentionOf(rules, item as Row, ordinal, `${rules.list}.${ordinal}.`, found, keys)) : []));
}

/** A mention that says nothing of anybody is none. */
function presentMention(mention: MentionColumns): MentionColumns[] {
  const present = mention.name ?? mention.id_number ?? mention.id_suspect ?? mention.phones[0] ?? mention.birth_date ?? mention.address;
  return present === null || present === undefined || mention.role === '' ? [] : [mention];
}

function mentionOf(rules: MentionRules, item: Row, ordinal: number, prefix: string, found: Findings, keys: Keys): MentionColumns {
  const own: Findings = { ...found, repairs: [], quarantined: [] };
  const read = <T>(field: keyof MentionRules['fields']) => (rules.fields[field]?.apply(item, own) ?? null) as T | null;
  const organisation = rules.kind?.apply(item, own) === 'ORG';
  const name = read<string>('name');
  const idType = read<string>('idType');
  const identity = organisation ? noIdentity : identityOf(read<unknown>('idNumber'), idType, rules.fields.idNumber?.reads[0] ?? '', own, keys);
  const mention: MentionColumns = {
    role: typeof rules.role === 'string' ? rules.role : (indexed(rules.role, item, own) ?? ''),
    ordinal,
    kind: organisation ? 'ORG' : 'PERSON',
    name,
    form_of_address: name === null ? null : (formOfAddress.exec(name)?.[0] ?? null),
    sex: read<string>('sex'),
    birth_date: read<string>('birthDate') ?? identity.birthDate,
    id_type: idType,
    id_number: identity.number,
    id_suspect: identity.suspect,
    id_hmac: identity.hmac,
    phones: read<string[]>('phones') ?? [],
    address: read<string>('address'),
    household_no: read<string>('householdNo'),
    relation_to_head: read<string>('relationToHead'),
  };
  found.repairs.push(...own.repairs.map((repair) => ({ ...repair, field: prefix + repair.field })));
  found.quarantined.push(...own.quarantined.map((value) => ({ ...value, field: prefix + value.field })));
  return mention;
}

const formOfAddress = /(?<=^.{1,2})(?:先生|女士|小姐|太太|师傅|老师|同志|阿姨|大爷|大妈|大叔|大哥|大姐|大娘|某某?)$/u;
const noIdentity = { number: null, suspect: null, hmac: null, birthDate: null };

/** GB/T 2261 code 111 is the resident identity card; without a type the number is taken for one. */
function identityOf(raw: unknown, idType: string | null, field: string, found: Findings, keys: Keys): { number: string | null; suspect: string | null; hmac: string | null; birthDate: string | null } {
  // A passport or permit is kept as written and proves nothing: there is no check to make.
  if (idType !== null && idType !== '111') return { ...noIdentity, number: typeof raw === 'object' ? null : solidText(raw) };
  const id = standardiseIdNumber(raw);
  if (id.status === 'ABSENT') return noIdentity;
  if (id.status === 'VALID') {
    for (const kind of id.repairs) found.repairs.push({ field, kind });
    return { number: id.value, suspect: null, hmac: keys.idHmac(id.value!), birthDate: id.birthDate?.replaceAll('-', '') ?? null };
  }
  found.quarantined.push({ field, reason: idReason(id.fault, found.spreadsheet) });
  return { ...noIdentity, suspect: keys.suspectHmac(id.suspect ?? '') };
}

function idReason(fault: string | null, spreadsheet: boolean): 'ID_CHECK_DIGIT' | 'ID_EXCEL' | 'OTHER' {
  if (fault === 'EXCEL') return spreadsheet ? 'ID_EXCEL' : 'ID_CHECK_DIGIT';
  return fault === 'CHECK_DIGIT' ? 'ID_CHECK_DIGIT' : 'OTHER';
}

function underEighteen(mention: MentionColumns, occurredAt: string | null): boolean {
  if (occurredAt === null || mention.id_number === null || mention.birth_date?.length !== 8) return false;
  const adultOn = `${Number(mention.birth_date.slice(0, 4)) + 18}${mention.birth_date.slice(4)}`;
  return shanghaiDay(occurredAt).replaceAll('-', '') < adultOn;
}

export function assigned(stream: Stream, row: Row, division: string | null): Pick<Mapped, 'assignments' | 'units'> {
  const relations = new Map<string, 'LEAD' | 'ASSIST'>();
  const units: Mapped['units'] = [];
  const assign = (code: string, relation: 'LEAD' | 'ASSIST') => {
    if (relation === 'LEAD' || !relations.has(code)) relations.set(code, relation);
  };
  for (const rule of stream.assignment) {
    const value = valueAt(row, rule.reads);
    for (const code of (Array.isArray(value) ? value : [value]).map(solidCode)) {
      if (code === null || Buffer.byteLength(code) > limits.keyBytesMax) continue;
      if (rule.townshipCentreWhen) {
        if (rule.townshipCentreWhen.includes(code) && division !== null && division.slice(6, 9) !== '000') assign(townshipCentre(division, units), rule.relation);
      } else if (rule.unit) assign(unit(rule.unit, code, units), rule.relation);
      else if (creditCode.test(code)) assign(code.toUpperCase(), rule.relation);
    }
  }
  return { assignments: [...relations].map(([credit_code, relation]) => ({ credit_code, relation })), units };
}

const creditCode = /^[0-9A-Z]{18}$/i;

function unit(kind: Parameters<typeof unitOf>[0], code: string, units: Mapped['units']): string {
  const { creditCode: credit_code } = unitOf(kind, code);
  units.push({ kind, code, credit_code });
  return credit_code;
}

function townshipCentre(division: string, units: Mapped['units']): string {
  return unit('MEDIATION_CENTRE', `${division.slice(0, 9)}000`, units);
}

export function thingOf(stream: Stream, row: Row, found: Findings): Mapped['thing'] {
  const kind = stream.thing?.kind.apply(row, found) ?? null;
  const name = stream.thing?.name.apply(row, found) ?? null;
  return kind === null || name === null ? null : { kind, name, identifier: stream.thing!.identifier.apply(row, found) };
}
