import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hmacWith } from '../../base/canonical.ts';
import { recordKeys } from '../../base/keys.ts';

test('an HMAC made by the thousand is the HMAC of RFC 2104, whatever the text and its length', () => {
  const key = randomBytes(32);
  const hmac = hmacWith(key);
  const expected = (text: string) => createHmac('sha256', key).update(text).digest('hex');
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => hmac(text) === expected(text)));
  for (const length of [0, 1, 2730, 2731, 8192, 100_000]) for (const letter of ['a', '汉', '😀', '\ud800']) expect(hmac(letter.repeat(length))).toBe(expected(letter.repeat(length)));
  expect(() => hmacWith(randomBytes(65))).toThrow();
});

test('keys stay what they were: a hub that is upgraded finds its rows again', () => {
  const keys = recordKeys(Buffer.alloc(32, 7));
  expect([keys.rid('police', 'jcj_jjd', 'C1'), keys.blockingHash('phone', '["+8613900000000"]'), keys.matterNo('a')]).toMatchInlineSnapshot(`
    [
      "7ea361f04aa921d9e2bd23f531209a94",
      "5ef7f200a68d93831230f930068a0ce2",
      "M2B5JW9M4W5RM",
    ]
  `);
});
