import type { Fault } from './checks.ts';
import { organisations } from './places.ts';
import type { Rows } from './tables.ts';
import type { Twin } from './twin.ts';
import { inMatter, official, type Viewer } from './viewers.ts';

/** What is given to one caller is good for that caller alone: cursors, and the ids of persons. */
export async function bindingFaults(twin: Twin, rows: Rows): Promise<Fault[]> {
  return [...(await cursorFaults(twin)), ...(await pseudonymFaults(twin, rows))];
}

const page = 'query Page($after: String) { records(first: 2, after: $after) { pageInfo { endCursor } nodes { id } } }';
const otherPage = 'query Page($after: String) { records(first: 2, after: $after, filter: {department: ["hotline"]}) { nodes { id } } }';
const [township, sibling] = [organisations[0]!, organisations[8]!];

async function cursorFaults(twin: Twin): Promise<Fault[]> {
  const viewer = official('CLERK', township, 'COUNTY', '510107000000', 'MEDIATION', 'SUPERVISION');
  const others: [string, Viewer, string][] = [
    ['another organisation', official('CLERK', sibling, 'COUNTY', '510107000000', 'MEDIATION', 'SUPERVISION'), page],
    ['another territory', official('CLERK', township, 'TOWNSHIP', '510107001000', 'MEDIATION', 'SUPERVISION'), page],
    ['another purpose', official('CLERK', township, 'COUNTY', '510107000000', 'MEDIATION', 'MATTER_HANDLING'), page],
    ['another list', viewer, otherPage],
  ];
  const first = await twin.ask(viewer, { query: page, variables: {} });
  const cursor = /"endCursor":"([^"]+)"/.exec(first.text)?.[1];
  if (cursor === undefined) return [{ check: 'a list has cursors', viewer: viewer.label, asked: page, expected: 'a cursor', got: first.text }];
  const faults: Fault[] = [];
  for (const [what, other, query] of others) {
    const { text } = await twin.ask(other, { query, variables: { after: cursor } });
    if (!text.includes('CURSOR_INVALID')) faults.push({ check: `a cursor is no good for ${what}`, viewer: other.label, asked: `${query} after ${cursor}`, expected: 'CURSOR_INVALID', got: text });
  }
  return faults;
}

const parties = '{ matters(first: 20) { nodes { parties { person { id } } } } }';
const idPattern = /"person":\{"id":"([^"]+)"\}/g;

/** Ids of one person for two purposes, and for two organisations, are never one; and none opens for another caller. */
async function pseudonymFaults(twin: Twin, rows: Rows): Promise<Fault[]> {
  const given: { viewer: Viewer; ids: string[] }[] = [];
  for (const row of rows['hub.matter'].values()) {
    for (const purpose of ['MATTER_HANDLING', 'MEDIATION']) {
      for (const organisation of organisations.slice(0, 4)) {
        const viewer = inMatter(official('CLERK', organisation, 'TOWNSHIP', '510107001000', organisation.department, purpose), { key: String(row['matter_key']), no: String(row['matter_no']) });
        const { text } = await twin.ask(viewer, { query: parties, variables: {} });
        const ids = [...text.matchAll(idPattern)].map(([, id]) => id!);
        if (ids.length > 0) given.push({ viewer, ids });
      }
    }
  }
  const faults: Fault[] = [];
  for (const { viewer, ids } of given) {
    const other = given.find((one) => (one.viewer.org !== viewer.org || one.viewer.purpose !== viewer.purpose) && one.ids.some((id) => ids.includes(id)));
    if (other) faults.push({ check: 'a person has another id for every organisation and purpose', viewer: `${viewer.label} and ${other.viewer.label}`, asked: parties, expected: 'no id in common', got: ids.filter((id) => other.ids.includes(id)) });
    const stranger = given.find((one) => one.viewer.org !== viewer.org || one.viewer.purpose !== viewer.purpose)?.viewer;
    const opened = stranger && (await twin.ask(stranger, { query: 'query ($id: ID!) { node(id: $id) { __typename } }', variables: { id: ids[0] } }));
    if (opened && !opened.text.includes('"node":null')) faults.push({ check: 'a person\'s id opens nothing for another caller', viewer: stranger!.label, asked: String(ids[0]), expected: null, got: opened.text });
  }
  if (given.length === 0) faults.push({ check: 'somebody sees a person', viewer: '', asked: parties, expected: 'an id', got: null });
  return faults;
}
