import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { freePort, temporaryHome, yiwang } from './command.ts';

const { home, remove } = temporaryHome();
afterAll(remove);

const commands = [
  'demo', 'up', 'dataset generate', 'dataset check', 'simulate', 'sync', 'status', 'pause', 'resume', 'approve', 'retain', 'quarantine list', 'quarantine show', 'quarantine release', 'token',
  'policy check', 'policy matrix', 'policy explain', 'policy diff', 'link', 'linkage export', 'linkage evaluate', 'linkage explain',
  'audit verify', 'audit export', 'gateway', 'bench',
];

describe('every command tells its use in both languages', () => {
  test.each(commands)('%s --help', async (command) => {
    const { code, out, err } = await yiwang([...command.split(' '), '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: yiwang ${command}`);
    expect(out).toMatch(/\p{Script=Han}/u);
  });
});

test.each(['up', 'gateway'])('%s --help names what a gateway can be told', async (command) => {
  const { out } = await yiwang([command, '--help']);
  for (const option of ['--engine', '--single-flight']) expect(out).toContain(option);
});

describe('wrong usage is one sentence and exit 2', () => {
  test.each([
    ['no command', [], /Usage/],
    ['an unknown command', ['bogus'], /unknown command 'bogus'/],
    ['an unknown flag', ['status', '--bogus'], /unknown option '--bogus'/],
    ['a number that is none', ['demo', '--residents', 'many'], /not a whole number/],
    ['a missing option', ['token'], /--persona/],
    ['an unknown persona', ['token', '--persona', 'mayor'], /no persona `mayor`/],
    ['an unknown service', ['up', '--only', 'kitchen'], /no service `kitchen`/],
    ['an unknown department', ['sync', 'weather'], /no department `weather`/],
    ['an unknown model', ['link', '--model', 'none', '--input', 'a.csv', '--out', 'b.csv'], /no model `none`/],
    ['an unknown bench', ['bench', 'coffee'], /`coffee` is no bench/],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await yiwang(args, { YIWANG_HOME: home });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

describe('what fails says so in one sentence, with exit 1 and without a secret', () => {
  const broken = join(home, 'broken');
  mkdirSync(broken, { recursive: true });
  writeFileSync(join(broken, 'dataset.json'), '{"seed": 1}');
  test.each([
    ['an unreachable database', ['status'], { DATABASE_URL: 'postgres://me:s3cret@127.0.0.1:1/hub' }, /127\.0\.0\.1:1 .*nothing listens there.*\[DATABASE_UNAVAILABLE\]/],
    ['several wrong settings', ['status'], { DATABASE_URL: 'mysql://me:s3cret@h/d', PORT: 'x' }, /2 settings are wrong:\n {2}DATABASE_URL: .*\n {2}PORT: [^]*\[CONFIG\]/],
    ['a missing secret', ['up'], { HOTLINE_SOURCE_URL: 'http://127.0.0.1:1' }, /HOTLINE_SECRET: required with HOTLINE_SOURCE_URL/],
    ['production without settings', ['up'], { NODE_ENV: 'production' }, /DATABASE_URL: required in production/],
    ['the demo in production', ['demo'], { NODE_ENV: 'production' }, /does not run with NODE_ENV=production/],
    ['no data set', ['demo', '--dataset', '/nowhere'], {}, /`\/nowhere` is no data set.*\[DATASET_INVALID\]/],
    ['a broken data set', ['demo', '--dataset', broken], {}, /dataset\.json: `.*\[DATASET_INVALID\]/],
    ['nothing connected', ['sync', '--wait'], {}, /no department is connected/],
  ])('%s', async (_, args, env, message) => {
    const { code, out, err } = await yiwang(args, { YIWANG_HOME: home, ...env });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).toMatch(/\p{Script=Han}/u);
    expect(err).not.toMatch(/s3cret|\n\s+at /);
  });

  test('a port that is taken', async () => {
    const port = await freePort();
    const { createServer } = await import('node:net');
    const blocker = createServer().listen(port, '127.0.0.1');
    const { code, err } = await yiwang(['up', '--only', 'gateway,subgraphs'], { YIWANG_HOME: home, PORT: String(port), YIWANG_LOG_LEVEL: 'error' });
    blocker.close();
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`port ${port} .*\\[CONFIG\\]`));
  });
});

test('--json prints one document on stdout and nothing else there', async () => {
  const { code, out } = await yiwang(['status', '--json'], { YIWANG_HOME: home });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ ready: false, persons: 0, matters: 0, queues: { sync: { waiting: 0, active: 0, failed: 0 } }, log: { size: 0 } });
});
