import type { Context } from './context.ts';
import { dayMs } from './context.ts';
import { bureauFor, type Organisation } from './organisations.ts';
import type { Home, Person } from './people.ts';
import { random, type Random } from './random.ts';
import { asides, openers, places, spokenBuilding, type Style } from './style.ts';
import { disputes, facilities, type DisputeTexts, type FacilityTexts, type Story } from './texts.ts';

/** A thing in public space, reported again and again. */
export interface Facility {
  texts: FacilityTexts;
  name: string;
  identifier: string;
  home: Home;
}

/** One problem of somebody, from which records in several departments come. */
export interface Matter {
  id: number;
  chance: Random;
  startMs: number;
  /** Absent where the matter is about a facility. */
  dispute: DisputeTexts | undefined;
  story: Story | undefined;
  facility: Facility | undefined;
  /** Where it happens. */
  home: Home;
  /** Those who complain: of one household, or neighbours. */
  requesters: Person[];
  respondent: { person: Person } | { organisation: Organisation } | undefined;
  days: number;
  amount: number;
  style: Style;
  /** How it was told so far. */
  tellings: string[];
}

const facilityShare = 0.26;

export function facilitiesOf(context: Context): Facility[] {
  const chance = random(context.seed, 'facilities');
  const count = Math.max(12, Math.floor(context.residents / 25));
  return Array.from({ length: count }, (_, index): Facility => {
    const texts = chance.pick(facilities);
    const estate = chance.pick(context.estates);
    const line = chance.between(1, 180);
    const name = texts.name.replace('{路}', estate.street).replace('{地}', estate.name).replace('{线}', String(line));
    const identifier = texts.kind === '公交线路' ? `BUS-${context.county.cityCode}-${line}` : `${context.county.code}-${String(index + 1).padStart(5, '0')}-${texts.kind}`;
    return { texts, name, identifier, home: { estate, building: chance.between(1, 20), unit: 1, room: '101' } };
  });
}

/** Matter number `nth` of `total`, in the order in which they begin. */
export function planMatter(context: Context, available: readonly Facility[], nth: number, total: number): Matter {
  const chance = random(context.seed, 'matter', nth);
  const startMs = Math.floor(context.fromMs + ((context.roundEndMs[0] - 2 * dayMs - context.fromMs) * (nth + chance.next())) / total);
  const base = { chance, startMs, style: context.style, tellings: [], days: chance.between(3, 240), amount: sumOf(context.style, chance) };
  if (chance.chance(facilityShare)) {
    const facility = chance.pick(available);
    const requesters = [context.people.anyAdult(chance), ...strangers(context, chance)];
    return { ...base, id: problemOf(context, facility, startMs, nth < total), dispute: undefined, story: undefined, facility, home: facility.home, requesters, respondent: undefined };
  }
  const { first, dispute, story } = whoAndWhat(context, startMs, chance);
  const matter: Matter = { ...base, id: context.truth.nextMatter(), dispute, story, facility: undefined, home: first.home, requesters: [first, ...relatives(context, first, chance)], respondent: respondentOf(context, dispute, first, chance) };
  if (nth < total) remember(context, matter);
  return matter;
}

const roundSums = [500, 800, 1_200, 1_500, 2_000, 2_600, 3_000, 4_800, 5_000, 6_800, 8_000, 10_000, 12_000, 20_000, 28_000, 30_000, 50_000, 68_000, 80_000, 120_000];

function sumOf(style: Style, chance: Random): number {
  return chance.chance(style.roundSum) ? chance.pick(roundSums) : chance.between(2, 900) * 100;
}

/** Anybody with anything; or somebody whose household has a problem open already; or a neighbour with the same kind of problem. */
function whoAndWhat(context: Context, startMs: number, chance: Random): { first: Person; dispute: DisputeTexts; story: Story } {
  const dispute = chance.weighted(disputes.map((texts) => [texts, texts.weight] as const));
  const fresh = { first: context.people.anyAdult(chance), dispute, story: chance.pick(dispute.stories) };
  const open = context.recent.filter((matter) => startMs - matter.startMs < recentDays * dayMs);
  const point = chance.next();
  if (open.length === 0 || point >= context.style.again + context.style.alike) return fresh;
  const other = chance.pick(open);
  if (point < context.style.again) return { ...fresh, first: chance.pick(other.requesters) };
  const neighbour = context.people.neighbour(other.requesters[0]!, chance);
  return neighbour ? { first: neighbour, dispute: other.dispute!, story: other.story! } : fresh;
}

