import { spawnSync } from 'node:child_process';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError } from '../../base/errors.ts';
import { demoIssuer } from '../../gateway/demo/issuer.ts';
import { personaClaims } from '../../gateway/demo/personas.ts';
import { inBenchHome, inHome } from '../home.ts';
import { measure, reported, type Figure } from '../measure.ts';
import { cases, operationText, type Case } from './cases.ts';
import { lookedAt } from './looked-at.ts';
import { filledHub } from './setup.ts';

const connections = 16;
const residentsDefault = 5_000;

/**
 * `yiwang bench hub`: scenarios through the whole hub against a hand-written endpoint with the same SQL and the same
 * checks, on one county, in turn in one go. Answers are compared before they are timed.
 */
export async function benchHub({ durationSeconds = 10, residents = residentsDefault, folder }: { durationSeconds?: number; residents?: number; folder?: string } = {}): Promise<string> {
  const all = async () => {
    await lookedAt();
    const tables: string[] = [];
    for (const one of cases) tables.push(await table(one, durationSeconds));
    return tables.join('\n\n');
  };
  return folder === undefined ? inBenchHome('hub', () => fill(residents), all) : inHome(folder, all);
}

function fill(residents: number): void {
  const { status, stderr } = spawnSync(process.execPath, ['cli/yiwang.mjs', 'demo', '--once', '--residents', String(residents)], { cwd: projectRoot(), encoding: 'utf8', env: { ...process.env, PORT: String(benchPort) } });
  if (status !== 0) throw new YiwangError('INTERNAL', { hint: `the county for the bench could not be synced: ${stderr.split('\n').at(-2) ?? ''}` });
}

/** The Dockerfile's options of Node; the hand-written one has them too. */
const asInImage = ['--max-semi-space-size=64'];

const benchPort = 4600; // beside a demo that may be running

async function table(one: Case, durationSeconds: number): Promise<string> {
  const { config, pool } = await filledHub();
  const token = await demoIssuer(config.masterSecret).mintToken(await personaClaims(pool, one.persona));
  const { rows } = await pool.query<{ records: string }>('SELECT count(*) AS records FROM hub.record');
  await pool.end();
  const headers = { authorization: `Bearer ${token}`, 'x-purpose': one.purpose };
  const expected: string[] = [];
  const figures: Figure[] = [];
  for (const { name, script, path } of [{ name: 'by-hand', script: 'hand.ts', path: `/${one.name}` }, { name: 'yiwang', script: 'yiwang.ts', path: '/graphql' }]) {
    const load = { path, headers, body: JSON.stringify({ query: operationText(one.operation), variables: one.variables }), connections, durationSeconds, check: (answer: unknown) => sameAnswer(expected, answer, name) };
    figures.push(await measure({ name, command: [`bench/hub/${script}`], node: asInImage }, load));
  }
  return reported(`hub-${one.name}`, figures, 'by-hand', [`${one.name}: ${rows[0]!.records} records, ${connections} connections, token check, decisions, masks, row-level security and access log on`]);
}

/** Cursors differ by design (theirs is signed), times by their spelling, and lateness by the minute; everything else is equal. */
function sameAnswer(expected: string[], answer: unknown, name: string): void {
  const data = (answer as { data?: unknown }).data ?? null;
  const text = JSON.stringify(data, (key, value: unknown) => (key === 'endCursor' || key === 'lateMinutes' ? null : isTime(key) && typeof value === 'string' ? new Date(value).toISOString() : value));
  if (expected.length === 0) expected.push(text);
  if (data === null || text !== expected[0]) throw new YiwangError('INTERNAL', { hint: `\`${name}\` does not give the answer of the other` });
}

function isTime(key: string): boolean {
  return key.endsWith('At') || ['from', 'to', 'freshThrough'].includes(key);
}
