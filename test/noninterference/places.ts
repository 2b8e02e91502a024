import { madeCreditCode } from '../../schema/units.ts';
import type { Row } from './tables.ts';

/** The territory of every world: a county of two townships, a sibling county, and another province. */
export const divisions: readonly Row[] = [
  ['510000000000', '四川省', 'PROVINCE', null],
  ['510100000000', '成都市', 'CITY', '510000000000'],
  ['510107000000', '武侯区', 'COUNTY', '510100000000'],
  ['510107001000', '浆洗街街道', 'TOWNSHIP', '510107000000'],
  ['510107001001', '洗面桥社区', 'VILLAGE', '510107001000'],
  ['510107001002', '蜀汉街社区', 'VILLAGE', '510107001000'],
  ['510107002000', '望江路街道', 'TOWNSHIP', '510107000000'],
  ['510107002001', '郭家桥社区', 'VILLAGE', '510107002000'],
  ['510104000000', '锦江区', 'COUNTY', '510100000000'],
  ['510104001000', '督院街街道', 'TOWNSHIP', '510104000000'],
  ['510104001001', '大慈寺社区', 'VILLAGE', '510104001000'],
  ['620000000000', '甘肃省', 'PROVINCE', null],
  ['620102001001', '张掖路社区', 'VILLAGE', null],
].map(([code, name, tier, parent]) => ({ code: code!, name: name!, tier: tier!, parent: parent ?? null, valid_from: null, valid_to: null, successor: null, source: 'test' }));

export const villages = ['510107001001', '510107001002', '510107002001', '510104001001', '620102001001'] as const;

export const communityOf: Readonly<Record<string, string>> = {
  '510107001001': '四川省成都市武侯区浆洗街街道洗面桥社区',
  '510107001002': '四川省成都市武侯区浆洗街街道蜀汉街社区',
  '510107002001': '四川省成都市武侯区望江路街道郭家桥社区',
  '510104001001': '四川省成都市锦江区督院街街道大慈寺社区',
  '620102001001': '甘肃省兰州市城关区张掖路街道张掖路社区',
};

export interface Organisation {
  code: string;
  department: string | null;
  kind: string;
  tier: 'TOWNSHIP' | 'COUNTY' | 'CITY';
  division: string;
}

const organisation = (seed: string, department: string | null, kind: string, tier: Organisation['tier'], division: string): Organisation => ({ code: madeCreditCode('12', division.slice(0, 6), seed), department, kind, tier, division });

/** Those who lead, assist, take over or are complained about; the last one handles nothing. */
export const organisations: readonly Organisation[] = [
  organisation('centre-1', 'MEDIATION', 'MEDIATION_CENTRE', 'TOWNSHIP', '510107001000'),
  organisation('centre-2', 'MEDIATION', 'MEDIATION_CENTRE', 'TOWNSHIP', '510107002000'),
  organisation('police', 'POLICE', 'POLICE', 'COUNTY', '510107000000'),
  organisation('court', 'COURT', 'COURT', 'COUNTY', '510107000000'),
  organisation('civil', 'CIVIL', 'CIVIL', 'COUNTY', '510107000000'),
  organisation('petition', 'PETITION', 'OTHER', 'COUNTY', '510107000000'),
  organisation('hotline', 'HOTLINE', 'OTHER', 'CITY', '510100000000'),
  organisation('bureau', null, 'OTHER', 'COUNTY', '510107000000'),
  organisation('idle', 'MEDIATION', 'OTHER', 'TOWNSHIP', '510107001000'),
];

export function organisationRow({ code, department, kind, tier, division }: Organisation): Row {
  return { credit_code: code, name: `机构${code.slice(-4)}`, kind, department, tier, division, public_phone: '028-12345', hours: null, address: null, mediates: ['01', '02'], source: 'REGISTER' };
}
