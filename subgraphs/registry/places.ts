import { asc, eq, getTableColumns, inArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { recordRelation, rowAccess } from '../../policy/relation.sql.ts';
import { candidates, type Candidate } from '../../policy/row.ts';
import { place, record, thing } from '../../schema/hub.ts';
import type { SubgraphContext } from '../context.ts';
import { allByKey, byKey, load, type Batch } from '../loader.ts';
import type { PlaceRow, ThingRow } from './rows.ts';

const r = alias(record, 'r');
const relation = sql<number>`${sql.raw(recordRelation('r'))}`.mapWith(Number);

/** The place of each record: the right to it is that to the record, whatever else lies there. */
export const placesByRecord: Batch<string, PlaceRow & { rid: string }> = async (context, rids) => {
  const tx = await context.tx();
  const rows = await tx
    .select({ value: getTableColumns(place), rid: r.rid, department: r.department, relation })
    .from(place)
    .innerJoin(r, eq(r.placeKey, place.placeKey))
    .where(inArray(r.rid, [...rids]));
  return byKey(rows.map((row) => ({ ...row.value, rid: row.rid, __typename: 'Place' as const, [candidates]: [asCandidate(row)] })), (row) => row.rid);
};

/** The one place at which these records lie: the best of their rights opens it. */
export async function placeOf(context: SubgraphContext, rids: readonly string[]): Promise<PlaceRow | null> {
  const found = (await Promise.all(rids.map((rid) => load(context, placesByRecord, rid)))).filter((row) => row !== null);
  return found[0] ? { ...found[0], [candidates]: found.flatMap((row) => row[candidates]) } : null;
}

/**
 * A thing through the visible records about it. Who looks after it and where it lies is what most of them say, never taken
 * from hub.thing: there all records are counted, and a hidden one must not show.
 */
export const thingsByKey: Batch<string, ThingRow> = async (context, keys) => {
  const tx = await context.tx();
  const rows = await tx
    .select({ value: getTableColumns(thing), rid: r.rid, department: r.department, leadOrg: r.leadOrg, division: r.divisionNow, placeKey: r.placeKey, relation })
    .from(thing)
    .innerJoin(r, eq(r.thingKey, thing.thingKey))
    .where(inArray(thing.thingKey, [...keys]))
    .orderBy(asc(r.rid));
  const grouped = allByKey(rows, (row) => row.value.thingKey);
  return byKey([...grouped.values()].map((group) => asThing(context, group)), (row) => row.thingKey);
};

interface About {
  value: typeof thing.$inferSelect;
  rid: string;
  department: string;
  leadOrg: string | null;
  division: string | null;
  placeKey: string | null;
  relation: number;
}

function asThing({ policy, viewer }: SubgraphContext, about: readonly About[]): ThingRow {
  const open = about.filter((row) => policy.decide(viewer, ofWork, rowAccess(row)).effect === 'FULL');
  const placeKey = most(open.map((row) => row.placeKey));
  const lieThere = open.filter((row) => row.placeKey === placeKey).map((row) => row.rid);
  const value = { ...about[0]!.value, operator: most(open.map((row) => row.leadOrg)), division: most(open.map((row) => row.division)), placeKey, lieThere };
  return { ...value, __typename: 'Thing', [candidates]: about.map((row) => asCandidate({ ...row, value })) };
}

const ofWork = { coordinate: 'Thing.operator', class: 'WORK', mask: null, owner: null } as const;

/** What is said most often, the first in order of those said equally often; null where nothing is said. */
function most(said: readonly (string | null)[]): string | null {
  const counts = [...Map.groupBy(said.filter((one) => one !== null), (one) => one)].map(([one, same]) => ({ one, times: same.length }));
  return counts.sort((a, b) => b.times - a.times || (a.one < b.one ? -1 : 1))[0]?.one ?? null;
}

function asCandidate(row: { value: unknown; rid: string; department: string; relation: number }): Candidate {
  return { value: row.value, access: rowAccess(row) };
}
