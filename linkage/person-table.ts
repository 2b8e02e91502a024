import { cnPersons } from './models/cn-persons.ts';
import { derive } from './derive.ts';
import type { Mention } from './standardise/mention.ts';
import type { Address } from './standardise/address.ts';
import { column, listColumn, type Table } from './table.ts';
import { idParts } from './standardise/id-number.ts';

/** The columns of `cn_persons` for mentions that are standardised already. */
export function personTable(mentions: readonly Mention[]): Table {
  const rows = mentions.length;
  const table: Table = { rows, columns: new Map(), inputs: new Uint8Array(rows) };
  const single = (name: string, value: (mention: Mention) => string | null) => table.columns.set(name, column(rows, (row) => value(mentions[row] as Mention)));
  const several = (name: string, list: (mention: Mention) => readonly string[]) => table.columns.set(name, listColumn(rows, (row) => list(mentions[row] as Mention)));
  single('id', (mention) => (mention.idStatus === 'VALID' ? mention.idNumber : null));
  single('id.suspect', (mention) => (mention.idStatus === 'SUSPECT' ? mention.idNumber : null));
  single('id.birth', (mention) => (mention.idStatus === 'VALID' ? idParts(mention.idNumber as string).birthDate : null));
  single('id.sex', (mention) => (mention.idStatus === 'VALID' ? idParts(mention.idNumber as string).sex : null));
  single('name', (mention) => mention.name?.full ?? null);
  single('name.surname', (mention) => mention.name?.surname ?? null);
  single('name.pinyin', (mention) => mention.name?.pinyin ?? null);
  single('name.sex', (mention) => mention.name?.sex ?? null);
  single('birth', (mention) => mention.birthDate);
  single('sex', (mention) => mention.sex);
  several('phone', (mention) => mention.phones);
  several('phone.suspect', (mention) => mention.phonesSuspect.map((digits) => `+86${digits}`));
  for (const [part, value] of Object.entries(addressColumns)) single(`address.${part}`, (mention) => (mention.address === null ? null : value(mention.address)));
  several('address.home', (mention) => homes(mention.address));
  derive(table, cnPersons.derived ?? []);
  return table;
}

export const addressColumns: Record<string, (address: Address) => string | null> = {
  township: (address) => address.township,
  estate: (address) => address.estate,
  stem: (address) => address.estateStem,
  house: (address) => address.house,
  building: (address) => (address.estateStem === null || address.building === null ? null : `${address.estateStem} ${address.building}`),
  street: (address) => address.street,
  place: (address) => address.estateStem ?? address.street,
};

/** A home is a house in a named place. Either name may be left out when people write, so each makes its own key. */
export function homes(address: Address | null): string[] {
  if (address === null || address.house === null) return [];
  return [address.estateStem, address.street].filter((place) => place !== null).map((place) => `${place} ${address.house}`);
}
