import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estateStem, standardiseAddress } from '../../linkage/standardise/address.ts';
import { standardiseBirthDate } from '../../linkage/standardise/birth-date.ts';
import { divisionIndex, type DivisionRow } from '../../linkage/standardise/division-index.ts';
import { idCheckCharacter, standardiseIdNumber } from '../../linkage/standardise/id-number.ts';
import { publishedName, standardiseName } from '../../linkage/standardise/name.ts';
import { standardisePhones } from '../../linkage/standardise/phone.ts';
import { chineseNumber, plainText } from '../../linkage/standardise/text.ts';

describe('ID numbers', () => {
  test.each([
    ['510107197812289017', 'VALID', '510107197812289017', []],
    ['51010719630710075x', 'VALID', '51010719630710075X', ['ID_LOWER_X']],
    ['５１０１０７１９５７１１１０２２２６', 'VALID', '510107195711102226', ['ID_FULL_WIDTH']],
    ['510107196105303647\u00a0', 'VALID', '510107196105303647', ['ID_SPACE']],
    ['510107 19571110 2226', 'VALID', '510107195711102226', ['ID_SPACE']],
    ['510107571110222', 'VALID', '510107195711102226', ['ID_15']],
    ['510107200207997', 'VALID', `51010719200207997${idCheckCharacter('51010719200207997')}`, ['ID_15']], // no serial makes anybody 160 years old
    ['510107198905039713', 'SUSPECT', null, []],
    ['51010719890503971', 'SUSPECT', null, []],
    ['6.20102E+17', 'SUSPECT', null, []],
    ['510122196312042000', 'SUSPECT', null, []],
    ['无', 'ABSENT', null, []],
    ['－', 'ABSENT', null, []],
    ['', 'ABSENT', null, []],
    [null, 'ABSENT', null, []],
  ])('%s is %s', (raw, status, value, repairs) => {
    const number = standardiseIdNumber(raw);
    expect([number.status, number.value, number.repairs]).toEqual([status, value, repairs]);
  });

  test('a valid number tells the birth date and the sex', () => {
    expect(standardiseIdNumber('510107195711102226')).toMatchObject({ birthDate: '1957-11-10', sex: 'FEMALE' });
  });

  test.each([
    ['6.20102E+17', 'EXCEL'],
    ['510122196312042000', 'EXCEL'],
    ['510107198905039713', 'CHECK_DIGIT'],
    ['51010719890503971', 'CHECK_DIGIT'],
    ['E1234567', 'FORM'],
  ])('%s is suspect because of %s', (raw, fault) => expect(standardiseIdNumber(raw).fault).toBe(fault));

  test('any one wrong digit makes a number suspect', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 16 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 999 }), (at, by, serial) => {
        const seventeen = `51010719571110${String(serial).padStart(3, '0')}`;
        const digits = seventeen + idCheckCharacter(seventeen);
        expect(standardiseIdNumber(digits).status).toBe('VALID');
        const wrong = digits.slice(0, at) + ((Number(digits[at]) + by) % 10) + digits.slice(at + 1);
        expect(standardiseIdNumber(wrong).status).toBe('SUSPECT');
      }),
    );
  });
});

describe('phones', () => {
  test.each([
    ['138-3414-5890', ['+8613834145890']],
    ['+86 182 6461 9777', ['+8618264619777']],
    ['86-13129401912', ['+8613129401912']],
    ['008618050119586', ['+8618050119586']],
    ['１３０２４８２５８０３', ['+8613024825803']],
    ['15064300304或028-60984440', ['+8615064300304', '+862860984440']],
    ['18010335830/028-6606274', ['+8618010335830', '+86286606274']],
    ['17767940169；13771008425', ['+8617767940169', '+8613771008425']],
    ['13800138000 13900139000', ['+8613800138000', '+8613900139000']],
    ['13800138000、13800138000', ['+8613800138000']],
    ['+1 415 555 2671', ['+14155552671']],
    ['+13025550123', ['+13025550123']],
    ['+44 1392 555123', ['+441392555123']],
    ['0937-8612345', ['+869378612345']],
    // Written for callers from abroad, an area code has no nought.
    ['+86 571 8800 1122', ['+8657188001122']],
    ['+86-10-65123456', ['+861065123456']],
    ['0086 (571) 8800-1122、＋８６ １３９００１３９０００', ['+8657188001122', '+8613900139000']],
    ['86212345 678', []],
    // Several in one cell, whatever stands in and between them.
    ['0571-88001122 0571-88001133', ['+8657188001122', '+8657188001133']],
    ['0937-8612345 0937-8612346', ['+869378612345', '+869378612346']],
    ['138 0013 8000 139 0013 9000', ['+8613800138000', '+8613900139000']],
    ['+86-138-0013-8000\n+86 571 8800 1122', ['+8613800138000', '+8657188001122']],
    ['13800138000(本人)13900139000(妻子)', ['+8613800138000', '+8613900139000']],
    ['0571-88001122-801', []],
    ['1380013800013900139000', []],
    ['02812345', []],
    ['不愿透露', []],
    ['无', []],
  ])('%s', (raw, valid) => expect(standardisePhones(raw).valid).toEqual(valid));

  test('a mobile number with a digit too few is kept for comparison only', () => {
    expect(standardisePhones('1522338879')).toEqual({ valid: [], suspect: ['1522338879'] });
  });

  test('never throws, always gives E.164', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => standardisePhones(raw).valid.every((phone) => /^\+\d{7,15}$/.test(phone))));
  });
});

