import { Cron } from 'croner';
import type { GraphQLSchema } from 'graphql';
import type { FieldClass } from '../policy/classes.ts';
import { maskedYearsDefault } from '../policy/retention.ts';
import type { Connector, SourceDeclaration, Stream } from './contract.ts';
import { lineage, type Lineage } from './lineage.ts';
import { publishedAs, strictest, type Published } from './published-as.ts';

export interface BothLanguages {
  zh: string;
  en: string;
}

/** 无条件共享 · 有条件共享 · 不予共享 (政务数据共享条例). */
export type Sharing = 'UNCONDITIONAL' | 'CONDITIONAL' | 'NOT_SHARED';

/** One stream of one department as the catalogue shows it: derived from its declaration and the classified schema, live values apart. */
export interface Dataset {
  id: string;
  department: string;
  /** The department that answers for the values. */
  steward: BothLanguages;
  stream: string;
  title: BothLanguages;
  sourceKind: SourceDeclaration['kind'];
  /** GraphQL type of its records; null where they only tell who persons or organisations are. */
  recordType: string | null;
  sharing: Sharing;
  legalBasis: BothLanguages;
  retention: { years: number; maskedYears: number; basis: BothLanguages };
  schedule: { cron: string; timeZone: string; everySeconds: number };
  neverStored: NeverStored[];
  fields: DatasetField[];
}

/** `field` null: the whole record. `when`: only where this column has one of these values, or a rule holds. */
export interface NeverStored {
  field: string | null;
  rule: string | null;
  when: string | null;
}

export interface DatasetField {
  /** The department's own term: the column as its source names it. */
  name: string;
  /** Coordinates of the schema that show it; none where it is kept for rules only. */
  schemaFields: string[];
  title: BothLanguages | null;
  class: FieldClass;
  sharing: Sharing;
  required: boolean;
  /** A standard, or the list of codes that the column uses; null where it holds no code. */
  codeSystem: string | null;
  /** Of a closed list. */
  values: string[];
  lineage: { reads: string[]; repair: string; target: string; schemaField: string | null }[];
}

/** Every stream of every connector, in the order of their declarations. */
export function catalogue(connectors: Iterable<Connector>, schema: GraphQLSchema): Dataset[] {
  return [...connectors].flatMap((connector) => connector.streams.map((stream) => datasetOf(connector, stream, schema)));
}

function datasetOf(connector: Connector, stream: Stream, schema: GraphQLSchema): Dataset {
  const fields = fieldsOf(connector, stream, schema);
  const { cron, tz } = connector.schedule;
  return {
    id: `${connector.department}/${stream.name}`,
    department: connector.department,
    steward: connector.name,
    stream: stream.name,
    title: stream.title,
    sourceKind: connector.source.kind,
    recordType: stream.typeName,
    sharing: sharingOf(fields.filter((field) => field.schemaFields.length > 0).map((field) => field.class)),
    legalBasis: stream.legalBasis,
    retention: { maskedYears: maskedYearsDefault, ...stream.retention },
    schedule: { cron, timeZone: tz, everySeconds: intervalSeconds(cron, tz) },
    neverStored: neverStored(stream),
    fields,
  };
}

/** Open where everything is; closed where nothing may ever be shown; otherwise under conditions: purpose, relation, matter. */
export function sharingOf(classes: readonly FieldClass[]): Sharing {
  if (classes.every((one) => one === 'RESTRICTED')) return 'NOT_SHARED';
  return classes.every((one) => one === 'PUBLIC') ? 'UNCONDITIONAL' : 'CONDITIONAL';
}

/** The shortest distance between the next times of a schedule. */
function intervalSeconds(cron: string, tz: string): number {
  const times = new Cron(cron, { timezone: tz }).nextRuns(timesCompared);
  const distances = times.slice(1).map((time, at) => (time.getTime() - times[at]!.getTime()) / 1000);
  return Math.min(...distances);
}

const timesCompared = 5;

function neverStored({ drop, neverStored: always, neverStoredWhen }: Stream): NeverStored[] {
  return [
    ...(drop ? [{ field: null, rule: drop.rule, when: drop.reads }] : []),
    ...always.map((field) => ({ field, rule: null, when: null })),
    ...(neverStoredWhen?.fields ?? []).map((field) => ({ field, rule: null, when: `${neverStoredWhen!.reads} = ${neverStoredWhen!.when.join(', ')}` })),
  ];
}

/** One row a source column, in the order in which the declaration names them. */
function fieldsOf(connector: Connector, stream: Stream, schema: GraphQLSchema): DatasetField[] {
  const lines = lineage({ ...connector, streams: [stream] }).map((line) => ({ line, published: publishedAs(line, stream, schema) }));
  const heads = new Set(lines.flatMap(({ line }) => line.reads.flatMap(headsOf)));
  const unread = Object.keys(stream.shape.shape).filter((column) => !heads.has(column));
  const columns = [...new Set([...lines.flatMap(({ line }) => line.reads), ...unread])];
  return columns.map((name) => fieldOf(name, connector, stream, lines.filter(({ line }) => line.reads.includes(name))));
}

/** `parties[].name` stands for the column `parties`, `requester.name` for `requester`. */
function headsOf(column: string): string[] {
  return [column, column.split(/\[\]|\./)[0]!];
}

function fieldOf(name: string, connector: Connector, stream: Stream, lines: { line: Lineage; published: Published | null }[]): DatasetField {
  const shown = lines.flatMap(({ published }) => published ?? []);
  // What shows the column by itself says what it is; a status that many columns decide does not.
  const [first] = lines.toSorted((a, b) => a.line.reads.length - b.line.reads.length).flatMap(({ published }) => published ?? []);
  const fieldClass = shown.length === 0 ? 'RESTRICTED' : strictest(shown.map((one) => one.class));
  const coded = lines.flatMap(({ line, published }) => (published && line.reads.length === 1 && !translated.has(line.repair) ? [published] : []));
  const ownList = coded.some((one) => one.isCode) || stream.closedLists[name] ? `${connector.department}/${stream.name}#${name}` : null;
  return {
    name,
    schemaFields: [...new Set(shown.map((one) => one.coordinate))],
    title: first?.title ?? null,
    class: fieldClass,
    sharing: sharingOf([fieldClass]),
    required: stream.required.includes(name),
    codeSystem: coded.find((one) => one.codeSystem !== null)?.codeSystem ?? ownList,
    values: (stream.closedLists[name] ?? []).map(String),
    lineage: lines.map(({ line: { reads, repair, target }, published }) => ({ reads: [...reads], repair, target, schemaField: published?.coordinate ?? null })),
  };
}

/** What stands in the hub is another code than what the column holds. */
const translated = new Set(['unit map', 'township centre']);
