import { invariant } from '../../base/errors.ts';
import { givenName, minorityName, surname } from './names.ts';
import type { County, Estate } from './place.ts';
import { random, type Random } from './random.ts';

export interface Person {
  /** From 0; `P0000001` in the truth is person 0. */
  index: number;
  household: number;
  name: string;
  sex: '1' | '2';
  /** `19830412`. */
  birth: string;
  idNumber: string;
  phones: string[];
  home: Home;
  /** GB/T 4761: 01 head, 10 spouse, 20 and 30 children, 51 parents. */
  relation: string;
  /** Whether the household register of this county knows the person. */
  registered: boolean;
}

export interface Home {
  estate: Estate;
  building: number;
  unit: number;
  room: string;
}

/** The residents of a county. Persons are made when asked for, always the same, so that a million take little memory. */
export interface People {
  count: number;
  households: number;
  person(index: number): Person;
  /** Indices of the members, head first. */
  members(household: number): number[];
  anyAdult(chance: Random): Person;
  /** An adult of the same estate and another household, where there is one. */
  neighbour(person: Person, chance: Random): Person | undefined;
}

const thisYear = 2026;

interface Member {
  relation: string;
  sex: '1' | '2';
  birth: string;
}

export function peopleOf(county: County, estates: Estate[], count: number, seed: string): People {
  const starts: number[] = [];
  const householdOf = new Int32Array(count);
  const order = new Uint16Array(count);
  assignOrders(seed, count, starts, householdOf, order);
  const byEstate = Map.groupBy(starts.keys(), (household) => estateOf(household, estates.length));
  const sizeOf = (household: number) => (starts[household + 1] ?? count) - starts[household]!;
  const members = (household: number) => Array.from({ length: sizeOf(household) }, (_, at) => starts[household]! + at);
  const recent = new Map<number, Person>();
  const person = (index: number): Person => {
    const known = recent.get(index);
    if (known) return known;
    const made = makePerson(index);
    if (recent.size > 20_000) recent.clear();
    recent.set(index, made);
    return made;
  };
  const makePerson = (index: number): Person => {
    invariant(index >= 0 && index < count, 'a person is one of the residents');
    const household = householdOf[index]!;
    const shared = random(seed, 'household', household);
    const member = householdMembers(shared)[index - starts[household]!]!;
    const chance = random(seed, 'person', index);
    const prefix = chance.chance(0.75) ? county.code : chance.pick(elsewhere);
    return {
      index, household, sex: member.sex, birth: member.birth, relation: member.relation, name: nameOf(seed, household, member, chance),
      idNumber: idNumber(prefix, member.birth, order[index]!), phones: phonesOf(index, chance), home: homeOf(seed, household, estates), registered: chance.chance(0.93),
    };
  };
  const adultOf = (household: number) => person(starts[household]! + (sizeOf(household) > 1 && household % 3 === 0 ? 1 : 0));
  return {
    count, households: starts.length, person, members,
    anyAdult: (chance) => adultOf(chance.below(starts.length)),
    neighbour(asked, chance) {
      const near = byEstate.get(estateOf(asked.household, estates.length)) ?? [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const household = chance.pick(near);
        if (household !== asked.household) return adultOf(household);
      }
      return undefined;
    },
  };
}

const elsewhere = ['620103', '620104', '620121', '622427', '610102', '510104', '410105', '370102', '420106', '340102', '330106', '320102', '500103', '130102', '622301', '620502'];

/** The three digits after the birth date: counted per day and sex, so that no two persons share an ID number. */
function assignOrders(seed: string, count: number, starts: number[], householdOf: Int32Array, order: Uint16Array): void {
  const perDay = new Map<string, number>();
  for (let index = 0, household = 0; index < count; household += 1) {
    starts.push(index);
    for (const member of householdMembers(random(seed, 'household', household))) {
      if (index >= count) break;
      const key = member.birth + member.sex;
      // The parity of the order is the sex; five hundred of one day and sex are more than a million residents have.
      const nth = perDay.get(key) ?? (Number(key) * 7) % 500;
      perDay.set(key, nth + 1);
      order[index] = (nth % 500) * 2 + (member.sex === '1' ? 1 : 0);
      householdOf[index] = household;
      index += 1;
    }
  }
}

function householdMembers(chance: Random): Member[] {
  const age = chance.between(24, 84);
  const sex = chance.chance(0.72) ? '1' : '2';
  const members: Member[] = [{ relation: '01', sex, birth: birthOf(chance, age) }];
  if (age > 27 && chance.chance(age > 75 ? 0.5 : 0.74)) members.push({ relation: '10', sex: sex === '1' ? '2' : '1', birth: birthOf(chance, Math.max(22, age + chance.between(-5, 3))) });
  const children = age < 30 ? 0 : age < 60 ? chance.weighted([[0, 2], [1, 5], [2, 3], [3, 0.5]]) : chance.weighted([[0, 5], [1, 2]]);
  for (let child = 0; child < children; child += 1) {
    const son = chance.chance(0.51);
    members.push({ relation: son ? '20' : '30', sex: son ? '1' : '2', birth: birthOf(chance, Math.max(0, age - chance.between(23, 32))) });
  }
  if (age < 55 && chance.chance(0.16)) {
    const father = chance.chance(0.4);
    members.push({ relation: father ? '51' : '52', sex: father ? '1' : '2', birth: birthOf(chance, Math.min(99, age + chance.between(22, 30))) });
  }
  return members;
}

function birthOf(chance: Random, age: number): string {
  const days = chance.below(365);
  return new Date(Date.UTC(thisYear - age - 1, 9, 1) + days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
}

/** Children carry the father's surname, and a parent living with the head the head's (or the mother's own). */
function nameOf(seed: string, household: number, member: Member, chance: Random): string {
  const shared = random(seed, 'surname', household);
  const family = surname(shared);
  const minority = minorityName(chance);
  if (minority && member.relation === '01') return minority;
  const marriedIn = member.relation === '10' || member.relation === '52';
  return (marriedIn ? surname(chance) : family) + givenName(chance, member.sex, Number(member.birth.slice(0, 4)));
}

const idWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** GB 11643: county, birth date, order, check character. */
export function idNumber(prefix: string, birth: string, order: number): string {
  const body = prefix + birth + String(order).padStart(3, '0');
  return body + idCheck(body);
}

export function idCheck(body: string): string {
  const sum = idWeights.reduce((total, weight, index) => total + weight * Number(body[index]), 0);
  return '10X98765432'[sum % 11]!;
}

const mobilePrefixes = ['130', '131', '133', '135', '136', '137', '138', '139', '150', '151', '153', '155', '158', '159', '166', '176', '177', '180', '182', '186', '187', '189', '191', '193', '198', '199'];

/** Subscriber numbers come from a permutation of all eight-digit numbers: no two persons share a phone by accident. */
function phonesOf(index: number, chance: Random): string[] {
  const number = (nth: number) => String(((index * 2 + nth) * 48_271 + 12_345_678) % 100_000_000).padStart(8, '0');
  const first = chance.pick(mobilePrefixes) + number(0);
  return chance.chance(0.12) ? [first, chance.pick(mobilePrefixes) + number(1)] : [first];
}

function estateOf(household: number, estates: number): number {
  return (Math.imul(household + 1, 2_654_435_761) >>> 0) % estates;
}

function homeOf(seed: string, household: number, estates: Estate[]): Home {
  const chance = random(seed, 'home', household);
  return { estate: estates[estateOf(household, estates.length)]!, building: chance.between(1, 24), unit: chance.between(1, 4), room: `${chance.between(1, 28)}0${chance.between(1, 4)}` };
}
