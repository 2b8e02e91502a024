import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainPersons, linkMentions, personKeys, type Decision, type PersonLinks } from '../../linkage/persons.ts';
import type { PreviousEntity } from '../../linkage/history.ts';
import { divisionIndex } from '../../linkage/standardise/division-index.ts';
import { idCheckCharacter } from '../../linkage/standardise/id-number.ts';
import { standardiseMention, type Mention, type RawMention } from '../../linkage/standardise/mention.ts';

const divisions = divisionIndex([
  { code: '510000000000', name: '四川省', tier: 'PROVINCE', parent: null },
  { code: '510100000000', name: '成都市', tier: 'CITY', parent: '510000000000' },
  { code: '510107000000', name: '武侯区', tier: 'COUNTY', parent: '510100000000' },
]);
let entityCounter = 0;
const ids = { mei: idNumber('51010719800305', 2), mei2: idNumber('51010719800305', 4), guo: idNumber('51010719500101', 1), hai: idNumber('51010719780909', 3) };
const home = '武侯区永盛南街631号丁香嘉园4-2-302';

describe('one person', () => {
  test.each<[string, RawMention, RawMention]>([
    ['the same ID number, once with 15 digits', { name: '张建梅', idNumber: ids.guo }, { name: '张建梅', idNumber: ids.guo.slice(0, 6) + ids.guo.slice(8, 17) }],
    ['the same phone, once by a form of address', { name: '张建梅', phone: '13800000001', idNumber: ids.mei }, { name: '张女士', phone: '138-0000-0001' }],
    ['the same phone, a look-alike name', { name: '张建梅', phone: '13800000001', idNumber: ids.mei }, { name: '张健梅', phone: '+86 13800000001' }],
    ['name and home, the house written otherwise', { name: '张建梅', address: home }, { name: '张建梅', address: '丁香嘉园四号楼二单元302室' }],
    ['name and birth date', { name: '张建梅', birthDate: '1980-03-05' }, { name: '张建梅', idNumber: ids.mei }],
    ['an ID number with a slip, name and phone', { name: '张建梅', idNumber: ids.mei, phone: '13800000001' }, { name: '张建梅', idNumber: slip(ids.mei), phone: '13800000001' }],
    ['an ID number that a spreadsheet rounded', { name: '张建梅', idNumber: ids.hai, address: home }, { name: '张建梅', idNumber: `${ids.hai.slice(0, 15)}000`, address: '丁香嘉园4栋' }],
    ['a traditional spelling and the same phone', { name: '張建梅', phone: '13800000001' }, { name: '张建梅', phone: '13800000001' }],
  ])('%s', (_, a, b) => expect(entityCount([a, b, ...crowd])).toBe(crowd.length + 1));
});

describe('two persons', () => {
  test.each<[string, RawMention, RawMention]>([
    ['namesakes with nothing else', { name: '张建梅' }, { name: '张建梅' }],
    ['two valid ID numbers, though all else agrees', { name: '张建梅', idNumber: ids.mei, phone: '13800000001', address: home }, { name: '张建梅', idNumber: ids.mei2, phone: '13800000001', address: home }],
    ['husband and wife: one home, one phone', { name: '张建梅', phone: '13800000001', address: home }, { name: '李国海', phone: '13800000001', address: home }],
    ['father and son: one home, one phone, one surname', { name: '李国海', phone: '13800000001', address: home }, { name: '李思远', phone: '13800000001', address: home }],
    ['sisters whose names differ in one character', { name: '张建梅', phone: '13800000001', address: home }, { name: '张建芳', phone: '13800000001', address: home }],
    ['twins: one birth date, one home', { name: '张建梅', birthDate: '19800305', address: home, sex: '2' }, { name: '张建国', birthDate: '19800305', address: home, sex: '1' }],
    ['neighbours of one name in different houses', { name: '张建梅', address: home }, { name: '张建梅', address: '武侯区永盛南街631号丁香嘉园9-1-1204' }],
    ['one surname by a form of address, no more', { name: '张女士' }, { name: '张女士' }],
  ])('%s', (_, a, b) => expect(entityCount([a, b, ...crowd])).toBe(crowd.length + 2));

  test('a phone that a whole shelter shares links nobody', () => {
    const guests = Array.from({ length: 60 }, (_, n) => ({ name: '张建梅', phone: '13800000009', idNumber: null, birthDate: `19${30 + n}-01-01` }));
    expect(link(guests.map(mention)).entities).toHaveLength(60);
  });
});

