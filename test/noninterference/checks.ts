import { isDeepStrictEqual } from 'node:util';
import { effectOn, relationTo } from './oracle.ts';
import { expected, probeText, probes, protectedFields, restrictedFields } from './probe.ts';
import { inParallel } from './parallel.ts';
import type { Row, Rows } from './tables.ts';
import type { Answer, Twin } from './twin.ts';
import { everything, favourable } from './walls.ts';
import type { Viewer } from './viewers.ts';
import { globalId } from '../../subgraphs/globalId.ts';

/** Something that is not as the oracle says: more than may be seen, less than must be, or told in other words. */
export interface Fault {
  check: string;
  viewer: string;
  asked: string;
  expected: unknown;
  got: unknown;
}

/** What must be seen is seen, what is masked has its mask, and what is withheld is null and told in the right words. */
export async function recordFaults(twin: Twin, viewer: Viewer, rows: Rows): Promise<Fault[]> {
  const records = [...rows['hub.record'].values()].filter((row) => row['type_name'] !== null);
  const faults = await inParallel(records, async (record) => {
    const asked = { query: probeText(String(record['type_name'])), variables: { id: globalId(String(record['type_name']), String(record['rid'])) } };
    return faultOf(viewer, rows, record, asked, await twin.ask(viewer, asked));
  });
  return faults.flat();
}

function faultOf(viewer: Viewer, rows: Rows, record: Row, asked: { query: string; variables: object }, { status, text }: Answer): Fault[] {
  const about = { viewer: viewer.label, asked: `${asked.query} ${JSON.stringify(asked.variables)}` };
  if (viewer.kind === 'ANONYMOUS') return status === 401 ? [] : [{ check: 'nobody is answered', ...about, expected: 401, got: status }];
  const body = JSON.parse(text) as { data?: { node?: unknown }; errors?: unknown; extensions?: { access?: { coordinate: string; effect: string; policy: string; reason: string; count: number }[] } };
  const wanted = isKnownMatter(viewer, rows) ? expected(viewer, rows, record) : undefined;
  if (wanted === undefined) return text.includes('MATTER_UNKNOWN') ? [] : [{ check: 'an unknown matter is refused', ...about, expected: 'MATTER_UNKNOWN', got: text }];
  if (!isDeepStrictEqual(body.data?.node ?? null, wanted)) return [{ check: 'what is shown of a record', ...about, expected: wanted, got: body }];
  if (wanted === null) return [];
  const own = (body.extensions?.access ?? []).filter(({ coordinate }) => coordinate.startsWith(`${record['type_name']}.`));
  const told = own.filter(({ reason }) => reason === 'ROW_PROTECTED').map(({ coordinate }) => coordinate).sort();
  const faults: Fault[] = [];
  if (!isDeepStrictEqual(told, protectedFields(viewer, rows, record))) faults.push({ check: 'ROW_PROTECTED is told of what is protected', ...about, expected: protectedFields(viewer, rows, record), got: told });
  if (own.some(({ reason, policy }) => reason === 'ROW_PROTECTED' && policy !== 'row-protection')) faults.push({ check: 'nobody is told which condition protects a row', ...about, expected: 'row-protection', got: own });
  const restricted = own.map(({ coordinate }) => coordinate).sort();
  if (!isDeepStrictEqual(restricted, restrictedFields(viewer, rows, record))) faults.push({ check: 'whatever is not given in full is told, null or not', ...about, expected: restrictedFields(viewer, rows, record), got: restricted });
  if (own.some(({ count }) => count !== 1)) faults.push({ check: 'each position is counted once, nulls included', ...about, expected: 1, got: own });
  return faults;
}

function isKnownMatter(viewer: Viewer, rows: Rows): boolean {
  if (viewer.matterKey === null) return true;
  return [...rows['hub.matter_member'].values()].some((member) => member['matter_key'] === viewer.matterKey && opensWork(viewer, rows, String(member['rid'])));
}

/** A matter is known to those who may see WORK of one of its records. */
function opensWork(viewer: Viewer, rows: Rows, rid: string): boolean {
  const record = rows['hub.record'].get(rid)!;
  return effectOn(viewer, record, relationTo(viewer, rows, record), 'WORK', 'OTHER') === 'FULL';
}

const lists = '{ records(first: 100) { nodes { id ... on HotlineTicket { parent { id } } } } matters(first: 100) { nodes { matterNo records(first: 100) { nodes { id } } } } }';

/** Documents of the checks, for service accounts. */
export const checkTexts: readonly string[] = [lists, everything, ...Object.keys(probes).map(probeText)];

/** Lists hold every row that may be seen and no other. */
export async function listFaults(twin: Twin, viewer: Viewer, rows: Rows): Promise<Fault[]> {
  if (viewer.kind === 'ANONYMOUS' || !isKnownMatter(viewer, rows)) return [];
  const { text } = await twin.ask(viewer, { query: lists, variables: {} });
  const { data } = JSON.parse(text) as { data?: { records: { nodes: { id: string; parent?: { id: string } | null }[] } | null; matters: { nodes: { matterNo: string; records: { nodes: { id: string }[] } }[] } | null } };
  const visible = [...rows['hub.record'].values()].filter((row) => row['type_name'] !== null && effectOn(viewer, row, relationTo(viewer, rows, row), 'WORK', 'OTHER') === 'FULL');
  const idOf = (row: Row) => globalId(String(row['type_name']), String(row['rid']));
  const never = favourable(viewer, 'WORK') === 'WITHHELD';
  const membersOf = (key: string) => visible.filter((row) => rows['hub.matter_member'].get(String(row['rid']))?.['matter_key'] === key).map(idOf).sort();
  const wanted = never ? { records: null, matters: null } : {
    records: visible.map(idOf).sort(),
    matters: [...rows['hub.matter'].values()].map((row) => [row['matter_no'], membersOf(String(row['matter_key']))] as const).filter(([, ids]) => ids.length > 0).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  };
  const got = {
    records: data?.records?.nodes.map(({ id }) => id).sort() ?? null,
    matters: data?.matters?.nodes.map(({ matterNo, records }) => [matterNo, records.nodes.map(({ id }) => id).sort()]).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)) ?? null,
  };
  const known = new Set(visible.map(idOf));
  const strange = data?.records?.nodes.find(({ parent }) => parent && !known.has(parent.id));
  if (strange) return [{ check: 'an edge leads to nothing that is hidden', viewer: viewer.label, asked: lists, expected: null, got: strange }];
  return isDeepStrictEqual(got, wanted) ? [] : [{ check: 'lists hold what may be seen', viewer: viewer.label, asked: lists, expected: wanted, got: text }];
}
