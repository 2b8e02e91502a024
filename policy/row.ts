import { departmentCode } from './classes.ts';
import type { Viewer } from './viewer.ts';

/**
 * What the policy needs to know of one row, computed by the loader's SQL statement (relation.sql.ts) for the viewer of the
 * request. Booleans only: divisions with their validity, organisations and ID numbers stay in SQL.
 */
export interface RowAccess {
  /** Department that owns the row. */
  department: string;
  /** The caller's organisation is named by the record, or by one joined to it explicitly or by a person. */
  assigned: boolean;
  /** As `assigned`, in the leading place. */
  lead: boolean;
  /** The row's division lies in the caller's. */
  inJurisdiction: boolean;
  /** The caller's department is the row's, and the row lies in the caller's jurisdiction or is assigned. */
  owner: boolean;
  /** The value is the resident's own: their mention, or a record they filed themselves. */
  self: boolean;
  /** The record names the resident, in whatever role: opens its WORK fields to them. */
  involved: boolean;
  /** The caller's organisation is the one complained about. */
  respondent: boolean;
  /** The row belongs to the matter of `X-Matter`. */
  inMatter: boolean;
  /** The row shares a matter, inferred or not, with a record assigned to the caller: opens WORK and nothing more. */
  linked: boolean;
  /** An emergency that another person approved is open for this row: it stands for the assignment that is missing (C6). */
  breakGlass?: boolean;
  protections: { confidential: boolean; minor: boolean; familyViolence: boolean; pastRetention: boolean };
  /** The person the value is about, where there is one. */
  mention?: { mentionId: string; role: string };
  /** The record, for the access log's count. */
  rid?: string;
  /** What of the relation to that record may open a value: see `standing` in relation.sql.ts. */
  standing?: number;
}

/** `parent[access]`: what the loader found out about the row a parent object came from. */
export const access: unique symbol = Symbol('access');

/** `parent[accessOf]`: by field, the row that gives its value where that is not the row of the object: a repair of the record, told beside a person's mention. */
export const accessOf: unique symbol = Symbol('accessOf');

/** `parent[candidates]`: the mentions or records from which a value of a Person may come, by survivorship, best first. */
export const candidates: unique symbol = Symbol('candidates');

export interface Candidate {
  access: RowAccess;
  value: unknown;
}

/**
 * `parent[access]` of an object that stands for no row (a connection, an edge, a page): its fields are decided for the
 * class of the caller, as root fields are.
 */
export const noRow: unique symbol = Symbol('noRow');

export type ParentAccess = RowAccess | typeof noRow;

/** A row of which nothing is known: what is not public is refused. */
export const unknownRow: RowAccess = Object.freeze({
  department: '',
  assigned: false,
  lead: false,
  inJurisdiction: false,
  owner: false,
  self: false,
  involved: false,
  respondent: false,
  inMatter: false,
  linked: false,
  protections: Object.freeze({ confidential: false, minor: false, familyViolence: false, pastRetention: false }),
});

/** The row context of something that has a division and no record: a statistic, a situation, a run. */
export function divisionAccess(viewer: Viewer, division: string | null, department = ''): RowAccess {
  const prefix = divisionPrefix(viewer);
  const inJurisdiction = prefix !== null && division !== null && division.startsWith(prefix);
  return { ...unknownRow, department, inJurisdiction, owner: inJurisdiction && departmentCode(department) === viewer.department };
}

/** The digits of a division code that name the viewer's territory: 2, 4, 6, 9 or 12 by tier; null without a territory. */
export function divisionPrefix(viewer: Pick<Viewer, 'tier' | 'division'>): string | null {
  if (!viewer.tier || !viewer.division) return null;
  return viewer.division.slice(0, prefixDigits[viewer.tier]);
}

const prefixDigits = { PROVINCE: 2, CITY: 4, COUNTY: 6, TOWNSHIP: 9, VILLAGE: 12 } as const;
