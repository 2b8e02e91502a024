import { shanghaiText } from '../time.ts';
import { surnameOf } from './names.ts';
import { idCheck, type Home, type Person } from './people.ts';
import type { County } from './place.ts';
import type { Random } from './random.ts';

/** How an ID number is written, and what the hub will count for it: a repair of that kind, or a value refused. */
export interface WrittenId {
  text: string;
  repaired?: 'ID_15' | 'ID_LOWER_X' | 'ID_FULL_WIDTH' | 'ID_SPACE';
  refused?: 'ID_CHECK_DIGIT' | 'ID_EXCEL';
}

/** Where a value stands: `width` is the column's (18 leaves no room for spaces), `spreadsheet` may have rounded it. */
export interface IdColumn {
  width?: number;
  spreadsheet?: boolean;
}

const fullWidth = (text: string) => text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));

/** An ID number as clerks write it: right in nineteen of twenty cases. */
export function writtenId(person: Person, chance: Random, column: IdColumn = {}): WrittenId {
  const id = person.idNumber;
  const point = chance.next();
  if (point < 0.95) return { text: id };
  if (point < 0.962 && id.endsWith('X')) return { text: id.toLowerCase(), repaired: 'ID_LOWER_X' };
  if (point < 0.972 && id.startsWith('19', 6)) return { text: id.slice(0, 6) + id.slice(8, 17), repaired: 'ID_15' };
  if (point < 0.98) return { text: fullWidth(id), repaired: 'ID_FULL_WIDTH' };
  if (point < 0.99 && (column.width ?? 99) <= 20) return { text: id };
  if (point < 0.99) return { text: chance.pick([`${id}\u00a0`, `\u3000${id}`, `${id.slice(0, 6)} ${id.slice(6, 14)} ${id.slice(14)}`]), repaired: 'ID_SPACE' };
  if (point < 0.994 && column.spreadsheet) return excelId(id, chance);
  return { text: wrongCheck(id, chance), refused: 'ID_CHECK_DIGIT' };
}

/** What a spreadsheet makes of eighteen digits: an exponent, or fifteen digits and `000`. */
export function excelId(id: string, chance: Random): WrittenId {
  if (chance.chance(0.5)) return { text: `${id[0]}.${id.slice(1, 6)}E+17`, refused: 'ID_EXCEL' };
  const rounded = `${id.slice(0, 15)}000`;
  return idCheck(rounded.slice(0, 17)) === '0' ? { text: `${id[0]}.${id.slice(1, 6)}E+17`, refused: 'ID_EXCEL' } : { text: rounded, refused: 'ID_EXCEL' };
}

export function wrongCheck(id: string, chance: Random): string {
  if (chance.chance(0.15)) return id.slice(0, 17);
  const others = '0123456789X'.replace(id[17]!, '').split('').filter((check) => !id.startsWith('000', 15) || check !== '0');
  const wrong = id.slice(0, 17) + chance.pick(others);
  // A number that ends in 000 would read as one that a spreadsheet rounded.
  return wrong.endsWith('000') ? wrong.slice(0, 17) + '1' : wrong;
}

const traditional: Record<string, string> = { 陈: '陳', 张: '張', 刘: '劉', 杨: '楊', 赵: '趙', 吴: '吳', 孙: '孫', 马: '馬', 叶: '葉', 卢: '盧', 萧: '蕭', 钱: '錢', 贾: '賈', 顾: '顧' };
const readings: Record<string, string> = { 单: 'shàn', 解: 'xiè', 查: 'zhā', 曲: 'qū', 仇: 'qiú', 任: 'rén', 曾: 'zēng' };

/** A name as it is taken down; sometimes traditional characters, a stray space, a reading, or a form of address. */
export function writtenName(person: Person, chance: Random, formal = false): string {
  const { name } = person;
  const family = surnameOf(name);
  const point = chance.next();
  if (readings[family] && point < 0.5) return `${family}(${readings[family]})${name.slice(family.length)}`;
  if (point < 0.9 || name.includes('·')) return point < 0.9 ? name : name.replace('·', chance.pick(['.', '．', '•', '·']));
  if (point < 0.925 && traditional[family]) return traditional[family] + name.slice(1);
  if (point < 0.945) return chance.pick([` ${name}`, `${name}\u3000`, `${family}　${name.slice(family.length)}`]);
  if (formal) return name;
  if (point < 0.975) return `${family}${person.sex === '1' ? '先生' : '女士'}`;
  return point < 0.985 ? `${family}某` : name;
}

