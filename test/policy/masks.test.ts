import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masks } from '../../policy/classes.ts';
import { masked } from '../../policy/masks.ts';

describe('masks', () => {
  it.each([
    ['NAME', '张三', '张*'],
    ['NAME', '张三丰', '张**'],
    ['NAME', '欧阳娜娜', '欧阳**'],
    ['NAME', '诸葛亮', '诸葛*'],
    ['NAME', '欧阳', '欧*'],
    ['NAME', '司马', '司*'],
    ['NAME', '王女士', '王**'],
    ['NAME', '𠮷野', '𠮷*'],
    ['NAME', '张', '*'],
    ['NAME', '阿依古丽·买买提', '阿*******'],
    ['NAME', '', null],
    ['PHONE', '13812345678', '138****5678'],
    ['PHONE', '+8613812345678', '+86138****5678'],
    ['PHONE', '138 1234 5678', '138****5678'],
    ['PHONE', '0931-8765432', '*********32'],
    ['PHONE', '12345', '*****'],
    ['PHONE', ['13812345678', '13987654321'], ['138****5678', '139****4321']],
    ['ID_NUMBER', '62010219900307123X', '62**************3X'],
    ['ID_NUMBER', '620102199003071231', '62**************31'],
    ['ID_NUMBER', 'G12345678', '*********'],
    ['ADDRESS', '甘肃省兰州市城关区张掖路街道大众巷社区12号楼3单元501室', '甘肃省兰州市城关区张掖路街道大众巷社区'],
    ['ADDRESS', '兰州市榆中县和平镇袁家营村5组18号', '兰州市榆中县和平镇袁家营村'],
    ['ADDRESS', '城关区张掖路街道大众巷12号', '城关区张掖路街道'],
    ['ADDRESS', '武侯区玉林中路93#通用机器厂家属院3幢', '武侯区'],
    ['ADDRESS', '玉林中路93号302室', null],
    ['ADDRESS', '12号村3室', null],
    ['COORDINATES', '103.834170', null],
    ['COORDINATES', 103.83417, null],
    ['COORDINATES', { longitude: '103.8', latitude: '36.0' }, null],
    ['BIRTH_DATE', '19900307', '1990'],
    ['BIRTH_DATE', '1990-03-07', '1990'],
    ['BIRTH_DATE', '1990', '1990'],
    ['BIRTH_DATE', 1990, 1990],
    ['BIRTH_DATE', 19900307, null],
    ['BIRTH_DATE', '不详', null],
    ['TEXT', '邻里纠纷，电话 13812345678', null],
    ['TEXT', { code: '02', name: '邻里' }, null],
    ['TEXT', true, null],
    ['NAME', null, null],
    ['NAME', 7, null],
    ['NAME', { first: '三' }, null],
  ] as const)('%s of %j is %j', (mask, value, expected) => {
    expect(masked(mask, value)).toEqual(expected);
  });

  const idNumber = fc.tuple(fc.stringMatching(/^\d{17}$/), fc.constantFrom(...'0123456789X')).map((parts) => parts.join(''));
  const phone = fc.stringMatching(/^1\d{10}$/);

  it('two values that show the same say the same: nothing of what is hidden comes through', () => {
    fc.assert(
      fc.property(idNumber, idNumber, (a, b) => {
        expect(masked('ID_NUMBER', a)).toBe(masked('ID_NUMBER', a.slice(0, 2) + b.slice(2, 16) + a.slice(16)));
      }),
    );
    fc.assert(
      fc.property(phone, phone, (a, b) => {
        expect(masked('PHONE', a)).toBe(masked('PHONE', a.slice(0, 3) + b.slice(3, 7) + a.slice(7)));
      }),
    );
  });

  it('keep the type or give null, and never show a whole value', () => {
    fc.assert(
      fc.property(fc.constantFrom(...masks), fc.anything(), (mask, value) => {
        const shown = masked(mask, value);
        if (Array.isArray(value)) expect(Array.isArray(shown)).toBe(true);
        else expect(shown === null || typeof shown === typeof value).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom('NAME', 'PHONE', 'ID_NUMBER', 'TEXT', 'COORDINATES'), fc.string({ minLength: 1 }), (mask, value) => {
        const isMasked = /^\s*\S?\*[*\s]*$|^[*\s]*$/u.test(value); // `a*` shows as `a*`
        if (!isMasked) expect(masked(mask, value)).not.toBe(value);
      }),
    );
  });

  it('show no digit of an address beyond its community', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(String(masked('ADDRESS', `城关区张掖路街道大众巷社区${text}`))).toBe('城关区张掖路街道大众巷社区');
      }),
    );
  });
});
