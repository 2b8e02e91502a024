import { createHash } from 'node:crypto';
import type pg from 'pg';
import { arrayText, asColumns } from '../base/columns.ts';
import { allDone, prepared } from '../base/db.ts';
import type { Effects, FirstSeen, Known, LiveVersion } from './fold.ts';
import type { Mapped } from './map.ts';
import type { PageContext } from './page.ts';
import { newAndKnown, whatReplaces } from './upsert.ts';

/** Removes what is gone with all that hangs on it (details, mentions, links, membership, landed copies). Returns the rids. */
export function removeRecords(client: pg.ClientBase, context: PageContext, { gone }: Effects): Promise<string[]> {
  return removeKeys(client, context, [...gone]);
}

export async function removeKeys(client: pg.ClientBase, { connector, stream, keys }: PageContext, recordKeys: readonly string[]): Promise<string[]> {
  if (recordKeys.length === 0) return [];
  const rids = recordKeys.map((key) => keys.rid(connector.department, stream.name, key));
  const [removed] = await allDone([
    client.query<{ rid: string }>('DELETE FROM hub.record WHERE rid = ANY($1) RETURNING rid', [rids]),
    client.query('DELETE FROM hub.landed WHERE department = $1 AND stream = $2 AND record_key = ANY($3)', [connector.department, stream.name, recordKeys]),
    stream.organization && client.query("DELETE FROM hub.organization WHERE credit_code = ANY($1) AND source = 'REGISTER'", [recordKeys]),
  ]);
  return removed.rows.map((row) => row.rid);
}

/** Writes the newest live versions, one or two statements per table. Returns the rids of those that changed. */
export async function writeLive(client: pg.ClientBase, context: PageContext, { heads }: Known, { live, earlier }: Effects): Promise<string[]> {
  const rows = [...live].map(([keyHmac, version]) => ({ ...version, rid: context.keys.rid(context.connector.department, context.stream.name, version.key), isNew: !heads.has(keyHmac) }));
  const changed = rows.filter((row) => row.changed);
  const unchanged = rows.filter((row) => !row.changed);
  const hasRecords = context.stream.record !== undefined;
  const [late, , , , seen] = await allDone([
    markFirstSeen(client, context, earlier),
    writeLanded(client, context, rows),
    writeOrganizations(client, context, changed),
    writeThings(client, changed),
    markFirstSeen(client, context, new Map(unchanged.map((row) => [row.key, row.firstSeen]))),
    ...(hasRecords ? [markNewest(client, unchanged), writeRecords(client, context, changed), writeDetails(client, context, changed), writeMentions(client, context, changed), writeAssignments(client, changed)] : []),
  ]);
  return [...(hasRecords ? changed.map((row) => row.rid) : []), ...late, ...seen];
}

type LiveRow = LiveVersion & { rid: string; isNew: boolean };

async function writeLanded(client: pg.ClientBase, { connector, stream, runId }: PageContext, rows: readonly LiveRow[]): Promise<void> {
  await newAndKnown(rows, async (part, isNew) => {
    const { names, source, values } = asColumns(part.map((row) => ({ record_key: row.key, content: row.content, content_hash: row.contentHmac, position: row.position })), landedTypes, 4);
    const upsert = isNew ? '' : ` ON CONFLICT (department, stream, record_key) DO UPDATE SET ${whatReplaces([...names, 'run_id'], landedIdentity)}, landed_at = now()`;
    await client.query(prepared(`INSERT INTO hub.landed (department, stream, run_id, ${names.join(', ')}) SELECT $1, $2, $3, x.* FROM ${source} x${upsert}`, [connector.department, stream.name, runId ?? noRun, ...values]));
  });
}

const landedTypes = { content: 'jsonb' };
const landedIdentity: ReadonlySet<string> = new Set(['record_key']);
const noRun = '00000000-0000-0000-0000-000000000000';

async function writeRecords(client: pg.ClientBase, context: PageContext, rows: readonly LiveRow[]): Promise<void> {
  await newAndKnown(rows, async (part, isNew) => {
    const { names, source, values } = asColumns(part.map((row) => recordRow(context, row)), recordTypes);
    const upsert = isNew ? '' : ` ON CONFLICT (rid) DO UPDATE SET ${whatReplaces(names, recordIdentity)}, first_seen = hub.earliest(record.first_seen, excluded.first_seen)`;
    await client.query(prepared(`INSERT INTO hub.record (${names.join(', ')}) ${source}${upsert}`, values));
  });
}

