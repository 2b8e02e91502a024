import { pinyin } from 'pinyin-pro';
import { Converter } from 'opencc-js/t2cn';
import { plainText, solidText } from './text.ts';
import type { Sex } from './id-number.ts';

export interface PersonName {
  /** Simplified, without spaces, annotations and titles; `null` where only a surname is known (`王女士`, `杨某某`). */
  full: string | null;
  surname: string | null;
  given: string | null;
  /** Syllables without tones, the surname in its surname reading: `shan yu wei`. Of a full name only. */
  pinyin: string | null;
  /** What a form of address tells. */
  sex: Sex | null;
}

/** The parts of a name for linkage; `null` where nothing is known. */
export function standardiseName(raw: unknown): PersonName | null {
  const written = publishedName(raw);
  if (written === null) return null;
  const name = simplified(written).replace(/[(（][^)）]*[)）]/gu, '').replace(/[·•・‧．.。∙]/gu, '·').replace(/^·+|·+$/gu, '');
  if (name === '' || anonymous.test(name)) return null;
  const address = formOfAddress.exec(name);
  if (address !== null) return surnameOnly(name.slice(0, address.index), sexOfTitle(address[0]));
  const masked = /^(\p{Script=Han}{1,2}?)[某*xX○〇×]+$/u.exec(name);
  if (masked !== null) return surnameOnly(masked[1] ?? '', null);
  const old = /^[老小](\p{Script=Han})$/u.exec(name);
  if (old !== null) return surnameOnly(old[1] ?? '', null);
  return fullName(name);
}

/** The name as it may be published: inner spaces and the pinyin annotation of `吴（wú）莲英` removed, nothing else changed. */
export function publishedName(raw: unknown): string | null {
  const text = plainText(raw);
  return text === null ? null : solidText(text.replace(pinyinAnnotation, ''));
}

/** Syllables of a Han text without tones, one reading a character, its surname in the surname's reading. */
export function pinyinOf(text: string, surname = ''): string {
  const parts = surname === '' ? [] : [surnameSyllables(surname)];
  for (const character of text.slice(surname.length)) parts.push(syllable(character));
  return parts.filter((part) => part !== '').join(' ');
}

/** Simplified characters, one by one: names are not phrases. */
export function simplified(text: string): string {
  let result = '';
  for (const character of text) result += simpleForms.get(character) ?? simpleForm(character);
  return result;
}

function simpleForm(character: string): string {
  const simple = toSimplified(character);
  simpleForms.set(character, simple);
  return simple;
}

function fullName(name: string): PersonName {
  const characters = [...name];
  if (characters.length === 1) return { full: null, surname: name, given: null, pinyin: null, sex: null };
  // A name of another people (`白玛·卓玛`) or another script has no Chinese surname; when masked it keeps its first character.
  if (!/^\p{Script=Han}{2,4}$/u.test(name)) {
    return { full: name.toLowerCase(), surname: /^\p{Script=Han}/u.exec(name)?.[0] ?? null, given: null, pinyin: pinyinOf(name.replaceAll('·', '')), sex: null };
  }
  const length = characters.length > 2 && compoundSurnames.has(characters.slice(0, 2).join('')) ? 2 : 1;
  return {
    full: name,
    surname: characters.slice(0, length).join(''),
    given: characters.slice(length).join(''),
    pinyin: pinyinOf(name, characters.slice(0, length).join('')),
    sex: null,
  };
}

function surnameOnly(text: string, sex: Sex | null): PersonName | null {
  const characters = [...text];
  if (characters.length === 0) return sex === null ? null : { full: null, surname: null, given: null, pinyin: null, sex };
  // `张伟先生` gives the whole name away.
  const whole = characters.length > 2 || (characters.length === 2 && !compoundSurnames.has(text));
  if (whole) return { ...fullName(text), sex };
  return { full: null, surname: text, given: null, pinyin: null, sex };
}

function sexOfTitle(title: string): Sex | null {
  if (/女|小姐|太太|阿姨|大妈|大姐|大娘|奶奶|婆婆|姐|妈/u.test(title)) return 'FEMALE';
  return /先生|大爷|大叔|大哥|爷爷|叔|伯|哥/u.test(title) ? 'MALE' : null;
}

function syllable(character: string): string {
  let reading: string | undefined = syllables.get(character);
  if (reading === undefined) {
    reading = /\p{Script=Han}/u.test(character) ? pinyin(character, { toneType: 'none', v: true }).toLowerCase() : character.toLowerCase();
    syllables.set(character, reading);
  }
  return reading;
}

function surnameSyllables(surname: string): string {
  let reading = surnameReadings.get(surname);
  if (reading === undefined) {
    reading = pinyin(surname, { toneType: 'none', v: true, surname: 'all' }).toLowerCase();
    surnameReadings.set(surname, reading);
  }
  return reading;
}

const toSimplified = Converter({ from: 't', to: 'cn' });
const simpleForms = new Map<string, string>();
const syllables = new Map<string, string>();
const surnameReadings = new Map<string, string>();

/** `汉(hàn)`: brackets that hold Latin letters, with or without tone marks. */
const pinyinAnnotation = /[(（[［]\s*[\p{Script=Latin}\p{Mark}\s'’]+\d?\s*[)）\]］]/gu;
const anonymous = /^(?:匿名|无名|某某?|群众|市民|居民|业主|村民|来电人|报警人|举报人|投诉人|诉求人|热心市民|不愿透露.*|不便透露.*|未提供|未留|保密|佚名)$/u;
const formOfAddress = /(?:先生|女士|小姐|太太|师傅|老师|同志|阿姨|大爷|大妈|大叔|大哥|大姐|大娘|爷爷|奶奶|婆婆|老板|经理|某先生|某女士)$/u;

/** Two-character surnames still in use. */
const compoundSurnames: ReadonlySet<string> = new Set(
  ('欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 司徒 司空 轩辕 夏侯 端木 百里 呼延 东郭 南宫 独孤 南门 拓跋 完颜 澹台 ' +
    '公冶 宗政 濮阳 淳于 单于 太叔 申屠 仲孙 钟离 闻人 赫连 鲜于 闾丘 万俟 第五 西门 公羊 宰父 谷梁 公西 梁丘 左丘 东里 段干 巫马 纳兰 ' +
    '那拉 钮祜 欧陽').split(' '),
);
