import type { Keys } from '../../base/keys.ts';
import type { Tape } from '../gateway/differential/tape.ts';
import { organisations, type Organisation } from './places.ts';
import type { Caller } from './twin.ts';
import type { World } from './world.ts';

export type Kind = 'ANONYMOUS' | 'APP' | 'ANALYST' | 'CLERK' | 'OPERATOR' | 'AUDITOR' | 'RESIDENT';
export type Tier = 'VILLAGE' | 'TOWNSHIP' | 'COUNTY' | 'CITY' | 'PROVINCE';

/** A caller, and what the oracle must know of them. */
export interface Viewer extends Caller {
  kind: Kind;
  org: string | null;
  department: string | null;
  tier: Tier | null;
  /** The digits of their territory. */
  prefix: string | null;
  idHmac: string | null;
  matterKey: string | null;
}

const digits: Record<Tier, number> = { VILLAGE: 12, TOWNSHIP: 9, COUNTY: 6, CITY: 4, PROVINCE: 2 };
const territory: Record<Tier, readonly string[]> = { VILLAGE: ['510107001001', '510107002001'], TOWNSHIP: ['510107001000', '510107002000'], COUNTY: ['510107000000', '510104000000'], CITY: ['510100000000'], PROVINCE: ['510000000000'] };
const purposes = ['MATTER_HANDLING', 'MEDIATION', 'SERVICE_DELIVERY', 'SUPERVISION', 'STATISTICS', 'DATA_QUALITY', 'AUDIT', 'SUBJECT_ACCESS'] as const;

/** Callers of every kind, tier and purpose, of organisations that lead, assist, handle nothing or are complained about. */
export function viewersOf({ rows, people }: World, tape: Tape, keys: Keys, count: number): Viewer[] {
  const matters = [...rows['hub.matter'].values()].filter((row) => row['merged_into'] === null);
  const clerks = Array.from({ length: count }, () => clerkOf(tape, matters.map((row) => ({ key: String(row['matter_key']), no: String(row['matter_no']) }))));
  const others: Viewer[] = [
    nobody,
    ...[0, 2, 4].map((index) => resident(index, keys.idHmac(people[index]!.idNumber), people[index]!.idNumber)),
    official('OPERATOR', organisations[8]!, 'COUNTY', '510107000000', 'DATA', 'DATA_QUALITY'),
    official('AUDITOR', organisations[8]!, 'CITY', '510100000000', 'AUDIT', 'AUDIT'),
    official('APP', organisations[0]!, 'TOWNSHIP', '510107001000', 'MEDIATION', 'MATTER_HANDLING'),
    official('APP', organisations[8]!, 'CITY', '510100000000', 'MEDIATION', 'SUPERVISION'),
    official('ANALYST', organisations[8]!, 'COUNTY', '510107000000', 'MEDIATION', 'SUPERVISION'),
    official('ANALYST', organisations[7]!, 'COUNTY', '510107000000', 'MEDIATION', 'STATISTICS'),
    official('ANALYST', organisations[8]!, 'PROVINCE', '510000000000', 'MEDIATION', 'STATISTICS'),
    official('CLERK', organisations[7]!, 'COUNTY', '510107000000', null, undefined),
  ];
  return [...clerks, ...others];
}

/** What is told apart when classes of viewers are counted. */
export function classOf({ kind, tier, purpose, matterKey }: Viewer): string {
  return [kind, tier ?? '-', purpose ?? '-', matterKey === null ? 'no matter' : 'matter'].join(' ');
}

const nobody: Viewer = { label: 'nobody', claims: null, kind: 'ANONYMOUS', org: null, department: null, tier: null, prefix: null, idHmac: null, matterKey: null };

function clerkOf(tape: Tape, matters: readonly { key: string; no: string }[]): Viewer {
  const organisation = organisations[tape.below(organisations.length)]!;
  const isHandling = tape.chance(65);
  const purpose = isHandling ? purposes[tape.below(3)]! : tape.chance(80) ? 'SUPERVISION' : purposes[tape.below(purposes.length)]!;
  const ownTier = tape.chance(60);
  const tier = ownTier ? organisation.tier : (['VILLAGE', 'TOWNSHIP', 'COUNTY', 'CITY', 'PROVINCE'] as const)[tape.below(5)]!;
  const division = ownTier ? organisation.division : territory[tier][tape.below(territory[tier].length)]!;
  const department = tape.chance(80) ? organisation.department : ['HOTLINE', 'POLICE', 'CIVIL'][tape.below(3)]!;
  const viewer = official('CLERK', organisation, tier, division, department, purpose);
  return tape.chance(75) ? inMatter(viewer, matters[tape.below(matters.length)]!) : viewer;
}

export function inMatter(viewer: Viewer, { key, no }: { key: string; no: string }): Viewer {
  return { ...viewer, matter: no, matterKey: key, label: `${viewer.label} in ${no}` };
}

/** Where a token says no department, the organisation's record does. */
export function official(kind: Kind, { code, department: recorded }: Organisation, tier: Tier, division: string, department: string | null, purpose: string | undefined): Viewer {
  const index = organisations.findIndex((one) => one.code === code);
  const label = [kind, `organisation ${index}`, tier, division, department ?? '-', purpose ?? '-'].join(' ');
  // One person for all purposes: what is bound to a purpose is bound to it and not to who asks.
  const sub = [kind, index, tier, division, department ?? '-'].join(' ');
  const claims = { sub, client_id: 'campaign', kind, org: code, department: department ?? 'NONE', tier, division, purposes: [...purposes] };
  return { label, claims, purpose, kind, org: code, department: department ?? recorded, tier, prefix: division.slice(0, digits[tier]), idHmac: null, matterKey: null };
}

export function resident(index: number, idHmac: string, idNumber: string): Viewer {
  const claims = { sub: `resident-${index}`, client_id: 'campaign', kind: 'RESIDENT', purposes: ['SUBJECT_ACCESS'], id_number: idNumber };
  return { label: `resident ${index}`, claims, purpose: 'SUBJECT_ACCESS', kind: 'RESIDENT', org: null, department: null, tier: null, prefix: null, idHmac, matterKey: null };
}