function recordRow({ connector, stream, runId, now }: PageContext, row: LiveRow): Record<string, unknown> {
  return {
    ...row.mapped.record,
    rid: row.rid,
    department: connector.department,
    stream: stream.name,
    record_key: row.key,
    type_name: stream.typeName,
    source_updated_at: row.mapped.sourceUpdatedAt,
    fetched_at: now.toISOString(),
    run_id: runId,
    thing_key: row.mapped.thing ? thingKey(row.mapped.thing, row.mapped.record['division_now']) : null,
    repairs: row.mapped.repairs,
    first_seen: row.firstSeen,
  };
}

/** What a rid says already. Columns of a key that are written, even with what they hold, wait for all that refers to the row. */
const recordIdentity: ReadonlySet<string> = new Set(['rid', 'department', 'stream', 'record_key', 'type_name', 'first_seen']);
/** Types of the columns that are no text. */
const recordTypes = {
  occurred_at: 'timestamptz', source_updated_at: 'timestamptz', fetched_at: 'timestamptz', run_id: 'uuid', assist_orgs: 'text[]', confidential: 'boolean', minor: 'boolean', family_violence: 'boolean',
  facts: 'jsonb', repairs: 'jsonb', first_seen: 'jsonb',
};
const mentionTypes = { ordinal: 'integer', phones: 'text[]', source_updated_at: 'timestamptz' };
const mentionIdentity: ReadonlySet<string> = new Set(['mention_id', 'rid', 'role', 'ordinal', 'department']);

/**
 * Milestones of versions that are not written themselves: older ones, and those in which nothing mapped changed. A record
 * that is gone keeps none. Returns the rids whose history changed.
 */
async function markFirstSeen(client: pg.ClientBase, { connector, stream, keys }: PageContext, seen: ReadonlyMap<string, FirstSeen>): Promise<string[]> {
  const rows = [...seen].filter(([, milestones]) => Object.keys(milestones).length > 0);
  if (rows.length === 0 || !stream.record) return [];
  const { rows: marked } = await client.query<{ rid: string }>(
    `UPDATE hub.record r SET first_seen = hub.earliest(r.first_seen, x.first_seen) FROM json_to_recordset($1) AS x(rid text, first_seen jsonb)
     WHERE r.rid = x.rid AND r.first_seen <> hub.earliest(r.first_seen, x.first_seen) RETURNING r.rid`,
    [JSON.stringify(rows.map(([key, first_seen]) => ({ rid: keys.rid(connector.department, stream.name, key), first_seen })))],
  );
  return marked.map((row) => row.rid);
}

/** A version in which nothing mapped changed is still the newest: its time and its repairs are the record's. */
async function markNewest(client: pg.ClientBase, rows: readonly LiveRow[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `UPDATE hub.record r SET source_updated_at = x.at, repairs = x.repairs FROM json_to_recordset($1) AS x(rid text, at timestamptz, repairs jsonb)
     WHERE r.rid = x.rid AND (r.source_updated_at, r.repairs) IS DISTINCT FROM (x.at, x.repairs)`,
    [JSON.stringify(rows.map((row) => ({ rid: row.rid, at: row.mapped.sourceUpdatedAt, repairs: row.mapped.repairs })))],
  );
}

async function writeDetails(client: pg.ClientBase, { stream }: PageContext, rows: readonly LiveRow[]): Promise<void> {
  if (!stream.detail) return;
  const { table } = stream.detail;
  const types = await typesOf(client, table);
  await newAndKnown(rows, async (part, isNew) => {
    const { names, source, values } = asColumns(part.map((row) => ({ rid: row.rid, ...row.mapped.detail })), types);
    await client.query(prepared(`INSERT INTO ${table} (${names.join(', ')}) ${source}${isNew ? '' : ` ON CONFLICT (rid) DO UPDATE SET ${whatReplaces(names, detailIdentity)}`}`, values));
  });
}

const detailIdentity: ReadonlySet<string> = new Set(['rid']);

