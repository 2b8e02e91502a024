/**
 * Positions of weights from the greatest to the least, equal ones in the order they came: a radix sort on the bits of the
 * 64-bit numbers, because two million edges take a comparison sort several seconds.
 */
export function byWeight(weight: ArrayLike<number>): Int32Array {
  const keys = new Uint32Array(Float64Array.from(weight).buffer);
  let order = Int32Array.from({ length: weight.length }, (_, at) => at);
  let next = new Int32Array(weight.length);
  for (let digit = 0; digit < digits; digit += 1) {
    const counts = new Int32Array(radix + 1);
    for (let at = 0; at < order.length; at += 1) counts[bucket(keys, at, digit) + 1]! += 1;
    if (counts.includes(order.length)) continue;
    for (let value = 0; value < radix; value += 1) counts[value + 1]! += counts[value]!;
    for (const at of order) next[counts[bucket(keys, at, digit)]!++] = at;
    [order, next] = [next, order];
  }
  return order;
}

/** Sixteen bits of the number, turned so that a greater weight has the smaller bucket; sign and magnitude as IEEE 754 lays them. */
function bucket(keys: Uint32Array, at: number, digit: number): number {
  const high = keys[2 * at + 1]!;
  const word = digit < 2 ? keys[2 * at]! : high;
  const turned = high >>> 31 === 1 ? word : digit < 2 ? ~word : ~word ^ 0x80000000;
  return (turned >>> ((digit & 1) * 16)) & 0xffff;
}

const digits = 4;
const radix = 0x10000;
