import { sql, type SQL } from 'drizzle-orm';
import { readEntry, type AccessEntry } from '../../audit/entry.ts';
import { proveAccesses } from '../../audit/proof.ts';
import { readSubjectLeaf, subjectTags, tagBytes } from '../../audit/subjects.ts';
import { verifyAccessLog } from '../../audit/verify.ts';
import { YiwangError } from '../../base/errors.ts';
import { reference } from '../record.ts';
import type { Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import type { AccessLogFilterType } from './types.generated.ts';

/** One entry with its place in the log; null where somebody changed its bytes: verification names it. */
export interface IndexedEntry {
  index: number;
  entry: AccessEntry | null;
}

/** One page of the log for auditors, the newest first. */
export async function entryPage(context: SubgraphContext, page: Page, filter: AccessLogFilterType): Promise<IndexedEntry[]> {
  const tx = await context.tx();
  const where: SQL[] = [sql`true`];
  if (filter.from) where.push(sql`at >= ${filter.from.toISOString()}::timestamptz`);
  if (filter.before) where.push(sql`at < ${filter.before.toISOString()}::timestamptz`);
  if (filter.organization) where.push(sql`org = ${filter.organization}`);
  if (filter.purpose) where.push(sql`purpose = ${filter.purpose}`);
  if (filter.breakGlass) where.push(sql`position(convert_to('"breakGlass":"', 'UTF8') IN bytes) > 0`);
  if (page.after) where.push(sql`index < ${page.after[0]}`);
  const { rows } = await tx.execute<{ index: number; bytes: Buffer }>(
    sql`SELECT index, bytes FROM hub.access_entry_report WHERE ${sql.join(where, sql` AND `)} ORDER BY index DESC LIMIT ${page.rowsMax + 1}`,
  );
  return rows.map((row) => ({ index: Number(row.index), entry: readEntry(row.bytes) }));
}

/** An entry as the schema shows it. */
export function shownEntry({ index, entry }: IndexedEntry) {
  if (!entry) throw new YiwangError('LOG_TAMPERED', { detail: `the entry ${index} cannot be read` });
  return {
    ...entry,
    index,
    organization: entry.org,
    matterNo: entry.matter,
    operationName: entry.operation?.name ?? null,
    operationHash: entry.operation?.hash ?? null,
    fields: [...fieldsSeen(entry.coordinates.full, 'FULL'), ...fieldsSeen(entry.coordinates.masked, 'MASKED'), ...fieldsSeen(entry.coordinates.withheld, 'WITHHELD')],
  };
}

function fieldsSeen(counts: Record<string, number>, effect: 'FULL' | 'MASKED' | 'WITHHELD') {
  return Object.entries(counts).map(([coordinate, count]) => ({ coordinate, effect, count }));
}

/** As long as a resident's history is shown; the log itself is kept. */
const historyMonths = 36;

/** Who looked at the mentions that carry the resident's own ID number, the newest first: never a name, never another person. */
export async function ownHistory(context: SubgraphContext, rowsMax: number) {
  const tx = await context.tx();
  const own = await tx.execute<{ mention_id: string }>(sql`SELECT mention_id FROM hub.mention WHERE id_hmac = ${context.viewer.idHmac}`);
  const until = context.clock();
  const from = new Date(Date.UTC(until.getUTCFullYear(), until.getUTCMonth() - historyMonths, 1));
  const tags = own.rows.flatMap((row) => subjectTags(context.master, row.mention_id, from, until).map((tag) => tagBytes(tag).toString('hex')));
  if (tags.length === 0) return [];
  const { rows } = await tx.execute<{ index: number; bytes: Buffer; leaves: string[] }>(sql`
    SELECT index, bytes, array_agg(encode(leaf, 'base64')) AS leaves
    FROM (SELECT DISTINCT decode(t, 'hex') AS tag FROM unnest(${sql.param(tags)}::text[]) AS t) own -- tag by tag, so that each is looked up in the index
    CROSS JOIN LATERAL (SELECT r.index, r.bytes, r.leaf FROM hub.own_access_report r WHERE r.tag = own.tag OFFSET 0) found
    GROUP BY index, bytes ORDER BY index DESC LIMIT ${rowsMax}`);
  let proofs: ReturnType<typeof proveAccesses> | undefined;
  const proof = async (index: number) => {
    if (!context.log) return null;
    proofs ??= proveAccesses(context.pool, { indexes: rows.map((row) => Number(row.index)), tags: tags.map((tag) => Buffer.from(tag, 'hex')), publicKey: context.log.publicKey });
    return (await proofs).get(index) ?? null;
  };
  return rows.flatMap((row) => ownEntry(readEntry(row.bytes), row.leaves).map((entry) => ({ ...entry, proof: async () => asJson(await proof(Number(row.index))) })));
}

function asJson(value: object | null): string | null {
  return value && JSON.stringify(value);
}

function ownEntry(entry: AccessEntry | null, leaves: readonly string[]) {
  if (!entry) return [];
  const ofSubject = leaves.flatMap((leaf) => readSubjectLeaf(Buffer.from(leaf, 'base64'))?.coordinates ?? []);
  const ofOperation = [...Object.keys(entry.coordinates.full), ...Object.keys(entry.coordinates.masked)];
  const fields = [...new Set(ofSubject.length > 0 ? ofSubject : ofOperation)].sort();
  return [{ time: entry.time, organization: reference('Organization', 'creditCode', entry.org), purpose: entry.purpose, fields, legalBasis: entry.legalBasis, emergency: entry.breakGlass }];
}

/** Re-hashes the whole log; reads entries' bytes and shows none. */
export async function verification(context: SubgraphContext) {
  if (!context.log) throw new YiwangError('SUBGRAPH_UNAVAILABLE', { detail: 'the subgraphs were started without the log\'s verifier key' });
  const { ok, size, root, outsideCheckpoints, findings } = await verifyAccessLog({ pool: context.pool, ...context.log });
  return { whole: ok, size, rootHash: root, outsideCheckpoints, findings };
}
