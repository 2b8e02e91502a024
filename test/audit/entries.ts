import { hash } from 'node:crypto';
import type { AccessEntryInput } from '../../audit/entry.ts';
import { subjectTag } from '../../audit/subjects.ts';

export const tagSecret = Buffer.from('a secret of the tests, 32 bytes!');

/** An entry as the gateway would report it; `n` makes it one of its own. */
export function entryOf(n: number, over: Partial<AccessEntryInput> = {}): AccessEntryInput {
  return {
    viewer: `viewer-${n % 5}`,
    client: 'township-desk',
    org: '116201020139876543',
    department: 'MEDIATION',
    tier: 'TOWNSHIP',
    division: '620102001000',
    purpose: 'MEDIATION',
    matter: 'M0123456789AB',
    legalBasis: '人民调解法 20',
    operation: { name: 'MatterInbox', hash: hash('sha256', `operation ${n}`) },
    coordinates: { full: { 'Matter.status': 1 + (n % 3), 'Person.name': 1 }, masked: { 'Person.idNumber': 1 }, withheld: {} },
    recordCount: 1 + (n % 3),
    decision: 'ALLOWED',
    policyVersion: 'p1',
    traceId: n.toString(16).padStart(32, '0'),
    subjects: [{ ...subjectTag(tagSecret, `mention-${n % 7}`, new Date()), coordinates: ['Person.name', 'Person.idNumber'] }],
    ...over,
  };
}
