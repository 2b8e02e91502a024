import type { Described } from './describe.ts';
import { minHashBands } from './minhash.ts';

/** A key under which records meet as candidates, and how many neighbours in time it may bring to one record. */
export interface CandidateKey {
  key: string;
  neighboursMax: number;
}

const neighbours = { facility: 40, party: 40, site: 60, category: 30, copy: 12 } as const;

/**
 * Where one problem's records meet: the same facility; a shared party, phone or home; the same site, and the same site with
 * the same category; MinHash of copied text. Batch and online runs use the same keys.
 */
export function candidateKeys({ records, placed }: Described, index: number): CandidateKey[] {
  const record = records[index]!;
  const { place, content } = placed[index]!;
  const keys: CandidateKey[] = [];
  const add = (key: string, neighboursMax: number) => void keys.push({ key, neighboursMax });
  const county = record.division?.slice(0, countyDigits) ?? '';
  if (record.thing?.identifier) add(`thing ${record.thing.identifier}`, neighbours.facility);
  if (record.thing) add(`thing ${county} ${record.thing.kind} ${record.thing.name}`, neighbours.facility);
  for (const party of [...record.parties, ...record.circle]) add(`party ${party}`, neighbours.party);
  if (place.site !== null) {
    const stem = place.site.replace(/@.*$/u, '');
    add(`site ${county} ${stem}`, neighbours.site);
    if (record.category) add(`category ${county} ${stem} ${record.category}`, neighbours.category);
  }
  for (const band of minHashBands(content)) add(`copy ${band}`, neighbours.copy);
  return keys;
}

const countyDigits = 6;
