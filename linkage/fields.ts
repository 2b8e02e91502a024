import { divisionsUnder, upperDivisions } from '../schema/divisions/divisions.ts';
import type { FieldKind } from './model.ts';
import { addressColumns, homes } from './person-table.ts';
import { standardiseAddress } from './standardise/address.ts';
import { standardiseBirthDate } from './standardise/birth-date.ts';
import { divisionIndex, type DivisionIndex } from './standardise/division-index.ts';
import { standardiseIdNumber } from './standardise/id-number.ts';
import { standardiseName } from './standardise/name.ts';
import { standardisePhones } from './standardise/phone.ts';
import { plainText } from './standardise/text.ts';
import { ParsedColumns, type Take } from './table.ts';

/** How a field of this kind is read: every value is parsed once, and gives the columns whose names end so; `''` is the field's own. */
interface Reading<Parts> {
  parse: (value: string) => Parts | null;
  takes: Readonly<Record<string, Take<Parts>>>;
}

/** An empty table of a field's columns, to which its distinct values are added; of `wanted` ends only. */
export function fieldColumns(kind: FieldKind, wanted?: readonly string[]): ParsedColumns<never> {
  const { parse, takes } = readings[kind];
  return new ParsedColumns(parse, Object.fromEntries(Object.entries(takes).filter(([end]) => wanted?.includes(end) ?? true)));
}

/** The ends of the names that a field of this kind gives. */
export function fieldColumnNames(kind: FieldKind): string[] {
  return Object.keys(readings[kind].takes);
}

const itself = { '': { one: (value: string) => value } };
const datePart = (from: number, to: number) => ({ one: (date: string) => (date.length >= to ? date.slice(from, to) : null) });
const dates = reading(anyDate, { ...itself, '.year': datePart(0, 4), '.month': datePart(5, 7), '.day': datePart(8, 10), '.month_day': datePart(5, 10) });

/** A kind's parts are its own affair: outside they are columns. */
const readings: Readonly<Record<FieldKind, Reading<never>>> = {
  text: reading((value) => plainText(value)?.toLowerCase() ?? null, itself),
  digits: reading((value) => plainText(value)?.replace(/\D/g, '') || null, itself),
  sex: reading(sex, itself),
  date: dates,
  birth_date_cn: dates,
  name_cn: reading(standardiseName, {
    '': { one: (name) => name.full },
    '.surname': { one: (name) => name.surname },
    '.pinyin': { one: (name) => name.pinyin },
    '.sex': { one: (name) => name.sex },
  }),
  id_cn: reading(standardiseIdNumber, {
    '': { one: (number) => number.value },
    '.suspect': { one: (number) => number.suspect },
    '.birth': { one: (number) => number.birthDate },
    '.sex': { one: (number) => number.sex },
  }),
  phone_cn: reading(standardisePhones, {
    '': { list: (phones) => phones.valid },
    '.suspect': { list: (phones) => phones.suspect.map((digits) => `+86${digits}`) },
  }),
  address_cn: reading((value) => standardiseAddress(value, allDivisions()), {
    ...Object.fromEntries(Object.entries(addressColumns).map(([name, one]) => [`.${name}`, { one }])),
    '.home': { list: homes },
  }),
};

function reading<Parts>(parse: Reading<Parts>['parse'], takes: Reading<Parts>['takes']): Reading<never> {
  return { parse, takes } as unknown as Reading<never>;
}

/** Dates of any century; a date that cannot be (a generator's slip in the month) is kept digit by digit, for it still resembles. */
function anyDate(value: string): string | null {
  const iso = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(value.trim());
  return iso === null ? standardiseBirthDate(value) : `${iso[1]}-${iso[2]}-${iso[3]}`;
}

function sex(value: string): string | null {
  const text = plainText(value)?.toUpperCase() ?? '';
  if (['1', '男', 'M', 'MALE'].includes(text)) return 'MALE';
  return ['2', '女', 'F', 'FEMALE'].includes(text) ? 'FEMALE' : null;
}

let index: DivisionIndex | undefined;

function allDivisions(): DivisionIndex {
  return (index ??= divisionIndex(upperDivisions().values(), (county) => divisionsUnder([county.slice(0, 6)]).values()));
}
