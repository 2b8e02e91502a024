import { recordKeys } from '../../base/keys.ts';
import { admissionFaults, contextFaults } from './admission.ts';
import { ask } from './asking.ts';
import { bindingFaults } from './bindings.ts';
import { tapeOf } from './campaign.ts';
import { checkTexts, listFaults, recordFaults, type Fault } from './checks.ts';
import { inputFaults } from './inputs.ts';
import { organisations } from './places.ts';
import { findingText } from './report.ts';
import { changesBetween, emptyRows, tableNames, type Rows } from './tables.ts';
import { masterSecret, openRegister, openTwin, type Twin } from './twin.ts';
import { twinOf } from './variation.ts';
import { inMatter, official, viewersOf, type Tier, type Viewer } from './viewers.ts';
import { gatewayFaults, rowFaults, subgraphFaults } from './walls.ts';
import { worldOf } from './world.ts';

/** Ways of looking: each alone says whether what it looks at is as the design says. */
export const looks = ['gateway', 'subgraph', 'rows', 'records', 'lists', 'bindings', 'admission', 'context', 'inputs', 'twins'] as const;
export type Look = (typeof looks)[number];

/** A world in which every condition and every relation decides something for one of these viewers. */
const worldSeed = 25;
const clerksCount = 22;
/** Viewers that are no clerks stand last. */
const othersCount = 12;
const everyNth = 6;
const strange = 'FORESTRY';
const twinsOfViewer = 6;
const differencesOfTwin = 14;
const keys = recordKeys(masterSecret);

/** What twins are asked here: everything that is derived from other rows than the one it stands in. */
const twinTexts: readonly string[] = [
  '{ matters(first: 20) { nodes { matterNo status category { code } openedAt updatedAt lead { creditCode } assisting { creditCode } alerts docking { channel } clocks { state dueAt } timeline { at kind } assignments { relation } records { edges { basis joinedAt evidence { kind weight } node { id } } } } } }',
  '{ matters(first: 20) { nodes { decisions { kind reason } parties { role person { id name phones idNumber provenance { role sourceKey department } entitlements { monthlyAmountYuan kind { code } } } } } } }',
  '{ records(first: 50) { nodes { id updatedAt place { standardAddress location { longitude } } disputes { field } ... on HotlineTicket { title facility { name } parent { ticketNo } requester { name phones } } } } situations { nodes { matters { matterNo } } } }',
  '{ corrections(first: 9) { nodes { proposed reason state } } linkageReviews(first: 9) { nodes { weight sides { department role name } } } }',
];

/** Looks in the given ways on a hub of this source, and gives the first thing found by each; empty where all is well. */
export async function hunted(urls: readonly [string, string], wanted: readonly Look[]): Promise<Partial<Record<Look, string>>> {
  const register = openRegister();
  for (const text of [...checkTexts, ...twinTexts]) register.addText(text);
  const hubs = await Promise.all((wanted.includes('twins') ? urls : urls.slice(0, 1)).map((url) => openTwin(url, register)));
  try {
    const [one, other] = hubs;
    const { rows, viewers } = await settled(hubs);
    const found: Partial<Record<Look, string>> = {};
    for (const look of wanted) {
      const fault = look === 'twins' ? await differenceIn(one!, other!, viewers, rows) : await firstOf(one!, look, viewers, rows);
      if (fault !== null) found[look] = fault;
    }
    return found;
  } finally {
    await Promise.all(hubs.map((hub) => hub.stop()));
  }
}

async function settled(hubs: readonly Twin[]): Promise<{ rows: Rows; viewers: Viewer[] }> {
  const world = worldOf(tapeOf(worldSeed, 4_000), keys);
  await Promise.all(hubs.map((hub) => hub.change(changesBetween(emptyRows(), world.rows))));
  return { rows: world.rows, viewers: [...handlers(world.rows), ...viewersOf(world, tapeOf(worldSeed + 7, 20_000), keys, clerksCount)] };
}

/** Callers that differ in their purpose or their tier alone, from those who may see the most to those who may see nothing. */
function ladder(rows: Rows): Viewer[] {
  const row = rows['hub.matter'].get(String([...rows['hub.matter_member'].values()].find((one) => rows['hub.assignment'].has(`${one['rid']}|${organisations[0]!.code}`))!['matter_key']))!;
  const matter = { key: String(row['matter_key']), no: String(row['matter_no']) };
  const clerk = (tier: Tier, purpose: string) => inMatter(official('CLERK', organisations[0]!, tier, '510107001000', 'MEDIATION', purpose), matter);
  return [...['MATTER_HANDLING', 'SUPERVISION', 'STATISTICS', 'AUDIT'].map((purpose) => clerk('TOWNSHIP', purpose)), ...(['TOWNSHIP', 'VILLAGE', 'PROVINCE'] as const).map((tier) => clerk(tier, 'MEDIATION'))];
}

