import { divisionChanges, divisionsUnder, padded, parentCode, type DivisionChange } from '../../schema/divisions/divisions.ts';

export interface PlacedDivision {
  /** As valid at the event's date, twelve digits. */
  code: string;
  /** Its successor today; itself where it is still valid. */
  now: string;
  /** DIVISION_SUPERSEDED: used after its end and replaced. DIVISION_CUT: unknown, cut to the nearest known parent. */
  repair: 'DIVISION_SUPERSEDED' | 'DIVISION_CUT' | null;
}

/**
 * Places a division code. A code valid at `date` (`YYYY-MM-DD`) is kept, with its successor beside it; a superseded one
 * used after its end becomes its successor, where there is exactly one; one that no table knows is cut to its nearest known
 * parent, and so is one whose end cannot be read (`620102XX0000`, a digit too many). `null` where not even the province is known.
 */
export function placedDivision(given: string, date: string | null): PlacedDivision | null {
  const remembered = `${given}|${date ?? ''}`;
  const known = memo.get(remembered);
  if (known !== undefined) return known;
  const placed = placeWritten(given, date);
  if (memo.size >= memoMax) memo.clear();
  memo.set(remembered, placed);
  return placed;
}

function placeWritten(given: string, date: string | null): PlacedDivision | null {
  // Longer than a division code with a slip in it is another number: of a person, of an organisation.
  if (given.length > writtenCharactersMax) return null;
  const digits = /^\d*/.exec(given)![0];
  const readable = tierDigits.find((tier) => tier <= digits.length);
  if (readable === undefined) return null;
  const placed = place(padded(digits.slice(0, readable)), date);
  return placed && { ...placed, repair: placed.repair ?? (readable === given.length || isPadded(given) ? null : 'DIVISION_CUT') };
}

/** Twelve digits at most, the last of them noughts: a code filled up to whatever length. */
function isPadded(given: string): boolean {
  return given.length <= 12 && /^(?:\d{6}|\d{9})0*$/.test(given);
}

/** Of village, township, county, city and province. */
const tierDigits = [12, 9, 6, 4, 2];
const writtenCharactersMax = 14;

function place(code: string, date: string | null): PlacedDivision | null {
  const ended = endOf(code);
  if (ended) {
    const now = successor(code, ended);
    const stillValid = date !== null && date < ended.effectiveOn;
    if (stillValid || now === null) return { code, now: now ?? code, repair: null };
    return { code: now, now, repair: 'DIVISION_SUPERSEDED' };
  }
  if (isCurrent(code)) return { code, now: code, repair: null };
  const parent = parentCode(code);
  if (parent === null) return null;
  const above = place(parent, date);
  return above && { ...above, repair: above.repair ?? 'DIVISION_CUT' };
}

/** The one code that took the territory over, followed to today; null where it was divided. */
function successor(code: string, ended: DivisionChange): string | null {
  let at = code;
  let change: DivisionChange | undefined = ended;
  for (let step = 0; change && step < stepsMax; step += 1) {
    const rows = changesOf(at).filter((row) => row.effectiveOn === change!.effectiveOn);
    const codes = new Set(rows.map((row) => row.newCode));
    if (codes.size !== 1) return null;
    at = rows[0]!.newCode;
    change = endOf(at);
  }
  return at;
}

/** The change that ended a code; undefined while it is valid. A code in today's table has not ended, or came back. */
function endOf(code: string): DivisionChange | undefined {
  return isCurrent(code) ? undefined : changesOf(code).at(-1);
}

function changesOf(code: string): DivisionChange[] {
  changesByCode ??= Map.groupBy([...divisionChanges()].sort((a, b) => (a.effectiveOn < b.effectiveOn ? -1 : 1)), (change) => change.oldCode);
  return changesByCode.get(code) ?? [];
}

/** Provinces are loaded whole when first met: at most 34, some 20,000 codes each. */
function isCurrent(code: string): boolean {
  const province = code.slice(0, 2);
  let codes = currentCodes.get(province);
  if (codes === undefined) {
    codes = /^\d\d$/.test(province) ? new Set(divisionsUnder([province]).keys()) : new Set();
    currentCodes.set(province, codes);
  }
  return codes.has(code);
}

let changesByCode: Map<string, DivisionChange[]> | undefined;
const currentCodes = new Map<string, ReadonlySet<string>>();
const memo = new Map<string, PlacedDivision | null>();
const memoMax = 50_000;
const stepsMax = 8;
