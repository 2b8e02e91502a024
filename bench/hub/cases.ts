import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../base/departments.ts';

export interface Case {
  name: string;
  operation: string;
  persona: string;
  purpose: string;
  variables: Record<string, unknown>;
}

/** Scenarios of the README, each with an endpoint of its name under by-hand/. */
export const cases: readonly Case[] = [
  { name: '1-matters', operation: 'Matters', persona: 'county-analyst', purpose: 'SUPERVISION', variables: { first: 20 } },
  { name: '1-overdue', operation: 'OverdueMatters', persona: 'city-app', purpose: 'SUPERVISION', variables: { first: 20 } },
  { name: '2-inbox', operation: 'MediationInbox', persona: 'township-clerk', purpose: 'MEDIATION', variables: { first: 20 } },
  { name: '5-hotspots', operation: 'Hotspots', persona: 'county-analyst', purpose: 'STATISTICS', variables: { first: 20 } },
  { name: '9-connectors', operation: 'ConnectorHealth', persona: 'operator', purpose: 'DATA_QUALITY', variables: {} },
  { name: '12-accesses', operation: 'AccessHistory', persona: 'resident', purpose: 'SUBJECT_ACCESS', variables: { first: 20 } },
  { name: '18-division', operation: 'DivisionAt', persona: 'county-analyst', purpose: 'SUPERVISION', variables: { code: '330105000000', asOf: '2024-06-01' } },
];

export function operationText(name: string): string {
  return readFileSync(join(projectRoot(), 'gateway', 'operations', `${name}.graphql`), 'utf8');
}
