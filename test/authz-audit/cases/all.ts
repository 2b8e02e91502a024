import type { AuthzCase } from '../case.ts';
import { chainCases } from './chains.ts';
import { fieldCases } from './fields.ts';
import { boundCases, requestCases, tokenCases } from './requests.ts';
import { ruleCases } from './rules.ts';
import { typeCases } from './types.ts';

/** Every case, by theme. */
export const themes: Readonly<Record<string, readonly AuthzCase[]>> = {
  fields: fieldCases,
  rules: ruleCases,
  types: typeCases,
  chains: chainCases,
  requests: requestCases,
  tokens: tokenCases,
  bounds: boundCases,
};

export const cases: readonly AuthzCase[] = Object.values(themes).flat();
