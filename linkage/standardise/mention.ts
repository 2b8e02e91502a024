import { standardiseAddress, type Address } from './address.ts';
import { standardiseBirthDate } from './birth-date.ts';
import type { DivisionIndex } from './division-index.ts';
import { standardiseIdNumber, type IdStatus, type Sex } from './id-number.ts';
import { standardiseName, type PersonName } from './name.ts';
import { standardisePhones } from './phone.ts';

/** What a record says of one person, as the source wrote it. */
export interface RawMention {
  name?: unknown;
  idNumber?: unknown;
  /** 111 or empty: a resident identity card. Numbers of other documents are not compared. */
  idType?: string | null | undefined;
  phone?: unknown;
  birthDate?: unknown;
  sex?: unknown;
  address?: unknown;
  /** A division code beside the address. */
  division?: string | null | undefined;
  /** The source's own number of the household. */
  household?: string | null | undefined;
}

/** The standard form kept beside the raw values: JSON, so that it can be a column. */
export interface Mention {
  /** Stable: `department/stream/recordKey/role/ordinal`. */
  id: string;
  idStatus: IdStatus;
  /** Eighteen characters where VALID, the tidied text where SUSPECT. */
  idNumber: string | null;
  name: PersonName | null;
  /** `YYYY-MM-DD`, `YYYY-MM` or `YYYY`; from the ID number where no field gives it. */
  birthDate: string | null;
  sex: Sex | null;
  phones: string[];
  phonesSuspect: string[];
  address: Address | null;
  household: string | null;
}

/** Standardises one mention. */
export function standardiseMention(id: string, raw: RawMention, divisions: DivisionIndex): Mention {
  const identity = residentId(raw);
  const name = standardiseName(raw.name);
  const phones = standardisePhones(raw.phone);
  return {
    id,
    idStatus: identity.status,
    idNumber: identity.value ?? identity.suspect,
    name,
    birthDate: standardiseBirthDate(raw.birthDate) ?? identity.birthDate,
    sex: sexOf(raw.sex) ?? identity.sex ?? name?.sex ?? null,
    phones: phones.valid,
    phonesSuspect: phones.suspect,
    address: standardiseAddress(raw.address, divisions, raw.division ?? null),
    household: raw.household ?? null,
  };
}

/** The role's part of a mention's id. Components hold no `/`: sources.md's keys are plain. */
export function mentionId(parts: { department: string; stream: string; recordKey: string; role: string; ordinal: number }): string {
  return [parts.department, parts.stream, parts.recordKey, parts.role, parts.ordinal].join('/');
}

function residentId(raw: RawMention) {
  const type = raw.idType?.normalize('NFKC').trim() ?? '';
  return standardiseIdNumber(type === '' || type === '111' ? raw.idNumber : null);
}

/** GB/T 2261.1 and the words. */
function sexOf(raw: unknown): Sex | null {
  const text = raw === null || raw === undefined ? '' : String(raw).normalize('NFKC').trim().toUpperCase();
  if (['1', '男', 'M', 'MALE'].includes(text)) return 'MALE';
  return ['2', '女', 'F', 'FEMALE'].includes(text) ? 'FEMALE' : null;
}
