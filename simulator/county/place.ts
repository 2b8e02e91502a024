import { divisionsUnder, type Division } from '../../schema/divisions/divisions.ts';
import { invariant } from '../../base/errors.ts';
import { random, type Random } from './random.ts';

export interface Village {
  code: string;
  name: string;
  township: Township;
}

export interface Township {
  code: string;
  name: string;
  villages: Village[];
}

export interface County {
  /** Six digits. */
  code: string;
  name: string;
  /** Empty where the table only has a heading (`市辖区`). */
  cityName: string;
  cityCode: string;
  provinceName: string;
  /** Of the court's case numbers: 甘 for 甘肃. */
  abbreviation: string;
  townships: Township[];
  villages: Village[];
  /** GCJ-02, roughly: the province's capital and an offset by seed. */
  centre: { lng: number; lat: number };
}

/** A named estate on a street of a village or community. */
export interface Estate {
  name: string;
  /** What people call it for short. */
  alias: string;
  street: string;
  number: number;
  village: Village;
  lng: number;
  lat: number;
}

/** The county of the examples, 兰州市城关区 (bus line 149 at 甘肃大剧院), and the seeds that give it: the first, and the demo's. */
const firstCounty = '620102';
const firstCountySeeds = new Set(['1', '20260930']);
const villagesMin = 25;
const townshipsMin = 5;
const townshipsMax = 45;

/** The real county of a seed, with its townships and villages. */
export function countyOf(seed: string): County {
  const code = firstCountySeeds.has(seed) ? firstCounty : random(seed, 'county').pick(candidates());
  const rows = [...divisionsUnder([code]).values()];
  const table = divisionsUnder([code.slice(0, 2)]);
  const county = table.get(`${code}000000`);
  const city = table.get(`${code.slice(0, 4)}00000000`);
  const province = table.get(`${code.slice(0, 2)}0000000000`);
  invariant(county && city && province, 'a county stands in the table with its city and province');
  const townships = rows.filter((row) => row.tier === 'TOWNSHIP').map((row): Township => ({ code: row.code, name: row.name, villages: [] }));
  const byCode = new Map(townships.map((township) => [township.code, township]));
  for (const row of rows) if (row.tier === 'VILLAGE') addVillage(byCode, row);
  const inhabited = townships.filter((township) => township.villages.length > 0);
  const [lng, lat, abbreviation] = capitals[code.slice(0, 2)]!;
  const chance = random(seed, 'centre');
  const heading = ['市辖区', '县'].includes(city.name) || city.name.includes('直辖');
  return {
    code, name: county.name, cityName: heading ? '' : city.name, cityCode: code.slice(0, 4), provinceName: province.name, abbreviation,
    townships: inhabited, villages: inhabited.flatMap((township) => township.villages),
    centre: { lng: lng + chance.next() * 0.6 - 0.3, lat: lat + chance.next() * 0.6 - 0.3 },
  };
}

function candidates(): string[] {
  const townships = new Map<string, number>();
  const villages = new Map<string, number>();
  // Not `divisions()`, which would keep the whole country in memory for the rest of the run.
  for (const { code, tier } of divisionsUnder(['']).values()) {
    const county = code.slice(0, 6);
    if (tier === 'TOWNSHIP') townships.set(county, (townships.get(county) ?? 0) + 1);
    if (tier === 'VILLAGE') villages.set(county, (villages.get(county) ?? 0) + 1);
  }
  return [...townships].filter(([county, count]) => count >= townshipsMin && count <= townshipsMax && (villages.get(county) ?? 0) >= villagesMin && !county.endsWith('00')).map(([county]) => county).sort();
}

function addVillage(townships: Map<string, Township>, row: Division): void {
  const township = townships.get(row.parent ?? '');
  if (township) township.villages.push({ code: row.code, name: row.name, township });
}

