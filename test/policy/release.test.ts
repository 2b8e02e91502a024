import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccessLog } from '../../audit/log.ts';
import { approvePolicy, proposePolicy, releases } from '../../cli/policy-release.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { policyFiles, policyVersion, type PolicyFiles } from '../../policy/cedar.ts';
import { openPolicy, policyFolder } from '../../policy/decide.ts';
import { openReleasedPolicy } from '../../policy/release.ts';
import { lastEntry } from '../last-entry.ts';
import { orgs, plant, secret } from '../subgraphs/world.ts';
import { testDatabase } from '../postgres.ts';
import { plantedHub, type PlantedHub } from './hub.ts';
import { viewer } from './viewers.ts';

let hub: PlantedHub;
let folder: string;
const shipped = openPolicy().version;
const clerk = { kind: 'CLERK', sub: 'clerk', org: orgs.centre, department: 'MEDIATION', tier: 'TOWNSHIP', division: '510107001000', purposes: ['MEDIATION'] };
const operator = { kind: 'OPERATOR', sub: 'operator', org: orgs.bureau, department: 'DATA', tier: 'COUNTY', division: '510107000000', purposes: ['DATA_QUALITY'] };
const auditor = { kind: 'AUDITOR', sub: 'auditor', org: orgs.bureau, department: 'AUDIT', tier: 'CITY', division: '510100000000', purposes: ['AUDIT'] };