const recentDays = 14;
const recentMax = 200;

function remember(context: Context, matter: Matter): void {
  context.recent.push(matter);
  if (context.recent.length > recentMax) context.recent.shift();
}

const openDays = 30;

/** The reports of one facility problem are one matter (sources.md): what begins while it is open is the same problem. */
function problemOf(context: Context, facility: Facility, startMs: number, inTurn: boolean): number {
  const open = context.openProblems.get(facility.identifier);
  if (!inTurn) return context.truth.nextMatter();
  const id = open && startMs - open.lastMs < openDays * dayMs ? open.id : context.truth.nextMatter();
  context.openProblems.set(facility.identifier, { id, lastMs: startMs });
  return id;
}

function strangers(context: Context, chance: Random): Person[] {
  return Array.from({ length: chance.between(1, 4) }, () => context.people.anyAdult(chance));
}

/** Another adult of the household, and sometimes a neighbour who joins. */
function relatives(context: Context, first: Person, chance: Random): Person[] {
  const adults = context.people.members(first.household).map(context.people.person).filter((person) => person.index !== first.index && person.birth < '20080101');
  const neighbour = chance.chance(0.25) ? context.people.neighbour(first, chance) : undefined;
  return [...adults.slice(0, 1), ...(neighbour ? [neighbour] : [])];
}

function respondentOf(context: Context, dispute: DisputeTexts, first: Person, chance: Random): Matter['respondent'] {
  if (chance.chance(dispute.againstOrganisation)) return { organisation: chance.pick(context.organisations.companies(dispute.code)) };
  const person = context.people.neighbour(first, chance) ?? context.people.anyAdult(chance);
  return person.index === first.index ? undefined : { person };
}

/** The problem in the words of whoever tells it this time: sometimes those of an earlier time, often with what says nothing. */
export function told(matter: Matter, chance: Random): string {
  const { style, tellings } = matter;
  if (tellings.length > 0 && chance.chance(style.copied)) return chance.pick(tellings);
  const wording = chance.pick(matter.story?.wordings ?? matter.facility!.texts.wordings);
  const { topic } = matter.story ?? { topic: matter.facility!.texts.kind };
  const opener = chance.chance(style.topic) ? chance.pick(openers).replace('{题}', topic) : '';
  const where = !wording.includes('{地}') && chance.chance(style.place) ? chance.pick(places) : '';
  const aside = chance.chance(style.aside) ? `，${chance.pick(asides)}` : '';
  const telling = filled(`${where}${opener}${wording}${aside}`, matter, chance);
  tellings.push(telling);
  return telling;
}

function filled(text: string, matter: Matter, chance: Random): string {
  const { estate, building } = matter.home;
  const name = chance.chance(0.8) ? estate.name : estate.alias;
  const place = chance.chance(matter.style.building) ? name + spokenBuilding(building, chance) : name;
  const other = matter.respondent === undefined ? '对方' : 'organisation' in matter.respondent ? matter.respondent.organisation.name : chance.pick(['对方', '邻居', `${matter.respondent.person.name[0]}某`]);
  return text.replaceAll('{地}', place).replaceAll('{方}', other).replaceAll('{天}', String(matter.days)).replaceAll('{额}', String(matter.amount)).replaceAll('{名}', matter.facility?.name ?? '').replaceAll('{路}', estate.street);
}

/** The organisation that handles it: a bureau by kind, or the township where a mediator would begin. */
export function handlerOf(context: Context, matter: Matter, chance: Random): Organisation {
  if (matter.facility) return context.organisations.bureau(matter.facility.texts.bureau);
  if (chance.chance(0.3)) return context.organisations.townshipOffice(matter.home.estate.village.township);
  return context.organisations.bureau(bureauFor(matter.dispute!.code));
}

/** The village's code, or as some systems know it only the township's or the county's. */
export function divisionOf(context: Context, home: Home, chance: Random): string {
  const { village } = home.estate;
  const point = chance.next();
  if (point < 0.85) return village.code;
  return point < 0.94 ? village.township.code : `${context.county.code}000000`;
}
