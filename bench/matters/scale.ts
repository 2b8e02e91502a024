import { join } from 'node:path';
import type { MatterRecord } from '../../matters/record.ts';
import { generateDataset } from '../../simulator/generate.ts';
import { readMatters, type KnownMatters } from './read.ts';

const countiesMax = 10;
const residents = 4_000;
const periodMs = 330 * 86_400_000;

const read = new Map<number, KnownMatters>();

/**
 * So many records: ten generated counties, and the same again with other people a period later, until there are enough.
 * Places and words repeat, as they do over years; no problem reaches from one period into the next.
 */
export async function scaled(folder: string, size: number): Promise<KnownMatters> {
  const records: MatterRecord[] = [];
  const truth: string[] = [];
  for (let period = 0; records.length < size; period += 1) {
    for (let county = 0; county < countiesMax && records.length < size; county += 1) {
      const known = await countyOf(folder, county);
      const room = size - records.length;
      records.push(...known.records.slice(0, room).map((record) => later(record, `${county}.${period}`, period)));
      truth.push(...known.truth.slice(0, room).map((matter) => `${county} ${period} ${matter}`));
    }
  }
  return { records, truth };
}

async function countyOf(folder: string, county: number): Promise<KnownMatters> {
  const before = read.get(county);
  if (before) return before;
  const out = join(folder, 'county');
  generateDataset({ out, residents, seed: `report-scale-${county}` });
  const made = await readMatters(out);
  read.set(county, made);
  return made;
}

/** Petition numbers are the same in every county: keys are told apart by county and period. */
function later(record: MatterRecord, set: string, period: number): MatterRecord {
  const other = (key: string) => `${key} ${set}`;
  return {
    ...record,
    rid: other(record.rid),
    parentRid: record.parentRid === null ? null : other(record.parentRid),
    occurredAtMs: record.occurredAtMs === null ? null : record.occurredAtMs + period * periodMs,
    parties: record.parties.map(other),
    circle: record.circle.map(other),
  };
}
