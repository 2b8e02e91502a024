import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, derivedKey, macKey } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import { purposeNames } from './purposes.ts';

export const viewerKinds = ['ANONYMOUS', 'APP', 'ANALYST', 'CLERK', 'OPERATOR', 'AUDITOR', 'RESIDENT'] as const;
export type ViewerKind = (typeof viewerKinds)[number];

/** From the smallest territory to the widest. */
export const tiers = ['VILLAGE', 'TOWNSHIP', 'COUNTY', 'CITY', 'PROVINCE'] as const;
export type Tier = (typeof tiers)[number];

/** Who asks, why, and about which matter: what every decision starts from. The gateway makes it, subgraphs verify it. */
export type Viewer = z.infer<typeof viewerShape>;

/** The header that carries the signed viewer from the gateway to a subgraph; stripped from what clients send. */
export const viewerHeader = 'x-yiwang-viewer';

export interface ViewerBinding {
  /** Name of the subgraph the context is for: another one refuses it. */
  audience: string;
  /** SHA-256 (hex) of the request body, so that a context cannot be moved to another operation. */
  bodyHash: string;
  /** 32 bytes, `viewerKey`. */
  key: Uint8Array;
  now: Date;
}

/** The header's value: `v1.` payload `.` HMAC-SHA-256, both base64url. There is no algorithm to choose, so none to confuse. */
export function signViewer(viewer: Viewer, { audience, bodyHash, key, now }: ViewerBinding): string {
  // Canonical JSON (its keys sorted), written so that the viewer's own part is made once for all calls of an operation.
  const payload = `{"aud":${JSON.stringify(audience)},"body":${JSON.stringify(bodyHash)},"exp":${now.getTime() + lifeMsMax},"viewer":${viewerText(viewer)}}`;
  const signed = `${version}.${Buffer.from(payload).toString('base64url')}`;
  return `${signed}.${mac(key, signed)}`;
}

/**
 * The viewer of a header made by `signViewer` for this audience and this body within the last 30 seconds. Whatever else
 * arrives is hostile and gets `UNAUTHENTICATED`, without a word on which check failed.
 */
export function verifyViewer(header: string | undefined, { audience, bodyHash, key, now }: ViewerBinding): Viewer {
  if (header === undefined || header.length > headerCharactersMax) throw refusal('no header, or one too long');
  const end = header.lastIndexOf('.');
  const signed = header.slice(0, Math.max(end, 0));
  // The text of the MAC is compared, not its bytes: base64url has spare bits that would leave several texts for one MAC.
  if (!equalText(header.slice(end + 1), mac(key, signed)) || !signed.startsWith(`${version}.`)) throw refusal('signature');
  const payload = signedShape.safeParse(asJson(signed.slice(version.length + 1)));
  if (!payload.success) throw refusal('shape');
  const { aud, body, exp, viewer } = payload.data;
  if (aud !== audience) throw refusal('audience');
  if (body !== bodyHash) throw refusal('body');
  const leftMs = exp - now.getTime();
  if (leftMs <= 0 || leftMs > lifeMsMax + skewMsMax) throw refusal('time');
  return viewer;
}

/** The key of the signed context, for the gateway and the subgraphs only. */
export function viewerKey(master: Uint8Array): Buffer {
  return derivedKey(master, 'viewer-context');
}

const version = 'v1';
const lifeMsMax = 30_000;
const skewMsMax = 5_000; // gateway and subgraph may run on two machines
const headerCharactersMax = 4_096;

const viewerShape = z.strictObject({
  kind: z.enum(viewerKinds),
  /** Subject of the token; empty for anonymous callers. */
  sub: z.string(),
  clientId: z.string(),
  /** Unified social credit code. */
  org: z.string().nullable(),
  /** In capitals. */
  department: z.string().nullable(),
  tier: z.enum(tiers).nullable(),
  /** Twelve digits: the jurisdiction. */
  division: z
    .string()
    .regex(/^\d{12}$/)
    .nullable(),
  purpose: z.enum(purposeNames).nullable(),
  matterKey: z.string().nullable(),
  matterNo: z.string().nullable(),
  /** HMAC of the resident's own ID number (base/keys.ts); null for every other kind. */
  idHmac: z.string().nullable(),
  /** The emergency under which this person reads records of that matter, and until when (break-glass, C6). */
  breakGlass: z.strictObject({ id: z.uuid(), until: z.iso.datetime() }).optional(),
  policyVersion: z.string(),
  traceId: z.string(),
});

const signedShape = z.strictObject({ aud: z.string(), body: z.string(), exp: z.number().int(), viewer: viewerShape });

const viewerTexts = new WeakMap<Viewer, string>();

/** A viewer is made once and never changed. */
function viewerText(viewer: Viewer): string {
  const known = viewerTexts.get(viewer);
  if (known !== undefined) return known;
  const text = canonicalJson(viewer);
  viewerTexts.set(viewer, text);
  return text;
}

function mac(key: Uint8Array, signed: string): string {
  return createHmac('sha256', macKey(key)).update(signed).digest('base64url');
}

function equalText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function asJson(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString());
  } catch {
    return undefined; // refused by the shape
  }
}

function refusal(check: string): YiwangError {
  return new YiwangError('UNAUTHENTICATED', { detail: `viewer context refused: ${check}` });
}
