import { asc, eq, getTableColumns, inArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { recordRelation, rowAccess } from '../../policy/relation.sql.ts';
import { candidates, type Candidate } from '../../policy/row.ts';
import { place, record, thing } from '../../schema/hub.ts';
import { allByKey, byKey, type Batch } from '../loader.ts';
import type { PlaceRow, ThingRow } from './rows.ts';

const r = alias(record, 'r');
const relation = sql<number>`${sql.raw(recordRelation('r'))}`.mapWith(Number);

/** A place as seen through the visible records that lie there: the best of their rights opens its fields. */
export const placesByKey: Batch<string, PlaceRow> = async (context, keys) => {
  const tx = await context.tx();
  const rows = await tx
    .select({ value: getTableColumns(place), rid: r.rid, department: r.department, relation })
    .from(place)
    .innerJoin(r, eq(r.placeKey, place.placeKey))
    .where(inArray(place.placeKey, [...keys]))
    .orderBy(asc(r.rid));
  const grouped = allByKey(rows, (row) => row.value.placeKey);
  const found = [...grouped.values()].map((group) => ({ ...group[0]!.value, __typename: 'Place' as const, [candidates]: group.map(asCandidate) }));
  return byKey(found, (row) => row.placeKey);
};

/** A thing through the visible records about it. */
export const thingsByKey: Batch<string, ThingRow> = async (context, keys) => {
  const tx = await context.tx();
  const rows = await tx
    .select({ value: getTableColumns(thing), rid: r.rid, department: r.department, relation })
    .from(thing)
    .innerJoin(r, eq(r.thingKey, thing.thingKey))
    .where(inArray(thing.thingKey, [...keys]))
    .orderBy(asc(r.rid));
  const grouped = allByKey(rows, (row) => row.value.thingKey);
  const found = [...grouped.values()].map((group) => ({ ...group[0]!.value, __typename: 'Thing' as const, [candidates]: group.map(asCandidate) }));
  return byKey(found, (row) => row.thingKey);
};

function asCandidate(row: { value: unknown; rid: string; department: string; relation: number }): Candidate {
  return { value: row.value, access: rowAccess(row) };
}
