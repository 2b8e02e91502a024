import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { YiwangError } from '../base/errors.ts';
import { makeFolder } from '../base/folder.ts';
import { callsOf, plantCalls, type Calls } from './county/calls.ts';
import { casesOf, plantCases, type Cases } from './county/cases.ts';
import { dayMs, rounds, type Context } from './county/context.ts';
import { writeDeliveries } from './county/deliveries.ts';
import { plantHotspot } from './county/hotspot.ts';
import { writeHouseholds } from './county/households.ts';
import { facilitiesOf, planMatter, type Matter } from './county/matter.ts';
import { organisationsOf } from './county/organisations.ts';
import { TextFile, Truth } from './county/output.ts';
import { peopleOf } from './county/people.ts';
import { petitionsOf, plantPetitions, type Petitions } from './county/petitions.ts';
import { styleOf } from './county/style.ts';
import { countyOf, estatesOf } from './county/place.ts';
import { plantTickets } from './county/plantedTickets.ts';
import { ticketsOf, type Tickets } from './county/tickets.ts';

export interface GenerateOptions {
  /** An empty or absent folder, or an earlier data set, which is replaced. */
  out: string;
  residents: number;
  seed: number | string;
  progress?: (done: number, total: number, label: string) => void;
}

export const residentsMin = 100;
export const residentsMax = 1_000_000;
const asOf = '2026-09-30T20:00:00+08:00';
const spanDays = 320;
/** Matters per resident; applications for assistance are counted apart. */
const mattersRate = 0.45;

/**
 * Writes a synthetic county in the format of sources.md: the same seed and residents give the same bytes. Nothing in it
 * is about anybody; divisions are real. Counts of `truth/expected.json` come from what was planted, not from a hub.
 */
export function generateDataset(options: GenerateOptions): { regionRoot: string; asOf: string } {
  const { out, residents } = options;
  if (!Number.isInteger(residents) || residents < residentsMin || residents > residentsMax) throw new YiwangError('USAGE', { hint: `residents is a whole number from ${residentsMin} to ${residentsMax}` });
  const seed = String(options.seed);
  if (!/^[A-Za-z0-9_.-]{1,40}$/.test(seed)) throw new YiwangError('USAGE', { hint: 'a seed is a number or a word of letters and digits' });
  refuseForeign(out);
  for (const part of ['police', 'court', 'civil', 'petition', 'hotline', 'truth']) rmSync(join(out, part), { recursive: true, force: true });
  makeFolder(out);
  const context = contextOf(out, residents, seed);
  const expected = writeDepartments(context, out, (done, total, label) => options.progress?.(done, total, label));
  context.truth.close(expected);
  writeFileSync(join(out, 'dataset.json'), `${JSON.stringify({ seed: options.seed, residents, asOf, regionRoot: context.county.code })}\n`);
  return { regionRoot: context.county.code, asOf };
}

/** What is replaced is a data set: `connectors/`, for one, has folders of the same names. */
function refuseForeign(out: string): void {
  const isForeign = existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, 'dataset.json'));
  if (isForeign) throw new YiwangError('USAGE', { hint: `\`${out}\` is not empty and no data set` });
}

function contextOf(out: string, residents: number, seed: string): Context {
  const county = countyOf(seed);
  const style = styleOf(seed);
  const estates = estatesOf(county, residents, seed, style.estateResidents);
  const asOfMs = Date.parse(asOf);
  return {
    seed, residents, county, estates, style, openProblems: new Map(), recent: [], people: peopleOf(county, estates, residents, seed), organisations: organisationsOf(county, residents, seed), truth: new Truth(join(out, 'truth'), seed),
    asOfMs, fromMs: asOfMs - spanDays * dayMs, roundEndMs: rounds(asOfMs), rarities: Math.min(50, Math.max(1, Math.round(residents / 2_500))), protectedCases: {}, respondents: [],
  };
}

