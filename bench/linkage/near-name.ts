import type { Random } from '../../simulator/county/random.ts';

/** Characters of given names that sound or look alike, as a clerk mishears or mistypes them. */
const alike = ['伟玮炜', '健建剑', '丽莉利', '静婧靖', '霞侠', '军君钧', '芳方', '娟涓', '英瑛颖', '玲铃灵', '燕艳彦', '梅美', '琳林', '婷亭', '洁杰', '佳嘉', '欣新鑫馨', '怡宜', '晶菁', '璐露', '薇微', '蓉荣', '凤风', '珍真贞', '月悦玥', '涵晗', '思斯', '雨宇羽', '诗施', '涛韬', '超朝', '明铭', '刚钢', '辉晖', '鹏朋', '华桦', '飞斐', '波博', '斌彬', '浩皓昊', '凯楷', '俊峻', '帆凡', '志智', '峰锋', '东冬', '亮靓', '成诚', '德得', '生升', '福富', '祥翔', '永勇', '顺舜', '喜禧', '秀绣', '兰岚', '芬纷', '桂贵', '菊局', '素淑'];

/** The name with one character misheard, left out or mistyped. */
export function nearName(name: string, chance: Random): string {
  const characters = [...name];
  const at = chance.between(1, Math.max(1, characters.length - 1));
  const group = alike.find((one) => characters[at] !== undefined && one.includes(characters[at]))?.replace(characters[at]!, '');
  if (!group && characters.length > 2 && chance.chance(0.3)) return characters.toSpliced(at, 1).join('');
  return characters.toSpliced(at, 1, chance.pick([...(group ?? alike.join(''))])).join('');
}