/** Types of the columns that are no text, of a department's own table: what a migration makes stays while this process runs. */
async function typesOf(client: pg.ClientBase, table: string): Promise<Record<string, string>> {
  const known = tableTypes.get(table);
  if (known) return known;
  const { rows } = await client.query<{ name: string; type: string }>("SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND atttypid <> 'text'::regtype", [table]);
  const types = Object.fromEntries(rows.map(({ name, type }) => [name, type]));
  tableTypes.set(table, types);
  return types;
}

const tableTypes = new Map<string, Record<string, string>>();

/** Mentions keep their link (`entity_key`) when a record changes; what linkage makes of the change is its own step. */
async function writeMentions(client: pg.ClientBase, { connector, keys }: PageContext, rows: readonly LiveRow[]): Promise<void> {
  await newAndKnown(rows, async (part, isNew) => {
    const mentions = part.flatMap((row) =>
      row.mapped.mentions.map((mention) => ({ ...mention, mention_id: keys.mentionId(row.rid, mention.role, mention.ordinal), rid: row.rid, department: connector.department, source_updated_at: row.mapped.sourceUpdatedAt })),
    );
    await allDone([isNew ? undefined : removeMentions(client, part, mentions), insertMentions(client, mentions, isNew), writeOwn(client, mentions)]);
  });
}

type MentionRow = Mapped['mentions'][number] & { mention_id: string; rid: string };

/** Of records that may be there already: what hung on them and is not written again. */
async function removeMentions(client: pg.ClientBase, rows: readonly LiveRow[], kept: readonly MentionRow[]): Promise<void> {
  const rids = rows.map((row) => row.rid);
  await allDone([
    client.query('DELETE FROM hub.mention WHERE rid = ANY($1) AND NOT mention_id = ANY($2)', [rids, kept.map((mention) => mention.mention_id)]),
    client.query('DELETE FROM hub.mention_self WHERE rid = ANY($1)', [rids]),
  ]);
}

async function insertMentions(client: pg.ClientBase, mentions: readonly MentionRow[], isNew: boolean): Promise<void> {
  if (mentions.length === 0) return;
  const { names, source, values } = asColumns(mentions as readonly (MentionRow & Record<string, unknown>)[], mentionTypes);
  await client.query(prepared(`INSERT INTO hub.mention (${names.join(', ')}) ${source}${isNew ? '' : ` ON CONFLICT (mention_id) DO UPDATE SET ${whatReplaces(names, mentionIdentity)}`}`, values));
}

/** Who may see a record as his own. One person may stand in it twice. */
async function writeOwn(client: pg.ClientBase, mentions: readonly MentionRow[]): Promise<void> {
  const own = mentions.flatMap(({ kind, rid, id_hmac }) => (kind === 'PERSON' && id_hmac !== null ? [{ rid, id_hmac }] : []));
  const pairs = [...new Map(own.map((one) => [`${one.rid} ${one.id_hmac}`, one])).values()];
  if (pairs.length === 0) return;
  await client.query(prepared('INSERT INTO hub.mention_self (rid, id_hmac) SELECT * FROM unnest($1::text[], $2::text[])', [arrayText(pairs.map(({ rid }) => rid)), arrayText(pairs.map(({ id_hmac }) => id_hmac))]));
}

async function writeAssignments(client: pg.ClientBase, rows: readonly LiveRow[]): Promise<void> {
  const replaced = rows.flatMap((row) => (row.isNew ? [] : [row.rid]));
  const assigned = rows.flatMap((row) => row.mapped.assignments.map((one) => ({ rid: row.rid, ...one })));
  await allDone([
    replaced.length > 0 && client.query('DELETE FROM hub.assignment WHERE rid = ANY($1)', [replaced]),
    assigned.length > 0 && client.query(prepared('INSERT INTO hub.assignment (rid, credit_code, relation) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])', [
      arrayText(assigned.map((one) => one.rid)),
      arrayText(assigned.map((one) => one.credit_code)),
      arrayText(assigned.map((one) => one.relation)),
    ])),
  ]);
}

