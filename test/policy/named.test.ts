import { expect, test } from 'vitest';
import { dutyOf } from '../../policy/classes.ts';
import { openPolicy } from '../../policy/decide.ts';
import { callers, classifiedFields } from '../../policy/matrix.ts';
import { publishedSchema } from '../../policy/published.ts';
import { unknownRow, type RowAccess } from '../../policy/row.ts';

const policy = openPolicy();
const open = { assigned: true, lead: true, linked: true, owner: true, inJurisdiction: true, self: true, involved: true, inMatter: true };
const rows: Partial<RowAccess>[] = [{}, open, { linked: true, inMatter: true }, { owner: true, inJurisdiction: true, inMatter: true }, { ...open, protections: { ...unknownRow.protections, confidential: true, minor: true } }];

/** One field of every kind that the schema has: class, duty, mutation. */
const kinds = [...new Map(classifiedFields(publishedSchema()).filter((field) => field.class !== 'PUBLIC' || field.change !== undefined).map((field) => [`${field.class} ${dutyOf(field)} ${field.change ?? ''}`, field])).values()];

test('every refusal names the rule that refused, or that the row is protected', () => {
  // Two tiers tell apart what tiers are told; purposes and kinds are all asked.
  const viewers = callers({}).filter(({ tier }) => tier === null || tier === 'TOWNSHIP' || tier === 'PROVINCE');
  const unnamed = new Set<string>();
  for (const viewer of viewers) {
    for (const field of kinds) {
      for (const row of rows) {
        const { effect, policy: rule, reason } = policy.decide(viewer, field, { ...unknownRow, ...row });
        if (effect === 'FULL' || (rule === 'row-protection' && reason.code === 'ROW_PROTECTED')) continue;
        const named = policy.rules.get(rule);
        if (!named || !named.zh || !named.en || !named.basis || reason.code === undefined) unnamed.add(`${viewer.kind} ${viewer.tier} ${viewer.purpose}: ${field.coordinate} by ${rule}`);
      }
    }
  }
  expect([...unnamed]).toEqual([]);
}, 240_000);
