import { candidates, type Candidate } from '../../policy/row.ts';
import type { place, thing } from '../../schema/hub.ts';
import type { DivisionRow as Division } from './divisions.ts';
import type { OrganizationRow as Organization } from './organizations.ts';

/** What the resolvers of each type get as their parent. */
export type DivisionRow = Division & { __typename: 'Division' };
export type OrganizationRow = Organization & { __typename: 'Organization' };
export interface GridRow {
  __typename: 'Grid';
  code: string;
}

/** A person as the caller may meet them: the mentions that linkage joined and row-level security lets through. */
export interface PersonRow {
  __typename: 'Person';
  entityKey: string;
  [candidates]: readonly Candidate[];
}

export type PlaceRow = typeof place.$inferSelect & { __typename: 'Place'; [candidates]: readonly Candidate[] };
/** `lieThere`: the records about it that lie at its place. */
export type ThingRow = typeof thing.$inferSelect & { __typename: 'Thing'; lieThere: readonly string[]; [candidates]: readonly Candidate[] };