beforeAll(async () => {
  hub = await plantedHub();
  await plant(hub.db, { rid: 'p1', lead: orgs.centre, matter: 'pm', person: { name: secret.requester, phone: secret.phone } });
  folder = mkdtempSync(join(tmpdir(), 'yiwang-release-'));
}, 120_000);
afterAll(async () => {
  await hub?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cli = () => ({ config: hub.config, databaseUrl: hub.db.url, pool: hub.db.pool });
const token = (claims: object): Promise<string> => demoIssuer(hub.config.masterSecret).mintToken({ client_id: 'test', ...claims });
const propose = async (who: object = operator) => proposePolicy(cli(), { folder, reason: '试行', token: await token(who) });
const approve = async (number: number, diffHash: string, who: object = auditor) => approvePolicy(cli(), { number, diffHash, token: await token(who) });
const phone = async (): Promise<string | null> => (await hub.ask(clerk, '{ matter(matterNo: "M-PM") { parties { person { phones } } } }', { purpose: 'MEDIATION', matter: 'M-PM' })).data.matter.parties[0].person?.phones?.[0] ?? null;

/** The folder's rules, those of `assignment.cedar` changed. */
function write(change: (text: string) => string): void {
  cpSync(policyFolder, folder, { recursive: true, filter: (file) => !file.endsWith('.ts') });
  const file = join(folder, 'assignment.cedar');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}
const withoutAssignedPersons = (text: string): string => text.replace('resource.class == Class::"PERSONAL" &&\n  context.assigned', 'resource.class == Class::"PERSONAL" &&\n  context.assigned && context.lead && context.owner');

/** A release as the two commands leave it, of whatever files. */
async function plantRelease(files: PolicyFiles, logged = true): Promise<void> {
  const { rows } = await hub.db.pool.query<{ n: number }>('SELECT max(number) + 1 AS n FROM hub.policy_release');
  const version = policyVersion(files);
  const hash = '0'.repeat(64);
  const log = await openAccessLog({ pool: hub.db.pool, timeoutMs: 20_000 });
  const indexes: number[] = [];
  for (const [who, name] of [['one', 'policy propose'], ['two', 'policy approve']] as const) indexes.push((await log.append({ viewer: who, operation: { name: logged ? name : 'other', hash }, decision: 'ALLOWED', policyVersion: version, traceId: `${who}${rows[0]!.n}` })).index);
  await log.close();
  await hub.db.pool.query(
    `INSERT INTO hub.policy_release (number, version, files, diff, diff_hash, proposed_by, proposed_entry, approved_by, approved_at, approved_entry) VALUES ($1, $2, $3, '{}', $4, 'one', $5, 'two', now(), $6)`,
    [rows[0]!.n, version, JSON.stringify(files), hash, ...indexes],
  );
}

describe('a change of policy', () => {
  it('a hub is installed with the shipped policy, and every entry of the log names the version', async () => {
    expect(await phone()).toBe(secret.phone);
    expect(await lastEntry(hub.db.pool)).toMatchObject({ policyVersion: shipped });
    expect((await hub.db.pool.query('SELECT number, version FROM hub.policy_release')).rows).toEqual([{ number: 1, version: shipped }]);
  });

  it('takes two persons, shows its difference first, and is in force everywhere within seconds', async () => {
    write(withoutAssignedPersons);
    const release = await propose();
    expect(release.diff.rules).toEqual({ added: [], removed: [], changed: ['personal.assigned'] });
    expect(release.diff.changes).toContainEqual(expect.objectContaining({ change: 'LOSES', kind: 'CLERK', tier: 'TOWNSHIP', purpose: 'MEDIATION', mask: 'PHONE', row: 'assigned', before: 'FULL', after: 'WITHHELD' }));
    expect(release.diff.changes.every(({ change }) => change === 'LOSES')).toBe(true);
    expect(await lastEntry(hub.db.pool)).toMatchObject({ operation: { name: 'policy propose', hash: release.diffHash }, policyVersion: release.version, org: orgs.bureau, purpose: 'DATA_QUALITY' });
    const code = (made: Promise<unknown>) => made.then(() => 'done', (error: { code: string }) => error.code);
    expect(await code(approve(release.number, release.diffHash, operator)), 'who proposed does not approve').toBe('FORBIDDEN');
    expect(await code(approve(release.number, release.diffHash, { ...operator, org: orgs.police })), 'nor in the name of another organisation').toBe('FORBIDDEN');
    expect(await code(approve(release.number, 'f'.repeat(64))), 'another difference').toBe('FORBIDDEN');
    for (const who of [clerk, { ...auditor, kind: 'ANALYST' }, { ...auditor, purposes: [] }]) expect(await code(approve(release.number, release.diffHash, who))).toBe('FORBIDDEN');
    expect(await code(propose(auditor)), 'an auditor proposes nothing').toBe('FORBIDDEN');
    expect(await phone(), 'a proposal is not in force').toBe(secret.phone);
    await approve(release.number, release.diffHash);
    expect(await lastEntry(hub.db.pool)).toMatchObject({ operation: { name: 'policy approve', hash: release.diffHash }, policyVersion: release.version, purpose: 'AUDIT' });
    await expect.poll(phone, { timeout: 20_000, interval: 200 }).toBeNull();
    expect(await lastEntry(hub.db.pool)).toMatchObject({ policyVersion: release.version });
    expect(await code(approve(release.number, release.diffHash, { ...auditor, sub: 'third' })), 'once').toBe('BAD_REQUEST');
  });

  it('the way back is a change too; a proposal compared with an older policy is not approved', async () => {
    write((text) => text);
    const back = await propose();
    write((text) => `${text}\n// another\n`);
    const stale = await propose();
    expect(back.version).toBe(shipped);
    await approve(back.number, back.diffHash);
    await expect.poll(phone, { timeout: 20_000, interval: 200 }).toBe(secret.phone);
    await expect(approve(stale.number, stale.diffHash)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect((await releases(cli())).map(({ number, approvedAt }) => [number, approvedAt !== null])).toEqual([[4, false], [3, true], [2, true]]);
  });

  it('rules that do not load are not even proposed', async () => {
    write((text) => text.replace('permit (', 'permits ('));
    await expect(propose()).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });
});

describe('what is in force stays', () => {
  const opened = () => openReleasedPolicy(hub.db.pool, { everyMs: 3_600_000 });

  it('whatever lies in the folder, and whatever was written to the database without two entries in the log', async () => {
    write(withoutAssignedPersons);
    await plantRelease(policyFiles(folder), false);
    for (const statement of [`UPDATE hub.policy_release SET files = '[]' WHERE number = 1`, `UPDATE hub.policy_release SET approved_by = 'x' WHERE number = 3`, 'DELETE FROM hub.policy_release', 'TRUNCATE hub.policy_release']) {
      await expect(hub.db.pool.query(statement)).rejects.toThrow(/only added and approved/);
    }
    const policy = await openReleasedPolicy(hub.db.pool, { folder });
    policy.stop();
    expect(policy.version).toBe(shipped);
  });

  it('where an approved release does not load here, in a running hub and at its next start', async () => {
    const running = await opened();
    await plantRelease([...policyFiles(policyFolder), ['zz.cedar', 'permit (principal, action']]);
    await running.refresh();
    const started = await opened();
    expect([running.version, started.version]).toEqual([shipped, shipped]);
    for (const policy of [running, started]) policy.stop();
  });

  it('where the database has gone back to older releases', async () => {
    write(withoutAssignedPersons);
    await plantRelease(policyFiles(folder));
    const running = await opened();
    expect(running.version).toBe(policyVersion(policyFiles(folder)));
    await hub.db.pool.query('ALTER TABLE hub.policy_release DISABLE TRIGGER kept');
    await hub.db.pool.query('DELETE FROM hub.policy_release WHERE number > 2');
    await running.refresh();
    running.stop();
    expect(running.version).toBe(policyVersion(policyFiles(folder)));
  });

  it('where there is none at all, nothing but PUBLIC is given', async () => {
    const db = await testDatabase();
    const empty = mkdtempSync(join(tmpdir(), 'yiwang-no-policy-'));
    const policy = await openReleasedPolicy(db.pool, { folder: empty });
    policy.stop();
    const field = (as: 'PUBLIC' | 'WORK') => policy.best(viewer(), { coordinate: 'Any.field', class: as, mask: null, owner: null }).effect;
    expect([policy.version, field('PUBLIC'), field('WORK')]).toEqual(['none', 'FULL', 'WITHHELD']);
    await db.drop();
    rmSync(empty, { recursive: true, force: true });
  });
});
