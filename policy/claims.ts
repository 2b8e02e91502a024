import { z } from 'zod';
import { YiwangError } from '../base/errors.ts';
import { departmentCode } from './classes.ts';
import { purposeNames, type Purpose } from './purposes.ts';
import { tiers, viewerKinds, type Tier, type ViewerKind } from './viewer.ts';

/** What a token says of its holder, in the hub's names. Department, tier and division may be left to the organisation's record. */
export interface Claims {
  kind: Exclude<ViewerKind, 'ANONYMOUS'>;
  sub: string;
  clientId: string;
  /** Unified social credit code. */
  org: string | null;
  department: string | null;
  tier: Tier | null;
  division: string | null;
  purposes: Purpose[];
  /** Verified at sign-in, for residents only; never logged. */
  idNumber: string | null;
}

/**
 * Turns a verified token's payload into claims; `UNAUTHENTICATED` where one is missing or malformed. No provider issues
 * the hub's names by itself: `claimNames` and `claimValues` are the mapping, and the place to adapt to one.
 */
export function readClaims(payload: object): Claims {
  const found = Object.fromEntries(Object.entries(claimNames).map(([name, paths]) => [name, firstOf(payload, paths)]));
  const parsed = claimShape.safeParse(found);
  if (!parsed.success) {
    const named = [...new Set(parsed.error.issues.map((issue) => claimNames[issue.path[0] as keyof Claims]?.[0] ?? 'kind'))];
    throw new YiwangError('UNAUTHENTICATED', { hint: `the token's claims ${named.map((name) => `\`${name}\``).join(', ')} are missing or malformed` });
  }
  return boundToKind(parsed.data);
}

/** The hub's name of a claim → where to look for it in the token, in this order; a dot leads into an object. */
const claimNames: Record<keyof Claims, readonly string[]> = {
  kind: ['kind'],
  sub: ['sub'],
  clientId: ['client_id', 'azp'],
  org: ['org', 'organization.credit_code'],
  department: ['department', 'organization.department'],
  tier: ['tier', 'organization.tier'],
  division: ['division', 'organization.division'],
  purposes: ['purposes'],
  idNumber: ['id_number'],
};

/** A provider's own words for departments, where they differ from the hub's. `NONE` means none. */
const claimValues: Record<string, string | null> = { NONE: null, '': null };

const pathStepsMax = 4;

function firstOf(payload: object, paths: readonly string[]): unknown {
  for (const path of paths) {
    let value: unknown = payload;
    for (const step of path.split('.').slice(0, pathStepsMax)) {
      value = typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined;
    }
    if (value !== undefined) return value;
  }
  return undefined;
}

const optional = <T extends z.ZodType>(shape: T) => shape.nullish().transform((value) => value ?? null);

const claimShape = z.object({
  kind: z.enum(viewerKinds).exclude(['ANONYMOUS']),
  sub: z.string().min(1).max(200),
  clientId: z.string().max(200).default(''),
  org: optional(z.string().regex(/^[0-9A-HJ-NP-RT-UW-Y]{18}$/)),
  department: optional(
    z
      .string()
      .regex(/^[A-Za-z_]{0,40}$/)
      .transform((name) => (Object.hasOwn(claimValues, name) ? (claimValues[name] ?? null) : departmentCode(name))),
  ),
  tier: optional(z.enum(tiers)),
  division: optional(z.string().regex(/^\d{12}$/)),
  // Purposes of other systems may stand beside ours: they open nothing here.
  purposes: z
    .array(z.string())
    .max(50)
    .default([])
    .transform((names) => purposeNames.filter((name) => names.includes(name))),
  idNumber: optional(
    z
      .string()
      .regex(/^\d{17}[\dXx]$/)
      .transform((number) => number.toUpperCase()),
  ),
});

/** An ID number counts for residents only, and a resident stands for no organisation. */
function boundToKind(claims: Claims): Claims {
  if (claims.kind !== 'RESIDENT') return { ...claims, idNumber: null };
  return { ...claims, org: null, department: null, tier: null, division: null };
}
