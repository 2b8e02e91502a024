import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

/** Which code of a source names the unit: police `jjdw`, court `courtCode`, civil affairs `经办机构代码`; of a mediation centre its township's. */
export type UnitKind = 'RECEIVING_UNIT' | 'COURT' | 'AGENCY' | 'MEDIATION_CENTRE';

export interface Unit {
  kind: UnitKind;
  code: string;
  creditCode: string;
  name: string | null;
}

let listed: ReadonlyMap<string, Unit> | undefined;

/** The unit map that an operator keeps in `schema/units.csv`. */
export function units(): ReadonlyMap<string, Unit> {
  if (listed) return listed;
  const rows = parse(readFileSync(new URL('units.csv', import.meta.url)), { columns: true }) as Record<string, string>[];
  listed = new Map(
    rows.map((row) => {
      const unit = { kind: row['kind'] as UnitKind, code: row['code']!, creditCode: row['credit_code']!, name: row['name'] || null };
      return [`${unit.kind}/${unit.code}`, unit] as const;
    }),
  );
  return listed;
}

/**
 * The unit behind a source's code. A code that the map does not list gets a credit code made of it, the same one
 * everywhere and always, so that a data set of any county has organisations; the name is then null.
 */
export function unitOf(kind: UnitKind, code: string): Unit {
  return units().get(`${kind}/${code}`) ?? { kind, code, creditCode: madeCreditCode('11', unitDivision(kind, code), `${kind}/${code}`), name: null };
}

/**
 * A unified social credit code (GB 32100-2015) with valid check characters: `category` two characters (11 government
 * body, 51 social group, 52 social service, 91 company), `division` six digits, and a body hashed from `seed`.
 */
export function madeCreditCode(category: string, division: string, seed: string): string {
  const number = createHash('sha256').update(seed).digest().readUInt32BE(0) % 100_000_000;
  const body = String(number).padStart(8, '0');
  return withCheckCharacter(category + division + body + organisationCheck(body));
}

/** Whether the last character of an eighteen-character credit code is right. */
export function isCreditCode(code: string): boolean {
  return /^[0-9A-HJ-NPQRTUWXY]{18}$/.test(code) && withCheckCharacter(code.slice(0, 17)) === code;
}

const creditAlphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';

function withCheckCharacter(body: string): string {
  let sum = 0;
  for (let index = 0, weight = 1; index < 17; index += 1, weight = (weight * 3) % 31) sum += creditAlphabet.indexOf(body[index]!) * weight;
  return body + creditAlphabet[(31 - (sum % 31)) % 31]!;
}

/** GB 11714-1997: the ninth character of an organisation code. */
function organisationCheck(body: string): string {
  const weights = [3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, index) => total + Number(body[index]) * weight, 0);
  const check = 11 - (sum % 11);
  return check === 10 ? 'X' : check === 11 ? '0' : String(check);
}

const provinceOfAbbreviation: Record<string, string> = {
  京: '11', 津: '12', 冀: '13', 晋: '14', 内: '15', 辽: '21', 吉: '22', 黑: '23', 沪: '31', 苏: '32', 浙: '33', 皖: '34', 闽: '35', 赣: '36', 鲁: '37', 豫: '41',
  鄂: '42', 湘: '43', 粤: '44', 桂: '45', 琼: '46', 渝: '50', 川: '51', 贵: '52', 黔: '52', 云: '53', 滇: '53', 藏: '54', 陕: '61', 甘: '62', 青: '63', 宁: '64', 新: '65', 兵: '66',
};

/** `川0107` → `510107`; `510107000012` → `510107`. */
function unitDivision(kind: UnitKind, code: string): string {
  const digits = kind === 'COURT' ? `${provinceOfAbbreviation[code[0] ?? ''] ?? ''}${code.replace(/\D/g, '')}` : code.replace(/\D/g, '');
  return digits.slice(0, 6).padEnd(6, '0');
}
