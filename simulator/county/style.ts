import { random, type Random } from './random.ts';

/** How a county's people and clerks write: each county has a way of its own, so that nothing can be fitted to one. Shares are of 1. */
export interface Style {
  /** A telling names its topic. */
  topic: number;
  /** A telling that would not say where says it. */
  place: number;
  /** The place is given down to the building. */
  building: number;
  /** Who tells it again says the same words. */
  copied: number;
  /** Something is added that says nothing of the problem. */
  aside: number;
  /** The address stands down to the house. */
  exact: number;
  /** A report of a facility does not name it in its own field. */
  unnamedFacility: number;
  /** A household with an open problem has another one. */
  again: number;
  /** A neighbour soon has a problem of the same kind: nothing but who and which building tells the two apart. */
  alike: number;
  /** A sum is a round one that many others name too. */
  roundSum: number;
  /** Residents per named estate. */
  estateResidents: number;
  /** How slowly a problem goes from door to door; 1 is usual. */
  pace: number;
}

export function styleOf(seed: string): Style {
  const chance = random(seed, 'style');
  const share = (low: number, high: number) => low + chance.next() * (high - low);
  return {
    topic: share(0.45, 0.9), place: share(0.3, 0.8), building: share(0.2, 0.7), copied: share(0.05, 0.35), aside: share(0.1, 0.7), exact: share(0.35, 0.85),
    unnamedFacility: share(0, 0.12), again: share(0.05, 0.3), alike: share(0.02, 0.15), roundSum: share(0.1, 0.7), estateResidents: chance.pick([28, 45, 70, 110]), pace: share(0.6, 1.6),
  };
}

/** `阳光花园3号楼` as people say it. */
export function spokenBuilding(building: number, chance: Random): string {
  return `${building}${chance.pick(['号楼', '栋', '幢', '#楼', '#'])}`;
}

export const openers = ['因{题}的事，', '关于{题}：', '还是{题}的老问题，', '{题}一直没有解决，', '为{题}，', '就{题}一事反映，'] as const;
export const places = ['{地}，', '在{地}，', '我住{地}，', '{地}住户，', '事情在{地}，'] as const;
export const asides = [
  '家里老人身体不好', '影响日常生活', '之前打过电话没人管', '已经说了好多回', '邻居都可以作证', '有照片和视频', '希望不要再推', '孩子要上学', '大家意见很大', '请保密', '白天上班不方便接电话', '去年也有过', '不知道归哪个部门',
  '社区干部来看过', '再这样下去要出事', '心里实在着急', '说是下周再看', '当时有人在场', '愿意坐下来谈', '只想要个说法',
] as const;
