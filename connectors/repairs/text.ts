import { placeholders } from '../../linkage/standardise/text.ts';

export type TextRepair = 'TEXT_SPACE' | 'TEXT_FULL_WIDTH' | 'TEXT_PINYIN' | 'TEXT_CONTROL';

/**
 * Text as it is published: no characters that cannot be shown, white space collapsed, full-width letters and digits made
 * ordinary (punctuation stays as written), pinyin annotations removed. `null` for empty cells and placeholders.
 */
export function cleanText(raw: unknown): { text: string | null; repairs: TextRepair[] } {
  if (raw === null || raw === undefined) return { text: null, repairs: [] };
  const source = String(raw);
  if (ordinary.test(source) && source.length > placeholderCharactersMax) return { text: source, repairs: [] };
  const repairs: TextRepair[] = [];
  const step = (from: string, to: string, kind: TextRepair) => {
    if (from !== to) repairs.push(kind);
    return to;
  };
  const visible = step(source, source.replace(controls, ''), 'TEXT_CONTROL');
  const spaced = step(visible, visible.replace(/[\s\u3000]+/gu, ' ').trim(), 'TEXT_SPACE');
  const narrow = step(spaced, spaced.replace(/[０-９Ａ-Ｚａ-ｚ]/gu, (character) => character.normalize('NFKC')), 'TEXT_FULL_WIDTH');
  const text = step(narrow, narrow.replace(pinyin, ''), 'TEXT_PINYIN');
  const empty = text === '' || placeholders.has(text.normalize('NFKC'));
  return { text: empty ? null : text, repairs: empty ? [] : repairs };
}

/** Most text: ideographs, printable ASCII and Chinese punctuation, single spaces between them. None of the steps would change it. */
const ordinary = /^[!-~\u3001\u3002\u300a\u300b\u4e00-\u9fff\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]+(?: [!-~\u3001\u3002\u300a\u300b\u4e00-\u9fff\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]+)*$/;
/** Longer text is no placeholder. */
const placeholderCharactersMax = Math.max(...[...placeholders].map((one) => one.length));

/** Controls but for white space, zero-width characters, the byte-order mark, the replacement character and the two behind it, which XML forbids. */
const controls = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b-\u200f\u2060\ufeff\ufffd-\uffff]/gu;

/**
 * `汉(hàn)`: after a Chinese character, brackets that hold Latin letters with at least one tone mark. The mark may be a
 * character of its own; `ɑ` and `ɡ` are the pinyin letters of GB 2312.
 */
const pinyin = /(?<=\p{Script=Han})[(（]\s*(?=[^()（）]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹ\u0300\u0301\u0304\u030c])[a-zA-Zɑɡāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹ\u0300\u0301\u0304\u0308\u030c\s'’]+[)）]/gu;
