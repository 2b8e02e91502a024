import { openAccessLog } from '../../audit/log.ts';
import { subjectTag } from '../../audit/subjects.ts';
import { personaClaims } from '../../gateway/demo/personas.ts';
import { purposes } from '../../policy/purposes.ts';
import { filledHub } from './setup.ts';

const looks = 40; // two pages of a resident's history
const othersPerLook = 500; // a log tells of many people, and one resident's entries are few of them

/**
 * Entries of a clerk who looked at the records of the resident who asks in scenario 12, so that there is a history to read,
 * and of others.
 */
export async function lookedAt(): Promise<void> {
  const hub = await filledHub();
  const log = await openAccessLog({ pool: hub.pool });
  const { id_number: idNumber } = await personaClaims(hub.pool, 'resident');
  const { org, division } = await personaClaims(hub.pool, 'township-clerk');
  const { rows } = await hub.pool.query<{ mention_id: string }>('SELECT mention_id FROM hub.mention WHERE id_number = $1', [idNumber]);
  const seen = { full: { 'Person.name': 1, 'Person.phones': 1 }, masked: { 'Person.idNumber': 1 }, withheld: {} };
  const { rows: others } = await hub.pool.query<{ mention_id: string }>('SELECT mention_id FROM hub.mention WHERE id_number IS DISTINCT FROM $1 ORDER BY mention_id LIMIT $2', [idNumber, othersPerLook]);
  for (let look = 0; look < looks; look += 1) {
    for (const looked of [rows, others]) {
      const subjects = looked.map((row) => ({ ...subjectTag(hub.config.masterSecret, row.mention_id, new Date()), coordinates: [] }));
      await log.append({ decision: 'ALLOWED', org: String(org), department: 'MEDIATION', tier: 'TOWNSHIP', division: String(division), purpose: 'MEDIATION', legalBasis: purposes.MEDIATION.basis, traceId: `bench-look-${look}`, coordinates: seen, recordCount: looked.length, subjects });
    }
  }
  await hub.pool.query('ANALYZE audit.subject');
  await log.close();
  await hub.pool.end();
}