/** Named estates spread over real villages; the more residents, the more estates. */
export function estatesOf(county: County, residents: number, seed: string, perEstate = 110): Estate[] {
  const chance = random(seed, 'estates');
  const count = Math.min(4_000, Math.max(14, Math.ceil(residents / perEstate)));
  const streets = streetsOf(chance, Math.max(10, Math.ceil(count / 4)));
  const names = new Set<string>();
  return Array.from({ length: count }, () => {
    const stem = freshStem(chance, names);
    const kind = chance.pick(kinds);
    const village = chance.pick(county.villages);
    return {
      name: stem + kind, alias: stem, street: chance.pick(streets), number: chance.between(1, 699), village,
      lng: round6(county.centre.lng + chance.next() * 0.14 - 0.07), lat: round6(county.centre.lat + chance.next() * 0.1 - 0.05),
    };
  });
}

const heads = ['金', '银', '翠', '锦', '福', '瑞', '兴', '永', '安', '和', '丰', '盛', '文', '清', '云', '江', '河', '山', '松', '桂', '枫', '海', '天', '阳', '星', '园', '雅', '康', '宏', '鼎'];
const tails = ['源', '泰', '宁', '丰', '湖', '苑', '岭', '湾', '桥', '城', '庭', '庄', '溪', '谷', '林', '光', '悦', '华', '景', '坊', '河', '屏', '台', '馨', '祥'];
const kinds = ['小区', '花园', '家园', '佳苑', '公寓', '新村', '家属院', '嘉园', '名邸'];

function freshStem(chance: Random, taken: Set<string>): string {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const stem = chance.pick(heads) + chance.pick(tails);
    if (!taken.has(stem) && taken.add(stem)) return stem;
  }
  for (let number = 2; ; number += 1) {
    const stem = `${chance.pick(heads)}${chance.pick(tails)}${number}号`;
    if (!taken.has(stem) && taken.add(stem)) return stem;
  }
}

function streetsOf(chance: Random, count: number): string[] {
  const first = ['东', '西', '南', '北', '中', '新', '古', '滨', '民', '建', '解', '团', '和', '平', '胜', '庆', '静', '雁', '白', '定'];
  const second = ['岗', '滩', '湖', '宁', '城', '市', '塔', '门', '津', '主', '设', '放', '结', '政', '凉', '利', '阳', '银', '关', '兴'];
  const names = new Set<string>();
  for (let attempt = 0; names.size < count && attempt < count * 20; attempt += 1) {
    names.add(chance.pick(first) + chance.pick(second) + chance.pick(['路', '街', '大街', '巷', '东路', '西路']));
  }
  return [...names];
}

function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

const capitals: Record<string, readonly [number, number, string]> = {
  '11': [116.41, 39.9, '京'], '12': [117.2, 39.08, '津'], '13': [114.51, 38.04, '冀'], '14': [112.55, 37.87, '晋'], '15': [111.75, 40.84, '内'], '21': [123.43, 41.8, '辽'], '22': [125.32, 43.82, '吉'],
  '23': [126.53, 45.8, '黑'], '31': [121.47, 31.23, '沪'], '32': [118.8, 32.06, '苏'], '33': [120.16, 30.27, '浙'], '34': [117.23, 31.82, '皖'], '35': [119.3, 26.07, '闽'], '36': [115.86, 28.68, '赣'],
  '37': [117.12, 36.65, '鲁'], '41': [113.63, 34.75, '豫'], '42': [114.31, 30.59, '鄂'], '43': [112.94, 28.23, '湘'], '44': [113.26, 23.13, '粤'], '45': [108.37, 22.82, '桂'], '46': [110.32, 20.03, '琼'],
  '50': [106.55, 29.56, '渝'], '51': [104.07, 30.57, '川'], '52': [106.63, 26.65, '黔'], '53': [102.83, 24.88, '云'], '54': [91.14, 29.65, '藏'], '61': [108.94, 34.34, '陕'], '62': [103.83, 36.06, '甘'],
  '63': [101.78, 36.62, '青'], '64': [106.23, 38.49, '宁'], '65': [87.62, 43.83, '新'],
};
