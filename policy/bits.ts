import { departments } from '../base/departments.ts';
import { departmentCode, dutyOf, type Classified } from './classes.ts';
import type { RowAccess } from './row.ts';
import type { Viewer } from './viewer.ts';

/** The booleans of a row as one integer: the key under which decisions are kept. */
export function relationBits(viewer: Viewer, field: Classified, row: RowAccess): number {
  const { protections } = row;
  return (
    (row.assigned ? bit.assigned : 0) |
    (row.lead ? bit.lead : 0) |
    (row.inJurisdiction ? bit.inJurisdiction : 0) |
    (ownsValue(viewer, field, row) ? bit.owner : 0) |
    (row.self ? bit.self : 0) |
    (row.involved ? bit.involved : 0) |
    (row.inMatter ? bit.inMatter : 0) |
    (row.linked ? bit.linked : 0) |
    (row.respondent ? bit.respondent : 0) |
    (protections.confidential ? bit.confidential : 0) |
    (protections.minor ? bit.minor : 0) |
    (protections.familyViolence ? bit.familyViolence : 0) |
    (protections.pastRetention ? bit.pastRetention : 0) |
    (row.breakGlass ? bit.breakGlass : 0) |
    aboutBits(row)
  );
}

/** The most favourable row that a viewer could meet: every relation that is possible for them, no protection. */
export function favourableRow(viewer: Viewer): number {
  return (
    (viewer.org === null ? 0 : bit.assigned | bit.lead | bit.linked) |
    (viewer.division === null ? 0 : bit.inJurisdiction) |
    (viewer.department !== null && owners.has(viewer.department) ? bit.owner : 0) |
    (viewer.idHmac === null ? 0 : bit.self | bit.involved) |
    (viewer.matterKey === null ? 0 : bit.inMatter)
  );
}

/** The row of an integer, for Cedar; and the integer of the same row without its protections. */
export function rowOfBits(bits: number): { row: Record<keyof typeof bit, boolean>; unprotected: number; isProtected: boolean } {
  const row = Object.fromEntries(Object.entries(bit).map(([name, value]) => [name, (bits & value) !== 0])) as Record<keyof typeof bit, boolean>;
  return { row, unprotected: bits & ~protectionBits, isProtected: (bits & protectionBits) !== 0 };
}

export function aboutOf(bits: number): 'RECORD' | 'REQUESTER' | 'PARTY' {
  return bits & requesterBit ? 'REQUESTER' : bits & partyBit ? 'PARTY' : 'RECORD';
}

/** Roles of those who are complained about or merely named; every other role asked or told, and so does an unknown one. */
export const partyRoles: readonly string[] = ['DEFENDANT', 'RESIDENT'];
/** Roles of those who did not file the record, or of whom nobody can tell: its other fields are not theirs to read. */
export const notFilers: readonly string[] = [...partyRoles, 'AGENT', 'OTHER'];

const bit = {
  assigned: 1,
  lead: 2,
  inJurisdiction: 4,
  owner: 8,
  self: 16,
  involved: 32,
  inMatter: 64,
  linked: 128,
  respondent: 256,
  confidential: 512,
  minor: 1024,
  familyViolence: 2048,
  pastRetention: 4096,
  breakGlass: 32768,
} as const;
// A mediation centre or a data bureau owns no record.
const owners = new Set(departments.map((department) => departmentCode(department)));

const requesterBit = 8192;
const partyBit = 16384;
const protectionBits = bit.respondent | bit.confidential | bit.minor | bit.familyViolence | bit.pastRetention;

function ownsValue(viewer: Viewer, field: Classified, row: RowAccess): boolean {
  if (field.owner === null || dutyOf(field) !== 'RECORD') return row.owner;
  return field.owner === departmentCode(row.department) ? row.owner : field.owner === viewer.department && (row.inJurisdiction || row.assigned);
}

function aboutBits(row: RowAccess): number {
  if (!row.mention) return 0;
  return partyRoles.includes(row.mention.role) ? partyBit : requesterBit;
}