describe('names', () => {
  test.each([
    ['欧阳庆东', '欧阳庆东', '欧阳', 'ou yang qing dong', null],
    ['吴（wú）莲英', '吴莲英', '吴', 'wu lian ying', null],
    [' 金　晶 芳', '金晶芳', '金', 'jin jing fang', null],
    ['陳小龍', '陈小龙', '陈', 'chen xiao long', null],
    ['单雪梅', '单雪梅', '单', 'shan xue mei', null],
    ['汤女士', null, '汤', null, 'FEMALE'],
    ['欧阳先生', null, '欧阳', null, 'MALE'],
    ['张伟先生', '张伟', '张', 'zhang wei', 'MALE'],
    ['杨某某', null, '杨', null, null],
    ['杨某', null, '杨', null, null],
    ['张*', null, '张', null, null],
    ['老王', null, '王', null, null],
    ['阿孜古丽．伊敏', '阿孜古丽·伊敏', '阿', 'a zi gu li yi min', null],
  ])('%s', (raw, full, surname, pinyin, sex) => expect(standardiseName(raw)).toMatchObject({ full, surname, pinyin, sex }));

  test.each(['匿名', '无', '不详', '群众', '/', ''])('%s is no name', (raw) => expect(standardiseName(raw)).toBeNull());

  test('the published name keeps its characters', () => {
    expect(publishedName('陳（chén）小 龍')).toBe('陳小龍');
  });

  test.each([
    ['甘肃建投（集团）有限公司', '甘肃建投（集团）有限公司'],
    ['兰州ABC（XYZ）公司', '兰州ABC（XYZ）公司'],
    ['兰州甲公司（HR）', '兰州甲公司（HR）'],
    ['李雷（IT）', '李雷（IT）'],
    ['李雷(Tom)', '李雷(Tom)'],
    ['李雷（Léon）', '李雷（Léon）'],
    ['（Wang）', '（Wang）'],
    ['彭思静(户主)', '彭思静(户主)'],
    ['白玛．白玛', '白玛．白玛'],
    ['阿依（Ａ１）', '阿依（A1）'],
    ['吴莲英（wú lián yīng）', '吴莲英'],
    ['吴莲英(Wu Lianying)', '吴莲英'],
    ['吴（wu2）莲英', '吴莲英'],
    ['吕（lǚ）布', '吕布'],
    ['吕（Lu）布', '吕布'],
    ['单（Shan）雪梅', '单雪梅'],
    ['王[wáng]五', '王五'],
    ['张（zhānɡ）三', '张三'], // GB 2312 has an a and a g of their own for pinyin
    ['汉(hɑ̀n)中', '汉中'],
    [' \u200b金　晶 芳', '金晶芳'],
    ['－', null],
    ['不 详', null],
  ])('%s is published as %s', (raw, published) => expect(publishedName(raw)).toBe(published));

  test('a name of hostile length is read at once', () => {
    const started = performance.now();
    publishedName(`${'安'.repeat(20_000)}a${'安(ān'.repeat(5000)}`);
    publishedName(`${'安'.repeat(60)}（${'an'.repeat(30)}ǎq）`);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('birth dates', () => {
  test.each([
    ['19630502', '1963-05-02'],
    ['19630000', '1963'],
    ['19630500', '1963-05'],
    ['1963-5-2', '1963-05-02'],
    ['1963/05/02', '1963-05-02'],
    ['一九六三年五月二日', '1963-05-02'],
    ['二〇〇一年十二月三十一日', '2001-12-31'],
    ['1963年', '1963'],
    ['23133', '1963-05-02'],
    ['19631345', '1963'],
    ['不详', null],
    ['00000000', null],
  ])('%s', (raw, date) => expect(standardiseBirthDate(raw)).toBe(date));
});

const rows: DivisionRow[] = [
  { code: '510000000000', name: '四川省', tier: 'PROVINCE', parent: null },
  { code: '510100000000', name: '成都市', tier: 'CITY', parent: '510000000000' },
  { code: '510107000000', name: '武侯区', tier: 'COUNTY', parent: '510100000000' },
  { code: '510107013000', name: '金花桥街道', tier: 'TOWNSHIP', parent: '510107000000' },
  { code: '510107013009', name: '凉井社区居委会', tier: 'VILLAGE', parent: '510107013000' },
  { code: '510107061000', name: '芳草街街道', tier: 'TOWNSHIP', parent: '510107000000' },
  { code: '510107010000', name: '红牌楼街道', tier: 'TOWNSHIP', parent: '510107000000' },
  { code: '510107010010', name: '太平社区居委会', tier: 'VILLAGE', parent: '510107010000' },
];
const divisions = divisionIndex(rows);

describe('addresses', () => {
  test.each([
    '四川省成都市武侯区金花桥街道办事处凉井社区居委会永盛南街631号院丁香嘉园小区四号楼2单元302室',
    '武侯区金花桥街道凉井社区永盛南街631#丁香嘉园4#楼2门302房',
    '成都武侯区金花桥街凉井永盛南街631号丁香嘉园4栋-2-302',
    '金花桥街道办凉井社区永盛南街（原川藏街）631号丁香嘉园4/2/302',
    '成都市武侯區金花桥街道凉井社区永盛南街６３１号丁香嘉园４幢第二单元３０２号',
    '武侯区凉井社区居委会永盛南街631号丁香嘉园4楼栋二单元302',
  ])('%s is one home', (text) => {
    expect(standardiseAddress(text, divisions, '510107')).toMatchObject({
      division: '510107013009',
      township: '510107013000',
      street: '永盛南街',
      streetNumber: '631',
      estate: '丁香嘉园',
      building: '4',
      unit: '2',
      room: '302',
      house: '4-302',
    });
  });

  test.each([
    ['武侯区芳草街311#盛世丽景小区十四号楼', { township: null, street: '芳草街', streetNumber: '311', estate: '盛世丽景', building: '14' }],
    ['武侯区芳草街街道佳灵路681号东湖苑5-3-1003', { township: '510107061000', street: '佳灵路', estate: '东湖苑', house: '5-1003' }],
    ['武侯区红牌楼街道太平寺路452－1号阳光公寓12栋902号', { township: '510107010000', street: '太平寺路', streetNumber: '452-1', estate: '阳光公寓', house: '12-902' }],
    ['成都市武侯区供电局家属院1/1/1503', { division: '510107000000', estate: '供电局家属院', estateStem: '供电', house: '1-1503' }],
    ['武侯区13楼栋1门602房', { estate: null, house: '13-602' }],
    ['武侯区永盛南街39号院15#1402室', { street: '永盛南街', streetNumber: '39', building: '15', room: '1402' }],
  ])('%s', (text, parts) => expect(standardiseAddress(text, divisions, '510107')).toMatchObject(parts));

  test('a placeholder is no address', () => expect(standardiseAddress('不详', divisions)).toBeNull());

  test('estates with other words for their kind share a stem', () => {
    expect(['地矿局家属院', '原地矿局宿舍', '地矿家属楼'].map(estateStem)).toEqual(['地矿', '地矿', '地矿']);
  });

  test('never throws on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => standardiseAddress(text, divisions) !== undefined));
  });
});

test('Chinese numerals', () => {
  expect(['四', '十', '十二', '二十', '二十一', '一百零三', '三〇二', '楼'].map(chineseNumber)).toEqual([4, 10, 12, 20, 21, 103, 302, null]);
});

test('standardising twice changes nothing', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => plainText(plainText(raw)) === plainText(raw)));
});
