import { factsOf, type ThingFact } from './thing-facts.ts';
import { keywordsOf } from './keywords.ts';

/** What hotspots are made of: one record, without anything that tells who reported it but whether two reports are by one person. */
export interface ReportedRecord {
  rid: string;
  atMs: number;
  category: string | null;
  /** Twelve digits. */
  division: string;
  channel: string | null;
  /** The linked requester: counted, never kept. */
  requester: string | null;
  thing: { key: string; kind: string; name: string; identifier: string | null } | null;
  /** The estate, without building or room. */
  estate: { key: string; name: string } | null;
  title: string;
  text: string;
  /** Names, phones and addresses of the record: no keyword may hold any of them. */
  private: readonly string[];
  topic: string | null;
  matterKey: string | null;
  /** Of a family, about health, or with a minor. */
  sensitive: boolean;
}

export type SubjectKind = 'PUBLIC_FACILITY' | 'PLACE' | 'TOPIC';
export type Trend = 'NEW' | 'RISING' | 'STEADY' | 'FALLING';

/** A hotspot: a subject (never a person), a window, and what came in there. */
export interface Situation {
  /** Names the subject and the window; the same in every run. */
  key: string;
  kind: SubjectKind;
  name: string;
  identifier: string | null;
  facilityKind: string | null;
  thingKey: string | null;
  category: string | null;
  division: string;
  fromMs: number;
  toMs: number;
  sensitive: boolean;
  rids: string[];
  channels: string[];
  requesters: number;
  keywords: string[];
  trend: Trend;
  matterKeys: string[];
  facts: ThingFact[];
}

/** Floors (matters.md): data. A subject below its floor is no hotspot and is told to nobody. */
export const floors = { facility: { records: 3, channels: 2 }, ordinary: 10, sensitive: 20 } as const;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Reports about one facility belong together while no more than this lies between two of them. */
const burstGapMs = 24 * hourMs;
/** Places and topics are looked at in weeks that end with the business day. */
const weekMs = 7 * dayMs;
const weeks = 13;
const county = 6;

