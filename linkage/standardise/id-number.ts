import { plainText } from './text.ts';

export type IdStatus = 'VALID' | 'SUSPECT' | 'ABSENT';
export type IdRepair = 'ID_15' | 'ID_LOWER_X' | 'ID_FULL_WIDTH' | 'ID_SPACE';
export type IdFault = 'CHECK_DIGIT' | 'EXCEL' | 'BIRTH_DATE' | 'FORM';

export interface IdNumber {
  status: IdStatus;
  /** Eighteen characters, upper case; only of a valid number. */
  value: string | null;
  /** What a suspect number looked like once tidied: for comparison only, never to be published. */
  suspect: string | null;
  fault: IdFault | null;
  repairs: IdRepair[];
  /** `YYYY-MM-DD`, of a valid number. */
  birthDate: string | null;
  sex: Sex | null;
}

export type Sex = 'MALE' | 'FEMALE';

/**
 * A resident identity number (GB 11643): 15 digits become 18, the check character and the birth date are verified. A
 * number that fails is SUSPECT: it is no proof of identity, yet it may still resemble a valid one.
 */
export function standardiseIdNumber(raw: unknown): IdNumber {
  const text = plainText(raw);
  if (text === null) return absent;
  const repairs = new Set<IdRepair>();
  const source = String(raw);
  if (/[\uff00-\uffef]/u.test(source)) repairs.add('ID_FULL_WIDTH');
  if (/[\s\u200b-\u200d\ufeff]/u.test(source)) repairs.add('ID_SPACE');
  let digits = text.replaceAll(' ', '');
  if (digits.endsWith('x')) {
    repairs.add('ID_LOWER_X');
    digits = digits.toUpperCase();
  }
  if (/^\d{15}$/.test(digits)) {
    repairs.add('ID_15');
    digits = eighteenDigits(digits);
  }
  const fault = idFault(digits);
  if (fault !== null) return { ...absent, status: 'SUSPECT', suspect: digits, fault, repairs: [...repairs] };
  return {
    status: 'VALID',
    value: digits,
    suspect: null,
    fault: null,
    repairs: [...repairs],
    ...idParts(digits),
  };
}

/** What a valid number tells. */
export function idParts(digits: string): { birthDate: string | null; sex: Sex } {
  return { birthDate: idBirthDate(digits), sex: Number(digits[16]) % 2 === 1 ? 'MALE' : 'FEMALE' };
}

/** The check character of the first seventeen digits (ISO 7064 MOD 11-2, as GB 11643 prescribes). */
export function idCheckCharacter(seventeen: string): string {
  let sum = 0;
  for (let index = 0; index < 17; index += 1) sum += (seventeen.charCodeAt(index) - 48) * (idWeights[index] as number);
  return '10X98765432'[sum % 11] as string;
}

/**
 * First-generation numbers carry a two-digit year of the 1900s. The serials 996 to 999 were once meant for people born in the
 * 1800s; none of them is alive, so that such a serial in a record of today says nothing of the century.
 */
function eighteenDigits(fifteen: string): string {
  const seventeen = `${fifteen.slice(0, 6)}19${fifteen.slice(6)}`;
  return seventeen + idCheckCharacter(seventeen);
}

function idFault(digits: string): IdFault | null {
  if (/^\d(?:\.\d+)?E\+?\d+$/i.test(digits)) return 'EXCEL';
  if (/^\d{17}$/.test(digits)) return 'CHECK_DIGIT';
  if (!/^\d{17}[\dX]$/.test(digits)) return 'FORM';
  if (idCheckCharacter(digits) !== digits[17]) return digits.endsWith('000') ? 'EXCEL' : 'CHECK_DIGIT';
  return idBirthDate(digits) === null ? 'BIRTH_DATE' : null;
}

function idBirthDate(digits: string): string | null {
  const [year, month, day] = [digits.slice(6, 10), digits.slice(10, 12), digits.slice(12, 14)];
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const real = !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day) && Number(year) >= 1850 && Number(year) <= 2100;
  return real ? `${year}-${month}-${day}` : null;
}

const absent: IdNumber = { status: 'ABSENT', value: null, suspect: null, fault: null, repairs: [], birthDate: null, sex: null };
const idWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
