import { unknownRow, type RowAccess } from '../../policy/row.ts';
import type { Viewer } from '../../policy/viewer.ts';

/** A clerk of a township's mediation centre with a purpose and a matter, changed by what a test says. */
export function viewer(changes: Partial<Viewer> = {}): Viewer {
  return {
    kind: 'CLERK',
    sub: 'someone',
    clientId: 'test',
    org: '12620102MB0000001A',
    department: 'MEDIATION',
    tier: 'TOWNSHIP',
    division: '620102001000',
    purpose: 'MEDIATION',
    matterKey: 'matter-1',
    matterNo: 'M000000000001',
    idHmac: null,
    policyVersion: 'test',
    traceId: 'trace',
    ...changes,
  };
}

export function resident(changes: Partial<Viewer> = {}): Viewer {
  return viewer({ kind: 'RESIDENT', org: null, department: null, tier: null, division: null, purpose: 'SUBJECT_ACCESS', matterKey: null, matterNo: null, idHmac: 'own', ...changes });
}

/** A row of the viewer's matter of which nothing else is true, changed by what a test says. */
export function row(changes: Partial<RowAccess> = {}): RowAccess {
  return { ...unknownRow, department: 'hotline', inMatter: true, ...changes };
}

export function protectedRow(protection: keyof RowAccess['protections'], changes: Partial<RowAccess> = {}): RowAccess {
  return row({ ...changes, protections: { ...unknownRow.protections, [protection]: true } });
}
