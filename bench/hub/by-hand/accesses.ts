import { readEntry, type AccessEntry } from '../../../audit/entry.ts';
import { readSubjectLeaf, subjectTags } from '../../../audit/subjects.ts';
import { rowsOf, type Asked } from './asked.ts';

const historyMonths = 36;

/** 12: who looked at the caller's own mentions, the newest first, in three statements. */
export async function accesses(asked: Asked<{ first: number }>) {
  const mentions = await rowsOf<{ mention_id: string }>(asked, 'own-mentions', `SELECT mention_id FROM hub.mention WHERE id_hmac = $1`, [asked.viewer.idHmac]);
  const until = new Date();
  const from = new Date(Date.UTC(until.getUTCFullYear(), until.getUTCMonth() - historyMonths, 1));
  const tags = mentions.flatMap((row) => subjectTags(asked.masterSecret, row.mention_id, from, until).map(({ tag }) => Buffer.from(tag, 'hex')));
  const rows = await rowsOf<{ bytes: Buffer; leaves: Buffer[] }>(asked, 'own-accesses',
    `SELECT index, bytes, array_agg(leaf) AS leaves FROM (SELECT DISTINCT t AS tag FROM unnest($1::bytea[]) AS t) own
     CROSS JOIN LATERAL (SELECT r.index, r.bytes, r.leaf FROM hub.own_access_report r WHERE r.tag = own.tag OFFSET 0) found
     GROUP BY index, bytes ORDER BY index DESC LIMIT $2`,
    [tags, asked.variables.first],
  );
  const entries = rows.flatMap(({ bytes, leaves }) => {
    const entry = readEntry(bytes);
    return entry ? [{ entry, leaves }] : [];
  });
  const organizations = await rowsOf<{ credit_code: string; name: string }>(asked, 'organizations', 'SELECT credit_code, name FROM hub.organization WHERE credit_code = ANY ($1)', [[...new Set(entries.map(({ entry }) => entry.org))]]);
  const names = new Map(organizations.map((row) => [row.credit_code, row.name]));
  return {
    myAccessHistory: entries.map(({ entry, leaves }) => ({
      time: entry.time,
      organization: entry.org === null ? null : { creditCode: entry.org, name: names.get(entry.org) ?? null },
      purpose: entry.purpose,
      fields: fieldsOf(entry, leaves),
      legalBasis: entry.legalBasis,
    })),
  };
}

/** What was given of this person, where the entry tells it, else of the whole operation. */
function fieldsOf(entry: AccessEntry, leaves: readonly Buffer[]): string[] {
  const ofSubject = leaves.flatMap((leaf) => readSubjectLeaf(leaf)?.coordinates ?? []);
  const ofOperation = [...Object.keys(entry.coordinates.full), ...Object.keys(entry.coordinates.masked)];
  return [...new Set(ofSubject.length > 0 ? ofSubject : ofOperation)].sort();
}
