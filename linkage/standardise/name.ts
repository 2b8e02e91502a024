import { pinyin } from 'pinyin-pro';
import { Converter } from 'opencc-js/t2cn';
import { placeholders, solidText, unseen } from './text.ts';
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
  const written = publishedName(raw)?.normalize('NFKC').replaceAll(' ', '') ?? null;
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

/**
 * The name as it may be published: spaces and the pinyin annotation of `吴（wú）莲英` removed, letters and digits of full width
 * made ordinary, nothing else changed; other brackets belong to the name.
 */
export function publishedName(raw: unknown): string | null {
  if (solidText(raw) === null) return null;
  const written = String(raw).replace(unseen, '');
  if (/^\p{Script=Han}+$/u.test(written)) return written;
  const solid = written.replace(bracket, (whole, inside: string, at: number) => (isPinyin(inside, hanBefore(written, at)) ? '' : whole)).replace(/\s+/gu, '');
  const published = solid.replace(/[０-９Ａ-Ｚａ-ｚ]/gu, (character) => character.normalize('NFKC'));
  return published === '' || placeholders.has(published.normalize('NFKC')) ? null : published;
}

const bracket = /[(（[［]([^()（）[\]［］]*)[)）\]］]/gu;

function hanBefore(text: string, at: number): string[] {
  return [...(/(\p{Script=Han}+)\s*$/u.exec(text.slice(Math.max(0, at - annotationCharactersMax), at))?.[1] ?? '')];
}

/**
 * Whether Latin letters are the pinyin of the characters before them. With tone marks they are nothing else, if they are so many
 * syllables as there are characters at most; without, they must be readings of all the characters, or of the last: `李雷（IT）`
 * and `公司（HR）` keep theirs.
 */
function isPinyin(inside: string, characters: readonly string[]): boolean {
  const letters = inside.normalize('NFKC').normalize('NFD').toLowerCase().replaceAll('ɑ', 'a').replaceAll('ɡ', 'g'); // the pinyin letters of GB 2312
  if (characters.length === 0 || letters.length > annotationCharactersMax || !/^[a-z\s'’1-5\u0300\u0301\u0304\u0308\u030c]+$/u.test(letters)) return false;
  const plain = letters.replaceAll('u\u0308', 'v').replace(/[^a-z]/g, '');
  if (plain === '') return false;
  const hasTones = /[\u0300\u0301\u0304\u030c]/u.test(letters);
  if (hasTones && syllablesAfter(plain, characters.map(() => (part: string) => anySyllable.test(part))).some((ends) => ends.has(plain.length))) return true;
  return [characters, characters.slice(-1)].some((some) => syllablesAfter(plain, some.map((one) => (part: string) => readings(one).has(part))).at(-1)!.has(plain.length));
}

/** After each syllable, where in the letters it may end. */
function syllablesAfter(letters: string, accepts: readonly ((part: string) => boolean)[]): Set<number>[] {
  let ends = new Set([0]);
  return accepts.map((accept) => {
    const next = new Set<number>();
    for (const start of ends) for (let end = start + 1; end <= Math.min(start + syllableLettersMax, letters.length); end += 1) if (accept(letters.slice(start, end))) next.add(end);
    return (ends = next);
  });
}

/** Without tones, `ü` as `v` or `u`. */
function readings(character: string): ReadonlySet<string> {
  let known = readingsOf.get(character);
  if (known === undefined) {
    const all = pinyin(character, { toneType: 'none', v: true, multiple: true, type: 'array' }).map((reading) => reading.toLowerCase());
    known = new Set(all.flatMap((reading) => [reading, reading.replaceAll('v', 'u')]));
    readingsOf.set(character, known);
  }
  return known;
}

const readingsOf = new Map<string, ReadonlySet<string>>();
const annotationCharactersMax = 64;
/** Of `zhuang`. */
const syllableLettersMax = 6;
/** Initial and final, as far as letters tell. */
const anySyllable = /^(?:(?:[bpmfdtnlgkhjqxrzcsyw]|[zcs]h)?(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|van|ai|ei|ao|ou|an|en|in|un|vn|ia|ie|iu|ua|uo|ui|ue|ve|er|a|o|e|i|u|v)|n|ng|m)$/;

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

const anonymous = /^(?:匿名|无名|某某?|群众|市民|居民|业主|村民|来电人|报警人|举报人|投诉人|诉求人|热心市民|不愿透露.*|不便透露.*|未提供|未留|保密|佚名)$/u;
const formOfAddress = /(?:先生|女士|小姐|太太|师傅|老师|同志|阿姨|大爷|大妈|大叔|大哥|大姐|大娘|爷爷|奶奶|婆婆|老板|经理|某先生|某女士)$/u;

/** Two-character surnames still in use. */
const compoundSurnames: ReadonlySet<string> = new Set(
  ('欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 司徒 司空 轩辕 夏侯 端木 百里 呼延 东郭 南宫 独孤 南门 拓跋 完颜 澹台 ' +
    '公冶 宗政 濮阳 淳于 单于 太叔 申屠 仲孙 钟离 闻人 赫连 鲜于 闾丘 万俟 第五 西门 公羊 宰父 谷梁 公西 梁丘 左丘 东里 段干 巫马 纳兰 ' +
    '那拉 钮祜 欧陽').split(' '),
);
