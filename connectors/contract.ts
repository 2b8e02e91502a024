import { z } from 'zod';
import type { UnitKind } from '../schema/units.ts';

const bothLanguages = z.strictObject({ zh: z.string().regex(/\p{Script=Han}/u, 'in Chinese'), en: z.string().regex(/^[^\p{Script=Han}]+$/u, 'in English') });

/** What people argue about in a declaration, checked when it is loaded: a stream without it is not connected. */
export const statements = z.object({ title: bothLanguages, legalBasis: bothLanguages, retention: z.strictObject({ years: z.int().min(1).max(100), maskedYears: z.int().min(1).max(100).optional(), basis: bothLanguages }) });

/** One record as its source gives it, decoded: never trusted before `judge` has seen it. */
export type Row = Record<string, unknown>;

/**
 * A connector: everything the hub knows of one department, as data. There is no code per department beyond it; what two
 * departments need is part of a source kind. `connectors/<department>/connector.ts` exports it as `connector`.
 */
export interface Connector {
  department: string;
  name: { zh: string; en: string };
  schedule: { cron: string; tz: string };
  /** A comparison of everything by key and hash, to find what a watermark or a push cannot: nightly. */
  reconcile: { cron: string; tz: string };
  source: SourceDeclaration;
  /** How long it has to answer a correction, where another rule holds for it than for all (0603_corrections.sql). */
  correction?: { workingDays: number; basis: string };
  streams: readonly Stream[];
}

export type SourceDeclaration =
  | { kind: 'sql'; urlEnv: string }
  | { kind: 'events'; urlEnv: string; secretEnv: string; tokenEnv: string; amqpEnv: string; queue: string; backfillPath: string }
  | { kind: 'rest'; urlEnv: string; tokenPath: string; clientIdEnv: string; clientSecretEnv: string }
  | { kind: 'files'; urlEnv: string }
  | { kind: 'soap'; urlEnv: string; usernameEnv: string; passwordEnv: string; namespace: string; operation: string };

export interface Stream {
  name: string;
  title: { zh: string; en: string };
  /** On which rule of law the department keeps these records and the hub reads them: article by article where one is named. */
  legalBasis: { zh: string; en: string };
  /** How long a record is kept in full, counted from the source's last change; then masked for `maskedYears` (1 unless told), then deleted (jobs/retain.ts). */
  retention: { years: number; maskedYears?: number; basis: { zh: string; en: string } };
  /** GraphQL type of its records; null where records only identify persons or organisations. */
  typeName: string | null;
  /** Where the source kind finds it: a table, a path, a file name pattern. */
  from: string;
  /** Record shape: its keys are the known columns, anything else is drift; a value it refuses is `SCHEMA`. */
  shape: z.ZodObject;
  /** Empty (placeholders count as empty) is `REQUIRED_MISSING`; a missing column stops the stream. */
  required: readonly string[];
  /** Of the required ones, those that must be a time: else `UNPARSABLE_TIME`. */
  requiredTimes: readonly string[];
  key: Rule<string | null>;
  watermark: string;
  /** Which of two versions is newer: the watermark, an event's sequence, or (files) watermark, asOf and folder. */
  order: 'WATERMARK' | 'SEQUENCE' | 'DELIVERY';
  /** A source may commit 10 minutes after the time it writes; the rest is margin. */
  overlapSeconds: number;
  /** Anything else in one of these is `SCHEMA`. */
  closedLists: Readonly<Record<string, readonly (string | boolean)[]>>;
  /** Anything else in one of these is taken and reported as drift. */
  reportedLists?: Readonly<Record<string, readonly string[]>>;
  drop?: DropRule;
  tombstone?: { reads: string; when: readonly (string | boolean)[] };
  /** Removed before anything is written, landed copies included. */
  neverStored: readonly string[];
  /** Removed only where `reads` is one of `when`. */
  neverStoredWhen?: { reads: string; when: readonly (string | boolean)[]; fields: readonly string[] };
  /** What a whole, counted read no longer finds has been deleted or withdrawn at the source; elsewhere it is only reported. */
  absentIsDeleted?: boolean;
  /** Excel spoils numbers in CSV only. */
  spreadsheet: boolean;
  record?: RecordRules;
  detail?: { table: string; columns: Readonly<Record<string, Rule>> };
  mentions: readonly MentionRules[];
  assignment: readonly AssignmentRule[];
  organization?: Readonly<Record<string, Rule>>;
  thing?: ThingRules;
}

export interface DropRule {
  rule: 'NOT_A_DISPUTE' | 'CLOSED_HEARING' | 'ACCUSATION';
  reads: string;
  /** The normalised value decides. */
  when: (value: string) => boolean;
  /** Keeps one count per division and month, and nothing else. */
  counted?: { division: string; month: string };
}

export interface RecordRules {
  occurredAt?: Rule<string | null>;
  status?: Rule<string | null>;
  category?: Rule<string | null>;
  division?: Rule<string | null>;
  gridCode?: Rule<string | null>;
  subjectKind?: Rule<string | null>;
  placeText?: Rule<string | null>;
  textForMatching?: Rule<string | null>;
  parentKey?: Rule<string | null>;
  respondentOrg?: Rule<string | null>;
  confidential?: Rule<boolean>;
  minor?: Rule<boolean>;
  familyViolence?: Rule<boolean>;
  matterRule?: 'CLUSTER' | 'OWN';
  /**
   * Facts of the record that clocks, timelines, docking and statistics are computed from, under names that departments
   * share (`receivedAt`, `outcome` …). Class WORK only: nothing about a person, no free text.
   */
  facts?: Readonly<Record<string, Rule<FactValue>>>;
  /** Which conditions a version fulfils: the source's update time of the first such version is kept. */
  milestones?: Readonly<Record<string, Rule<boolean>>>;
}

/** Instants as RFC 3339 in UTC, days as `YYYY-MM-DD`, codes, flags; a null is left out. */
export type FactValue = string | boolean | number | null;

export interface MentionRules {
  role: string | Rule<string | null>;
  /** A list of the record, one mention an element; the ordinal is its index. */
  list?: string;
  kind?: Rule<string | null>;
  fields: Partial<Record<MentionField, Rule>>;
}

export type MentionField = 'name' | 'sex' | 'birthDate' | 'idType' | 'idNumber' | 'phones' | 'address' | 'householdNo' | 'relationToHead';

/** A fact of the record (access.md, Assigned): an organisation's code in a field, or a unit's code in the unit map. */
export interface AssignmentRule {
  relation: 'LEAD' | 'ASSIST';
  reads: string;
  unit?: UnitKind;
  /** The mediation centre of the township of the record's division, where `reads` is one of these. */
  townshipCentreWhen?: readonly string[];
}

export interface ThingRules {
  kind: Rule<string | null>;
  name: Rule<string | null>;
  identifier: Rule<string | null>;
}

/** What a rule finds on its way: it goes with the version, never with a log line. */
export interface Findings {
  spreadsheet: boolean;
  /** The event's date, `YYYY-MM-DD`: divisions are valid at a date. */
  eventDate: string | null;
  repairs: { field: string; kind: string }[];
  quarantined: { field: string; reason: 'ID_CHECK_DIGIT' | 'ID_EXCEL' | 'UNPARSABLE_TIME' | 'OTHER' }[];
}

/** A mapping rule knows the columns it reads, so that lineage is printed from the declaration. */
export interface Rule<T = unknown> {
  reads: readonly string[];
  /** What it does, for lineage: `text`, `time`, `division` … */
  repair: string;
  apply(row: Row, found: Findings): T;
}
