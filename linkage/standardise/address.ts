import type { DivisionIndex, DivisionMatch } from './division-index.ts';
import { houseOf, type House } from './house.ts';
import { simplified } from './name.ts';
import { solidText } from './text.ts';

export interface Address {
  /** The deepest division the text or the hint names, twelve digits. */
  division: string | null;
  /** Its first nine digits and `000`, where the text is that exact. */
  township: string | null;
  street: string | null;
  streetNumber: string | null;
  /** The named estate or compound without 小区: `地矿局家属院`. */
  estate: string | null;
  /** What is left of the estate without the words that only tell its kind: `地矿`. */
  estateStem: string | null;
  building: string | null;
  unit: string | null;
  room: string | null;
  /** `building-room` where both are known: the house whatever way its unit is written. */
  house: string | null;
}

/**
 * The parts of an address: divisions by their tries, then street and number, estate, and the house from the end. `hint` is
 * a division code that stands beside the text (12 digits, or its first six): it settles which county is meant.
 */
export function standardiseAddress(raw: unknown, index: DivisionIndex, hint: string | null = null): Address | null {
  const text = solidText(raw)?.slice(0, addressCharactersMax);
  if (text === undefined) return null;
  const plain = simplified(text).replace(/\([^)]*\)/gu, '').replace(/[,。;、·]+/gu, '').replace(/[－–—~～]/gu, '-');
  const place = divisionsOf(plain, index, hint);
  const house = houseOf(plain.slice(place.at));
  const local = streetAndEstate(house.rest);
  return {
    division: place.village ?? place.township ?? place.county,
    township: place.township,
    ...local,
    building: house.building,
    unit: house.unit,
    room: house.room,
    house: houseKey(house),
  };
}

/** `地矿局家属院`, `原地矿局宿舍`, `地矿家属楼` → `地矿`. */
export function estateStem(estate: string): string {
  let stem = estate.replace(/^原/u, '');
  for (;;) {
    const shorter = stem.replace(estateKinds, '');
    if (shorter.length < 2 || shorter === stem) return stem;
    stem = shorter;
  }
}

interface Place {
  at: number;
  county: string | null;
  township: string | null;
  village: string | null;
}

function divisionsOf(text: string, index: DivisionIndex, hint: string | null): Place {
  let upper = hint === null ? '' : hint.slice(0, 6).replace(/(?:00)+$/, '');
  let at = 0;
  for (let step = 0; step < divisionStepsMax; step += 1) {
    const match = index.upper(text, at);
    if (match === null) break;
    const code = chosen(match.codes, upper);
    if (code === null) break;
    upper = code.slice(0, 6).replace(/(?:00)+$/, '');
    at += match.length;
  }
  const place: Place = { at, county: upper.length === 6 ? `${upper}000000` : null, township: null, village: null };
  if (place.county !== null) lowerDivisions(text, index, place, place.county);
  return place;
}

function lowerDivisions(text: string, index: DivisionIndex, place: Place, county: string): void {
  for (let step = 0; step < divisionStepsMax && place.village === null; step += 1) {
    const match = index.lower(county, text, place.at);
    if (match === null || !standsAlone(text, place.at, match)) return;
    place.at += match.length;
    const code = chosen(match.codes, place.township?.slice(0, 9) ?? '');
    if (code === null) return;
    if (code.endsWith('000')) place.township = code;
    else {
      place.village = code;
      place.township ??= `${code.slice(0, 9)}000`;
    }
  }
}

/** The only code, or the only one within what is known already. */
function chosen(codes: readonly string[], within: string): string | null {
  const inside = codes.filter((code) => code.startsWith(within));
  if (inside.length === 1) return inside[0] as string;
  return inside.length === 0 && codes.length === 1 ? (codes[0] as string) : null;
}

/** `芳草街311号` is a street although a 芳草街街道 exists; a bare `龙湖` before `雅苑` is part of an estate's name. */
function standsAlone(text: string, at: number, match: DivisionMatch): boolean {
  const name = text.slice(at, at + match.length);
  const rest = text.slice(at + match.length);
  if (/[街路]$/u.test(name) && /^(?:\d|[东西南北中一二三四五六七八九十]+段)/u.test(rest)) return false;
  if (!match.bare) return true;
  if (/^[东南西北中]?\p{Script=Han}?(?:路|街|大道|巷|里|\d|$)/u.test(rest)) return false;
  return streetStart.test(rest) || (/^\p{Script=Han}{4,}/u.test(rest) && !startsWithKind.test(rest));
}

type Local = Pick<Address, 'street' | 'streetNumber' | 'estate' | 'estateStem'>;

function streetAndEstate(rest: string): Local {
  const match = streetStart.exec(rest);
  const street = match?.[1] ?? null;
  const estate = (match === null ? rest : rest.slice(match[0].length)).replace(/^[号院#-]+/u, '').replace(/^原/u, '').replace(/(?:住宅小区|小区)$/u, '');
  const named = estate.length >= 2 && /\p{Script=Han}/u.test(estate) ? estate : null;
  return { street, streetNumber: match?.[2] ?? null, estate: named, estateStem: named === null ? null : estateStem(named) };
}

function houseKey(house: House): string | null {
  return house.building !== null && house.room !== null ? `${house.building}-${house.room}` : null;
}

const addressCharactersMax = 200;
const divisionStepsMax = 6;
/** A street's name, its section and its number; 铁路局 and the like are no streets. */
const streetStart = /^(\p{Script=Han}{1,8}?(?:大道|大街|胡同|路(?![局桥口灯政])|街(?!道|坊)|巷|弄)(?:[东南西北中]?[一二三四五六七八九十]{1,2}段)?)(?:(\d+(?:-\d+)?)(?:号院|号|#|院)?)?(?:附\d+号)?/u;
const kindWords =
  '住宅小区|小区|家属院|家属楼|家属区|宿舍区|宿舍|大院|公寓|花园|嘉园|佳园|家园|家圆|佳苑|雅苑|名苑|新苑|馨苑|苑|丽景|国际|公馆|华府|新城|新村|新居|雅居|佳居|雅舍|名城|名都|名邸|豪庭|名门|广场|大厦|山庄|别墅|院|园|城|区|楼|公司|局|厂';
const estateKinds = new RegExp(`(?:${kindWords})$`, 'u');
const startsWithKind = new RegExp(`^(?:${kindWords})`, 'u');
