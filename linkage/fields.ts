import { divisionsUnder, upperDivisions } from '../schema/divisions/divisions.ts';
import type { FieldKind } from './model.ts';
import { addressColumns, homes } from './person-table.ts';
import { standardiseAddress, type Address } from './standardise/address.ts';
import { standardiseBirthDate } from './standardise/birth-date.ts';
import { divisionIndex, type DivisionIndex } from './standardise/division-index.ts';
import { standardiseIdNumber } from './standardise/id-number.ts';
import { standardiseName } from './standardise/name.ts';
import { standardisePhones } from './standardise/phone.ts';
import { plainText } from './standardise/text.ts';
import { mappedColumn, mappedListColumn, type Column } from './table.ts';

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
  const names = parsed(raw, standardiseName);
  return new Map([
    ['', names((name) => name.full)],
    ['.surname', names((name) => name.surname)],
    ['.pinyin', names((name) => name.pinyin)],
    ['.sex', names((name) => name.sex)],
  ]);
}

function idColumns(raw: Column): Map<string, Column> {
  const numbers = parsed(raw, standardiseIdNumber);
  return new Map([
    ['', numbers((number) => number.value)],
    ['.suspect', numbers((number) => number.suspect)],
    ['.birth', numbers((number) => number.birthDate)],
    ['.sex', numbers((number) => number.sex)],
  ]);
}

function phoneColumns(raw: Column): Map<string, Column> {
  const phones = raw.values.map(standardisePhones);
  return new Map([
    ['', mappedListColumn(raw, (_, index) => phones[index]?.valid ?? [])],
    ['.suspect', mappedListColumn(raw, (_, index) => (phones[index]?.suspect ?? []).map((digits) => `+86${digits}`))],
  ]);
}

function addressParts(raw: Column): Map<string, Column> {
  const index = raw.values.length === 0 ? null : allDivisions();
  const addresses = raw.values.map((value) => standardiseAddress(value, index as DivisionIndex));
  const part = (take: (address: Address) => string | null) => mappedColumn(raw, (_, at) => (addresses[at] ? take(addresses[at]) : null));
  const columns = new Map(Object.entries(addressColumns).map(([name, take]) => [`.${name}`, part(take)]));
  columns.set('.home', mappedListColumn(raw, (_, at) => homes(addresses[at] ?? null)));
  return columns;
}

/** Parses every distinct value once and gives a way to take columns from the results. */
function parsed<Parts>(raw: Column, parse: (value: string) => Parts | null): (take: (parts: Parts) => string | null) => Column {
  const all = raw.values.map(parse);
  return (take) =>
    mappedColumn(raw, (_, index) => {
      const parts = all[index] ?? null;
      return parts === null ? null : take(parts);
    });
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