describe('decisions of people', () => {
  const [a, b] = [mention({ name: '张建梅', phone: '13800000001' }, 0), mention({ name: '张建梅', phone: '13800000001', birthDate: '1980' }, 1)];

  test('cannot-link keeps two apart on every run', () => {
    const decisions: Decision[] = [{ kind: 'CANNOT_LINK', a: a.id, b: b.id }];
    const first = link([a, b], decisions);
    expect(first.entities).toHaveLength(2);
    expect(link([a, b], decisions, first.entities).entities).toEqual(first.entities);
    expect(first.review).toEqual([]);
  });

  test('must-link joins what the data cannot, and undoing it splits again with the old id kept', () => {
    const [x, y] = [mention({ name: '张建梅' }, 0), mention({ name: '王雪' }, 1)];
    const joined = link([x, y], [{ kind: 'MUST_LINK', a: x.id, b: y.id }]);
    expect(joined.entities).toHaveLength(1);
    const undone = link([x, y], [], joined.entities);
    expect(undone.entities.map((entity) => entity.mentions)).toEqual([[x.id], [y.id]]);
    expect(undone.entities[0]?.id).toBe(joined.entities[0]?.id);
    expect(undone.events).toMatchObject([{ kind: 'SPLIT', from: joined.entities[0]?.id, mentions: [y.id] }]);
  });

  test('the later decision counts', () => {
    expect(link([a, b], [{ kind: 'CANNOT_LINK', a: a.id, b: b.id }, { kind: 'MUST_LINK', a: b.id, b: a.id }]).entities).toHaveLength(1);
  });

  test('not even a decision joins two valid ID numbers', () => {
    const [x, y] = [mention({ name: '张建梅', idNumber: ids.mei }, 0), mention({ name: '张建梅', idNumber: ids.mei2 }, 1)];
    expect(link([x, y], [{ kind: 'MUST_LINK', a: x.id, b: y.id }]).entities).toHaveLength(2);
  });
});

