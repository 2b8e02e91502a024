import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { writtenAddress, writtenId, writtenName, writtenPhone, wrongCheck } from '../../simulator/county/dirt.ts';
import { peopleOf, type Home, type People, type Person } from '../../simulator/county/people.ts';
import { countyOf, estatesOf, type County } from '../../simulator/county/place.ts';
import { random, type Random } from '../../simulator/county/random.ts';
import { nearName } from './near-name.ts';
import { roles, type Role } from './roles.ts';

export interface MentionFile {
  /** Who each row is about, in the order of the file: known to the evaluation and to nothing else. */
  truth: Int32Array;
  residents: number;
}

/**
 * Writes mentions of the residents of a real county as the five departments take them down: which role carries which field
 * is that of sources.md's contracts (`roles.ts`), and so is the dirt. `errors` scales slips beyond that dirt (a wrong digit,
 * a sound-alike name, a neighbour's phone, a former home): 1 is the usual, 2 twice as many.
 */
export async function writeMentions(path: string, options: { mentions: number; seed: string; errors: number }): Promise<MentionFile> {
  const { mentions, seed, errors } = options;
  const residents = Math.max(40, Math.round(mentions / mentionsPerResident));
  const county = countyOf(seed);
  const people = peopleOf(county, estatesOf(county, residents, seed), residents, seed);
  const file = createWriteStream(path);
  file.write('id,name,id_number,birth_date,sex,phone,address\n');
  const order = subjects(people, mentions, seed);
  for (let row = 0; row < mentions; row += 1) {
    const { person, role } = order[row]!;
    const cells = mentionOf(people, county, people.person(person), role, errors, random(seed, 'mention', row));
    if (!file.write(`m${row},${cells.map(quoted).join(',')}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  return { truth: Int32Array.from(order, ({ person }) => person), residents };
}

/** The sample of sources.md has 2.3 mentions a resident, the household register's included. */
const mentionsPerResident = 2.3;

interface Subject {
  person: number;
  role: Role;
}

/** The register first knows nine in ten; what is left over goes to the few who turn up again and again, in shuffled order. */
function subjects(people: People, mentions: number, seed: string): Subject[] {
  const chance = random(seed, 'subjects');
  const found: Subject[] = [];
  const register = roles.find((role) => role.registers)!;
  for (let person = 0; person < people.count && found.length < mentions; person += 1) if (people.person(person).registered) found.push({ person, role: register });
  while (found.length < mentions) {
    const { index } = people.anyAdult(chance);
    if (random(seed, 'activity', index).chance(0.4)) continue;
    do found.push({ person: index, role: chance.weighted(roles.map((role) => [role, role.weight] as const)) });
    while (chance.chance(0.42) && found.length < mentions);
  }
  return shuffled(found, chance);
}

function shuffled(list: Subject[], chance: Random): Subject[] {
  for (let at = list.length - 1; at > 0; at -= 1) {
    const other = chance.below(at + 1);
    [list[at], list[other]] = [list[other]!, list[at]!];
  }
  return list;
}

function mentionOf(people: People, county: County, person: Person, role: Role, errors: number, chance: Random): (string | null)[] {
  const has = (share: number) => chance.chance(share);
  const slips = (share: number) => chance.chance(Math.min(0.5, share * errors));
  const name = slips(role.registers ? 0.001 : 0.012) ? nearName(person.name, chance) : writtenName(person, chance, role.formal);
  const id = has(role.idNumber) ? (slips(0.004) ? swapped(person.idNumber, chance) : writtenId(person, chance, { spreadsheet: role.spreadsheet }).text) : null;
  const birth = has(role.birthDate) ? (slips(0.006) ? `${person.birth.slice(0, 4)}0000` : person.birth) : null;
  const phone = has(role.phone) ? phoneOf(people, person, chance, slips) : null;
  const address = has(role.address) ? writtenAddress(county, homeOf(people, person, slips), chance, chance.chance(0.9)) : null;
  return [name, id, birth, has(role.sex) ? person.sex : null, phone, address];
}

/** Mostly one's own; of the family now and then, or with one digit wrong, or the hotline's own line. */
function phoneOf(people: People, person: Person, chance: Random, slips: (share: number) => boolean): string {
  if (slips(0.02)) return people.person(chance.pick(people.members(person.household))).phones[0]!;
  if (slips(0.003)) return '12345';
  const [first, second] = person.phones as [string, string | undefined];
  const phone = writtenPhone(second !== undefined && chance.chance(0.3) ? { ...person, phones: [second, first] } : person, chance);
  if (!slips(0.01) || phone.length < 11) return phone;
  const at = chance.between(3, 10);
  return phone.slice(0, at) + ((Number(first[at]) + 1 + chance.below(9)) % 10) + phone.slice(at + 1);
}

/** Where one lives; sometimes where one lived before, at somebody else's old address. */
function homeOf(people: People, person: Person, slips: (share: number) => boolean): Home {
  return slips(0.03) ? people.person((person.index * 7919 + 13) % people.count).home : person.home;
}

function swapped(id: string, chance: Random): string {
  const at = chance.between(6, 15);
  const text = id.slice(0, at) + id[at + 1]! + id[at]! + id.slice(at + 2);
  return text === id ? wrongCheck(id, chance) : text;
}

function quoted(cell: string | null): string {
  if (cell === null) return '';
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
