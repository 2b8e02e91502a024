import { coded } from '../../schema/codes.ts';
import { connection, pageOf, type PageArgs } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import { globalId } from '../globalId.ts';
import { load } from '../loader.ts';
import { geoPoint, reference, selfKey } from '../record.ts';
import { businessDay, divisionsByCode, fullCode, isValidOn, predecessorsByCode, type DivisionRow } from './divisions.ts';
import { disputesByMention } from './disputes.ts';
import { nodeById } from './node.ts';
import { organizationPage, organizationsByCode, type OrganizationRow } from './organizations.ts';
import { answers, linkageOf, linkageReviews, pairFields, sideFields } from './linkage.ts';
import { personByKey, type Mention } from './persons.ts';
import { placeOf, placesByRecord, thingsByKey } from './places.ts';
import { sourcesOf } from './provenance.ts';
import type { PlaceRow, ThingRow } from './rows.ts';
import type { OrganizationFilterType } from './types.generated.ts';

type Context = SubgraphContext;

/** What linkage and the registers made of persons, divisions, grids, places, organisations and things. */
export const resolvers = {
  Query: {
    node: (_: unknown, { id }: { id: string }, context: Context) => nodeById(context, id),
    division: async (_: unknown, { code, asOf }: { code: string; asOf?: string | null }, context: Context) => {
      const found = await divisionOf(context, fullCode(code));
      return found && isValidOn(found, asOf ?? (await businessDay(context))) ? found : null;
    },
    organizations: async (_: unknown, args: PageArgs & { filter?: OrganizationFilterType | null }, context: Context) => {
      const page = pageOf(context, 'Query.organizations', { ...args });
      const rows = await organizationPage(context, page, args.filter);
      return connection(context, page, rows, { position: (row) => [row.creditCode], node: (row) => ({ ...row, __typename: 'Organization' }) });
    },
    me: (_: unknown, _args: unknown, context: Context) => personByKey(context, selfKey),
    linkageOf,
    linkageReviews,
  },
  Mutation: answers,
  LinkagePair: pairFields,
  LinkageSide: sideFields,
  Division: {
    __resolveReference: ({ code }: { code: string }, context: Context) => divisionOf(context, fullCode(code)),
    id: ({ code }: DivisionRow) => globalId('Division', code),
    parent: ({ parent }: DivisionRow, _: unknown, context: Context) => divisionOf(context, parent),
    successor: ({ successor }: DivisionRow, _: unknown, context: Context) => divisionOf(context, successor),
    predecessors: async ({ code }: DivisionRow, _: unknown, context: Context) => (await load(context, predecessorsByCode, code)) ?? [],
  },
  Grid: {
    __resolveReference: (grid: { code: string }) => grid,
    // A grid's code begins with that of its community.
    division: ({ code }: { code: string }, _: unknown, context: Context) => divisionOf(context, /^\d{12}/.exec(code)?.[0] ?? null),
  },
  Organization: {
    __resolveReference: ({ creditCode }: { creditCode: string }, context: Context) => load(context, organizationsByCode, creditCode),
    id: ({ creditCode }: OrganizationRow) => globalId('Organization', creditCode),
    kind: ({ kind }: OrganizationRow) => coded(kind, 'organization-kind'),
    division: ({ division }: OrganizationRow, _: unknown, context: Context) => divisionOf(context, division),
    mediates: ({ mediates }: OrganizationRow) => mediates.map((code) => coded(code, 'dispute-type')),
  },
  Person: {
    __resolveReference: ({ entityKey }: { entityKey: string }, context: Context) => personByKey(context, entityKey),
    id: ({ entityKey }: { entityKey: string }, _: unknown, { viewer, pseudonyms }: Context) => pseudonyms.pseudonym(viewer, entityKey),
    name: ({ name }: Mention) => name,
    sex: ({ sex }: Mention) => (sex === null ? null : (sexes[sex] ?? null)),
    birthYear: ({ birthDate }: Mention) => (birthDate === null ? null : Number(birthDate.slice(0, 4))),
    idNumber: ({ idNumber }: Mention) => idNumber,
    phones: ({ phones }: Mention) => (phones.length > 0 ? phones : null),
    address: ({ address }: Mention) => address,
    disputes: ({ mentionId }: Mention, _: unknown, context: Context) => load(context, disputesByMention, mentionId),
    household: ({ householdNo, relationToHead, address }: Mention) =>
      householdNo === null ? null : { number: householdNo, relationToHead: coded(relationToHead, 'relation-to-head'), address },
    provenance: ({ all }: Mention, _: unknown, context: Context) => sourcesOf(context, all),
  },
  PersonSource: {
    disputes: async ({ mentionId }: { mentionId: string }, _: unknown, context: Context) => (await load(context, disputesByMention, mentionId)) ?? [],
  },
  Place: {
    __resolveReference: ({ placeKey: rid }: { placeKey: string }, context: Context) => load(context, placesByRecord, rid),
    kind: ({ kind }: PlaceRow) => coded(kind, 'place-kind'),
    division: ({ division }: PlaceRow, _: unknown, context: Context) => divisionOf(context, division),
    grid: ({ gridCode }: PlaceRow) => reference('Grid', 'code', gridCode),
    location: ({ lng, lat }: PlaceRow) => geoPoint(lng, lat),
  },
  Thing: {
    __resolveReference: ({ thingKey }: { thingKey: string }, context: Context) => load(context, thingsByKey, thingKey),
    kind: ({ kind }: ThingRow) => ({ code: kind, name: null, scheme: 'thing-kind' }),
    operator: ({ operator }: ThingRow) => reference('Organization', 'creditCode', operator),
    place: ({ placeKey, lieThere }: ThingRow, _: unknown, context: Context) => (placeKey === null ? null : placeOf(context, lieThere)),
    division: ({ division }: ThingRow, _: unknown, context: Context) => divisionOf(context, division),
  },
};

/** GB/T 2261.1. */
const sexes: Record<string, 'UNKNOWN' | 'MALE' | 'FEMALE' | 'UNSPECIFIED'> = { '0': 'UNKNOWN', '1': 'MALE', '2': 'FEMALE', '9': 'UNSPECIFIED' };

async function divisionOf(context: Context, code: string | null) {
  const found = code === null ? null : await load(context, divisionsByCode, code);
  return found && { ...found, __typename: 'Division' as const };
}
