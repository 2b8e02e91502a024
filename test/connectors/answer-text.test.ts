import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerText } from '../../connectors/sources/answer-text.ts';

const gbk = Buffer.from('cdf5d0a1c3f7', 'hex'); // 王小明
const soap = (encoding: string, value: Buffer) => Buffer.concat([Buffer.from(`<?xml version="1.0"${encoding}?><a><b>`), value, Buffer.from('</b><c>王</c></a>'.replace('王', ''))]);

test('UTF-8 is read as such, whatever it is called, and without its mark', () => {
  expect(answerText(Buffer.from('\ufeff{"a":"王"}'), 'application/json; charset=GBK')).toBe('{"a":"王"}');
});

test.each([
  ['the media type', 'text/xml; charset="gbk"', ''],
  ['the XML declaration', 'text/xml', ' encoding="GB18030"'],
])('another encoding is read as %s names it', (_, contentType, encoding) => {
  expect(answerText(soap(encoding, gbk), contentType)).toContain('<b>王小明</b>');
});

test('an encoding that nobody knows, or that the answer is not in, is a fault of the source', () => {
  expect(() => answerText(soap('', gbk), 'text/xml; charset=klingon')).toThrow(expect.objectContaining({ code: 'SOURCE_SCHEMA' }));
  expect(() => answerText(soap('', Buffer.from('ff', 'hex')), 'text/xml; charset=gbk')).toThrow(expect.objectContaining({ code: 'SOURCE_SCHEMA' }));
  const rows = Array.from({ length: 30 }, () => Buffer.concat([Buffer.from('"'), gbk, Buffer.from('",')]));
  expect(() => answerText(Buffer.concat([Buffer.from('['), ...rows, Buffer.from('""]')]), 'application/json')).toThrow(expect.objectContaining({ code: 'SOURCE_SCHEMA' }));
});

test('a value with a stray byte holds what cannot be stored, and the others are as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 8 }), fc.nat(7), fc.nat(50), fc.constantFrom(0x80, 0xc3, 0xff), (values, at, within, byte) => {
      const hit = at % values.length;
      const parts = values.map((value, index) => {
        const text = Buffer.from(JSON.stringify(value));
        if (index !== hit) return text;
        // Between two characters: not inside of one, nor of an escape.
        const cut = Buffer.from(JSON.stringify([...value].slice(0, within % ([...value].length + 1)).join(''))).length - 1;
        return Buffer.concat([text.subarray(0, cut), Buffer.from([byte]), text.subarray(cut)]);
      });
      const read = JSON.parse(answerText(Buffer.from(`[${parts.map((part) => part.toString('latin1')).join(',')}]`, 'latin1'), null)) as string[];
      expect(read[hit]!.isWellFormed()).toBe(false);
      expect(read.filter((_, index) => index !== hit)).toEqual(values.filter((_, index) => index !== hit));
      expect(read.join('')).not.toContain('\ufffd');
    }),
  );
});
