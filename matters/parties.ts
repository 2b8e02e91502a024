import { houseOf } from '../linkage/standardise/house.ts';
import { solidText } from '../linkage/standardise/text.ts';
import type { MatterRecord } from './record.ts';

/** One person or organisation as one record names it. */
export interface PartyRow {
  rid: string;
  /** The linked person; null for an organisation. */
  entity: string | null;
  organisation: string | null;
  phones: readonly string[];
  address: string | null;
  household: string | null;
}

/**
 * Who takes part in each record, and what members of one family share: a phone, a home, a number in the household register.
 * What one mention tells of a person holds for all of that person's records.
 */
export function partiesByRecord(rows: readonly PartyRow[]): Map<string, Pick<MatterRecord, 'parties' | 'circle' | 'organisations'>> {
  const circles = new Map<string, Set<string>>();
  for (const row of rows) {
    if (row.entity === null) continue;
    const circle = circles.get(row.entity) ?? new Set();
    circles.set(row.entity, circle);
    for (const key of circleOf(row)) circle.add(key);
  }
  const records = new Map<string, { parties: Set<string>; circle: Set<string>; organisations: Set<string> }>();
  for (const row of rows) {
    const own = records.get(row.rid) ?? { parties: new Set(), circle: new Set(), organisations: new Set() };
    records.set(row.rid, own);
    if (row.organisation !== null) own.organisations.add(row.organisation);
    if (row.entity === null) continue;
    own.parties.add(row.entity);
    for (const key of circles.get(row.entity) ?? []) own.circle.add(key);
  }
  return new Map([...records].map(([rid, own]) => [rid, { parties: [...own.parties].sort(), circle: [...own.circle].sort().slice(0, circleKeysMax), organisations: [...own.organisations].sort() }]));
}

const circleKeysMax = 12;

function circleOf({ phones, address, household }: PartyRow): string[] {
  const home = homeOf(address);
  return [...phones.map((phone) => `phone ${phone}`), ...(home === null ? [] : [`home ${home}`]), ...(household === null ? [] : [`household ${household}`])];
}

/** The last letters before the house, with building and room: enough to tell homes apart, however long the address begins. */
function homeOf(address: string | null): string | null {
  const text = solidText(address);
  if (text === null) return null;
  const { building, room, rest } = houseOf(text);
  return building === null || room === null ? null : `${rest.replace(/(?:小区|院)$/u, '').slice(-homeCharacters)} ${building} ${room}`;
}

const homeCharacters = 2;