/** For every record those who handle it, of its own department and of one that owns nothing, at the township, the village and the county. */
function handlers(rows: Rows): Viewer[] {
  const found = [...rows['hub.assignment'].values()].flatMap(({ rid, credit_code, relation }): Viewer[] => {
    const [member, record] = [rows['hub.matter_member'].get(String(rid)), rows['hub.record'].get(String(rid))!];
    const matter = member && rows['hub.matter'].get(String(member['matter_key']));
    const organisation = organisations.find(({ code }) => code === credit_code)!;
    if (!matter) return [];
    const clerk = (tier: Tier, department: string) => inMatter(official('CLERK', organisation, tier, '510107001000', department, 'MATTER_HANDLING'), { key: String(matter['matter_key']), no: String(matter['matter_no']) });
    return relation === 'LEAD' ? [clerk('TOWNSHIP', strange), clerk('VILLAGE', strange), clerk('TOWNSHIP', String(record['department']).toUpperCase())] : [clerk('COUNTY', strange)];
  });
  return [...new Map(found.map((viewer) => [viewer.label, viewer])).values()];
}

async function firstOf(hub: Twin, look: Exclude<Look, 'twins'>, viewers: readonly Viewer[], rows: Rows): Promise<string | null> {
  if (look === 'subgraph') await rowLevelSecurity(hub, false);
  try {
    const whole: Partial<Record<Look, () => Promise<Fault[]>>> = { bindings: () => bindingFaults(hub, rows), admission: () => admissionFaults(hub), context: () => contextFaults(hub), inputs: inputFaults };
    if (whole[look]) return textOf(await whole[look]());
    const byViewer = { gateway: gatewayFaults, subgraph: (twin: Twin, viewer: Viewer, all: Rows) => subgraphFaults(twin, viewer, all, true), rows: rowFaults, records: recordFaults, lists: listFaults } as Record<string, (twin: Twin, viewer: Viewer, all: Rows) => Promise<Fault[]>>;
    // Whole documents are planned for each class of callers: fewer of them are looked at.
    const fewer = viewers.filter((_, index) => index % everyNth === 0 || index >= viewers.length - othersCount);
    const some = look === 'gateway' ? [...ladder(rows), ...viewers.slice(-othersCount)] : look === 'subgraph' || look === 'rows' ? viewers : look === 'records' ? [...fewer, ...ladder(rows)] : fewer;
    for (const viewer of some) {
      const fault = textOf(await byViewer[look]!(hub, viewer, rows));
      if (fault !== null) return fault;
    }
    return null;
  } finally {
    if (look === 'subgraph') await rowLevelSecurity(hub, true);
  }
}

/** The third wall taken away, or put back, in the database itself. */
async function rowLevelSecurity({ pool }: Twin, on: boolean): Promise<void> {
  const guarded = tableNames.filter((table) => !['hub.setting', 'hub.stream', 'hub.division', 'hub.organization', 'hub.entity', 'hub.link_edge', 'hub.review', 'hub.mention_self'].includes(table));
  for (const table of guarded) await pool.query(`ALTER TABLE ${table} ${on ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`);
}

function textOf([fault]: readonly Fault[]): string | null {
  return fault ? `${fault.check}; ${fault.viewer}: ${JSON.stringify(fault.asked).slice(0, 300)} expected ${JSON.stringify(fault.expected)?.slice(0, 400)} got ${JSON.stringify(fault.got)?.slice(0, 400)}` : null;
}

async function differenceIn(one: Twin, other: Twin, viewers: readonly Viewer[], rows: Rows): Promise<string | null> {
  const tape = tapeOf(worldSeed + 11, 40_000);
  for (const viewer of viewers.filter(({ kind }) => kind !== 'ANONYMOUS')) {
    const told = await Promise.all(twinTexts.map((text) => ask(one, viewer, { text, variables: {}, isWalk: false }, null)));
    for (let number = 0; number < twinsOfViewer; number += 1) {
      const twin = twinOf(viewer, rows, tape, differencesOfTwin);
      if (!twin) continue;
      await other.change(changesBetween(rows, twin));
      const answers = await Promise.all(twinTexts.map((text) => ask(other, viewer, { text, variables: {}, isWalk: false }, null)));
      await other.change(changesBetween(twin, rows));
      const at = answers.findIndex(({ text }, index) => text !== told[index]!.text);
      if (at >= 0) return findingText({ seed: worldSeed, viewer, operation: { text: twinTexts[at]!, variables: {}, isWalk: false }, one: told[at]!.text, other: answers[at]!.text, base: rows, twin }).slice(0, 6_000);
    }
  }
  return null;
}
