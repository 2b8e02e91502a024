import { sql } from 'drizzle-orm';
import { access, accessOf, unknownRow, type RowAccess } from '../../policy/row.ts';
import type { SubgraphContext } from '../context.ts';
import { allByKey, byKey, load, type Batch } from '../loader.ts';
import { opensReason, opensWork } from './evidence.ts';
import { mattersByKey, type MatterParent } from './matters.ts';
import { recordsByRid } from './records.ts';
import type { EvidenceKindType, MatterDecisionKindType } from './types.generated.ts';

/**
 * A person's decision as one who sees one of its records sees it. The right to it is that to the matter; what it says of
 * people, or of records, takes the right to every record that it is about: a matter may hold what was merely inferred.
 */
export interface DecisionParent {
  eventId: string;
  kind: MatterDecisionKindType;
  decidedAt: string;
  org: string;
  evidence: EvidenceKindType[];
  reason: string;
  applied: boolean;
  undone: boolean;
  /** The matters in which its visible records are now. */
  matterKeys: string[];
  [access]: RowAccess;
  [accessOf]: { reason: RowAccess };
}

const decisionsMax = 50;

/** The decisions on the records of each matter, newest first, at most 50. */
export const decisionsByMatter: Batch<string, DecisionParent[]> = async (context, keys) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns & { asked: string }>(sql`
    SELECT k.asked, d.* FROM unnest(${sql.param([...keys])}::text[]) AS k(asked) CROSS JOIN LATERAL (
      SELECT ${columns} FROM hub.matter_event e WHERE e.rids && ARRAY(SELECT m.rid FROM hub.matter_member m WHERE m.matter_key = k.asked)
      ORDER BY e.at DESC, e.id LIMIT ${decisionsMax}) d
    ORDER BY k.asked, d.decided_at DESC, d.id`);
  const parents = await Promise.all(rows.map(async (row) => ({ asked: row.asked, decision: await asParent(context, row, [row.asked]) })));
  const shown = parents.flatMap(({ asked, decision }) => (decision ? [{ asked, decision }] : []));
  return new Map([...allByKey(shown, (row) => row.asked)].map(([key, group]) => [key, group.map((row) => row.decision)]));
};

/** One decision, among those whose records the caller sees. */
export const decisionsById: Batch<string, DecisionParent> = async (context, ids) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<Columns>(sql`SELECT ${columns} FROM hub.matter_event e WHERE e.id::text = ANY (${sql.param([...ids])}::text[])`);
  const parents = await Promise.all(rows.map((row) => asParent(context, row, row.matter_keys)));
  return byKey(parents.filter((parent) => parent !== null), (parent) => parent.eventId);
};

type Columns = { id: string; rids: string[]; kind: MatterDecisionKindType; decided_at: string; org: string; evidence: EvidenceKindType[]; reason: string; applied: boolean; undone: boolean; matter_keys: string[] };

// Whether it is applied goes by the records that row-level security shows: when a hidden one changes is not told.
const columns = sql.raw(`e.id::text AS id, e.rids, e.kind, e.at::text AS decided_at, e.org, e.evidence, e.reason,
  hub.decision_applied(ARRAY(SELECT r.rid FROM hub.record r WHERE r.rid = ANY (e.rids))) AS applied,
  EXISTS (SELECT 1 FROM hub.matter_event u WHERE u.undoes = e.id) AS undone,
  ARRAY(SELECT DISTINCT m.matter_key FROM hub.matter_member m WHERE m.rid = ANY (e.rids) ORDER BY 1) AS matter_keys`);

/** After a split it is about two matters: whoever handles one of them has a right to the decision. */
async function asParent(context: SubgraphContext, row: Columns, matterKeys: readonly string[]): Promise<DecisionParent | null> {
  const matters: (MatterParent | null)[] = await Promise.all(matterKeys.map((key) => load(context, mattersByKey, key)));
  const seen = matters.filter((matter) => matter !== null);
  const matter = seen.find((one) => one[access].assigned && one[access].inJurisdiction) ?? seen[0];
  if (!matter) return null;
  const records = (await Promise.all(row.rids.map((rid) => load(context, recordsByRid, rid)))).map((record) => record?.[access] ?? unknownRow);
  if (!records.some((record) => opensWork(context, record))) return null;
  // What the caller's own organisation wrote tells it nothing.
  const about = row.org === context.viewer.org ? [] : records.map((record) => ({ ...record, inMatter: matter[access].inMatter }));
  return {
    eventId: row.id,
    kind: row.kind,
    decidedAt: row.decided_at,
    org: row.org,
    evidence: row.evidence.filter((kind) => about.every((record) => opensReason(context, kind, record))),
    reason: row.reason,
    applied: row.applied,
    undone: row.undone,
    matterKeys: row.matter_keys,
    [access]: matter[access],
    [accessOf]: { reason: about.find((record) => context.policy.decide(context.viewer, ofReason, record).effect !== 'FULL') ?? matter[access] },
  };
}

const ofReason = { coordinate: 'MatterDecision.reason', class: 'PERSONAL', mask: 'TEXT', owner: null } as const;
