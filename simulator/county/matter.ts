import type { Context } from './context.ts';
import { dayMs } from './context.ts';
import { bureauFor, type Organisation } from './organisations.ts';
import type { Home, Person } from './people.ts';
import { random, type Random } from './random.ts';
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
}

const facilityShare = 0.26;

export function facilitiesOf(context: Context): Facility[] {
  const chance = random(context.seed, 'facilities');
  const count = Math.max(12, Math.floor(context.residents / 60));
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
  const first = context.people.anyAdult(chance);
  const base = { id: context.truth.nextMatter(), chance, startMs, days: chance.between(3, 240), amount: chance.between(2, 900) * 100 };
  if (chance.chance(facilityShare)) {
    const facility = chance.pick(available);
    return { ...base, dispute: undefined, story: undefined, facility, home: facility.home, requesters: [first, ...strangers(context, chance)], respondent: undefined };
  }
  const dispute = chance.weighted(disputes.map((texts) => [texts, texts.weight] as const));
  return { ...base, dispute, story: chance.pick(dispute.stories), facility: undefined, home: first.home, requesters: [first, ...relatives(context, first, chance)], respondent: respondentOf(context, dispute, first, chance) };
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

/** The problem in the words of whoever tells it this time. */
export function told(matter: Matter, chance: Random): string {
  const wording = chance.pick(matter.story?.wordings ?? matter.facility!.texts.wordings);
  const place = chance.chance(0.8) ? matter.home.estate.name : matter.home.estate.alias;
  const other = matter.respondent === undefined ? '对方' : 'organisation' in matter.respondent ? matter.respondent.organisation.name : chance.pick(['对方', '邻居', `${matter.respondent.person.name[0]}某`]);
  return wording.replaceAll('{地}', place).replaceAll('{方}', other).replaceAll('{天}', String(matter.days)).replaceAll('{额}', String(matter.amount)).replaceAll('{名}', matter.facility?.name ?? '').replaceAll('{路}', matter.home.estate.street);
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
