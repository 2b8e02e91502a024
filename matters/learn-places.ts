import { standardiseAddress, type Address } from '../linkage/standardise/address.ts';
import type { DivisionIndex } from '../linkage/standardise/division-index.ts';
import { houseName, type CountyPlaces, type PlaceDictionary } from './places.ts';
import type { MatterRecord } from './record.ts';

/**
 * The dictionary of places, learnt from the addresses themselves: which estates each county has, on which street each
 * stands, and which house number is whose.
 */
export function learnPlaces(records: readonly MatterRecord[], divisions: DivisionIndex): PlaceDictionary {
  const counties = new Map<string, Heard>();
  for (const record of records) {
    const address = standardiseAddress(record.placeText, divisions, record.division);
    const code = record.division?.slice(0, countyDigits) ?? '';
    if (address) listen(counties.get(code) ?? newCounty(counties, code), address);
  }
  return Object.fromEntries([...counties].map(([code, heard]) => [code, settled(heard)]));
}

const countyDigits = 6;
/** A name that stands in fewer addresses is a slip or a home village, not an entry of the dictionary. */
const nameTimesMin = 2;
const houseTimesMin = 2;
const stemCharactersMax = 8;

interface Heard {
  estates: Map<string, { stem: string; times: number; streets: Map<string, number> }>;
  houses: Map<string, Map<string, number>>;
}

function newCounty(counties: Map<string, Heard>, code: string): Heard {
  const made: Heard = { estates: new Map(), houses: new Map() };
  counties.set(code, made);
  return made;
}

function listen(heard: Heard, { estate, estateStem: stem, street, streetNumber }: Address): void {
  if (!estate || !stem || stem.length > stemCharactersMax) return;
  const name = heard.estates.get(estate) ?? { stem, times: 0, streets: new Map<string, number>() };
  heard.estates.set(estate, name);
  name.times += 1;
  if (street) count(name.streets, street);
  if (!street || !streetNumber) return;
  const there = heard.houses.get(houseName(street, streetNumber)) ?? new Map<string, number>();
  heard.houses.set(houseName(street, streetNumber), there);
  count(there, estate);
}

function count(counts: Map<string, number>, value: string): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

function settled({ estates, houses }: Heard): CountyPlaces {
  const known = [...estates].filter(([, name]) => name.times >= nameTimesMin);
  return {
    estates: Object.fromEntries(known.map(([name, { stem, streets }]) => [name, { stem, street: most(streets) }])),
    sites: sitesOf(estates, houses),
    houses: Object.fromEntries([...houses].map(([house, names]) => [house, most(names)!])),
  };
}

function most(counts: ReadonlyMap<string, number>): string | null {
  const [best] = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return best?.[0] ?? null;
}

/** Stems that stand on two streets or more. Streets of one stem that share a house number are one street by two names. */
function sitesOf(estates: Heard['estates'], houses: Heard['houses']): CountyPlaces['sites'] {
  const streets = new Map<string, Map<string, Set<string>>>();
  for (const [house, names] of houses) {
    const [street, number] = house.split('|') as [string, string];
    for (const [name, times] of names) {
      const { stem, times: inAll } = estates.get(name)!;
      if (times < houseTimesMin && inAll > nameTimesMin) continue;
      const own = streets.get(stem) ?? new Map<string, Set<string>>();
      streets.set(stem, own.set(street, (own.get(street) ?? new Set()).add(number)));
    }
  }
  const sites = [...streets].map(([stem, numbers]) => [stem, merged(stem, numbers)] as const);
  return Object.fromEntries(sites.filter(([, byStreet]) => new Set(Object.values(byStreet)).size > 1));
}

function merged(stem: string, numbers: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string> {
  const sites: Record<string, string> = {};
  const byNumber = new Map<string, string>();
  for (const [street, own] of [...numbers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const site = [...own].map((number) => byNumber.get(number)).find((known) => known !== undefined) ?? `${stem}@${street}`;
    for (const number of own) byNumber.set(number, site);
    sites[street] = site;
  }
  return sites;
}
