import parseInternational from 'libphonenumber-js/max';
import { plainText } from './text.ts';

export interface Phones {
  /** E.164, in the order given, each once. */
  valid: string[];
  /** A mobile number with a digit too few or too many: for comparison only. */
  suspect: string[];
}

/**
 * The phones of a cell. Mainland numbers go by the grammar below, because a million of them must be read in a second or
 * two and because fixed lines are often written with a digit too few; whatever says it is foreign goes to libphonenumber.
 */
export function standardisePhones(raw: unknown): Phones {
  const { valid, suspect } = readPhones(raw);
  return { valid, suspect };
}

/** The same, with the number of parts of the cell that hold digits and are no phone. */
export function readPhones(raw: unknown): Phones & { unreadable: number } {
  const phones = { valid: [] as string[], suspect: [] as string[], unreadable: 0 };
  const text = plainText(raw)?.slice(0, cellCharactersMax);
  if (text === undefined) return phones;
  if (/^1[3-9]\d{9}$/.test(text)) return { ...phones, valid: [`+86${text}`] };
  for (const part of phoneParts(text)) addPhone(phones, part);
  return phones;
}

function addPhone(phones: Phones & { unreadable: number }, part: string): void {
  const foreign = /^(?:\+|00)(?!\s*86)/.test(part) ? foreignPhone(part) : null;
  const written = part.replace(/\D/g, '');
  const digits = written.replace(/^0*86(?=1\d{9}|0\d{9})/, '');
  const number = foreign ?? mainlandPhone(digits) ?? (countryCode.test(part) ? mainlandPhone(written.replace(/^0*86/, '0')) : null);
  if (number === null) phones.unreadable += 1;
  else if (!phones.valid.includes(number)) phones.valid.push(number);
  if (number === null && /^1[3-9]\d{8}(?:\d{2})?$/.test(digits)) phones.suspect.push(digits);
}

/** After it an area code has no nought: `+86 571 8800 1122`. */
const countryCode = /^(?:\+|00)\s*86/;

/** Mobile numbers have eleven digits; fixed lines an area code and seven or eight digits. Shorter ones are service numbers. */
function mainlandPhone(digits: string): string | null {
  if (/^1[3-9]\d{9}$/.test(digits)) return `+86${digits}`;
  if (/^0(?:10|2\d)\d{7,8}$/.test(digits) || /^0[3-9]\d{2}\d{7,8}$/.test(digits)) return `+86${digits.slice(1)}`;
  return null;
}

function foreignPhone(part: string): string | null {
  const number = parseInternational(part.replace(/^00/, '+'));
  return number?.isValid() === true ? number.number : null;
}

/** Splits at what people write between two numbers. A dash or a space belongs to the number unless both sides are whole. */
function phoneParts(text: string): string[] {
  return text
    .split(/[,;/、|。\n或和及]+/u)
    .flatMap((part) => wholePhones(part) ?? part.split(/(?<=1[3-9]\d{9})[ -]+(?=[01+])|(?<=\d{7,8}) +(?=1[3-9]\d{9})/))
    .map((part) => part.replace(/(?:转|ext\.?|分机)\s*\d+\s*$/iu, '').trim())
    .filter((part) => /\d/.test(part))
    .slice(0, phonesMax);
}

/** Numbers with spaces and dashes of their own, where they account for every digit of the part: else nobody can tell where one ends. */
function wholePhones(part: string): string[] | null {
  const found = part.match(wholePhone);
  return found === null || /\d/.test(part.replace(wholePhone, '')) ? null : found;
}

/** A mobile number, or a fixed line with its area code; with the country's code, which stands for the nought. */
const wholePhone = /(?<!\d|\+ ?)(?:(?:\+ ?|00)?86[ -]*)?1[3-9](?:[ -]?\d){9}(?!\d)|(?<!\d)(?:(?:\+ ?|00)86[ -]*\(?0?|\(?0)(?:10|2\d|[3-9]\d{2})\)?(?:[ -]*\d)(?:[ -]?\d){6,7}(?!\d)/g;

const phonesMax = 8;
const cellCharactersMax = 400;
