import { chineseNumber } from './text.ts';

export interface House {
  building: string | null;
  unit: string | null;
  room: string | null;
  /** What stands before the house: street and estate. */
  rest: string;
}

/** Reads the house from the end of an address: `四号楼2单元302室`, `4#楼2门302`, `4栋-2-302` and `4/2/302` are one house. */
export function houseOf(text: string): House {
  const plain = text.replace(houseNumeral, (numeral) => String(chineseNumber(numeral) ?? numeral)).toUpperCase();
  return compactHouse(plain) ?? villageHouse(plain) ?? wordedHouse(plain);
}

function compactHouse(text: string): House | null {
  const three = /(?<!\d)(\d{1,3}|[A-Z])(?:号楼|#|栋|幢)?[-/](\d{1,2})(?:单元)?[-/](\d{2,5})(?:室|房|号|户)?$/u.exec(text);
  if (three !== null) return { building: plainNumber(three[1]), unit: plainNumber(three[2]), room: plainNumber(three[3]), rest: text.slice(0, three.index) };
  const two = /(?<!\d)(\d{1,3}|[A-Z])(?:号楼|#|栋|幢)?[-/](\d{3,5})(?:室|房|号|户)?$/u.exec(text);
  if (two === null || /[路街巷道]$/u.test(text.slice(0, two.index))) return null;
  return { building: plainNumber(two[1]), unit: null, room: plainNumber(two[2]), rest: text.slice(0, two.index) };
}

/** Villages count groups: `3组12号`. */
function villageHouse(text: string): House | null {
  const match = /(\d{1,3})(?:组|社|队)(?:(\d{1,4}(?:-\d{1,2})?)号)?$/u.exec(text);
  if (match === null) return null;
  return { building: `${plainNumber(match[1])}组`, unit: null, room: plainNumber(match[2]), rest: text.slice(0, match.index) };
}

function wordedHouse(text: string): House {
  const house: House = { building: null, unit: null, room: null, rest: text };
  house.room = taken(house, /(?<=[元门楼栋幢座#层])(\d{2,5}[A-Z]?)(?:室|房|号房|户|号)?$/u);
  taken(house, /(\d{1,2})(?:层|楼)(?=$)(?<!号楼)/u, () => house.room === null && /[栋幢座元门#]\d{1,2}(?:层|楼)$/u.test(house.rest));
  house.unit = taken(house, /第?(\d{1,2}|[甲乙丙丁A-Z])(?:单元|门)$/u);
  const isStreetNumber = /[路街巷段道]\d+#$/u.test(house.rest);
  house.building = isStreetNumber ? null : taken(house, /(\d{1,4}|[甲乙丙丁A-Z])(?:号楼栋|号楼|#楼|楼栋|栋楼|号栋|栋|幢|座|#|楼)$/u);
  if (house.building === null && house.unit !== null) house.building = taken(house, /(?<![路街巷段道\d])(\d{1,3})号?$/u);
  return house;
}

function taken(house: House, pattern: RegExp, unless: () => boolean = () => true): string | null {
  if (!unless()) return null;
  const match = pattern.exec(house.rest);
  if (match === null) return null;
  house.rest = house.rest.slice(0, match.index);
  return plainNumber(match[1]);
}

function plainNumber(text: string | undefined): string | null {
  return text === undefined ? null : text.replace(/^0+(?=\d)/, '');
}

const houseNumeral = /[〇零一二两三四五六七八九十百]+(?=号|#|楼|栋|幢|座|单元|门|室|组|层|房)/gu;
