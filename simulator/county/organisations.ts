import { madeCreditCode } from '../../schema/units.ts';
import type { County, Township, Village } from './place.ts';
import { random } from './random.ts';
import { disputes } from './texts.ts';

export interface Organisation {
  creditCode: string;
  name: string;
}

/** An organisation of civil affairs' register; `mediates` lists dispute types, empty where it does not mediate. */
export interface Association extends Organisation {
  category: '社会团体' | '社会服务机构';
  village: Village;
  mediates: string[];
}

export interface Company extends Organisation {
  trade: string;
}

export interface Organisations {
  /** By name without the county, e.g. `城市管理局`. */
  bureau(name: string): Organisation;
  townshipOffice(township: Township): Organisation;
  /** The township's mediation association, to which police and court hand cases. */
  mediators: ReadonlyMap<string, Association>;
  /** Mediators of one kind of dispute for the whole county. */
  specialists: readonly Association[];
  associations: readonly Association[];
  companies(disputeType: string): readonly Company[];
  courtCode: string;
  /** Codes as police and civil affairs give them; the hub's unit map turns them into credit codes. */
  policeStation(township: Township): string;
  agency(township: Township): string;
}

const bureauOfDispute: Record<string, string> = {
  '01': '妇女联合会', '02': '司法局', '03': '住房和城乡建设局', '04': '市场监督管理局', '05': '市场监督管理局', '06': '司法局', '07': '农业农村局', '08': '自然资源局', '09': '生态环境局',
  '10': '人力资源和社会保障局', '11': '市场监督管理局', '12': '卫生健康局', '13': '公安局', '14': '住房和城乡建设局', '99': '信访局',
};

export function bureauFor(disputeType: string): string {
  return bureauOfDispute[disputeType] ?? '信访局';
}

export function organisationsOf(county: County, residents: number, seed: string): Organisations {
  const code = (category: string, key: string) => madeCreditCode(category, county.code, `${county.code}/${key}`);
  const mediators = new Map(county.townships.map((township) => [township.code, mediatorOf(county, township, code)] as const));
  const specialists = specialistsOf(county, code);
  const others = otherAssociations(county, residents, seed, code);
  const companies = new Map(disputes.map((dispute) => [dispute.code, companiesOf(dispute.code, dispute.trades, residents, seed, code)] as const));
  const townshipNumber = new Map(county.townships.map((township, index) => [township.code, String(index + 1).padStart(6, '0')] as const));
  return {
    bureau: (name) => ({ creditCode: code('11', `bureau/${name}`), name: `${county.name}${name}` }),
    townshipOffice: (township) => ({ creditCode: code('11', `township/${township.code}`), name: `${county.name}${township.name}` }),
    mediators, specialists,
    associations: [...mediators.values(), ...specialists, ...others],
    companies: (disputeType) => companies.get(disputeType) ?? [],
    courtCode: `${county.abbreviation}${county.code.slice(2)}`,
    policeStation: (township) => county.code + townshipNumber.get(township.code)!,
    agency: (township) => county.code + townshipNumber.get(township.code)!,
  };
}

type MakeCode = (category: string, key: string) => string;

function mediatorOf(county: County, township: Township, code: MakeCode): Association {
  return { creditCode: code('51', `mediator/${township.code}`), name: `${county.name}${township.name}人民调解协会`, category: '社会团体', village: township.villages[0]!, mediates: ['01', '02', '03', '06', '14'] };
}

function specialistsOf(county: County, code: MakeCode): Association[] {
  const kinds: [string, string[]][] = [['医疗纠纷调解中心', ['12']], ['劳动争议调解中心', ['10', '04']], ['道路交通事故调解中心', ['13']], ['物业纠纷调解中心', ['14', '02']], ['消费维权服务中心', ['11', '04']], ['家事调解服务中心', ['01']], ['商事调解中心', ['04', '05']], ['土地纠纷调解中心', ['07', '08', '03']]];
  return kinds.map(([name, mediates], index) => ({ creditCode: code('52', `specialist/${name}`), name: `${county.name}${name}`, category: '社会服务机构', village: county.villages[(index * 13) % county.villages.length]!, mediates }));
}

function otherAssociations(county: County, residents: number, seed: string, code: MakeCode): Association[] {
  const chance = random(seed, 'associations');
  const fields = ['书法', '养老服务', '志愿者', '青少年活动', '太极拳', '社区教育', '助残', '摄影', '戏曲', '环保', '棋类', '合唱'];
  return Array.from({ length: Math.min(20_000, 20 + Math.floor(residents / 100)) }, (_, index): Association => {
    const village = chance.pick(county.villages);
    const society = chance.chance(0.55);
    const place = village.name.replace(/(社区)?(居民委员会|居委会)|村委会|村民委员会/, '');
    return { creditCode: code(society ? '51' : '52', `association/${index}`), name: `${county.name}${place}${chance.pick(fields)}${society ? '协会' : '服务中心'}`, category: society ? '社会团体' : '社会服务机构', village, mediates: [] };
  });
}

function companiesOf(disputeType: string, trades: readonly string[], residents: number, seed: string, code: MakeCode): Company[] {
  if (trades.length === 0) return [];
  const chance = random(seed, 'companies', disputeType);
  const heads = ['恒信', '华岳', '鑫达', '众联', '佳美', '顺发', '泰和', '兴隆', '博远', '天成', '万家', '东方', '金桥', '安捷', '汇丰源', '诚至', '绿洲', '陇原', '宏图', '德胜'];
  return Array.from({ length: Math.min(3_000, 6 + Math.floor(residents / 400)) }, (_, index) => {
    const trade = chance.pick(trades);
    return { creditCode: code('91', `company/${disputeType}/${index}`), name: `${chance.pick(heads)}${trade}有限公司`, trade };
  });
}