export function writtenPhone(person: Person, chance: Random): string {
  const phone = person.phones[0]!;
  const spaced = `${phone.slice(0, 3)} ${phone.slice(3, 7)} ${phone.slice(7)}`;
  const point = chance.next();
  if (point < 0.82) return phone;
  if (point < 0.85) return spaced;
  if (point < 0.88) return spaced.replaceAll(' ', '-');
  if (point < 0.905) return `+86${phone}`;
  if (point < 0.915) return `86-${phone}`;
  if (point < 0.925) return `0086${phone}`;
  if (point < 0.935) return fullWidth(phone);
  if (point < 0.945) return `${phone}\u00a0`;
  if (point < 0.965 && person.phones[1]) return `${phone}${chance.pick(['、', '/', '；', '或'])}${person.phones[1]}`;
  if (point < 0.985) return phone;
  return chance.pick(['无', '不详', '-', '']);
}

const placeholders = ['', '无', '不详', '未知', '-', '/'];

/** An empty cell as different systems leave it. */
export function nothing(chance: Random): string | null {
  return chance.chance(0.7) ? null : chance.pick(placeholders);
}

/** The address of a home in one of the ways people write it. */
export function writtenAddress(county: County, home: Home, chance: Random, exact = true): string {
  const { estate } = home;
  const city = county.cityName || county.provinceName;
  const lead = chance.pick([`${county.provinceName}${county.cityName}${county.name}`, `${city}${county.name}`, county.name, '']);
  const township = chance.chance(0.55) ? estate.village.township.name : '';
  const street = chance.chance(0.75) ? `${estate.street}${estate.number}${chance.pick(['号', '号', '号院', '#'])}` : '';
  const named = chance.chance(0.85) ? estate.name : estate.alias;
  const spoken = `${lead}${township}${street}${named}`;
  const text = exact ? spoken + doorOf(home, chance) : spoken;
  if (chance.chance(0.02)) return text.replace(named, `${named}${chance.pick(['\u3000', '\u00a0', ' '])}`);
  return chance.chance(0.02) ? fullWidth(text).replaceAll('＃', '#') : text;
}

function doorOf(home: Home, chance: Random): string {
  const { building, unit, room } = home;
  return chance.weighted([
    [`${building}号楼${unit}单元${room}室`, 5], [`${building}栋${unit}单元${room}`, 3], [`${building}#${unit}单元${room}`, 2], [`${building}-${unit}-${room}`, 3],
    [`${building}幢${unit}单元${room}号`, 1], [`${chinese(building)}号楼${chinese(unit)}单元${room}室`, 1],
  ]);
}

const digits = '〇一二三四五六七八九';

function chinese(number: number): string {
  if (number < 10) return digits[number]!;
  const [tens, ones] = [Math.floor(number / 10), number % 10];
  return `${tens === 1 ? '' : digits[tens]}十${ones === 0 ? '' : digits[ones]}`;
}

/** A time (or its day) in one of the spellings that sources.md lists; `serial` allows Excel's day numbers. */
export function writtenTime(ms: number, chance: Random, options: { dayOnly?: boolean; serial?: boolean } = {}): string {
  const clean = shanghaiText(ms, options.dayOnly ? 10 : 19);
  const point = chance.next();
  if (point < 0.82) return clean;
  const [year, month, day] = clean.slice(0, 10).split('-').map(Number) as [number, number, number];
  if (point < 0.86) return `${year}/${month}/${day}${options.dayOnly ? '' : ` ${clean.slice(11, 16)}`}`;
  if (point < 0.9) return clean.replace(/\D/g, '');
  if (point < 0.93) return fullWidth(clean.slice(0, 10));
  if (point < 0.96) return `${[...String(year)].map((digit) => digits[Number(digit)]).join('')}年${chinese(month)}月${chinese(day)}日`;
  if (point < 0.98 && options.serial) return String(excelSerial(ms, options.dayOnly ?? false));
  return clean;
}

/** Days since 1899-12-30 in the source's zone. */
export function excelSerial(ms: number, dayOnly: boolean): number {
  const days = (ms + 8 * 3600_000) / 86_400_000 + 25_569;
  return dayOnly ? Math.floor(days) : Math.round(days * 1e5) / 1e5;
}
