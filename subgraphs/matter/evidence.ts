import { sql } from 'drizzle-orm';
import { recordRelation, rowAccess } from '../../policy/relation.sql.ts';
import type { RowAccess } from '../../policy/row.ts';
import type { StoredEvidence } from '../../schema/hub.ts';
import type { SubgraphContext } from '../context.ts';
import { allByKey, type Batch } from '../loader.ts';
import type { EvidenceKindType } from './types.generated.ts';

export interface Reason {
  kind: EvidenceKindType;
  weight: number;
}

/**
 * Why each record belongs to its matter, without what the other record protects: that a party is shared tells who the
 * other record's party is, so it takes the right to person fields there; time, place, category and text take that to work fields.
 */
export const evidenceByRid: Batch<string, Reason[]> = async (context, rids) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`
    SELECT mm.rid, e.value AS evidence, o.rid AS other, o.department, ${sql.raw(recordRelation('o'))} AS relation
    FROM hub.matter_member mm CROSS JOIN LATERAL jsonb_array_elements(mm.evidence) WITH ORDINALITY AS e(value, place)
    JOIN hub.record o ON o.rid = e.value ->> 'otherRid'
    WHERE mm.rid = ANY (${sql.param([...rids])}) ORDER BY mm.rid, e.place`);
  const grouped = allByKey(rows, (row) => row.rid);
  return new Map([...grouped].map(([rid, group]) => [rid, group.flatMap((row) => shownReasons(context, row))]));
};

type Columns = { rid: string; evidence: StoredEvidence; other: string; department: string; relation: number };

const ofWork = { coordinate: 'MatterRecordEdge.basis', class: 'WORK', mask: null, owner: null } as const;
const ofPerson = { coordinate: 'MatterRecordEdge.evidence', class: 'PERSONAL', mask: null, owner: null } as const;

/** Reasons that tell of the other record's parties, or of what was asked there. */
const personal: ReadonlySet<EvidenceKindType> = new Set<EvidenceKindType>(['SHARED_PARTY', 'SHARED_HOUSEHOLD', 'OTHER_PARTY', 'ORGANISATION', 'AMOUNT']);

function shownReasons(context: SubgraphContext, row: Columns): Reason[] {
  const other = rowAccess({ department: row.department, relation: Number(row.relation), rid: row.other });
  const reasons = row.evidence.reasons as Reason[];
  return reasons.filter(({ kind }) => opensReason(context, kind, other)).map(({ kind, weight }) => ({ kind, weight }));
}

/** Whether a reason of this kind may be told to the caller who stands so to the record that it tells of. */
export function opensReason({ policy, viewer }: SubgraphContext, kind: EvidenceKindType, row: RowAccess): boolean {
  return policy.decide(viewer, personal.has(kind) ? ofPerson : ofWork, row).effect === 'FULL';
}

export function opensWork({ policy, viewer }: SubgraphContext, row: RowAccess): boolean {
  return policy.decide(viewer, ofWork, row).effect === 'FULL';
}
