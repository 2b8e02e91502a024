import { randomBytes } from 'node:crypto';
import { callerPseudonym } from '../audit/caller.ts';
import { canonicalJson, sha256Hex } from '../base/canonical.ts';
import { YiwangError } from '../base/errors.ts';
import { recordKeys } from '../base/keys.ts';
import { policyFiles, rulesOf } from '../policy/cedar.ts';
import { openPolicy, type Policy } from '../policy/decide.ts';
import { policyDiff, type PolicyChange } from '../policy/diff.ts';
import { approvalName, approvedReleases, proposalName, type Release } from '../policy/release.ts';
import { ruleChanges, type RuleChanges } from '../policy/rule-changes.ts';
import type { Purpose } from '../policy/purposes.ts';
import type { Viewer, ViewerKind } from '../policy/viewer.ts';
import type { Hub } from './hub.ts';

/** What a release changes, as both persons are shown it: rules by id, and who gains or loses what. */
export interface ReleaseDiff {
  base: string;
  version: string;
  rules: RuleChanges;
  changes: PolicyChange[];
}

export interface ProposedRelease {
  number: number;
  version: string;
  diff: ReleaseDiff;
  diffHash: string;
  reason: string | null;
  proposedAt: string;
  approvedAt: string | null;
}

/** The first person: compares a folder's policy with the one in force and writes it down. Nothing is in force by that. */
export async function proposePolicy(hub: Hub, { folder, reason, token }: { folder: string; reason: string; token: string }): Promise<ProposedRelease> {
  const viewer = await personOf(hub, token, proposers);
  const files = policyFiles(folder);
  const { version } = rulesOf(files, folder);
  const inForce = await releaseInForce(hub);
  if (inForce.version === version) throw new YiwangError('BAD_REQUEST', { hint: 'this policy is in force already' });
  const diff = releaseDiff(inForce, { version, files });
  const diffHash = hashOf(diff);
  const entry = await logged(hub, viewer, proposalName, version, diffHash);
  const { rows } = await hub.pool.query<{ number: number }>(
    `INSERT INTO hub.policy_release (number, version, files, base, diff, diff_hash, reason, proposed_by, proposed_entry)
     SELECT max(number) + 1, $1, $2, $3, $4, $5, $6, $7, $8 FROM hub.policy_release RETURNING number`,
    [version, JSON.stringify(files), inForce.version, JSON.stringify(diff), diffHash, reason, callerPseudonym(hub.config.masterSecret, viewer), entry],
  );
  return proposedRelease(hub, rows[0]!.number);
}

/** The second person: names the difference they were shown by its hash. In force within seconds, in every process. */
export async function approvePolicy(hub: Hub, { number, diffHash, token }: { number: number; diffHash: string; token: string }): Promise<ProposedRelease> {
  const viewer = await personOf(hub, token, approvers);
  const release = await proposedRelease(hub, number);
  const person = callerPseudonym(hub.config.masterSecret, viewer);
  const { rows } = await hub.pool.query<{ proposed_by: string }>('SELECT proposed_by FROM hub.policy_release WHERE number = $1', [number]);
  if (release.approvedAt !== null) throw new YiwangError('BAD_REQUEST', { hint: `release ${number} was approved already` });
  if (rows[0]?.proposed_by === person) throw new YiwangError('FORBIDDEN', { hint: 'a change of policy takes two persons: who proposed it does not approve it' });
  if (release.diffHash !== diffHash || hashOf(release.diff) !== diffHash) throw new YiwangError('FORBIDDEN', { hint: 'the difference that was shown is another; look at it again' });
  if ((await releaseInForce(hub)).version !== release.diff.base) throw new YiwangError('BAD_REQUEST', { hint: 'another policy came into force since it was proposed; propose it again' });
  const entry = await logged(hub, viewer, approvalName, release.version, diffHash);
  await hub.pool.query('UPDATE hub.policy_release SET approved_by = $2, approved_at = now(), approved_entry = $3 WHERE number = $1 AND approved_at IS NULL', [number, person, entry]);
  return proposedRelease(hub, number);
}

/** One release by its number; `NOT_FOUND` for the installed one and for none. */
export async function proposedRelease({ pool }: Hub, number: number): Promise<ProposedRelease> {
  const found = (await releases({ pool }, number))[0];
  if (!found) throw new YiwangError('NOT_FOUND', { hint: `there is no proposed release ${number}` });
  return found;
}

