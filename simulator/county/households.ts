import { shanghaiText } from '../time.ts';
import { dayMs, watermarks, type Context } from './context.ts';
import { writtenAddress, writtenId, type WrittenId } from './dirt.ts';
import type { TextFile } from './output.ts';
import type { Person } from './people.ts';
import { random } from './random.ts';
import { records, type Records, type Written } from './records.ts';

const minuteMs = 60_000;
/** GB/T 3304 codes of nationalities, 汉 first. */
const nationalities = [['01', 92], ['03', 2], ['11', 1], ['15', 1], ['09', 1], ['26', 1], ['05', 1]] as const;

/** The household register: `rk_hj`, one row a registered resident. */
export function writeHouseholds(context: Context, file: TextFile, progress: (done: number) => void): Records {
  const stream = records(file);
  const [end1, end2, end3] = context.roundEndMs;
  for (let index = 0; index < context.people.count; index += 1) {
    const person = context.people.person(index);
    if (person.registered) {
      const chance = random(context.seed, 'household row', index);
      const updates = chance.chance(0.85) ? [end1 - Math.floor(chance.next() * 700) * dayMs - chance.below(86_000_000) - 10 * minuteMs] : watermarks(context, end1 - chance.between(1, 600) * dayMs - chance.below(1000), chance);
      const { row, id } = residentRow(context, person);
      const versions = updates.map((updatedMs, nth): Written => ({
        row: { ...row, ...(nth < updates.length - 1 ? { hjdz: writtenAddress(context.county, context.people.anyAdult(chance).home, chance) } : {}), gxsj: shanghaiText(updatedMs, 23), scbz: '0' },
        fields: { mz: 1 },
      }));
      stream.emit(versions, 'live', [id]);
      keepTruth(context, person, row.rybh);
    } else plantUnregistered(context, stream, person, [end1, end2, end3]);
    if (index % 10_000 === 0) progress(index);
  }
  progress(context.people.count);
  return stream;
}

function residentRow(context: Context, person: Person): { row: Record<string, string> & { rybh: string }; id: WrittenId } {
  const chance = random(context.seed, 'resident', person.index);
  const written = writtenId(person, chance, { width: 18 });
  const head = context.people.members(person.household)[0]!;
  const row = {
    rybh: `${context.county.code}${String(person.index * 7 + 1).padStart(9, '0')}`, gmsfhm: written.text, xm: chance.chance(0.01) ? ` ${person.name}` : person.name, xb: chance.chance(0.004) ? '9' : person.sex,
    csrq: chance.chance(0.006) ? `${person.birth.slice(0, 4)}0000` : person.birth, mz: chance.chance(0.004) ? rareNationality(context) : chance.weighted(nationalities),
    hh: `H${String(head + 1).padStart(7, '0')}`, yhzgx: person.relation, hjdz: writtenAddress(context.county, person.home, chance), hjdqh: context.county.code, zxbz: chance.chance(0.03) ? '1' : '0',
  };
  return { row, id: written };
}

/** Two characters that no other text of the set holds: a canary that fits the column. */
function rareNationality(context: Context): string {
  const known = context.truth.canaries.filter((canary) => canary.rule === 'rk_hj.mz');
  if (known.length >= 40) return '01';
  const value = String.fromCharCode(0xa000, 0xa058 + known.length);
  context.truth.canaries.push({ value, rule: 'rk_hj.mz' });
  return value;
}

function keepTruth(context: Context, person: Person, rybh: string): void {
  context.truth.person({ department: 'police', stream: 'rk_hj', recordKey: rybh, role: 'RESIDENT', ordinal: 0, person: person.index });
}

/** Residents whom the register lost, or took back: one in fourteen is not registered, and some of these left traces. */
function plantUnregistered(context: Context, stream: Records, person: Person, [end1, end2, end3]: readonly [number, number, number]): void {
  const kind = person.index % 23;
  if (kind > 4) return;
  const { row, id } = residentRow(context, person);
  const firstMs = end1 - (person.index % 300) * dayMs - 20 * minuteMs;
  const version = (updatedMs: number, scbz: '0' | '1'): Written => ({ row: { ...row, gxsj: shanghaiText(updatedMs, 23), scbz }, fields: { mz: 1 }, ...(scbz === '1' ? { outcome: { tombstone: true } } : {}) });
  if (kind === 0) return stream.emit([version(firstMs, '0'), version(end2 - 60_000 - person.index, '1')], 'deleted');
  if (kind === 1) return stream.emit([version(firstMs, '1')], 'deleted');
  if (kind === 2) return stream.emit([version(end1 - minuteMs, '1'), version(end1 - 6 * minuteMs, '0')], 'deleted');
  stream.emit([version(firstMs, '0'), version(end2 - 90_000, '1'), version(end3 - 30_000, '0')], 'live', [id]);
  keepTruth(context, person, row.rybh);
}
