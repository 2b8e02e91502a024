import fc from 'fast-check';
import { expect, it } from 'vitest';
import { elementBytes } from '../../connectors/elements.ts';

it('finds the elements of any array, however it is written', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), fc.boolean(), (elements, space, marked) => {
      const found = elementBytes(Buffer.from(`${marked ? '\ufeff' : ''}${JSON.stringify(elements, null, space)}`));
      expect(found.map((bytes) => JSON.parse(bytes.toString()))).toEqual(JSON.parse(JSON.stringify(elements)));
    }),
  );
});

it.each(['{"a":[1,2]}', '"[1,2]"', '7', ' {} '])('takes %s as the one value it is', (text) => {
  expect(elementBytes(Buffer.from(text)).map(String)).toEqual([text]);
});
