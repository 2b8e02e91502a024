import { and, eq, inArray, or, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { application } from '../../connectors/civil/tables.ts';
import { mentionRelation, rowAccess } from '../../policy/relation.sql.ts';
import { access, candidates, type Candidate } from '../../policy/row.ts';
import { mention, record } from '../../schema/hub.ts';
import type { SubgraphContext } from '../context.ts';
import { allByKey, load, type Batch } from '../loader.ts';
import { selfKey } from '../record.ts';

/** A granted application in which a person is the applicant; the right to it is that to this mention. */
interface Granted {
  rid: string;
  kind: string | null;
  decidedOn: string | null;
  monthlyAmountYuan: string | null;
  householdSize: number | null;
  all: readonly Candidate[];
}

/** Persons by the key that joins subgraphs, with the benefits granted to them; null where none is visible. */
export async function granteeByKey(context: SubgraphContext, entityKey: string) {
  const found = await load(context, grantsByEntity, entityKey);
  return found ? { __typename: 'Person', entityKey, [candidates]: found } : null;
}

/** Every grant that the caller may see, each with the access of its own record. */
export function entitlements({ all }: Granted, _: unknown, { policy, viewer }: SubgraphContext) {
  const open = all.filter((candidate) => policy.decide(viewer, edge, candidate.access).effect === 'FULL');
  return open.map(({ value, access: row }) => {
    const { kind, ...grant } = value as Granted;
    return { ...grant, kind: kind === null ? null : { code: kind, name: kind, scheme: '救助类别' }, [access]: row };
  });
}

const edge = { coordinate: 'Person.entitlements', class: 'SENSITIVE', mask: null, owner: null, link: true } as const;
const granted = '批准';

const m = alias(mention, 'm');
const r = alias(record, 'r');
const relation = sql<number>`${sql.raw(mentionRelation('m', 'r'))}`.mapWith(Number);
const entityKey = sql<string>`coalesce(${m.entityKey}, ${m.mentionId})`;

const grantsByEntity: Batch<string, Candidate[]> = async (context, keys) => {
  const tx = await context.tx();
  const { idHmac } = context.viewer;
  const own = keys.includes(selfKey) && idHmac !== null ? eq(m.idHmac, idHmac) : undefined;
  const rows = await tx
    .select({ rid: r.rid, department: r.department, mentionId: m.mentionId, role: m.role, idHmac: m.idHmac, relation, entityKey, kind: application.assistanceKind, decidedOn: application.decidedOn, monthlyAmountYuan: application.monthlyAmountYuan, householdSize: application.householdSize })
    .from(m)
    .innerJoin(r, eq(r.rid, m.rid))
    .innerJoin(application, eq(application.rid, r.rid))
    .where(and(or(inArray(m.entityKey, [...keys]), inArray(m.mentionId, [...keys]), own), eq(m.role, 'APPLICANT'), eq(application.status, granted)))
    .orderBy(m.mentionId);
  const keyed = rows.flatMap((row) => [{ ...row, key: row.entityKey }, ...(own && row.idHmac === idHmac ? [{ ...row, key: selfKey }] : [])]);
  return new Map([...allByKey(keyed, (row) => row.key)].map(([key, group]) => [key, asCandidates(group)]));
};

function asCandidates(group: readonly (Omit<Granted, 'all'> & { department: string; mentionId: string; role: string; relation: number })[]): Candidate[] {
  const all: Candidate[] = [];
  for (const { department, mentionId, role, relation: bits, ...grant } of group) {
    all.push({ value: { rid: grant.rid, kind: grant.kind, decidedOn: grant.decidedOn, monthlyAmountYuan: grant.monthlyAmountYuan, householdSize: grant.householdSize, all }, access: rowAccess({ department, relation: bits, rid: grant.rid, mention: { mentionId, role } }) });
  }
  return all;
}