/** Organisations of the register, and units of the unit map. */
async function writeOrganizations(client: pg.ClientBase, { connector, stream }: PageContext, rows: readonly LiveRow[]): Promise<void> {
  const units = new Map(stream.record ? rows.flatMap((row) => row.mapped.units.map((unit) => [`${unit.kind}/${unit.code}`, unit] as const)) : []);
  await allDone([writeRegistered(client, rows), writeUnits(client, connector.department, [...units.values()])]);
}

async function writeRegistered(client: pg.ClientBase, rows: readonly LiveRow[]): Promise<void> {
  const registered = rows.filter((row) => row.mapped.organization !== null).map((row) => ({ ...row.mapped.organization, credit_code: row.key, source: 'REGISTER' }));
  if (registered.length === 0) return;
  const columns = Object.keys(registered[0]!);
  await client.query(
    `INSERT INTO hub.organization (${columns.join(', ')}) SELECT ${columns.map((column) => `x.${column}`).join(', ')} FROM json_populate_recordset(NULL::hub.organization, $1) x
     ON CONFLICT (credit_code) DO UPDATE SET ${columns.filter((column) => column !== 'credit_code').map((column) => `${column} = excluded.${column}`).join(', ')}`,
    [JSON.stringify(registered)],
  );
}

/** A unit of the map that no register names gets a row of its own, so that a case always has an organisation to show. */
async function writeUnits(client: pg.ClientBase, department: string, units: readonly Mapped['units'][number][]): Promise<void> {
  if (units.length === 0) return;
  const list = [...units].sort((a, b) => (a.kind + a.code < b.kind + b.code ? -1 : 1));
  const made = units.map((unit) => generated(unit, department.toUpperCase())).sort((a, b) => (a.credit_code < b.credit_code ? -1 : 1));
  await allDone([
    client.query('INSERT INTO hub.unit (kind, code, credit_code) SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING', [list.map((one) => one.kind), list.map((one) => one.code), list.map((one) => one.credit_code)]),
    client.query(
      `INSERT INTO hub.organization (credit_code, name, kind, department, tier, division, source) SELECT x.credit_code, x.name, x.kind, x.department, x.tier, x.division, 'GENERATED'
       FROM json_populate_recordset(NULL::hub.organization, $1) x ON CONFLICT (credit_code) DO NOTHING`,
      [JSON.stringify(made)],
    ),
  ]);
}

function generated({ kind, code, credit_code }: Mapped['units'][number], department: string) {
  const county = `${credit_code.slice(2, 8)}000000`;
  if (kind === 'MEDIATION_CENTRE') return { credit_code, name: `矛盾纠纷调解中心 ${code.slice(0, 9)}`, kind, department: 'MEDIATION', tier: 'TOWNSHIP', division: code };
  const named: Record<string, string> = { RECEIVING_UNIT: '接处警单位', COURT: '人民法院', AGENCY: '民政经办机构' };
  return { credit_code, name: `${named[kind] ?? '单位'} ${code}`, kind: department, department, tier: 'COUNTY', division: county };
}

async function writeThings(client: pg.ClientBase, rows: readonly LiveRow[]): Promise<void> {
  const things = new Map(
    rows.flatMap(({ mapped }) => {
      if (!mapped.thing) return [];
      const thing_key = thingKey(mapped.thing, mapped.record['division_now']);
      const row: Record<string, unknown> = { thing_key, ...mapped.thing, division: mapped.record['division_now'] };
      return [[thing_key, row] as const];
    }),
  );
  if (things.size === 0) return;
  await client.query(
    `INSERT INTO hub.thing (thing_key, kind, name, identifier, division) SELECT x.thing_key, x.kind, x.name, x.identifier, x.division FROM json_populate_recordset(NULL::hub.thing, $1) x
     ON CONFLICT (thing_key) DO NOTHING`,
    [JSON.stringify([...things.values()].sort((a, b) => (String(a['thing_key']) < String(b['thing_key']) ? -1 : 1)))],
  );
}

/** A facility is public; its identifier names it everywhere, without one its name does within the county. */
function thingKey(thing: { kind: string; name: string; identifier: string | null }, division: unknown): string {
  const own = thing.identifier === null ? `${thing.name}|${String(division ?? '').slice(0, 6)}` : thing.identifier;
  return createHash('sha256').update(`${thing.kind}|${own}`).digest('hex').slice(0, 32);
}