/** The hotspots of the last quarter before `nowMs`, in the order of their keys. The order of the records does not matter. */
export function situationsOf(input: readonly ReportedRecord[], nowMs: number): Situation[] {
  const records = input.filter((record) => record.atMs <= nowMs).sort((a, b) => a.atMs - b.atMs || (a.rid < b.rid ? -1 : 1));
  return [...facilities(records), ...places(records, nowMs), ...topics(records, nowMs)].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function facilities(records: readonly ReportedRecord[]): Situation[] {
  return grouped(records.filter((record) => record.thing !== null && !record.sensitive), (record) => record.thing!.key).flatMap((group) => {
    const bursts = burstsOf(group);
    return bursts.flatMap((burst, index) => {
      if (burst.length < floors.facility.records || channelsOf(burst).length < floors.facility.channels) return [];
      const { key, kind, name, identifier } = burst[0]!.thing!;
      const subject = { kind: 'PUBLIC_FACILITY' as const, name, identifier, facilityKind: kind, thingKey: key, category: null };
      const found = situation(`facility ${key}`, subject, burst, bursts[index - 1]?.length ?? 0, 2);
      return [{ ...found, facts: factsOf(kind, burst) }];
    });
  });
}

function burstsOf(group: readonly ReportedRecord[]): ReportedRecord[][] {
  const bursts: ReportedRecord[][] = [];
  for (const record of group) {
    const last = bursts.at(-1);
    if (last && record.atMs - last.at(-1)!.atMs <= burstGapMs) last.push(record);
    else bursts.push([record]);
  }
  return bursts;
}

function places(records: readonly ReportedRecord[], nowMs: number): Situation[] {
  return grouped(records.filter((record) => record.estate !== null && !record.sensitive), (record) => record.estate!.key).flatMap((group) =>
    byWeek(group, nowMs).flatMap(({ week, before }) =>
      week.length < floors.ordinary ? [] : [situation(`place ${group[0]!.estate!.key}`, { kind: 'PLACE', name: group[0]!.estate!.name, identifier: null, facilityKind: null, thingKey: null, category: null }, week, before, 3)],
    ),
  );
}

/** A topic in a township, and in its county; a sensitive one not below the county. */
function topics(records: readonly ReportedRecord[], nowMs: number): Situation[] {
  const categorised = records.filter((record) => record.category !== null);
  return [county, 9].flatMap((digits) =>
    grouped(categorised.filter((record) => (!record.sensitive || digits === county) && !(digits === 9 && record.division.slice(6, 9) === '000')), (record) => `${record.category}/${record.division.slice(0, digits)}/${record.sensitive}`).flatMap((group) =>
      byWeek(group, nowMs).flatMap(({ week, before }) => {
        const { category, division, sensitive } = group[0]!;
        if (week.length < (sensitive ? floors.sensitive : floors.ordinary)) return [];
        const area = division.slice(0, digits);
        return [{ ...situation(`topic ${category} ${area} ${sensitive}`, { kind: 'TOPIC', name: '', identifier: null, facilityKind: null, thingKey: null, category }, week, before, 3), division: area.padEnd(12, '0') }];
      }),
    ),
  );
}

function byWeek(group: readonly ReportedRecord[], nowMs: number): { week: ReportedRecord[]; before: number }[] {
  const counts = Array.from({ length: weeks + 1 }, (_, n) => group.filter((record) => record.atMs > nowMs - (n + 1) * weekMs && record.atMs <= nowMs - n * weekMs));
  return counts.slice(0, weeks).map((week, n) => ({ week, before: counts[n + 1]!.length }));
}

type Subject = Pick<Situation, 'kind' | 'name' | 'identifier' | 'facilityKind' | 'thingKey' | 'category'>;

function situation(subjectKey: string, subject: Subject, records: readonly ReportedRecord[], before: number, keywordRecordsMin: number): Situation {
  const fromMs = records[0]!.atMs;
  return {
    ...subject,
    key: `${subjectKey} ${fromMs}`,
    division: commonDivision(records),
    fromMs,
    toMs: records.at(-1)!.atMs,
    sensitive: records.some((record) => record.sensitive),
    rids: records.map((record) => record.rid),
    channels: channelsOf(records),
    requesters: new Set(records.map((record) => record.requester).filter((one) => one !== null)).size,
    // What is said of a family, an illness or a child is not repeated.
    keywords: records.some((record) => record.sensitive) ? [] : keywordsOf(records, keywordRecordsMin),
    trend: trendOf(records.length, before),
    matterKeys: [...new Set(records.map((record) => record.matterKey).filter((key) => key !== null))].sort(),
    facts: [],
  };
}

function channelsOf(records: readonly ReportedRecord[]): string[] {
  return [...new Set(records.map((record) => record.channel).filter((channel) => channel !== null))].sort();
}

/** The smallest division that holds all of them. */
function commonDivision(records: readonly ReportedRecord[]): string {
  const codes = records.map((record) => record.division);
  const digits = [12, 9, 6, 4, 2].find((count) => codes.every((code) => code.slice(0, count) === codes[0]!.slice(0, count))) ?? 0;
  return codes[0]!.slice(0, digits).padEnd(12, '0');
}

/** Steps of a quarter, so that one report more or less is no trend. */
function trendOf(now: number, before: number): Trend {
  if (before === 0) return 'NEW';
  return now >= before * 1.25 ? 'RISING' : now <= before * 0.75 ? 'FALLING' : 'STEADY';
}

function grouped(records: readonly ReportedRecord[], key: (record: ReportedRecord) => string): ReportedRecord[][] {
  const groups = new Map<string, ReportedRecord[]>();
  for (const record of records) {
    const known = groups.get(key(record));
    if (known) known.push(record);
    else groups.set(key(record), [record]);
  }
  return [...groups.values()];
}