describe('any set of mentions', () => {
  test('no cluster has two valid ID numbers', () => {
    fc.assert(
      fc.property(worlds, (raws) => {
        const mentions = raws.map(mention);
        const known = new Map(mentions.map((one) => [one.id, one]));
        for (const entity of link(mentions).entities) {
          const numbers = new Set(entity.mentions.map((id) => known.get(id)).filter((one) => one?.idStatus === 'VALID').map((one) => one?.idNumber));
          expect(numbers.size).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('every mention is in exactly one entity, whatever the order', () => {
    fc.assert(
      fc.property(worlds, fc.integer(), (raws, seed) => {
        const mentions = raws.map(mention);
        const one = link(mentions);
        expect(one.entities.flatMap((entity) => entity.mentions).toSorted()).toEqual(mentions.map((each) => each.id).toSorted());
        expect(groups(link(shuffled(mentions, seed)))).toEqual(groups(one));
      }),
      { numRuns: 60 },
    );
  });

  test('linking again changes no id and makes no event', () => {
    fc.assert(
      fc.property(worlds, (raws) => {
        const mentions = raws.map(mention);
        const one = link(mentions);
        const again = link(mentions, [], one.entities);
        expect(again.entities).toEqual(one.entities);
        expect(again.events).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('incremental linking of a part gives what a full run gives', () => {
    fc.assert(
      fc.property(worlds, fc.nat({ max: 30 }), (raws, pick) => {
        const mentions = raws.map(mention);
        const full = link(mentions);
        const part = component(mentions, full, mentions[pick % mentions.length]?.id as string);
        const again = linkMentions({ mentions: part, decisions: [], previousEntities: [], state: full.state, newEntityId });
        const members = new Set(part.map((one) => one.id));
        const expected = full.entities.filter((entity) => entity.mentions.some((id) => members.has(id)));
        expect(groups(again)).toEqual(expected.map((entity) => entity.mentions.join(' ')).toSorted());
      }),
      { numRuns: 40 },
    );
  });
});

test('an edge holds its levels and weights, and they add up', () => {
  const { edges, state } = link([{ name: '张建梅', phone: '13800000001' }, { name: '张女士', phone: '13800000001' }, ...crowd].map(mention));
  for (const edge of edges) expect(edge.weights.reduce((sum, weight) => sum + weight, edge.prior)).toBeCloseTo(edge.weight, 6);
  const parts = explainPersons(mention({ name: '张建梅', phone: '13800000001' }, 0), mention({ name: '张女士', phone: '13800000001' }, 1), state).parts;
  expect(parts.map((part) => part.level)).toEqual(['missing', 'surname only', 'missing', 'same, surname only', 'missing', 'missing']);
});

test('blocking keys: the same person meets on a key, and no key holds a clear value', () => {
  const keys = personKeys([mention({ name: '张建梅', idNumber: ids.mei, phone: '13800000001' }, 0), mention({ name: '张梅', phone: '13800000001' }, 1)]);
  const [first, second] = [keys.filter((key) => key.mention === 'm/0'), keys.filter((key) => key.mention === 'm/1')].map((of) => of.map((key) => `${key.type}:${key.hash}`));
  expect(first?.some((key) => second?.includes(key))).toBe(true);
  expect(JSON.stringify(keys)).not.toMatch(/张|13800000001|510107/);
});

test('two mentions are compared if they share a key that is not generic in the whole hub, whatever generic ones they share besides', () => {
  fc.assert(
    fc.property(worlds, fc.infiniteStream(fc.boolean()), (raws, chance) => {
      const mentions = raws.map((raw, index) => mention({ ...raw, idNumber: null }, index)); // keys of too many bearers have a test of their own
      const keysOf = Map.groupBy(personKeys(mentions), (key) => key.mention);
      const names = mentions.map(({ id }) => new Set((keysOf.get(id) ?? []).map((key) => `${key.type}:${key.hash}`)));
      const generic = new Set([...new Set(names.flatMap((own) => [...own]))].filter(() => chance.next().value));
      const pairs = names.flatMap((own, index) => names.slice(index + 1).filter((other) => !own.intersection(other).isSubsetOf(generic)));
      expect(linkMentions({ mentions, decisions: [], previousEntities: [], state: link(mentions).state, genericKeys: generic, newEntityId }).candidates).toBe(pairs.length);
    }),
    { numRuns: 100 },
  );
});

/** People around, so that rates and frequencies are those of a population and not of a pair. */
const crowd: RawMention[] = Array.from({ length: 120 }, (_, n) => ({
  name: `${'王李赵刘陈杨黄周吴徐'[n % 10]}${'伟芳娜敏静丽强磊军洋'[Math.floor(n / 10) % 10]}${'国玉春华文明金'[n % 7]}`,
  idNumber: idNumber(`510107${1940 + (n % 60)}0${1 + (n % 9)}1${n % 10}`, n),
  phone: `139${String(10_000_000 + n * 7919)}`,
}));

const worlds = fc.array(
  fc.record({
    name: fc.constantFrom('张建梅', '张健梅', '张建国', '李国海', '李国', '张女士', '王某某', null),
    idNumber: fc.constantFrom(ids.mei, ids.mei2, ids.guo, ids.hai, slip(ids.mei), null, null, null),
    phone: fc.constantFrom('13800000001', '13800000002', '1380000001', '13800000001/13800000002', null),
    birthDate: fc.constantFrom('19800305', '1980', '19500101', null),
    address: fc.constantFrom(home, '丁香嘉园4栋', '丁香苑4-302', '永盛南街631号9-1-1204', null),
  }),
  { minLength: 2, maxLength: 24 },
);

function mention(raw: RawMention, index: number): Mention {
  return standardiseMention(`m/${index}`, { division: '510107000000', ...raw }, divisions);
}

function link(mentions: readonly Mention[], decisions: readonly Decision[] = [], previousEntities: readonly PreviousEntity[] = []): PersonLinks {
  return linkMentions({ mentions, decisions, previousEntities, newEntityId });
}

function entityCount(raws: readonly RawMention[]): number {
  return link(raws.map(mention)).entities.length;
}

/** The mentions that the hub would load for a touched one: all that its keys and stored edges reach. */
function component(mentions: readonly Mention[], full: PersonLinks, start: string): Mention[] {
  const keys = Map.groupBy(personKeys(mentions), (key) => `${key.type}:${key.hash}`);
  const reached = new Set([start]);
  for (const group of keys.values()) if (group.some((key) => key.mention === start)) group.forEach((key) => reached.add(key.mention));
  for (let size = 0; size !== reached.size; ) {
    size = reached.size;
    for (const edge of full.edges) if (reached.has(edge.a) || reached.has(edge.b)) reached.add(edge.a).add(edge.b);
  }
  return mentions.filter((one) => reached.has(one.id));
}

function groups(links: PersonLinks): string[] {
  return links.entities.map((entity) => entity.mentions.join(' ')).toSorted();
}

function newEntityId(): string {
  return `P${(entityCounter += 1)}`;
}

function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  return items.map((item, index) => ({ item, key: Math.sin(seed + index * 7.13) })).toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

function idNumber(fourteen: string, serial: number): string {
  const seventeen = fourteen + String(serial).padStart(3, '0');
  return seventeen + idCheckCharacter(seventeen);
}

/** One wrong digit, so that the check fails. */
function slip(number: string): string {
  return number.slice(0, 16) + ((Number(number[16]) + 1) % 10) + number.slice(17);
}
