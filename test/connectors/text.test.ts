import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText } from '../../connectors/repairs/text.ts';
import { plainText } from '../../linkage/standardise/text.ts';

/** What cells are made of: ordinary characters, and everything that a repair looks for. */
const pieces = ['汉', '王女士', '3号楼', 'a', 'Z9', '-', '/', '--', '不详', '无', '。', '、', '，', '（', '）', '《', '！', '(hàn)', ' ', '  ', '\u00a0', '\u3000', '\n', '\t', '２', 'Ａ', 'ａ', '－', '…', '①', '℡', '㐀', '豈', '😀', '\u0301', '\u0000', '\u200b', '\ufffd', '~', '!'];
const cell = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));

/** A character that is removed in any case: with it no cell is taken as it stands, and the answer must be the same. */
const removed = '\u200b';

test('a cell that is taken as it stands is what all repairs together would have made of it', () => {
  fc.assert(fc.property(cell, (text) => plainText(text) === plainText(removed + text)), { numRuns: 2000 });
  fc.assert(fc.property(cell, (text) => {
    const [given, repaired] = [cleanText(text), cleanText(removed + text)];
    expect(given.text).toBe(repaired.text);
    expect([...new Set([...given.repairs, 'TEXT_CONTROL'])].sort()).toEqual(given.text === null ? ['TEXT_CONTROL'] : repaired.repairs.toSorted());
  }), { numRuns: 2000 });
});

test.each([
  ['家住长(cháng)庆街', '家住长庆街'],
  ['家住长（cha\u0301ng）庆街', '家住长庆街'],
  ['漳(zhānɡ)州人，汉(hɑ̀n)中来', '漳州人，汉中来'], // GB 2312 has an a and a g of their own for pinyin
  ['吕(lu\u0308\u030c)某', '吕某'],
  ['某公司(HR)、3栋(ɡ)', '某公司(HR)、3栋(ɡ)'],
])('the pinyin annotation goes from %s', (written, published) => {
  expect(cleanText(written).text).toBe(published);
});

test('every character that XML 1.0 forbids goes or becomes a space, and that is recorded', () => {
  const forbidden = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).filter((character) => !'\t\n\r'.includes(character)).concat('\ufffe', '\uffff');
  for (const character of forbidden) {
    const { text, repairs } = cleanText(`诉${character}求`);
    expect([text?.replace(' ', ''), repairs.length], character.charCodeAt(0).toString(16)).toEqual(['诉求', 1]);
    expect(plainText(`诉${character}求`)?.replace(' ', ''), character.charCodeAt(0).toString(16)).toBe('诉求');
  }
});
