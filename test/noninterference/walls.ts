import { isDeepStrictEqual } from 'node:util';
import { sha256Hex } from '../../base/canonical.ts';
import { enterViewer } from '../../policy/session.ts';
import { signViewer, type Viewer as Context } from '../../policy/viewer.ts';
import { globalId } from '../../subgraphs/globalId.ts';
import type { Fault } from './checks.ts';
import { effectOn, reaches, relationTo, type Class, type Effect, type Relation } from './oracle.ts';
import { expected, personOf, personText, probes, selectionOf } from './probe.ts';
import type { Row, Rows } from './tables.ts';
import { now, signingKey, type Twin } from './twin.ts';
import type { Viewer } from './viewers.ts';

/** The most that any row could give a caller of this class. */
export function favourable(viewer: Viewer, as: Class): Effect {
  const isResident = viewer.kind === 'RESIDENT';
  const best: Relation = { assigned: true, lead: true, near: true, owner: true, filed: isResident, involved: isResident, respondent: false, linked: true, inMatter: viewer.matterKey !== null };
  return effectOn(viewer, { source_updated_at: '2026' }, best, as, 'LINK');
}

/** Fields of one class each, by names that stand for nothing else in a subgraph's document. */
const marks: readonly (readonly [Class, RegExp])[] = [['WORK', /\bcategory\b/], ['PERSONAL', /\b(narrative|title|phones)\b/], ['IDENTIFYING', /\b(idNumber|birthYear)\b/], ['SENSITIVE', /\b(familyViolenceWarning|monthlyAmountYuan|extensionReason)\b/]];
export const everything = `{ records(first: 5) { nodes { id category { code } ${Object.keys(probes).map((name) => `... on ${name} { ${selectionOf(name)} }`).join(' ')} } } me { idNumber phones birthYear } }`;

/** The gateway alone: what a caller of this class can never see is not asked of any subgraph. */
export async function gatewayFaults(twin: Twin, viewer: Viewer): Promise<Fault[]> {
  const calls: string[] = [];
  twin.onCall = (_subgraph, body) => calls.push((JSON.parse(body) as { query: string }).query);
  const { text } = await twin.ask(viewer, { query: everything, variables: {} });
  twin.onCall = undefined;
  return marks.flatMap(([as, mark]) => {
    // A narrative of a petition is sensitive, of a call it is personal: what is personal decides for both.
    const closed = favourable(viewer, as) === 'WITHHELD' && (as !== 'PERSONAL' || favourable(viewer, 'SENSITIVE') === 'WITHHELD');
    const asked = closed ? calls.find((call) => mark.test(call)) : undefined;
    return asked === undefined ? [] : [{ check: 'the gateway asks for nothing that its caller can never see', viewer: viewer.label, asked, expected: `no ${as} field`, got: text }];
  });
}

