import { beforeAll, describe, expect, test } from 'vitest';
import { linkMentions, type PersonLinks } from '../../linkage/persons.ts';
import { divisionIndex } from '../../linkage/standardise/division-index.ts';
import { idCheckCharacter } from '../../linkage/standardise/id-number.ts';
import { standardiseMention, type Mention, type RawMention } from '../../linkage/standardise/mention.ts';

const divisions = divisionIndex([]);
const [mei, mei2] = [idNumber('51010719800305', 2), idNumber('51010719810406', 4)];

/** A register of 1,500 people, some of them namesakes, and ten calls of each of 140 of them. */
const register: RawMention[] = Array.from({ length: 1500 }, (_, n) => ({ name: nameOf(n % 1300), idNumber: idNumber(`5101071950010${1 + (n % 9)}`, 10 + Math.floor(n / 9)) }));
const calls: RawMention[] = Array.from({ length: 1400 }, (_, n) => ({ name: nameOf(n % 140), phone: `139${String(10_000_000 + (n % 140) * 7919)}` }));

describe('a name alone', () => {
  let county: Mention[];
  beforeAll(() => {
    county = [...register, ...calls].map(mention);
  });

  test('links where everybody is known and one person has it', () => {
    expect(together([{ name: '欧阳晓岚', idNumber: mei }, { name: '欧阳晓岚', phone: '13800000001' }])).toBe(true);
  });

  test('links nobody where two known persons have it, wherever they live', () => {
    const links = linked([{ name: '欧阳晓岚', idNumber: mei }, { name: '欧阳晓岚', idNumber: mei2 }, { name: '欧阳晓岚', phone: '13800000001' }]);
    expect(entityOf(links, 'm/2900')).not.toBe(entityOf(links, 'm/2902'));
    expect(entityOf(links, 'm/2901')).not.toBe(entityOf(links, 'm/2902'));
  });

  test('links nobody where no known person has it', () => {
    expect(together([{ name: '欧阳晓岚', phone: '13655556666' }, { name: '欧阳晓岚', phone: '13800000001' }])).toBe(false);
  });

  test('links nobody where half of those who call are strangers', () => {
    const strangers = Array.from({ length: 700 }, (_, n) => mention({ name: nameOf(5000 + n), phone: `137${String(10_000_000 + n * 7919)}` }, 10_000 + n));
    expect(together([{ name: '欧阳晓岚', idNumber: mei }, { name: '欧阳晓岚', phone: '13800000001' }], strangers)).toBe(false);
  });

  test('an increment weighs a name as the full run did', () => {
    const full = linked([{ name: '欧阳晓岚', idNumber: mei }]);
    const part = [mention({ name: '欧阳晓岚', idNumber: mei }, 2900), mention({ name: '欧阳晓岚', phone: '13800000001' }, 2901)];
    expect(linkMentions({ mentions: part, decisions: [], previousEntities: [], state: full.state, newEntityId: String }).entities).toHaveLength(1);
  });

  function linked(people: readonly RawMention[], more: readonly Mention[] = []): PersonLinks {
    return linkMentions({ mentions: [...county, ...people.map((raw, n) => mention(raw, 2900 + n)), ...more], decisions: [], previousEntities: [], newEntityId: (ids) => ids.join(' ') });
  }

  function together(people: readonly [RawMention, RawMention], more: readonly Mention[] = []): boolean {
    const links = linked(people, more);
    return entityOf(links, 'm/2900') === entityOf(links, 'm/2901');
  }
});

function entityOf(links: PersonLinks, id: string): string | undefined {
  return links.entities.find((entity) => entity.mentions.includes(id))?.id;
}

function mention(raw: RawMention, index: number): Mention {
  return standardiseMention(`m/${index}`, raw, divisions);
}

function nameOf(n: number): string {
  return '王李赵刘陈杨黄周吴徐'[n % 10]! + '伟芳娜敏静丽强磊军洋艳勇杰涛明超秀霞平刚'[Math.floor(n / 10) % 20]! + '国玉春华文明金建海云晓志红永小新天成家永桂兰英'[Math.floor(n / 200) % 23]! + (n >= 4600 ? '子' : '');
}

function idNumber(fourteen: string, serial: number): string {
  const seventeen = fourteen + String(serial).padStart(3, '0');
  return seventeen + idCheckCharacter(seventeen);
}