/** Every release but the installed one, the newest first. */
export async function releases({ pool }: Pick<Hub, 'pool'>, number?: number): Promise<ProposedRelease[]> {
  const { rows } = await pool.query<{ number: number; version: string; diff: ReleaseDiff; diff_hash: string; reason: string | null; proposed_at: Date; approved_at: Date | null }>(
    'SELECT number, version, diff, diff_hash, reason, proposed_at, approved_at FROM hub.policy_release WHERE number > 1 AND ($1::integer IS NULL OR number = $1) ORDER BY number DESC LIMIT 100',
    [number ?? null],
  );
  return rows.map((row) => ({ number: row.number, version: row.version, diff: row.diff, diffHash: row.diff_hash, reason: row.reason, proposedAt: row.proposed_at.toISOString(), approvedAt: row.approved_at?.toISOString() ?? null }));
}

/** The policy that a hub enforces: the newest approved release that loads. */
export async function releaseInForce({ pool }: Pick<Hub, 'pool'>): Promise<Release> {
  for (const release of await approvedReleases(pool)) if (policyOf(release).version !== 'none') return release;
  throw new YiwangError('POLICY_INVALID', { hint: 'no policy is in force here; start the hub once' });
}

const proposers: readonly ViewerKind[] = ['OPERATOR'];
const approvers: readonly ViewerKind[] = ['OPERATOR', 'AUDITOR'];
const purposeOf: Partial<Record<ViewerKind, Purpose>> = { OPERATOR: 'DATA_QUALITY', AUDITOR: 'AUDIT' };

/** Who holds a token, by the gateway's own rules; `FORBIDDEN` unless they are of one of these kinds. */
async function personOf({ config, pool }: Hub, token: string, kinds: readonly ViewerKind[]): Promise<Viewer> {
  const [{ openCallers }, { tokenRules }, { openPolicy }] = await Promise.all([import('../gateway/caller.ts'), import('../gateway/main.ts'), import('../policy/decide.ts')]);
  const identify = openCallers({ rules: tokenRules(config, () => new Date()), pool, keys: recordKeys(config.masterSecret), policy: openPolicy() });
  const { viewer, purposes } = await identify({ authorization: `Bearer ${token}`, purpose: undefined, matter: undefined }, '');
  const purpose = purposeOf[viewer.kind];
  if (!kinds.includes(viewer.kind) || !purpose || !purposes.includes(purpose)) throw new YiwangError('FORBIDDEN', { hint: `this takes a person of kind ${kinds.join(' or ')}` });
  return { ...viewer, purpose, policyVersion: 'none' };
}

/** One entry in the access log, durable before anything follows from it. Returns its index. */
async function logged({ config, databaseUrl }: Hub, viewer: Viewer, name: string, policyVersion: string, hash: string): Promise<number> {
  const [{ openAccessLog }, { openPool }] = await Promise.all([import('../audit/log.ts'), import('../base/db.ts')]);
  const pool = openPool(databaseUrl, { connectionsMax: 2, applicationName: 'yiwang-policy' });
  const accessLog = await openAccessLog({ pool, timeoutMs: logTimeoutMs });
  try {
    const who = { viewer: callerPseudonym(config.masterSecret, viewer), client: viewer.clientId || null, org: viewer.org, department: viewer.department, tier: viewer.tier, division: viewer.division, purpose: viewer.purpose };
    const { index } = await accessLog.append({ ...who, operation: { name, hash }, decision: 'ALLOWED', policyVersion, traceId: randomBytes(16).toString('hex') });
    return index;
  } finally {
    await accessLog.close();
    await pool.end();
  }
}

const logTimeoutMs = 10_000;

function releaseDiff(before: Pick<Release, 'version' | 'files'>, after: Pick<Release, 'version' | 'files'>): ReleaseDiff {
  const [old, next] = [policyOf(before), policyOf(after)];
  return { base: before.version, version: after.version, rules: ruleChanges(old.rules, next.rules), changes: policyDiff(old, next) };
}

function policyOf({ files, version }: Pick<Release, 'version' | 'files'>): Policy {
  return openPolicy({ load: () => rulesOf(files, version) });
}

/** As it comes back from the database: what JSON leaves out is left out. */
function hashOf(diff: ReleaseDiff): string {
  return sha256Hex(canonicalJson(JSON.parse(JSON.stringify(diff))));
}
