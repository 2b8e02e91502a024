import type { Random } from './random.ts';

const surnames: readonly (readonly [string, number])[] = [
  ['王', 72], ['李', 72], ['张', 68], ['刘', 54], ['陈', 45], ['杨', 31], ['赵', 23], ['黄', 22], ['周', 20], ['吴', 19], ['徐', 16], ['孙', 15], ['胡', 13], ['朱', 12], ['高', 11], ['林', 11],
  ['何', 11], ['郭', 11], ['马', 12], ['罗', 9], ['梁', 8], ['宋', 8], ['郑', 8], ['谢', 7], ['韩', 7], ['唐', 6], ['冯', 6], ['于', 6], ['董', 6], ['萧', 5], ['程', 5], ['曹', 5], ['袁', 5],
  ['邓', 5], ['许', 5], ['傅', 4], ['沈', 4], ['曾', 4], ['彭', 4], ['吕', 4], ['苏', 4], ['卢', 4], ['蒋', 4], ['蔡', 4], ['贾', 4], ['丁', 4], ['魏', 4], ['薛', 3], ['叶', 3], ['阎', 3],
  ['余', 3], ['潘', 3], ['杜', 3], ['戴', 3], ['夏', 3], ['钟', 3], ['汪', 3], ['田', 3], ['任', 3], ['姜', 3], ['范', 3], ['方', 3], ['石', 3], ['姚', 3], ['谭', 3], ['廖', 3], ['邹', 3],
  ['熊', 2], ['金', 2], ['陆', 2], ['郝', 2], ['孔', 2], ['白', 2], ['崔', 2], ['康', 2], ['毛', 2], ['邱', 2], ['秦', 2], ['江', 2], ['史', 2], ['顾', 2], ['侯', 2], ['邵', 2], ['孟', 2],
  ['龙', 2], ['万', 2], ['段', 2], ['雷', 2], ['钱', 2], ['汤', 1], ['尹', 1], ['黎', 1], ['易', 1], ['常', 1], ['武', 1], ['乔', 1], ['贺', 1], ['赖', 1], ['龚', 1], ['单', 1], ['解', 1],
  ['查', 1], ['曲', 1], ['仇', 1], ['欧阳', 1], ['上官', 0.4], ['司马', 0.3], ['诸葛', 0.3],
];
const men = [...'伟强磊军勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆博建国志文海林峰龙东亮成栋旭航睿轩泽子'];
const women = [...'芳娜敏静丽艳娟霞秀英玲燕萍红梅琳雪倩婷颖慧莹洁丹佳欣怡悦梦瑶晶璐薇蓉兰凤珍香月涵思雨诗'];
const elderMen = [...'福德生贵富有忠根祥金永顺发庆全义喜长宝财'];
const elderWomen = [...'秀英兰芬桂花珍凤玉香莲菊琴素贞淑彩银巧爱'];
const rareGiven = ['𬱖', '㛃', '䶮', '𬭎'];
const minority: readonly string[] = ['阿依古丽·买买提', '古丽米热·艾山', '买买提江·吐尔逊', '扎西·次仁', '卓玛·央金', '娜仁托娅', '巴特尔', '阿卜杜拉·卡迪尔'];

/** A given name of the usual length for that age; parts of the old are those of their generation. */
export function givenName(chance: Random, sex: '1' | '2', birthYear: number): string {
  const old = birthYear < 1965;
  const pool = sex === '1' ? (old ? elderMen : men) : old ? elderWomen : women;
  const first = chance.pick(pool);
  if (chance.chance(birthYear < 1990 ? 0.3 : 0.12)) return first;
  return first + (chance.chance(0.004) ? chance.pick(rareGiven) : chance.pick(pool));
}

export function surname(chance: Random): string {
  return chance.weighted(surnames);
}

/** About one in a hundred has a name that is not of the surname-and-given-name form. */
export function minorityName(chance: Random): string | undefined {
  return chance.chance(0.01) ? chance.pick(minority) : undefined;
}

/** The surname of a full name, for forms of address. */
export function surnameOf(name: string): string {
  return ['欧阳', '上官', '司马', '诸葛'].find((double) => name.startsWith(double)) ?? name[0] ?? '';
}