function writeDepartments(context: Context, out: string, progress: (done: number, total: number, label: string) => void): object {
  const open = (path: string) => new TextFile(join(out, path));
  const files = { households: open('police/rk_hj.ndjson'), calls: open('police/jcj_jjd.ndjson'), cases: open('court/prelitigation-cases.ndjson'), petitions: open('petition/petitions.ndjson'), events: open('hotline/events.ndjson') };
  const households = writeHouseholds(context, files.households, (done) => progress(done, context.residents, 'residents'));
  const departments = { calls: callsOf(context, files.calls), cases: casesOf(context, files.cases), petitions: petitionsOf(context, files.petitions), tickets: ticketsOf(context, files.events) };
  const facilities = facilitiesOf(context);
  // Planted events lie anywhere in time, so they are queued before the first is written.
  plantTickets(context, departments.tickets, facilities);
  const hotspot = plantHotspot(context, departments.tickets);
  const total = Math.floor(context.residents * mattersRate);
  for (let nth = 0; nth < total; nth += 1) {
    const matter = planMatter(context, facilities, nth, total);
    departments.tickets.writeUntil(matter.startMs);
    report(context, matter, departments);
    if (nth % 1_000 === 0) progress(nth, total, 'matters');
  }
  departments.tickets.writeUntil(Infinity);
  plantCalls(context, departments.calls, facilities);
  plantCases(context, departments.cases, facilities);
  const accusationsByDivisionAndMonth = plantPetitions(context, departments.petitions, facilities);
  const civil = writeDeliveries(context, join(out, 'civil'));
  progress(total, total, 'matters');
  for (const file of Object.values(files)) file.close();
  const { calls, cases, petitions, tickets } = departments;
  return {
    rk_hj: households.ledger.counts, jcj_jjd: calls.ledger.counts, 'prelitigation-cases': cases.ledger.counts, petitions: { ...petitions.ledger.counts, accusationsByDivisionAndMonth },
    tickets: { ...tickets.ledger.counts, outOfOrderEvents: tickets.outOfOrder(), distinctTickets: tickets.distinct() }, hotspot, jzsq: civil.jzsq, shzz: civil.shzz, civilDeliveries: civil.deliveries,
    samples: [...tickets.samples, ...civil.samples], protected: { ...context.protectedCases, canaries: context.truth.canaries.length }, respondents: context.respondents,
  };
}

interface Departments {
  calls: Calls;
  cases: Cases;
  petitions: Petitions;
  tickets: Tickets;
}

/** Through which doors a matter comes in, one after the other; none twice within two hours. */
function report(context: Context, matter: Matter, { calls, cases, petitions, tickets }: Departments): void {
  const { chance } = matter;
  const [end1] = context.roundEndMs;
  let atMs = matter.startMs;
  const next = (days: number) => {
    atMs = Math.min(end1 - 90 * 60_000 + chance.below(3_600_000), atMs + Math.floor((0.1 + chance.next() * days) * matter.style.pace * dayMs));
    return Math.floor(atMs / 1000) * 1000;
  };
  const who = () => chance.pick(matter.requesters);
  const isFacility = matter.facility !== undefined;
  const reports = isFacility ? chance.weighted([[1, 5], [2, 4], [3, 2], [4, 1]]) : chance.weighted([[0, 38], [1, 38], [2, 17], [3, 7]]);
  const called = isFacility ? 0 : chance.weighted([[0, 55], [1, 35], [2, 10]]);
  const filed = isFacility ? 0 : chance.weighted([[0, 45], [1, 38], [2, 17]]);
  const petitioned = chance.chance(isFacility ? 0.15 : 0.42) || reports + called + filed === 0;
  for (let call = 0; call < called; call += 1) calls.add(matter, who(), call === 0 ? Math.floor(matter.startMs / 1000) * 1000 : next(9));
  let first: string | undefined;
  for (let ticket = 0; ticket < reports; ticket += 1) {
    const number = tickets.add(matter, isFacility ? matter.requesters[ticket % matter.requesters.length]! : who(), next(isFacility ? 2 : 12), { parent: first !== undefined && chance.chance(0.3) ? first : undefined });
    first ??= number;
  }
  if (petitioned) petitions.add(matter, chance.chance(0.2) ? matter.requesters : [who()], next(20));
  for (let claim = 0; claim < filed; claim += 1) cases.add(matter, who(), next(15));
}
