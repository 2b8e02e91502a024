import { z } from 'zod';
import { YiwangError } from '../base/errors.ts';
import type { Pool } from '../base/db.ts';
import { log, safeError } from '../base/log.ts';
import { policyFiles, policyVersion, rulesOf, type PolicyFiles, type RuleSet } from './cedar.ts';
import { openPolicy, policyFolder, type Policy } from './decide.ts';

/** A policy that was approved: the hub was installed with it, or two persons released it. */
export interface Release {
  number: number;
  version: string;
  files: PolicyFiles;
}

/** The policy in force, which follows the releases. */
export interface ReleasedPolicy extends Policy {
  /** Looks now instead of at the next turn. */
  refresh(): Promise<void>;
  stop(): void;
}

/**
 * The newest approved release that loads; what lies in the policy folder counts only for the installation. Every process
 * looks for a newer release every two seconds. A release that does not load, a database that does not answer, and one that
 * has gone back to older releases (a restored backup) leave the last good policy in force.
 */
export async function openReleasedPolicy(pool: Pool, { folder = policyFolder, everyMs = lookEveryMs } = {}): Promise<ReleasedPolicy> {
  await install(pool, folder);
  let approved = await approvedReleases(pool);
  const policy = openPolicy({ load: () => newestThatLoads(approved) });
  const refresh = async (): Promise<void> => {
    const found = await approvedReleases(pool);
    const [known, newest] = [approved[0]?.number ?? 0, found[0]?.number ?? 0];
    if (newest < known) log.error({ release: newest }, 'the releases of the policy have gone back; the last good policy stays in force');
    if (newest <= known) return;
    approved = found;
    policy.reload();
  };
  warnOfFolder(folder, policy.version);
  const timer = setInterval(() => void refresh().catch((error: unknown) => log.error({ err: safeError(error) }, 'the releases of the policy cannot be read; the last good policy stays in force')), everyMs);
  timer.unref();
  return {
    get version() {
      return policy.version;
    },
    get rules() {
      return policy.rules;
    },
    decide: policy.decide,
    best: policy.best,
    reload: policy.reload,
    refresh,
    stop: () => clearInterval(timer),
  };
}

const lookEveryMs = 2_000;
/** As far as a start looks back for a release that loads. */
const releasesMax = 20;

/** The approved releases, the newest first, but those of which the access log does not hold what it should. */
export async function approvedReleases(pool: Pool): Promise<Release[]> {
  const { rows } = await pool.query<Row>(
    `SELECT r.number, r.version, r.files, r.base, r.diff_hash, r.proposed_by, r.approved_by, p.bytes AS proposed, a.bytes AS approved
     FROM hub.policy_release r LEFT JOIN audit.entry p ON p.index = r.proposed_entry LEFT JOIN audit.entry a ON a.index = r.approved_entry
     WHERE r.approved_at IS NOT NULL ORDER BY r.number DESC LIMIT $1`,
    [releasesMax],
  );
  return rows.flatMap((row) => {
    const files = filesShape.safeParse(row.files);
    const fault = files.success ? faultOf(row, files.data) : 'its files are malformed';
    if (fault === null) return { number: row.number, version: row.version, files: files.data! };
    log.error({ release: row.number }, `a release of the policy is not what was approved: ${fault}`);
    return [];
  });
}

interface Row {
  number: number;
  version: string;
  files: unknown;
  diff_hash: string | null;
  proposed_by: string;
  approved_by: string;
  proposed: Buffer | null;
  approved: Buffer | null;
}

const filesShape = z.array(z.tuple([z.string(), z.string()])).max(200);
const entryShape = z.object({ viewer: z.string(), decision: z.literal('ALLOWED'), policyVersion: z.string(), operation: z.object({ name: z.string(), hash: z.string() }) });

export const proposalName = 'policy propose';
export const approvalName = 'policy approve';

/** Whoever can write to the database alone releases no policy: both persons stand in the log, with the difference they saw. */
function faultOf(row: Row, files: PolicyFiles): string | null {
  if (policyVersion(files) !== row.version) return 'its files have another hash';
  if (row.number === 1) return null;
  const said = (bytes: Buffer | null, name: string, by: string): boolean => {
    const entry = entryShape.safeParse(bytes && JSON.parse(bytes.toString()));
    return entry.success && entry.data.viewer === by && entry.data.policyVersion === row.version && entry.data.operation.name === name && entry.data.operation.hash === row.diff_hash;
  };
  if (row.proposed_by === row.approved_by) return 'one person proposed and approved it';
  if (!said(row.proposed, proposalName, row.proposed_by)) return 'the access log holds no proposal of it';
  return said(row.approved, approvalName, row.approved_by) ? null : 'the access log holds no approval of it';
}

function newestThatLoads(releases: readonly Release[]): RuleSet {
  for (const { number, files } of releases) {
    try {
      return rulesOf(files, `release ${number}`);
    } catch (error) {
      log.error({ err: safeError(error), release: number }, 'a release of the policy does not load');
    }
  }
  throw new YiwangError('POLICY_INVALID', { hint: 'no approved release of the policy loads' });
}

/** The first release is what the hub was installed with, if that loads; whoever installs it is the first person. */
async function install(pool: Pool, folder: string): Promise<void> {
  const { rows } = await pool.query('SELECT 1 FROM hub.policy_release LIMIT 1');
  if (rows.length > 0) return;
  try {
    const files = policyFiles(folder);
    const { version } = rulesOf(files, folder);
    await pool.query(
      `INSERT INTO hub.policy_release (number, version, files, proposed_by, approved_by, approved_at) VALUES (1, $1, $2, 'shipped', 'installed', now()) ON CONFLICT DO NOTHING`,
      [version, JSON.stringify(files)],
    );
  } catch (error) {
    if (!(error instanceof YiwangError && error.code === 'POLICY_INVALID')) throw error;
    log.error({ err: safeError(error) }, 'the policy of the folder does not load, so none is installed');
  }
}

function warnOfFolder(folder: string, version: string): void {
  try {
    if (policyVersion(policyFiles(folder)) !== version) log.warn({ version }, 'the policy folder differs from the policy in force; `yiwang policy propose` and `approve` release it');
  } catch (error) {
    log.warn({ err: safeError(error) }, 'the policy folder cannot be read');
  }
}
