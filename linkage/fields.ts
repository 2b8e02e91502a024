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
import { mappedColumn, parsedColumns, type Column } from './table.ts';

/** The columns that a field of this kind gives, by the end of their names: `''` is the field's own. */
export function fieldColumns(kind: FieldKind, raw: Column): Map<string, Column> {
  switch (kind) {
    case 'text':
      return new Map([['', mappedColumn(raw, (value) => plainText(value)?.toLowerCase() ?? null)]]);
    case 'digits':
      return new Map([['', mappedColumn(raw, (value) => plainText(value)?.replace(/\D/g, '') || null)]]);
    case 'sex':
      return new Map([['', mappedColumn(raw, sex)]]);
    case 'date':
    case 'birth_date_cn':
      return dateColumns(raw);
    case 'name_cn':
      return nameColumns(raw);
    case 'id_cn':
      return idColumns(raw);
    case 'phone_cn':
      return phoneColumns(raw);
    case 'address_cn':
      return addressParts(raw);
  }
}

/** The ends of the names that a field of this kind gives, for checking a model before any file is read. */
export function fieldColumnNames(kind: FieldKind): string[] {
  return [...fieldColumns(kind, { values: [], codes: new Int32Array(0), offsets: null }).keys()];
}

function dateColumns(raw: Column): Map<string, Column> {
  const dates = mappedColumn(raw, anyDate);
  const part = (from: number, to: number) => mappedColumn(dates, (date) => (date.length >= to ? date.slice(from, to) : null));
  return new Map([
    ['', dates],
    ['.year', part(0, 4)],
    ['.month', part(5, 7)],
    ['.day', part(8, 10)],
    ['.month_day', part(5, 10)],
  ]);
}

/** Dates of any century; a date that cannot be (a generator's slip in the month) is kept digit by digit, for it still resembles. */
function anyDate(value: string): string | null {
  const iso = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(value.trim());
  return iso === null ? standardiseBirthDate(value) : `${iso[1]}-${iso[2]}-${iso[3]}`;
}

function nameColumns(raw: Column): Map<string, Column> {
  return parsedColumns(raw, standardiseName, {
    '': { one: (name) => name.full },
    '.surname': { one: (name) => name.surname },
    '.pinyin': { one: (name) => name.pinyin },
    '.sex': { one: (name) => name.sex },
  });
}

function idColumns(raw: Column): Map<string, Column> {
  return parsedColumns(raw, standardiseIdNumber, {
    '': { one: (number) => number.value },
    '.suspect': { one: (number) => number.suspect },
    '.birth': { one: (number) => number.birthDate },
    '.sex': { one: (number) => number.sex },
  });
}

function phoneColumns(raw: Column): Map<string, Column> {
  return parsedColumns(raw, standardisePhones, {
    '': { list: (phones) => phones.valid },
    '.suspect': { list: (phones) => phones.suspect.map((digits) => `+86${digits}`) },
  });
}

function addressParts(raw: Column): Map<string, Column> {
  const parts = Object.entries(addressColumns).map(([name, one]) => [`.${name}`, { one }] as const);
  return parsedColumns(raw, (value) => standardiseAddress(value, allDivisions()), { ...Object.fromEntries(parts), '.home': { list: homes } });
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
