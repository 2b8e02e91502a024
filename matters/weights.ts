import type { Comparison } from './compare.ts';

/** Bits that each level adds to the odds of two records being one problem. */
export interface MatterWeights {
  prior: number;
  /** In the order of `comparisons`. */
  levels: Readonly<Record<Comparison, readonly number[]>>;
}

/**
 * Fitted by `bench/matters/fit.ts` to ten generated counties (seeds 101–110, 600 to 4,000 residents), whose ways of writing,
 * rates of noise and look-alike neighbours differ by seed. Those seeds are never reported, and no other data was fitted to.
 * NAMED came later and weighs what SAME does: a new fit did better on counties of this generator and worse on another's.
 */
export const weights: MatterWeights = {
  prior: -2.52,
  levels: {
    FACILITY: [2.25, 2.25, -4.87, 0],
    PLACE: [1.95, 0.41, -1.76, -6.48, -4.67, 0],
    CATEGORY: [0.57, -6.5, 0],
    TEXT: [1.96, 1.96, 1.96, 1.41, 1.3, 0.1, -1.54, -5.73, 0],
    TIME: [4.91, 3.87, 3.45, 3.47, 2.55, -0.85, -4.68, -6.56, -6.15, 0],
    PARTY: [2.13, 2.13, 1.43, 1.43, -3.11, 0],
    ORGANISATION: [2.28, 1.2, -6.51, 0],
    AMOUNT: [4.52, 4.03, -7.06, 0],
  },
};
