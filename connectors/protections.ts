import type pg from 'pg';
import { YiwangError } from '../base/errors.ts';
import type { PageContext } from './page.ts';
import type { Judged } from './judge.ts';
import { missingMark } from './drift.ts';

/**
 * Refuses a page of a table or of a file with a header that has lost a column from which protections are read, where the hub
 * holds records that are protected by it: they would be opened. A source that never had the column loses nothing by it, and
 * one that may leave out what is empty says nothing by leaving it out.
 */
export async function requireProtections(client: pg.ClientBase, { connector, stream }: PageContext, versions: readonly Judged[]): Promise<void> {
  if (connector.source.kind !== 'sql' && connector.source.kind !== 'files') return;
  const absent = new Set(versions.flatMap(({ drift }) => drift.filter((column) => column.endsWith(missingMark)).map((column) => column.slice(0, -missingMark.length))));
  if (absent.size === 0) return;
  const { confidential, minor, familyViolence, respondentOrg } = stream.record ?? {};
  const kept = [[confidential, 'confidential'], [minor, 'minor'], [familyViolence, 'family_violence'], [respondentOrg, 'respondent_org IS NOT NULL']] as const;
  for (const [rule, isProtected] of kept) {
    const lost = rule?.reads.find((column) => absent.has(column));
    if (lost === undefined) continue;
    const { rows } = await client.query(`SELECT 1 FROM hub.record WHERE department = $1 AND stream = $2 AND ${isProtected} LIMIT 1`, [connector.department, stream.name]);
    if (rows.length > 0) throw new YiwangError('SOURCE_SCHEMA', { hint: `\`${stream.name}\` lacks the column \`${lost}\`, from which protections of its records are read` });
  }
}