/** The third wall alone: the rows that the reading role meets as this viewer, and no other ones. */
export async function rowFaults(twin: Twin, viewer: Viewer, rows: Rows): Promise<Fault[]> {
  const client = await twin.pool.connect();
  try {
    await enterViewer(client, contextOf(viewer));
    const wanted = [...rows['hub.record'].values()].filter((row) => reaches(viewer, relationTo(viewer, rows, row))).map((row) => String(row['rid'])).sort();
    const faults: Fault[] = [];
    for (const table of ['hub.record', 'hub.mention', 'hub.matter_member', 'hotline.ticket', 'civil.application'] as const) {
      const met = (await client.query<{ rid: string }>(`SELECT DISTINCT rid FROM ${table} ORDER BY rid`)).rows.map(({ rid }) => rid);
      const of = table === 'hub.record' ? wanted : wanted.filter((rid) => [...rows[table].values()].some((row) => row['rid'] === rid));
      if (!isDeepStrictEqual(met, of)) faults.push({ check: 'row-level security lets through what may be met', viewer: viewer.label, asked: `SELECT rid FROM ${table}`, expected: of, got: met });
    }
    return faults;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

/** A subgraph alone, called with a signed context, without a gateway and, if told, without row-level security: it decides on the row. */
export async function subgraphFaults(twin: Twin, viewer: Viewer, rows: Rows, isAlone = false): Promise<Fault[]> {
  const faults = await personFaults(twin, viewer, rows, isAlone);
  for (const [typeName, { number, fields, table }] of Object.entries(probes)) {
    const records = [...rows['hub.record'].values()].filter((row) => row['type_name'] === typeName);
    const selection = `department category { code } ${number} ${fields.map(({ ask }) => ask).join(' ')}`;
    const got = await entities(twin, viewer, table.split('.')[0]!, typeName, selection, records.map((row) => ({ id: globalId(typeName, String(row['rid'])) })));
    records.forEach((record, index) => {
      const wanted = ofSubgraph(viewer, rows, record, got[index] ?? null);
      if (!isDeepStrictEqual(got[index] ?? null, wanted)) faults.push({ check: 'a subgraph alone decides on the row', viewer: viewer.label, asked: `${typeName} ${String(record['rid'])} { ${selection} }`, expected: wanted, got: got[index] });
    });
  }
  return faults;
}

/** Persons by the key that joins subgraphs, which no caller ever sees: what each mention shows by its own record. */
async function personFaults(twin: Twin, viewer: Viewer, rows: Rows, isAlone: boolean): Promise<Fault[]> {
  const mentions = new Map([...rows['hub.mention'].values()].map((row) => [String(row['entity_key'] ?? row['mention_id']), row]));
  const keys = [...mentions.keys()];
  const got = await entities(twin, viewer, 'registry', 'Person', personText, keys.map((entityKey) => ({ entityKey })));
  return keys.flatMap((key, index): Fault[] => {
    const found = got[index] ?? null;
    const wanted = personOf(viewer, rows, mentions.get(key)!);
    const isNobody = Object.values(wanted).every((value) => value === null);
    if (isDeepStrictEqual(found, wanted) || (found === null && isNobody && !isAlone)) return [];
    return [{ check: 'a person shows what each record that names them may show', viewer: viewer.label, asked: `Person ${key} { ${personText} }`, expected: wanted, got: found }];
  });
}

async function entities(twin: Twin, viewer: Viewer, subgraph: string, typeName: string, selection: string, keys: readonly object[]): Promise<(Record<string, unknown> | null)[]> {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${typeName} { ${selection} } } }`;
  const body = JSON.stringify({ query, variables: { representations: keys.map((key) => ({ __typename: typeName, ...key })) } });
  const { text } = await twin.askSubgraph(subgraph, body, signViewer(contextOf(viewer), { audience: subgraph, bodyHash: sha256Hex(body), key: signingKey, now: now() }));
  return (JSON.parse(text) as { data?: { _entities?: (Record<string, unknown> | null)[] } }).data?._entities ?? [];
}

/** A stub of a record that is met may be there with nothing in it: nobody is told its key but who sent it. */
function ofSubgraph(viewer: Viewer, rows: Rows, record: Row, got: Record<string, unknown> | null): unknown {
  const shownOf = expected(viewer, rows, record) as Record<string, unknown> | null;
  if (got === null && shownOf === null) return null;
  const { number, fields } = probes[String(record['type_name'])]!;
  const names = ['department', 'category', number, ...fields.map(({ ask }) => ask.split(' ')[0]!)];
  return Object.fromEntries(names.map((name) => [name, shownOf?.[name] ?? null]));
}

export function contextOf({ kind, claims, org, department, tier, prefix, purpose, matterKey, matter, idHmac }: Viewer): Context {
  return {
    kind, sub: String(claims?.sub ?? ''), clientId: 'campaign', org, department, tier, division: prefix === null ? null : prefix.padEnd(12, '0'),
    purpose: (purpose ?? null) as Context['purpose'], matterKey, matterNo: matter ?? null, idHmac, policyVersion: 'none', traceId: '0'.repeat(32),
  };
}
