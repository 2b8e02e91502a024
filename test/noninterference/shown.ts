import type { Effect, Value } from './oracle.ts';

/** What is to be seen of a value: as it is, as the design page draws its mask, or null. */
export function shown(effect: Effect, value: Value, given: unknown): unknown {
  if (effect === 'WITHHELD' || given === null || given === undefined) return null;
  if (effect === 'FULL') return given;
  if (Array.isArray(given)) return given.map((one) => shown(effect, value, one));
  return masks[value]?.(String(given)) ?? null;
}

/** Of the values that these worlds hold: two-part names, mobiles, valid ID numbers, addresses with a community. */
const masks: Partial<Record<Value, (text: string) => string>> = {
  NAME: (name) => `${surname(name)}${'*'.repeat(name.length - surname(name).length)}`,
  PHONE: (phone) => `${phone.slice(0, 3)}****${phone.slice(7)}`,
  ID_NUMBER: (number) => `${number.slice(0, 2)}${'*'.repeat(14)}${number.slice(16)}`,
  ADDRESS: (address) => address.slice(0, address.indexOf('社区') + 2),
  BIRTH_DATE: (date) => date.slice(0, 4),
};

function surname(name: string): string {
  return ['欧阳', '司马'].find((one) => name.startsWith(one) && name.length > 2) ?? name.slice(0, 1);
}
