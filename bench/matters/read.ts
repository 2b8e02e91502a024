import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordKeys } from '../../base/keys.ts';
import type { Stream } from '../../connectors/contract.ts';
import { mapRecord, type Mapped, type MentionColumns } from '../../connectors/map.ts';
import { connectors } from '../../connectors/registry.ts';
import { asMention, divisionsOf, type MentionRow } from '../../jobs/mentions.ts';
import { linkMentions } from '../../linkage/persons.ts';
import { partiesByRecord, type PartyRow } from '../../matters/parties.ts';
import type { MatterRecord } from '../../matters/record.ts';
import { readLines } from '../../simulator/lines.ts';

export interface KnownMatters {
  records: MatterRecord[];
  /** The true matter of each record, in the same order. */
  truth: string[];
}

/** Files that hold records of matters, and how a line gives a row and its key. */
const files = [
  { department: 'police', stream: 'jcj_jjd', path: 'police/jcj_jjd.ndjson', key: (row: Row) => String(row['jjdbh']) },
  { department: 'court', stream: 'prelitigation-cases', path: 'court/prelitigation-cases.ndjson', key: (row: Row) => String(row['prelitNo']) },
  { department: 'petition', stream: 'petitions', path: 'petition/petitions.ndjson', key: (row: Row) => `${String(row['nd'])}${String(row['xfjbh'])}` },
  { department: 'hotline', stream: 'tickets', path: 'hotline/events.ndjson', key: (row: Row) => String(row['ticketNo']) },
] as const;

type Row = Record<string, unknown>;

interface Named {
  rid: string;
  id: string;
  columns: MentionColumns;
  division: string | null;
}

/**
 * The live records of a data set as clustering reads them, without a database: the newest version of each key that the
 * truth names, mapped by the connectors' own rules, its persons linked by the hub's own linkage.
 */
export async function readMatters(folder: string): Promise<KnownMatters> {
  const known = await connectors();
  const truth = truthOf(folder);
  const keys = recordKeys(Buffer.alloc(32, 3));
  const records: MatterRecord[] = [];
  const matters: string[] = [];
  const mentions: Named[] = [];
  for (const { department, stream: name, path, key } of files) {
    const stream = known.get(department)!.streams.find((one) => one.name === name)!;
    for (const [recordKey, row] of newest(join(folder, path), path, key)) {
      const matter = truth.get(`${department},${name},${recordKey}`);
      if (matter === undefined) continue;
      const mapped = mapRecord(stream, ...lawful(stream, row, keys));
      const rid = keys.rid(department, name, recordKey);
      for (const columns of mapped.mentions) mentions.push({ rid, id: keys.mentionId(rid, columns.role, columns.ordinal), columns, division: mapped.record['division_now'] as string | null });
      records.push(recordOf(rid, department, name, mapped, (parent) => keys.rid(department, name, parent)));
      matters.push(matter);
    }
  }
  const households = householdsOf(known.get('police')!.streams.find((one) => one.name === 'rk_hj')!, join(folder, 'police/rk_hj.ndjson'), keys);
  const parties = linked([...mentions, ...households]);
  return { records: records.map((record) => ({ ...record, ...parties.get(record.rid) })), truth: matters };
}

function truthOf(folder: string): Map<string, string> {
  const lines = readFileSync(join(folder, 'truth/matters.csv'), 'utf8').split(/\r?\n/).slice(1);
  return new Map(lines.filter((line) => line !== '').map((line) => [line.slice(0, line.lastIndexOf(',')), line.slice(line.lastIndexOf(',') + 1)]));
}

function newest(path: string, label: string, keyOf: (row: Row) => string): Map<string, Row> {
  const rows = new Map<string, Row>();
  const sequences = new Map<string, number>();
  for (const { value } of readLines(path, label)) {
    if (!label.startsWith('hotline')) {
      rows.set(keyOf(value), value);
      continue;
    }
    const ticket = value['data'] as Row | undefined;
    const sequence = Number(value['sequence']);
    if (typeof ticket !== 'object' || ticket === null || !(sequence > (sequences.get(keyOf(ticket)) ?? -1))) continue;
    sequences.set(keyOf(ticket), sequence);
    rows.set(keyOf(ticket), { ...ticket, eventType: value['type'] });
  }
  return rows;
}

/** The row without what is never stored. */
function lawful(stream: Stream, row: Row, keys: ReturnType<typeof recordKeys>): [Row, ReturnType<typeof recordKeys>, boolean] {
  const restricted = stream.neverStoredWhen?.when.includes(row[stream.neverStoredWhen.reads] as boolean) === true;
  const gone = new Set([...stream.neverStored, ...(restricted ? stream.neverStoredWhen!.fields : [])]);
  return [Object.fromEntries(Object.entries(row).filter(([column]) => !gone.has(column))), keys, restricted];
}

function recordOf(rid: string, department: string, stream: string, mapped: Mapped, ridOf: (parentKey: string) => string): MatterRecord {
  const { record, thing } = mapped;
  const text = (column: string) => (record[column] as string | null) ?? null;
  return {
    rid, department, stream,
    occurredAtMs: text('occurred_at') === null ? null : Date.parse(text('occurred_at')!),
    category: text('category'),
    division: text('division_now'),
    placeText: text('place_text') ?? '',
    text: text('text_for_matching') ?? '',
    thing: thing === null ? null : { kind: thing.kind, name: thing.name, identifier: thing.identifier },
    parentRid: text('parent_key') === null ? null : ridOf(text('parent_key')!),
    parties: [], circle: [], organisations: [],
    rule: 'CLUSTER',
  };
}

/** The household register says who lives with whom. */
function householdsOf(stream: Stream, path: string, keys: ReturnType<typeof recordKeys>): Named[] {
  const named: Named[] = [];
  for (const [recordKey, row] of newest(path, 'police/rk_hj.ndjson', (one) => String(one['rybh']))) {
    if (row['scbz'] === '1') continue;
    const mapped = mapRecord(stream, ...lawful(stream, row, keys));
    const rid = keys.rid('police', 'rk_hj', recordKey);
    for (const columns of mapped.mentions) named.push({ rid, id: keys.mentionId(rid, columns.role, columns.ordinal), columns, division: mapped.record['division_now'] as string | null });
  }
  return named;
}

function linked(mentions: readonly Named[]): Map<string, Pick<MatterRecord, 'parties' | 'circle' | 'organisations'>> {
  const persons = mentions.filter(({ columns }) => columns.kind === 'PERSON');
  const rows = persons.map(({ id, columns, division }): MentionRow => ({ ...columns, mention_id: id, division, entity_key: null }));
  const divisions = divisionsOf(rows);
  const { entities } = linkMentions({ mentions: rows.map((row) => asMention(row, divisions)), decisions: [], previousEntities: [], newEntityId: ([first]) => first! });
  const entityOf = new Map(entities.flatMap((entity) => entity.mentions.map((mention) => [mention, entity.id] as const)));
  const known = new Map<string, PartyRow[]>();
  for (const { rid, id, columns } of mentions) {
    const row: PartyRow = { rid, entity: columns.kind === 'ORG' ? null : (entityOf.get(id) ?? id), organisation: columns.kind === 'ORG' ? columns.name : null, phones: columns.phones, address: columns.address, household: columns.household_no };
    known.set(rid, [...(known.get(rid) ?? []), row]);
  }
  return partiesByRecord([...known.values()].flat());
}
