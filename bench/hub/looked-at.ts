import { openAccessLog } from '../../audit/log.ts';
import { subjectTag } from '../../audit/subjects.ts';
import { personaClaims } from '../../gateway/demo-personas.ts';
import { purposes } from '../../policy/purposes.ts';
import { filledHub } from './setup.ts';

const looks = 40; // two pages of a resident's history

/** Entries of a clerk who looked at the records of the resident who asks in scenario 12, so that there is a history to read. */
export async function lookedAt(): Promise<void> {
  const hub = await filledHub();
  const log = await openAccessLog({ pool: hub.pool });
  const { id_number: idNumber } = await personaClaims(hub.pool, 'resident');
  const { org, division } = await personaClaims(hub.pool, 'township-clerk');
  const { rows } = await hub.pool.query<{ mention_id: string }>('SELECT mention_id FROM hub.mention WHERE id_number = $1', [idNumber]);
  const seen = { full: { 'Person.name': 1, 'Person.phones': 1 }, masked: { 'Person.idNumber': 1 }, withheld: {} };
  for (let look = 0; look < looks; look += 1) {
    const subjects = rows.map((row) => subjectTag(hub.config.masterSecret, row.mention_id, new Date()));
    await log.append({ decision: 'ALLOWED', org: String(org), department: 'MEDIATION', tier: 'TOWNSHIP', division: String(division), purpose: 'MEDIATION', legalBasis: purposes.MEDIATION.basis, traceId: `bench-look-${look}`, coordinates: seen, recordCount: rows.length, subjects: subjects.map((subject) => ({ ...subject, coordinates: [] })) });
  }
  await log.close();
  await hub.pool.end();
}
